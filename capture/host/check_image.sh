# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# check: who saves the dump, with which image, and whether that is what is loaded.

check_saver() {
	others=$(owner)
	[ "$others" != kmortem ] || others=''
	hooked='' idle=''
	for kind in $HOOK_KINDS; do
		state=$(hook_state "$kind")
		case $state in
		intact) if [ "$kind" = "$(owner_kind "$others")" ]; then hooked=$kind; else idle="$idle $kind, which has a hook of ours, does not capture."; fi ;;
		"broken: "*)
			hook_advice "$kind" "$state"
			point fail saver "The hook in $kind does not work: ${state#broken: }." "$advice" "$command"
			return
			;;
		esac
	done
	if [ "$others" ] && [ -r "$kexec_record" ]; then
		point warn saver "Two load a capture kernel here, $others at boot and kmortem-capture by hand: the later one wins." \
			"choose one: $(! owner_has_hook "$others" || echo "a hook in $others (kmortem capture install), or ")kmortem alone:" \
			"$(owner_disable_command "$others") && kmortem capture load"
	elif [ "$hooked" ]; then
		point pass saver "$hooked captures, and kmortem saves: its hook is installed.$idle"
	elif [ "$others" ] && ! owner_has_hook "$others"; then
		point warn saver "$others captures in its own way, and kmortem has no hook for that $others: the dump is not checked, and where that fails nothing else is tried.$idle" \
			"let kmortem capture in its place, or accept that:" "$(owner_replace_command "$others")"
	elif [ "$others" ]; then
		point warn saver "$others captures in its own way: the dump is not checked, and where that fails nothing else is tried.$idle" \
			"let kmortem save the dump:" "kmortem capture install"
	else
		point pass saver "kmortem captures and saves, by itself.$idle"
	fi
}

# ---- the image ---------------------------------------------------------------------------------

check_extra_modules() {
	absent=$(extra_modules_absent)
	[ -z "$absent" ] ||
		point warn extra-modules "The kernel $image_release has no $absent, which extra_modules names: the capture kernel goes without." \
			"correct $conf_file, or install what has it for this kernel"
}

# check_image_theirs: that of kdump-utils holds its settings. What it mounts of fstab is most often what it was before.
check_image_theirs() {
	[ "$(owner)" = kdump ] && image=$(kdump_utils_image "$image_release") && [ "$image" ] || return 0
	if [ "$(kdump_utils_newer /etc/kdump.conf)" ]; then
		point fail image "$image is older than /etc/kdump.conf: a crash is saved as that said before." "have it made anew, and loaded:" "kdumpctl rebuild && kdumpctl reload"
	elif [ "$(kdump_utils_newer /etc/fstab)" ]; then
		point warn image "$image is older than /etc/fstab: what it mounts may be as that said before." "have it made anew, and loaded:" "kdumpctl rebuild && kdumpctl reload"
	else
		point pass image "$image is not older than the settings of kdump."
	fi
}

# An image for another target or another kernel is worse than one whose programs are of yesterday.
check_image() {
	if [ "$(owner)" != kmortem ] && ! [ -r "$kexec_record" ]; then
		check_image_theirs
	elif ! [ -s "$image_file" ] && obstacle=$(image_obstacle) && [ "$obstacle" ]; then
		point fail image "There is no capture image for $image_release, and none can be made: $obstacle." \
			"see to that, then make it and load it:" "$(owner_load_command)"
	elif ! [ -s "$image_file" ]; then
		point fail image "There is no capture image for $image_release." "make it and load it:" "$(owner_load_command)"
	elif stale=$(image_is_stale); then
		advice="make it anew and load it:"
		case $stale in
		*"not all there"*) verdict=warn advice="see to that, then make it anew and load it:" ;;
		*"older than"* | *modules* | *"way to a target"* | "there is no"*) verdict=fail ;;
		*) verdict=warn ;;
		esac
		point "$verdict" image "Not up to date: $stale." "$advice" "$(owner_load_command)"
	else
		point pass image "The capture image is of $image_release, and as it would be made now."
	fi
}

# advice_for_load OWNER: sets $advice and $command for loading it now and at each boot.
advice_for_load() {
	advice="load it, now and at each boot:"
	if ! has systemctl; then
		advice="load it, now, and have the system do that at each boot:"
		if [ "$1" = kmortem ]; then command="kmortem capture load"; else command="service $1 restart"; fi
	elif [ "$1" = kmortem ]; then
		command="systemctl enable kmortem-capture && systemctl restart kmortem-capture"
	else
		command="systemctl enable $1 && systemctl restart $1"
	fi
}

# check_registered: in place of the next, where the firmware keeps the memory of a crash; what a hypervisor has loaded is not seen.
check_registered() {
	fadump_says enabled || return 0
	advice="see crashkernel" command=
	[ "$(owner)" = kmortem ] || advice_for_load "$(owner)"
	if fadump_says registered; then
		point pass loaded "The memory of a crash is registered with the firmware (fadump)."
	else
		point fail loaded "The memory of a crash is not registered with the firmware (fadump): a crash would be the end." "$advice" "$command"
	fi
}

check_loaded() {
	if [ "$(memory_elsewhere)" ]; then
		check_registered
	elif ! is_loaded && ! has kexec; then
		advice_for_package kexec-tools
		point fail loaded "No capture kernel is loaded, and kexec, which loads it, is not installed." "$advice" "$command"
	elif ! is_loaded; then
		advice_for_load "$(owner)"
		point fail loaded "No capture kernel is loaded: a crash would be the end." "$advice" "$command"
	elif [ "$(owner)" != kmortem ] && ! [ -r "$kexec_record" ]; then
		point pass loaded "A capture kernel is loaded, by $(owner)."
	elif ! [ -r "$kexec_record" ]; then
		point warn loaded "A capture kernel is loaded, but by another program: what that saves is not known." "load ours:" "kmortem capture load"
	elif ! is_word_of "--initrd=$image_file" "$(cat "$kexec_record")"; then
		point warn loaded "What is loaded is not for this kernel: $(cat "$kexec_record")" "load what is:" "$(owner_load_command)"
	elif [ -s "$kexec_complaint" ]; then
		point fail loaded "What is loaded could read no dump: kexec, older than this kernel, did not find where that lies ($(head -n 1 "$kexec_complaint"))." \
			"install a newer kexec-tools, and load it again:" "$(owner_load_command)"
	elif loaded_is_old; then
		point fail loaded "What is loaded is older than the capture image." "load it again:" "$(owner_load_command)"
	elif layout_changed; then
		point warn loaded "Memory or CPUs have come or gone since the capture kernel was loaded: the dump would lack what is new." \
			"load it again:" "$(owner_load_command)"
	else
		point pass loaded "The capture kernel is loaded, and is of $image_release."
	fi
}
