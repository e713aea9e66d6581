# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# How much memory the capture takes: its image is booted in an emulator with less and less, until it no longer comes to its end.
# Drivers are loaded there without their hardware, for which some take much: that is not measured.

measured_file=$image_directory/measured
MEASURE_PATIENCE=120 # seconds for one boot; emulated, it takes twenty
MEASURE_STEP=8       # MiB
MEASURE_MARGIN=8     # MiB: a machine that has been up for a while takes more to look through than one that has just started

# measured_bytes: what was measured with the kernel and the image as they are; nothing where that was not done.
measured_bytes() {
	[ -r "$measured_file" ] && [ -r "$image_file" ] || return 0
	read -r stamp bytes < "$measured_file"
	if [ "$stamp" = "$(measured_stamp)" ] && is_number "$bytes"; then echo "$bytes"; fi
}

measured_stamp() { echo "$image_release,$(sha256sum < "$image_file" | cut -c 1-64)"; }

# measure_is_cheap: with KVM, whose time nobody misses, and not where that has failed for this image: within a virtual machine
# there may be a KVM that does nothing.
measure_is_cheap() {
	[ -w "$ROOT/dev/kvm" ] && measure_emulator kvm > /dev/null && [ -r "$image_file" ] || return
	stamp=
	{ read -r stamp _ < "$measured_file"; } 2> /dev/null
	[ "$stamp" != "$(measured_stamp)" ]
}

# measured_put BYTES: or "-" where it could not be measured.
measured_put() {
	mkdir -p "$image_directory"
	echo "$(measured_stamp) $1" > "$measured_file"
}

# measure_emulator ACCELERATOR: the command for machines like this, without memory, kernel and image; status 1 where none is
# installed.
measure_emulator() {
	case $1 in kvm) processor=host ;; *) processor=max ;; esac
	case $(uname -m) in
	x86_64) set -- qemu-system-x86_64 -machine "pc,accel=$1" ;;
	aarch64) set -- qemu-system-aarch64 -machine "virt,accel=$1" ;;
	*) return 1 ;;
	esac
	has "$1" && echo "$* -cpu $processor"
}

# measure_words: of the kernel's command line: what the capture kernel gets, but for the console and the first process. What
# follows "--" goes to the shell.
measure_words() {
	case $(uname -m) in aarch64) console=ttyAMA0 ;; *) console=ttyS0 ;; esac
	printf '%s' "$(kexec_append | tr ' ' '\n' | grep -v '^console=' | tr '\n' ' ')"
	printf '%s' "console=$console panic=-1 rdinit=/bin/sh -- -c \"mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; "
	printf '%s' "for i in /lib/kmortem/*.sh; do . \$i; done; measure > /dev/console 2>&1; poweroff -f\""
}

# measure_boot MEBIBYTES: status 0 where the image came to its end, 1 where it did not and nobody knows why, which
# $measure_reason tells, 2 where the console shows that it had too little memory.
measure_boot() {
	: > "$measure_console"
	emulator_status=0
	# shellcheck disable=SC2046 # words
	emulator_said=$(timeout "$MEASURE_PATIENCE" $(measure_emulator "$measure_accelerator") -m "$1" -kernel "$ROOT$(kernel_file)" \
		-initrd "$image_file" -append "$(measure_words)" -nodefaults -display none -no-reboot -serial "file:$measure_console" \
		< /dev/null 2>&1 > /dev/null) || emulator_status=$?
	if grep -q 'kmortem-capture: measured' "$measure_console"; then return 0; fi
	if grep -q -i -e 'out of memory' -e 'kernel panic' "$measure_console"; then return 2; fi
	measure_reason="the emulator ended with status $emulator_status before the image did"
	[ -z "$emulator_said" ] || measure_reason=$(printf '%s\n' "$emulator_said" | tail -n 1)
	[ "$emulator_status" -ne 124 ] || measure_reason="the image did not come to its end within $MEASURE_PATIENCE s"
	return 1
}

# measure_first MEBIBYTES: the same, and sets $measure_accelerator; without KVM only where it was asked for.
measure_first() {
	measure_accelerator=kvm first_status=1
	if [ -w "$ROOT/dev/kvm" ]; then
		first_status=0
		measure_boot "$1" || first_status=$?
	fi
	[ "$first_status" -ne 0 ] && [ "$check_measures" = yes ] || return "$first_status"
	measure_accelerator=tcg
	measure_boot "$1"
}

# memory_measure MEBIBYTES: from that down; keeps what was found. Status 1 where it cannot be measured, for $measure_reason, 2
# where all that is not enough.
memory_measure() {
	measure_reason=''
	if ! measure_emulator tcg > /dev/null || ! [ -r "$image_file" ] || ! kernel_file > /dev/null; then
		return 1
	fi
	measure_console=$(mktemp)
	enough=$1 short=32 measure_status=0
	measure_first "$enough" || measure_status=$?
	if [ "$measure_status" -eq 0 ]; then
		while [ $((enough - short)) -gt "$MEASURE_STEP" ]; do
			middle=$(((enough + short) / 2))
			if measure_boot "$middle"; then enough=$middle; else short=$middle; fi
		done
		measured_put $(((enough + MEASURE_MARGIN) << 20))
	elif [ "$measure_status" -eq 1 ] && [ "$check_measures" != yes ]; then
		measured_put -
	fi
	rm -f "$measure_console"
	return "$measure_status"
}
