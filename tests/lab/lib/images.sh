# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# The guest's memory image (initramfs): programs, modules, scenario.

guest_modules='virtio_pci virtio_blk virtio_net ext4 dummy qemu_fw_cfg inet_diag tcp_diag udp_diag unix_diag raw_diag
    netlink_diag af_packet_diag'
network_modules='8021q bridge veth tun bonding sunrpc nf_tables nfnetlink_hook nft_ct nf_conntrack'
capture_modules='virtio_pci virtio_blk ext4'

# programs_build ARCH DIR: the static binary of all guest programs.
programs_build() {
    local cc=gcc
    [[ $1 == arm64 ]] && cc=aarch64-linux-gnu-gcc
    "$cc" -static -O1 -Wall -Wextra -o "$2/guest" "$lab_dir"/guest/*.c -pthread
    sed -n 's/^ *{ "\(.*\)", .*_main },$/\1/p' "$lab_dir/guest/main.c" >"$2/names"
}

programs() {
    local dir
    dir=$lab_cache/programs/$1-$(files_fingerprint 'guest/*.[ch]' | hash_short)
    cache_once "$dir" programs_build "$1"
    echo "$dir"
}

# image_modules KERNEL_ROOT IMAGE LIST NAME…: copies modules with what they depend on, and their order to modules/LIST.
image_modules() {
    local root=$1 image=$2 list=$3 dir name file
    shift 3
    dir=$root/lib/modules/$(kernel_release "$root")
    mkdir -p "$image/modules"
    for name in "$@"; do
        # A line reads "module: dependency…", the one to load first last; a built-in module has none.
        grep -E "^([^:]*/)?${name//_/[-_]}\.ko:" "$dir/modules.dep" | tr -d : | tr ' ' '\n' | tac
    done | awk 'NF && !seen[$0]++' | while read -r file; do
        cp "$dir/${file#"/lib/modules/${dir##*/}/"}" "$image/modules/"
        echo "/modules/${file##*/}"
    done >"$image/modules/$list"
}

# image_base TOOL_ROOT IMAGE TOOL…: busybox with its names, and tools with their libraries.
image_base() {
    local tools=$1 image=$2 tool name path
    shift 2
    mkdir -p "$image"/{bin,lib,lib64,etc/lab,dev,proc,sys,run,tmp,mnt}
    cp "$(tool_find "$tools" busybox)" "$image/bin/"
    for name in $(busybox --list); do [[ $name == busybox ]] || ln -s busybox "$image/bin/$name"; done
    for tool in "$@"; do
        path=$(tool_find "$tools" "$tool")
        [[ $path ]] || die "no $tool among the tools"
        rm -f "$image/bin/$tool"
        cp "$path" "$image/bin/"
        library_closure "$tools" "$path" | while read -r name path; do
            cp "$path" "$image/lib/$name"
            if [[ $name == ld-linux* ]]; then ln -sf "../lib/$name" "$image/lib64/$name"; fi
        done || return 1
    done
}

image_pack() { (cd "$1" && find . | sort | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$2"; }

# image_capture KERNEL_ROOT TOOL_ROOT SETTINGS FILE: what the crash kernel runs.
image_capture() {
    local image=$4.d
    image_base "$2" "$image" makedumpfile || return 1
    # shellcheck disable=SC2086
    image_modules "$1" "$image" base $capture_modules
    cp "$3" "$image/etc/lab/settings"
    install -m 755 "$lab_dir/guest/capture" "$image/init"
    image_pack "$image" "$4" && rm -rf "$image"
}

# image_guest KERNEL_ROOT TOOL_ROOT ARCH SETTINGS SCENARIO FILE: what the kernel that will crash runs.
image_guest() {
    local root=$1 tools=$2 arch=$3 settings=$4 scenario=$5 file=$6 image=$6.d made name
    image_base "$tools" "$image" kexec ip ss tc nft || return 1
    # shellcheck disable=SC2086
    image_modules "$root" "$image" base $guest_modules
    # shellcheck disable=SC2086
    image_modules "$root" "$image" network $network_modules
    image_modules "$root" "$image" tun tun
    made=$(programs "$arch") || return 1
    mkdir -p "$image/lab" "$image/crash"
    cp "$made/guest" "$image/lab/"
    while read -r name; do ln -s guest "$image/lab/$name"; done <"$made/names"
    cp "$settings" "$image/etc/lab/settings"
    cp "$lab_dir/scenarios/$scenario" "$image/etc/lab/scenario"
    install -m 755 "$lab_dir/guest/init" "$image/init"
    if grep -q '^method=kdump' "$settings"; then
        cp "$(kernel_image "$root")" "$image/crash/vmlinuz"
        image_capture "$root" "$tools" "$settings" "$image/crash/initrd" || return 1
    fi
    image_pack "$image" "$file" && rm -rf "$image"
}
