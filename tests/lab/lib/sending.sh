# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# A guest whose kernel talks to servers of whoever starts it: its messages by netconsole, its memory from the crash kernel.
# What it sends is not kept in the cache: whether it arrives is the question. What is in this file, or in sending/, decides
# nothing about other guests.

sending_modules='virtio_pci virtio_net'
# Of these, a recipe may name in "capture" those that its guest is to try; without: all of them.
sending_ways='default classic stream sealed sealed-stream'
sending_ports='plain_port=6666 sealed_port=6667'

# cmd_send RECIPE DIR FILES [COMMAND…]: see usage.
cmd_send() {
    (($# >= 3)) || usage
    local dir=$2 files=$3 around
    recipe_read "$1"
    recipe_is_sending || die "recipe $1: its guest does not send; 'lab list sending' names those that do"
    around=("${@:4}")
    mkdir -p "$dir"
    sending_guest "$dir" "$files" || { guest_blame "$dir"; exit 1; }
}

sending_guest() {
    local dir=$1 files=$2 root tools
    root=$(kernel_root "${recipe[suite]}" "${recipe[arch]}" "${recipe[kernel]}") || return 1
    tools=$(tool_root "${recipe[suite]}" "${recipe[arch]}") || return 1
    sending_settings >"$dir/settings"
    image_guest "$root" "$tools" "${recipe[arch]}" "$dir/settings" "${recipe[scenario]}" "$dir/initrd" || return 1
    sending_image "$root" "$tools" "$dir/settings" "$files" "$dir/initrd" || return 1
    guest_disks "$dir"
    { guest_meta "$root" "$tools"; echo "ways: $(sending_ways_of)"; } >"$dir/meta.txt"
    note "booting $(kernel_release "$root"), scenario ${recipe[scenario]}, ${recipe[memory]}"
    with_emulator sending_run "$dir" "$root" || return 1
    tr -d '\r\0' <"$dir/truth" >"$dir/expected.txt"
    guest_check "$dir" || return 1
    rm -f "$dir"/{initrd,truth,frozen.img,stuck.img,capture.img,settings}
    note "guest done in $SECONDS s"
}

# sending_ways_of: those of the recipe.
sending_ways_of() {
    local ways=${recipe[capture]#sending}
    echo "${ways:-$sending_ways}"
}

sending_settings() {
    guest_settings
    echo "ways='$(sending_ways_of)'"
    echo "$sending_ports"
    # For an emulator on a busy machine, whose timer the kernel would take for a broken one.
    echo "console='console=$(guest_console) no_timer_check'"
    cat "$lab_dir/sending/settings"
}

# sending_image KERNEL_ROOT TOOL_ROOT SETTINGS FILES INITRD: adds to a guest's image what only this kind has. A kernel unpacks
# one archive behind the other, and the last file of a name counts.
sending_image() {
    local root=$1 tools=$2 settings=$3 files=$4 initrd=$5 guest=$5.more crash=$5.crash
    mkdir -p "$guest/crash" "$crash/send"
    image_modules "$root" "$guest" netconsole netconsole
    # shellcheck disable=SC2086
    image_modules "$root" "$crash" sending $sending_modules
    cp "$files"/* "$crash/send/"
    install -m 755 "$lab_dir/guest/capture" "$crash/capture"
    install -m 755 "$lab_dir/sending/capture" "$crash/init"
    image_capture "$root" "$tools" "$settings" "$guest/crash/initrd" || return 1
    image_pack "$crash" "$crash.gz" && cat "$crash.gz" >>"$guest/crash/initrd" &&
        image_pack "$guest" "$guest.gz" && cat "$guest.gz" >>"$initrd" && rm -rf "$crash"{,.gz} "$guest"{,.gz}
}

# As guest_run_kdump(), but with a way out of the first network.
sending_run() {
    local dir=$1 arguments
    guest_arguments "$@"
    arguments=("${arguments[@]/#user,id=n0,restrict=on/user,id=n0}")
    timeout --foreground -k 5 "${recipe[timeout]}" "${around[@]}" "$(guest_emulator_name)" "${arguments[@]}" -monitor none \
        >&2 </dev/null || return 1
    grep -aq 'LAB capture: done' "$dir/console.log" || return 1
    disk_take "$dir" makedumpfile.log
    [[ " $(sending_ways_of) " != *stream\ * ]] || disk_take "$dir" vmcore.guest || return 1
    disk_take "$dir" vmcore.raw
}
