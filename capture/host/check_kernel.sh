# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# check: what the kernel was built with, and what it allows.

check_kernel() {
	check_kernel_file
	kernel_options=known
	kernel_config > /dev/null || kernel_options=
	if [ "$kernel_options" ]; then
		check_kernel_options
	else
		point warn kernel-options "It is not known what this kernel was built with: there is no /proc/config.gz and no /boot/config-$image_release." \
			"put the kernel's .config there"
	fi
	check_lockdown
}

# What a distribution loads is for that to find.
check_kernel_file() {
	[ "$(saver)" = image ] || return 0
	if ! said=$({ kernel_file > /dev/null; } 2>&1); then
		point fail kernel-file "$(text_said "$said")" \
			"put it there, or name the file in $conf_file, as kernel = /boot/vmlinuz-other"
	elif [ "$said" ]; then
		point warn kernel-file "$(text_said "$said"): $(kernel_file 2> /dev/null) is taken." "correct $conf_file"
	else
		point pass kernel-file "The capture kernel is $(kernel_file)."
	fi
}

check_kernel_options() {
	missing=
	kernel_has KEXEC || kernel_has KEXEC_FILE || missing="$missing CONFIG_KEXEC_FILE"
	for option in CRASH_DUMP PROC_VMCORE; do kernel_has $option || missing="$missing CONFIG_$option"; done
	if [ "$missing" ]; then
		point fail kernel-options "This kernel was built without$missing: it leaves no dump." "boot a kernel that has these options"
	elif ! kernel_has DEBUG_INFO_BTF && [ ! -e "$ROOT/sys/kernel/btf/vmlinux" ]; then
		point warn kernel-options "This kernel was built without CONFIG_DEBUG_INFO_BTF: kmortem cannot examine its dump without its debuginfo." \
			"install the kernel's debuginfo where dumps are examined, or boot a kernel with that option"
	else
		point pass kernel-options "This kernel was built with what a dump and its examination need."
	fi
}

# ---- lockdown ----------------------------------------------------------------------------------

# kernel_calls: the system calls by which it can be handed a capture kernel, as the end of a sentence.
kernel_calls() {
	if [ -z "$kernel_options" ]; then
		echo ": it takes the capture kernel by whichever call of kexec it has"
	elif kernel_has KEXEC && kernel_has KEXEC_FILE; then
		echo ": it takes the capture kernel by either call of kexec"
	elif kernel_has KEXEC; then
		echo ": it takes the capture kernel by kexec_load"
	elif kernel_has KEXEC_FILE; then
		echo ": it takes the capture kernel by kexec_file_load"
	else
		echo ", but has no call of kexec"
	fi
}

check_lockdown() {
	mode=$(lockdown) boot="secure boot is off"
	! secure_boot || boot="secure boot is on"
	if [ "$(read_line /proc/sys/kernel/kexec_load_disabled)" = 1 ] && ! is_loaded && [ -z "$(memory_elsewhere)" ]; then
		point fail lockdown "kernel.kexec_load_disabled is 1: nothing can be loaded until the next boot." \
			"see to it that the capture kernel is loaded before that is set, and reboot" "grep -r kexec_load_disabled /etc/sysctl.conf /etc/sysctl.d"
	elif ! kernel_is_locked; then
		point pass lockdown "The kernel is not locked down ($boot)$(kernel_calls)."
	elif [ "$kernel_options" ] && ! kernel_has KEXEC_FILE; then
		point fail lockdown "The kernel is locked down ($mode, $boot) and has no kexec_file_load: it takes no capture kernel." \
			"boot a kernel with CONFIG_KEXEC_FILE"
	else
		point pass lockdown "The kernel is locked down ($mode, $boot): it takes a signed capture kernel by kexec_file_load only, which is what load tries first."
	fi
}
