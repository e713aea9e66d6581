# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Messages, the cache, and the locks that let two runs share it.

lab_cache=${XDG_CACHE_HOME:-$HOME/.cache}/kmortem/lab

note() { printf 'lab: %s\n' "$*" >&2; }

die() {
    printf 'lab: error: %s\n' "$*" >&2
    exit 1
}

# Hash of the standard input, short enough for a directory's name.
hash_short() { sha256sum | cut -c1-16; }

# files_fingerprint PATTERN…: names and contents of the lab's files, as something to hash. The patterns are those of this folder,
# wherever who calls is.
# shellcheck disable=SC2048,SC2086
files_fingerprint() { (cd "$lab_dir" && sha256sum -- $*); }

# cache_once DIR COMMAND…: runs COMMAND TMP unless DIR is there, then renames TMP to DIR.
# Only one process builds a DIR; others wait for it. A failed build leaves nothing behind.
cache_once() {
    local dir=$1 lock tmp
    shift
    [[ -d $dir ]] && return 0
    mkdir -p "$lab_cache/locks" "$(dirname "$dir")"
    lock=$lab_cache/locks/$(basename "$(dirname "$dir")").$(basename "$dir")
    (
        flock 9
        [[ -d $dir ]] && exit 0
        tmp=$dir.tmp.$BASHPID
        trap 'rm -rf "$tmp"' EXIT
        rm -rf "$dir".tmp.*
        mkdir -p "$tmp"
        "$@" "$tmp" || exit 1
        mv -T "$tmp" "$dir"
    ) 9>"$lock" || die "could not make $dir"
}

# with_emulator COMMAND…: one guest at a time on this machine, unless KMORTEM_LAB_JOBS says more.
with_emulator() {
    mkdir -p "$lab_cache/locks"
    local slot=$((BASHPID % ${KMORTEM_LAB_JOBS:-1}))
    ( flock 8 && "$@" ) 8>"$lab_cache/locks/emulator.$slot"
}
