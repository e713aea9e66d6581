# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# From a guest's memory to a dump in the format of a recipe.

# dump_make NAME: makes the dump of a recipe unless it is there; prints its directory.
dump_make() {
    local inputs guest dump
    recipe_read "$1"
    SECONDS=0
    inputs=$(recipe_guest_inputs) || exit 1
    guest=$lab_cache/guests/$(hash_short <<<"$inputs")
    dump=$lab_cache/dumps/$1-$({ echo "$inputs"; cat "$lab_dir/recipes/$1" "$lab_dir/lib/capture.sh" "$lab_dir/recompress.py"; } | hash_short)
    if ! [[ -d $dump ]]; then
        cache_once "$guest" guest_make
        cache_once "$dump" dump_derive "$guest"
        note "$1: done in $SECONDS s"
    fi
    echo "$dump"
}

# dump_derive GUEST DIR: the files of one dump; those of the guest are shared by hard links.
dump_derive() {
    local guest=$1 dir=$2 capture
    read -ra capture <<<"${recipe[capture]}"
    ln "$guest/expected.txt" "$guest/console.log" "$dir/"
    { sed "s/^recipe: .*/recipe: ${recipe[name]}/" "$guest/meta.txt"; echo "capture: ${recipe[capture]}"; } >"$dir/meta.txt"
    "capture_${capture[0]}" "$guest" "$dir" "${capture[@]:1}"
}

# As saved in the guest by its crash kernel: makedumpfile -c -d 31.
capture_guest() { ln "$1/vmcore.guest" "$2/vmcore"; }

# /proc/vmcore as it is.
capture_raw() { ln "$1/vmcore.raw" "$2/vmcore"; }

# capture_host GUEST DIR SUITE ARG…: makedumpfile of a suite, run here on the copy of /proc/vmcore.
capture_host() {
    local guest=$1 dir=$2 tools
    tools=$(tool_root "$3" "${recipe[arch]}") || return 1
    shift 3
    grep '^makedumpfile=' "$tools/packages.txt" | sed 's/^/filter: /' >>"$dir/meta.txt"
    host_filter "$tools" "$guest/vmcore.raw" "$dir" "$@" 2>"$dir/makedumpfile.log" ||
        { tail "$dir/makedumpfile.log" >&2; return 1; }
}

host_filter() {
    local tools=$1 raw=$2 dir=$3
    shift 3
    case " $* " in
    *' -F '*) tool_run "$tools" makedumpfile "$@" "$raw" >"$dir/vmcore" ;;
    *' --split '*) tool_run "$tools" makedumpfile "$@" "$raw" "$dir"/vmcore.{1,2,3} >&2 ;;
    *) tool_run "$tools" makedumpfile "$@" "$raw" "$dir/vmcore" >&2 ;;
    esac
}

# capture_snappy GUEST DIR SUITE ARG…: as capture_host, then written again with snappy, which Debian's makedumpfile lacks.
capture_snappy() {
    local dir=$2
    capture_host "$@" || return 1
    /usr/bin/python3 "$lab_dir/recompress.py" "$dir/vmcore" "$dir/vmcore.snappy" && mv "$dir/vmcore.snappy" "$dir/vmcore"
}

# capture_qemu GUEST DIR FORMAT: as saved from outside by the emulator.
capture_qemu() { ln "$1/vmcore.$3" "$2/vmcore"; }
