# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2054
# One guest: boots, is made sick, tells the truth, crashes; its memory is taken.

guest_makedumpfile_args='-c -d 31'

# guest_make DIR: boots a guest for the recipe and leaves in DIR the truth, the console and the memory.
guest_make() {
    local dir=$1 root tools
    root=$(kernel_root "${recipe[suite]}" "${recipe[arch]}" "${recipe[kernel]}") || return 1
    tools=$(tool_root "${recipe[suite]}" "${recipe[arch]}") || return 1
    guest_settings >"$dir/settings"
    image_guest "$root" "$tools" "${recipe[arch]}" "$dir/settings" "${recipe[scenario]}" "$dir/initrd" || return 1
    guest_disks "$dir"
    guest_meta "$root" "$tools" >"$dir/meta.txt"
    note "booting $(kernel_release "$root"), scenario ${recipe[scenario]}, ${recipe[memory]}"
    with_emulator "guest_run_$(recipe_method)" "$dir" "$root" || { guest_blame "$dir"; return 1; }
    tr -d '\r\0' <"$dir/truth" >"$dir/expected.txt"
    guest_check "$dir" || { guest_blame "$dir"; return 1; }
    rm -f "$dir"/{initrd,truth,frozen.img,stuck.img,capture.img,settings,vmlinuz}
    note "guest done in $SECONDS s"
}

guest_console() { case ${recipe[arch]} in arm64) echo ttyAMA0 ;; *) echo ttyS0 ;; esac; }
guest_truth_out() { case ${recipe[arch]} in arm64) echo /dev/vdd ;; *) echo port ;; esac; }

guest_settings() {
    cat <<END
method=$(recipe_method)
scenario=${recipe[scenario]}
crash=${recipe[crash]}
raw=${recipe[raw]}
console=console=$(guest_console)
truth_out=$(guest_truth_out)
makedumpfile_args='$guest_makedumpfile_args'
END
}

guest_disks() {
    truncate -s 64M "$1/frozen.img"
    mke2fs -q -t ext4 "$1/frozen.img"
    truncate -s 64M "$1/stuck.img"
    mke2fs -q -t ext4 "$1/stuck.img"
    truncate -s "$(($(numfmt --from=iec "${recipe[memory]}") + (512 << 20)))" "$1/capture.img"
    mke2fs -q -t ext4 -O ^has_journal "$1/capture.img"
    [[ $(guest_truth_out) == port ]] || truncate -s 32M "$1/truth"
}

guest_meta() {
    echo "recipe: ${recipe[name]}"
    echo "release: $(kernel_release "$1")"
    for key in suite arch kernel memory cpus cpu scenario crash append; do echo "$key: ${recipe[$key]}"; done
    kernel_packages "${recipe[suite]}" "${recipe[arch]}" "${recipe[kernel]}" | sed 's/^/package: /'
    grep -E '^(makedumpfile|kexec-tools|busybox-static)=' "$2/packages.txt" | sed 's/^/package: /'
    echo "emulator: $("$(guest_emulator_name)" --version | head -n 1)"
}

guest_emulator_name() { case ${recipe[arch]} in arm64) echo qemu-system-aarch64 ;; *) echo qemu-system-x86_64 ;; esac; }

guest_append() {
    local append
    append="console=$(guest_console) panic=0 no_hash_pointers ${recipe[append]}"
    [[ $(recipe_method) == kdump ]] && append+=" crashkernel=${recipe[crashkernel]}"
    echo "$append"
}

# guest_arguments DIR KERNEL_ROOT: fills the array "arguments" of the caller.
guest_arguments() {
    local dir=$1 accel=${KMORTEM_ACCEL:-tcg,thread=multi}
    arguments=(-accel "$accel" -m "${recipe[memory]}" -smp "${recipe[cpus]}" -display none -no-reboot
        -kernel "$(kernel_image "$2")" -initrd "$dir/initrd" -append "$(guest_append)"
        -serial "file:$dir/console.log"
        -drive "file=$dir/capture.img,if=virtio,format=raw,cache=unsafe"
        -drive "file=$dir/frozen.img,if=virtio,format=raw,cache=unsafe"
        -drive "file=$dir/stuck.img,if=virtio,format=raw,cache=unsafe,throttling.bps-write=512"
        -netdev user,id=n0,restrict=on -device virtio-net-pci,netdev=n0,mac=52:54:00:12:34:56
        -netdev user,id=n1,restrict=on,ipv6=off,net=10.99.0.0/24 -device virtio-net-pci,netdev=n1,mac=52:54:00:12:34:57
        -device vmcoreinfo)
    case ${recipe[arch]} in
    arm64) arguments+=(-machine virt -cpu "${recipe[cpu]:-cortex-a57}"
        -drive "file=$dir/truth,if=virtio,format=raw,cache=unsafe") ;;
    *) arguments+=(-cpu "${recipe[cpu]:-qemu64}" -chardev "file,id=truth,path=$dir/truth"
        -device isa-debugcon,iobase=0xe9,chardev=truth) ;;
    esac
}

# The crash kernel saves the memory on the first disk and powers off.
guest_run_kdump() {
    local dir=$1 arguments
    guest_arguments "$@"
    timeout --foreground -k 5 "${recipe[timeout]}" "$(guest_emulator_name)" "${arguments[@]}" -monitor none >&2 </dev/null || return 1
    grep -aq 'LAB capture: done' "$dir/console.log" || return 1
    disk_take "$dir" makedumpfile.log
    # On some kernels makedumpfile fails and only the plain copy is there.
    disk_take "$dir" vmcore.guest || disk_take "$dir" vmcore.raw || return 1
    [[ ${recipe[raw]} != yes ]] || disk_take "$dir" vmcore.raw
}

# The emulator saves the memory from outside, in each of its formats, once the guest has panicked
# (or, with "crash: none", while it runs).
guest_run_qemu() {
    local dir=$1 arguments emulator_PID=
    guest_arguments "$@"
    coproc emulator { exec timeout --foreground -k 5 "${recipe[timeout]}" "$(guest_emulator_name)" "${arguments[@]}" -qmp stdio; }
    qmp '{"execute":"qmp_capabilities"}' && guest_wait_told "$dir" &&
        qmp_dump "$dir/vmcore.elf" '"paging":false' &&
        qmp_dump "$dir/vmcore.elf-paging" '"paging":true' &&
        qmp_dump "$dir/vmcore.zlib" '"paging":false,"format":"kdump-zlib"'
    local status=$?
    qmp '{"execute":"quit"}' || true
    wait "$emulator_PID" || true
    return "$status"
}

# qmp REQUEST: sends it to the emulator of the caller and waits for the answer; events are skipped.
qmp() {
    local line
    echo "$1" >&"${emulator[1]}" || return 1
    while IFS= read -r -t "${recipe[timeout]}" line <&"${emulator[0]}"; do
        case $line in
        '{"return"'*) return 0 ;;
        '{"error"'*) note "the emulator says $line"; return 1 ;;
        esac
    done
    return 1
}

qmp_dump() { qmp '{"execute":"dump-guest-memory","arguments":{"protocol":"file:'"$1"'",'"$2"'}}'; }

# Until the truth is told and, if the guest is to crash, the panic has ended.
guest_wait_told() {
    while kill -0 "$emulator_PID" 2>/dev/null; do
        if grep -aq '^@@FACTS-END' "$1/truth" &&
            { [[ ${recipe[crash]} == none ]] || grep -aq 'end Kernel panic' "$1/console.log"; }; then
            return 0
        fi
        sleep 0.2
    done
    return 1
}

# disk_take DIR NAME: copies a file out of the disk image; debugfs needs no privileges and never fails by status.
disk_take() {
    [[ -s $1/$2 ]] || debugfs -R "dump /$2 $1/$2" "$1/capture.img" 2>/dev/null
    [[ -s $1/$2 ]]
}

# The truth is whole, and no program of the scenario failed.
guest_check() {
    grep -q '^@@FACTS-END' "$1/expected.txt" || { note "the truth is not whole"; return 1; }
    ! grep '^LAB .*FAILED' "$1/expected.txt" >&2
}

guest_blame() {
    note "the guest failed; the end of its console:"
    tail -n 40 "$1/console.log" >&2 || true
}
