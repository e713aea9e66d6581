# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# check: memory for the capture kernel: is some reserved, and is it enough?

# iomem_bytes NAME: of all ranges of that name; nothing where /proc/iomem hides its addresses.
iomem_bytes() {
	sum=0
	while read -r range colon name; do
		[ "$colon $name" = ": $1" ] || continue
		[ $((0x${range#*-})) -eq 0 ] || sum=$((sum + 0x${range#*-} - 0x${range%-*} + 1))
	done < "$ROOT/proc/iomem"
	echo "$sum"
} 2> /dev/null

# crashkernel_words: what the command line asks for.
crashkernel_words() { tr ' ' '\n' < "$ROOT/proc/cmdline" | grep '^crashkernel=' | tr '\n' ' ' | sed 's/ $//'; }

check_memory_elsewhere() {
	if [ "$(owner)" = kmortem ]; then
		point fail crashkernel "$1: kmortem by itself does not capture here." "have the distribution's kdump do it"
	else
		point warn crashkernel "$1: whether that is set up is not seen from here." "see the documentation of $(owner)"
	fi
}

check_memory() {
	memory_reserved=$(read_line /sys/kernel/kexec_crash_size)
	is_number "$memory_reserved" || memory_reserved=0
	memory_need
	asked=$(crashkernel_words)
	value reserved_bytes "$memory_reserved"
	elsewhere=$(memory_elsewhere)
	if [ "$elsewhere" ]; then
		check_memory_elsewhere "$elsewhere"
	elif [ ! -e "$ROOT/sys/kernel/kexec_crash_size" ]; then
		point fail crashkernel "This kernel cannot reserve memory for another one: it was built without kexec." \
			"boot a kernel with CONFIG_KEXEC or CONFIG_KEXEC_FILE, and CONFIG_CRASH_DUMP"
	elif [ "$memory_reserved" -gt 0 ]; then
		point pass crashkernel "$(megabytes "$memory_reserved") are reserved for the capture kernel ($asked)."
		check_memory_is_enough
	elif [ "$asked" ]; then
		point fail crashkernel "$asked is on the kernel's command line, yet nothing is reserved." \
			"see why in the kernel's log: too much, no room below 4 GiB (then add \",high\"), or a range that this machine's memory does not reach. Then, with a size of $(memory_advised)M:" \
			"dmesg | grep -i -e crashkernel -e crash"
	else
		advice_for_crashkernel "$(memory_advised)"
		point fail crashkernel "No memory is reserved for a capture kernel: there is no crashkernel= on the kernel's command line." \
			"$advice" "$command"
	fi
}

# ---- enough? -----------------------------------------------------------------------------------

# What is not known of an image before it was made: measured on that of Debian 12 for one disk; distributions' are larger.
memory_image_bytes=12582912 memory_unpacked_bytes=33554432
memory_their_image_bytes=33554432 memory_their_unpacked_bytes=100663296
# What a kernel of 6.1 to 7.2 takes for itself before the first program, and while drivers are loaded and files are written:
# found by making crashkernel= smaller until a guest left no dump.
memory_runtime_bytes=37748736
# The larger of the peaks of makedumpfile and kmortem, which run one after the other.
memory_programs_bytes=33554432
# What systemd and its services take where the capture kernel boots the whole system, as that of kdump-tools does. In a guest of
# 6.1, that saved its dump in 112 MiB.
memory_system_bytes=25165824

# image_is_early FILE: it begins with the microcode of processors, behind which the rest stands.
image_is_early() { head -c 4096 "$1" | LC_ALL=C tr -c ' -~' '\n' | grep -q -e '^early_cpio' -e '^kernel/x86'; }

# image_unpacked FILE: bytes; of what cannot be looked into, three times what it has.
image_unpacked() {
	case $(od -A n -t x1 -N 2 "$1" | tr -d ' ') in
	1f8b) gzip -dc "$1" ;;
	28b5) zstd -dcq "$1" ;;
	fd37) xz -dc "$1" ;;
	0221 | 425a | 5d00 | 894c) cat "$1" "$1" "$1" ;; # lz4, bzip2, lzma, lzop
	*) if image_is_early "$1"; then cat "$1" "$1" "$1"; else cat "$1"; fi ;;
	esac 2> /dev/null | wc -c
}

# memory_image: sets $memory_saver to who has the capture kernel booted, and $memory_image to the image that it boots, empty where
# that is not found.
memory_image() {
	memory_saver=$(saver)
	case $memory_saver in
	image) memory_image=$(find "$image_file" 2> /dev/null) ;;
	kdump) memory_image=$(kdump_utils_image "$image_release") ;;
	*) memory_image=$(kdump_tools_images "$image_release" | head -n 1) ;;
	esac
	[ "$memory_saver" = image ] ||
		memory_image_bytes=$memory_their_image_bytes memory_unpacked_bytes=$memory_their_unpacked_bytes
}

# memory_added: bytes, from the first process to the last. Who boots a system has left the image when that saves the dump.
memory_added() {
	memory_first=$((memory_image_bytes + memory_unpacked_bytes)) memory_last=$((memory_system_bytes + memory_programs_bytes))
	case $memory_saver in
	image | kdump) echo $((memory_first + memory_programs_bytes)) ;;
	*) echo $((memory_first > memory_last ? memory_first : memory_last)) ;;
	esac
}

# memory_hardware: sets $memory_hardware_bytes to what drivers of our image take for hardware that no emulator has, where that is
# known, and $memory_hardware to these drivers. Of mlx5_core it is what kdump-utils adds to its crashkernel=.
memory_hardware() {
	memory_hardware='' memory_hardware_bytes=0
	[ "$memory_saver" = image ] && plan_lines module "$image_plan" 2> /dev/null | grep -q -x mlx5_core || return 0
	memory_hardware=mlx5_core memory_hardware_bytes=157286400
	[ "$(getconf PAGESIZE 2> /dev/null)" != 65536 ] || memory_hardware_bytes=209715200
}

# memory_need: sets $memory_needed to what the capture takes, by the last measurement or by adding up.
memory_need() {
	memory_image
	memory_hardware
	memory_measured=
	[ "$memory_saver" != image ] || memory_measured=$(measured_bytes)
	if [ "$memory_measured" ]; then
		memory_needed=$((memory_measured + memory_hardware_bytes))
		return
	fi
	kernel_bytes=0
	for name in 'Kernel code' 'Kernel rodata' 'Kernel data' 'Kernel bss'; do
		kernel_bytes=$((kernel_bytes + $(iomem_bytes "$name")))
	done
	[ "$kernel_bytes" -gt 1048576 ] || kernel_bytes=50331648
	if [ "$memory_image" ]; then
		memory_image_bytes=$(stat -L -c %s "$memory_image") memory_unpacked_bytes=$(image_unpacked "$memory_image")
	fi
	# The kernel's list of pages takes a 64th.
	memory_needed=$((kernel_bytes + memory_runtime_bytes + $(memory_added)))
	memory_needed=$((memory_needed + memory_needed / 63 + memory_hardware_bytes))
}

# A word for the command line: a third more than needed, in steps of 64 MiB.
memory_advised() { echo $(((memory_needed * 4 / 3 / 1048576 + 63) / 64 * 64)); }

# check_memory_measure: status 1 where that has said all there is to say.
check_memory_measure() {
	measured=0
	memory_measure $((memory_reserved >> 20)) || measured=$?
	memory_unmeasured=''
	[ "$measured" -ne 1 ] || memory_unmeasured="It could not be measured: ${measure_reason:-for that the image has to be there, and qemu}."
	memory_need
	[ "$measured" -eq 2 ] || return 0
	advice_for_crashkernel $((memory_reserved * 3 / 2 / 1048576))
	point fail crashkernel-size "In an emulator with $(megabytes "$memory_reserved"), as are reserved, the capture image did not come to its end." \
		"$advice" "$command"
	return 1
}

# memory_added_words: what of, in $need.
memory_added_words() {
	if [ "$memory_saver" = image ]; then
		need="$need: kernel, image, drivers, makedumpfile and kmortem added up."
		if [ "$check_measures" = yes ]; then
			need="$need $memory_unmeasured"
		elif [ -r "$image_file" ] && measure_emulator tcg > /dev/null; then
			need="$need kmortem capture check --measure would find out, in an emulator."
		fi
		return
	fi
	need="$need: kernel, drivers, makedumpfile and the image of $(owner), ${memory_image:-which is not found and assumed to take $(megabytes $((memory_image_bytes + memory_unpacked_bytes)))}, added up."
	[ "$check_measures" != yes ] || need="$need Only an image of kmortem can be measured."
}

check_memory_is_enough() {
	measure_reason=
	if [ "$memory_saver" != image ]; then
		: # nothing of ours would be booted
	elif [ "$check_measures" = yes ] || { [ "$check_measures" = cheap ] && measure_is_cheap; }; then
		check_memory_measure || return 0
	fi
	value reserved_bytes "$memory_reserved"
	value needed_bytes "$memory_needed"
	need="The capture needs $(megabytes "$memory_needed") of $(megabytes "$memory_reserved")"
	if [ "$memory_measured" ]; then
		need="$need: the smallest memory in which its image came to its end in an emulator, which has none of this machine's hardware, and $MEASURE_MARGIN MiB more."
	else
		assumed
		memory_added_words
	fi
	[ -z "$memory_hardware" ] || need="$need $(megabytes "$memory_hardware_bytes") of that are for the hardware of $memory_hardware."
	advice_for_crashkernel "$(memory_advised)"
	if [ "$memory_saver" != image ] && [ -z "$memory_image" ]; then
		point warn crashkernel-size "$need" "see which image $(owner) loads, and whether that has room"
	elif [ "$memory_reserved" -lt "$memory_needed" ]; then
		point fail crashkernel-size "$need" "$advice" "$command"
	elif [ "$((memory_reserved * 7 / 8))" -lt "$memory_needed" ]; then
		point warn crashkernel-size "$need That leaves less than an eighth to spare." "$advice" "$command"
	elif [ "$check_measures" = yes ] && [ -z "$memory_measured" ] && [ "$measure_reason" ]; then
		point warn crashkernel-size "$need" "see to the emulator, and measure again" "kmortem capture check --measure"
	else
		point pass crashkernel-size "$need"
	fi
}
