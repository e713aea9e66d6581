# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# A crash for a person to watch, without the cache of guests.

# cmd_demo [DIR]: boots, sickens and crashes one guest, and puts its dump into DIR.
cmd_demo() {
    local dir=${1:-$lab_cache/demo} work watcher status=0
    recipe_read demo
    mkdir -p "$dir"
    work=$(mktemp -d "$dir/.work.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    echo "Booting Debian's newest kernel of ${recipe[suite]}, without privileges, in an emulator. This takes about a minute."
    demo_watch "$work/console.log" &
    watcher=$!
    (set -e; guest_make "$work") || status=$?
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    if ((status == 0)); then demo_keep "$work" "$dir"; fi
    return "$status"
}

# Shows what the guest says of itself, as it says it.
demo_watch() {
    while ! [[ -e $1 ]]; do sleep 0.2; done
    exec awk '/^LAB |Kernel panic/ { sub(/\r$/, ""); print "  " substr($0, 1, 110); fflush() }' < <(exec tail -f -n +1 "$1")
}

demo_keep() {
    mv "$1/vmcore.guest" "$2/vmcore"
    mv "$1"/{console.log,expected.txt,meta.txt} "$2/"
    echo "The dump: $2/vmcore ($(stat -c %s "$2/vmcore" | numfmt --to=si)B)"
    echo "The truth about it: $2/expected.txt"
}
