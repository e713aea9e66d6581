# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The capture kernel: which one, and loading it.

kexec_record=$ROOT/run/kmortem-capture/loaded # the command that has loaded it; the unit may write to this directory only
kexec_complaint=$ROOT/run/kmortem-capture/complaint # what kexec did not find then, and could not do without

# ---- the kernel --------------------------------------------------------------------------------

# kernel_config: the lines of its configuration; status 1 where that is nowhere.
kernel_config() {
	for file in "$ROOT/boot/config-$image_release" "$ROOT/lib/modules/$image_release/config"; do
		[ ! -r "$file" ] || { cat "$file"; return; }
	done
	[ -r "$ROOT/proc/config.gz" ] && [ "$image_release" = "${KERNEL_RELEASE:-$(uname -r)}" ] && gzip -dc "$ROOT/proc/config.gz"
}

# kernel_has OPTION: all of it is read, as in a service, where nothing is ended by a broken pipe, who writes it would complain.
kernel_has() { kernel_config | grep -x "CONFIG_$1=y" > /dev/null; }

# secure_boot: status 0 where the firmware starts nothing unsigned. Four bytes of attributes stand before the value.
secure_boot() {
	for file in "$ROOT"/sys/firmware/efi/efivars/SecureBoot-*; do
		[ -r "$file" ] && [ "$(od -A n -t u1 -j 4 -N 1 "$file" | tr -d ' ')" = 1 ] && return
	done
	return 1
}

# lockdown: none, integrity or confidentiality; the one that holds stands in brackets.
lockdown() {
	case $(read_line /sys/kernel/security/lockdown) in
	*"[integrity]"*) echo integrity ;;
	*"[confidentiality]"*) echo confidentiality ;;
	*) echo none ;;
	esac
}

# kernel_is_locked: the kernel takes signed images only, from kexec_file_load alone. Secure boot by itself does not do that.
kernel_is_locked() { [ "$(lockdown)" != none ]; }

# kexec_call: the option for the system call: -s is kexec_file_load, -c kexec_load; -a tries them in this order. Kernels that were
# patched to be locked by secure boot do not all tell that they are; where -a is not known, these are served by -s alone.
kexec_call() {
	if kernel_is_locked; then
		printf '%s\n' -s
	elif kexec --help 2>&1 | grep -q -e --kexec-syscall-auto; then
		printf '%s\n' -a
	elif secure_boot; then
		printf '%s\n' -s
	else
		printf '%s\n' -c
	fi
}

# ---- commands ----------------------------------------------------------------------------------

# kexec_prepare: sets $kexec_kernel, $kexec_option and $kexec_words.
kexec_prepare() {
	kexec_kernel=$(kernel_file) && kexec_option=$(kexec_call) && kexec_words=$(kexec_append)
}

kexec_text() { printf "kexec -p %s %s --initrd=%s --append=%s\n" "$kexec_option" "$kexec_kernel" "$image_file" "$(quoted "$kexec_words")"; }

# show: the command that `load` gives.
show() {
	kexec_prepare || return 2
	kexec_text
	! stale=$(image_is_stale) || say "$stale: load makes one first"
}

kexec_is_there() {
	! has kexec || return 0
	say "kexec is not installed: $(install_command kexec-tools || echo "install the package kexec-tools")"
	return 1
}

# load_is_ours: not where a distribution's service loads its own, unless $load_force is "yes".
load_is_ours() {
	others=$(owner)
	[ "$others" != kmortem ] && [ "${load_force-}" != yes ] || return 0
	if owner_has_hook "$others"; then instead="take part in that (kmortem capture install), or disable it"; else instead=$(owner_replace_command "$others"); fi
	say "$others loads the capture kernel here: $instead; load --force puts ours in its place, until the next boot"
	return 1
}

# memory_elsewhere: prints who it is that sets memory apart and starts what captures, where that is not this kernel's kexec.
memory_elsewhere() {
	case $(read_line /proc/xen/capabilities) in
	*control_d*) echo "This system is Xen's dom0, and it is the hypervisor that reserves memory and starts the capture kernel" ;;
	esac
	! fadump_says enabled || echo "The firmware keeps the memory of a crash (fadump) and starts what captures it"
}

# fadump_says enabled|registered: the firmware is to keep the memory of a crash; and has been told which that is. Older kernels have
# no directory for that.
fadump_says() { case $(read_line "/sys/kernel/fadump/$1")$(read_line "/sys/kernel/fadump_$1") in *1*) ;; *) return 1 ;; esac; }

# memory_is_there: for a capture kernel of ours.
memory_is_there() {
	elsewhere=$(memory_elsewhere)
	if [ "$elsewhere" ]; then
		say "$elsewhere: kmortem by itself does not capture here; have the distribution's kdump do it"
		return 1
	elif [ "$(cat "$ROOT/sys/kernel/kexec_crash_size" 2> /dev/null || echo 0)" = 0 ]; then
		say "no memory is reserved for a capture kernel: boot with crashkernel=; kmortem capture check says how much"
		return 1
	fi
}

# load_is_needed: not where $load_if_changed is "yes" and what is loaded is what would be, of an image that is up to date.
load_is_needed() {
	[ "${load_if_changed-}" != yes ] || ! is_loaded || loaded_is_old || layout_changed ||
		[ "$(kexec_text)" != "$(cat "$kexec_record" 2> /dev/null)" ]
}

# load_image: status 1 where a target is missing in it or no new one could be made, 2 where there is none.
load_image() {
	if ! stale=$(image_is_stale); then
		lacks=$(plan_lines missing "$image_plan" 2> /dev/null | sed 's/$/; /' | tr -d '\n')
		[ "$lacks" ] || return 0
		say "the image is without ${lacks%; }"
		return 1
	fi
	say "$stale: making one"
	image_status=0
	build || image_status=$?
	[ "$image_status" -ge 2 ] || return "$image_status"
	[ -s "$image_file" ] || return 2
	say "the image made before is loaded"
	return 1
}

# kexec_load: shows what kexec says. Where it does not find the kernel's own text, it goes on, and tells the capture kernel of a
# memory that is not there: 2.0.25 on arm64, for kernels that have no _text in /proc/kallsyms.
kexec_load() {
	kexec_status=0
	{
		kexec_said=$(kexec -p "$kexec_option" "$ROOT$kexec_kernel" --initrd="$image_file" --append="$kexec_words" 2>&1 >&3 3>&-) || kexec_status=$?
	} 3>&1
	[ -z "$kexec_said" ] || printf '%s\n' "$kexec_said" >&2
	[ "$kexec_status" -eq 0 ] || say "not loaded: $(kexec_text)"
	return "$kexec_status"
}

# kexec_note: the command, for all to read, whatever was made before; what was told to the capture kernel of this machine, and
# what was not found.
kexec_note() {
	(umask 022 && mkdir -p "${kexec_record%/*}" && rm -f "$kexec_record" && kexec_text > "$kexec_record") && printf '%s\n' "$layout_loaded" > "$layout_record" || return
	printf '%s\n' "$kexec_said" | grep -w _text > "$kexec_complaint" || rm -f "$kexec_complaint"
}

# load: with an image that is up to date; status 1 where a target is missing in it or no new one could be made, 2 where nothing
# is loaded.
load() {
	kexec_is_there && load_is_ours && memory_is_there && kexec_prepare || return 2
	load_status=0
	load_image || load_status=$?
	[ "$load_status" -lt 2 ] && load_is_needed || return "$load_status"
	layout_loaded=$(layout)
	kexec_load || return 2
	kexec_note || {
		say "loaded, but status and check take it for another program's: $kexec_record cannot be written"
		load_status=1
	}
	[ ! -s "$kexec_complaint" ] || {
		say "loaded, but kexec did not find where this kernel lies: no dump could be read; install a newer kexec-tools"
		load_status=1
	}
	images_prune
	return "$load_status"
}

# unload: not of what a distribution's service loads, unless $load_force is "yes".
unload() {
	others=$(owner)
	if [ "$others" != kmortem ] && [ "${load_force-}" != yes ]; then
		say "$others loads the capture kernel here, and unloads it; unload --force does that all the same"
		return 2
	fi
	kexec_is_there && kexec -p -u || return 2
	rm -f "$kexec_record" "$layout_record" "$kexec_complaint"
}

is_loaded() { [ "$(read_line /sys/kernel/kexec_crash_loaded)" = 1 ]; }

# loaded_is_old: by `load`, and its image has been made anew since.
loaded_is_old() { [ "$(find "$image_file" -newer "$kexec_record" 2> /dev/null)" ]; }

# status_stale: whether load would make another image now; only root can read of what this one was made.
status_stale() {
	[ -r "$image_plan" ] || return 0
	conf_read "$conf_file" 2> /dev/null || :
	! stale=$(image_is_stale) || say "$stale; kmortem capture load makes another"
}

# record_is_hidden: it may be there, and is not for this user to read.
record_is_hidden() {
	[ ! -r "$kexec_record" ] || return
	[ -e "$kexec_record" ] || { [ -d "${kexec_record%/*}" ] && [ ! -x "${kexec_record%/*}" ]; }
}

# status: 0 where a crash would start a capture kernel.
status() {
	if fadump_says enabled && fadump_says registered; then
		echo "registered with the firmware (fadump)"
	elif ! is_loaded; then
		echo "not loaded"
		return 1
	elif record_is_hidden; then
		echo "loaded; by whom only root may read"
	elif [ ! -r "$kexec_record" ]; then
		echo "loaded, by another program"
	elif loaded_is_old; then
		echo "loaded, but the image has been made anew since; kmortem capture load"
		return 1
	else
		printf 'loaded: %s\n' "$(cat "$kexec_record")"
		status_stale
	fi
}
