# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The capture kernel: which one, with which words, and loading it.

kernel_file() {
	for file in "$ROOT/boot/vmlinuz-$image_release" "$ROOT/boot/vmlinux-$image_release" "$ROOT/boot/Image-$image_release"; do
		[ ! -r "$file" ] || { echo "$file"; return; }
	done
	return 1
}

# The words of the running kernel but those of its own boot. One CPU: another may be what hangs. After a panic of its own it
# reboots.
kexec_append() {
	kept=
	for word in $(cat "$ROOT/proc/cmdline"); do
		case $word in
		crashkernel=* | BOOT_IMAGE=* | initrd=* | root=* | rootflags=* | rootfstype=* | ro | rw | quiet | splash | panic=* | nr_cpus=* | \
			maxcpus=* | hugepages=* | hugepagesz=* | default_hugepagesz=* | systemd.* | resume=* | isolcpus=* | nohz_full=*) ;;
		*) kept="$kept $word" ;;
		esac
	done
	kept="$kept nr_cpus=1 irqpoll reset_devices panic=10 kmortem.capture"
	echo "${kept# }"
}

# show: the command as it would be given; kernels under lockdown take no other call than -s.
show() {
	kernel=$(kernel_file) || die "no kernel image of $image_release in /boot"
	echo "kexec -p -a $kernel --initrd=$image_file --append='$(kexec_append)'"
}

load() {
	kernel=$(kernel_file) || die "no kernel image of $image_release in /boot"
	[ -r "$image_file" ] || build || return
	kexec -p -a "$kernel" --initrd="$image_file" --append="$(kexec_append)"
}

unload() { kexec -p -u; }

# status: 0 where a crash would start a capture kernel.
status() {
	if [ "$(cat "$ROOT/sys/kernel/kexec_crash_loaded" 2> /dev/null)" = 1 ]; then
		echo "loaded"
	else
		echo "not loaded"
		return 1
	fi
}
