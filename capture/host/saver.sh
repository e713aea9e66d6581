# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# By whose means a crash would be saved here, and where to: an image of ours, or our hook in kdump-tools, which has booted the
# system, save to the targets of capture.conf; a distribution's kdump to those of its own settings, also where our hook in
# kdump-utils takes part. So it is with what a dump leaves out.

# saver: "image" or "hook", or the service that does it in its own way, as `owner` has it.
saver() {
	saver_owner=$(owner)
	if [ "$saver_owner" = kmortem ] || [ -r "$kexec_record" ]; then
		echo image
	elif [ "$saver_owner" = kdump-tools ] && [ "$(hook_state kdump-tools)" = intact ]; then
		echo hook
	else
		echo "$saver_owner"
	fi
}

# saver_is_theirs: a distribution's own settings say where to and how.
saver_is_theirs() { case $(saver) in image | hook) return 1 ;; esac; }

# saver_look: sets $target_saver to that, $target_settings to the file that names its targets, $target_list to these in the words
# of capture.conf, one a line, and $target_key to the key that it has for ssh, empty for that of capture.conf.
saver_look() {
	target_saver=$(saver) target_key=
	case $target_saver in
	kdump-tools)
		target_settings=$ROOT/etc/default/kdump-tools target_list=$(kdump_tools_targets)
		target_key=$(kdump_tools_setting SSH_KEY)
		;;
	kdump) target_settings=$ROOT/etc/kdump.conf target_list=$(kdump_utils_targets) target_key=$(kdump_utils_setting sshkey) ;;
	*) target_settings=$conf_file target_list=$conf_targets && return ;;
	esac
	target_key=${target_key:-/root/.ssh/kdump_id_rsa}
}

# places: the directories of this host to which it saves, one a line; of a device, below where that is mounted now.
places() {
	saver_look
	printf '%s\n' "$target_list" | while read -r kind where; do
		case $kind in
		local) printf '%s\n' "$where" ;;
		device)
			mounted=$(findmnt -n -l -o TARGET --source "${where%:*}" 2> /dev/null | head -n 1)
			[ -z "$mounted" ] || printf '%s\n' "${mounted%/}${where##*:}"
			;;
		esac
	done
}

# saver_key_take: what speaks to a server has the settings' key for it.
saver_key_take() { [ -z "$target_key" ] || conf_ssh_key=$target_key conf_ssh_known_hosts=; }

# saver_refusal TARGET: status 1, and why, where the capture kernel cannot save there. One that is not ours has ways of its own to a
# disk; what lies in memory is lost whoever has written it.
saver_refusal() {
	[ "$target_saver" != image ] || { { plan_target "$1" > /dev/null; } 2>&1; return; }
	case $1 in "local "*) ;; *) return 0 ;; esac
	real=$(directory_real "${1#local }" 2>&1) || { echo "$real"; return 1; }
	read -r number type source place <<- END
		$(mount_of "$real" 2> /dev/null)
	END
	case $type in tmpfs | ramfs | rootfs) echo "${1#local }: lies on $(mount_refusal "$type" '')" && return 1 ;; esac
}

# ---- the filter --------------------------------------------------------------------------------

# saver_filter: after saver_look, sets $saver_level to what dumps leave out, $saver_compression to how they are compressed, $saver_copier
# to the program that makes them where it is not makedumpfile, and $saver_guess to a sentence where the level is not known, and is
# taken for the one that all distributions begin with.
saver_filter() {
	saver_level=$conf_dump_level saver_compression=$conf_compression saver_copier='' saver_guess=''
	case $target_saver in image | hook) return ;; esac
	words=$(saver_words)
	filter_asked "$words"
	saver_level=$asked_level saver_compression=$asked_compression
	case $words in
	*makedumpfile*) [ -z "$(saver_packs)" ] || saver_compression=other ;;
	?*) saver_level=0 saver_compression=none saver_copier=${words%%[[:space:]]*} ;;
	*) saver_level='' saver_compression=other ;;
	esac
	[ "$saver_level" ] || saver_level=31 saver_guess=" Which level $target_saver has is not known: 31 is assumed."
}

# saver_words: the command that makes the dumps of a distribution's kdump; nothing where that is not known.
saver_words() (
	case $target_saver in
	kdump-tools)
		words=$(kdump_tools_setting MAKEDUMP_ARGS)
		case $words in *'$'* | *'`'*) ;; *) echo "makedumpfile ${words:--F -c -d 31}" ;; esac
		;;
	*)
		[ -r "$target_settings" ] || return
		# shellcheck source=capture/hooks/kdump_place.sh
		. "$parts/hooks/kdump_place.sh"
		kdump_collector
		;;
	esac
)

# saver_packs: by what kdump-tools compresses what makedumpfile writes.
saver_packs() { [ "$target_saver" != kdump-tools ] || kdump_tools_setting KDUMP_COMPRESSION; }

# saver_less: sets $advice and $command for leaving out only what no makedumpfile takes for others.
saver_less() {
	advice="leave out less, which has been found to be sound, or install a newer makedumpfile:"
	command="$(setting_command dump_level 17) && $(owner_settings_command)"
	case $target_saver in image | hook) return ;; esac
	[ -r "$target_settings" ] || return 0
	if [ "$target_saver" = kdump-tools ]; then # its capture kernel reads them
		saver_less_there 'MAKEDUMP_ARGS=' 'MAKEDUMP_ARGS="-c -d 17"'
		return
	fi
	case $target_list in "ssh "* | "raw "*) flat="-F " ;; *) flat='' ;; esac
	saver_less_there 'core_collector[[:space:]]' "core_collector makedumpfile $flat-l --message-level 7 -d 17"
	[ -z "$command" ] || command="$command && kdumpctl restart"
}

# saver_less_there KEY LINE: the same, in the settings of a distribution's kdump; LINE is for where these have no such KEY: given twice,
# kdump-utils takes none.
saver_less_there() {
	level="^\([[:space:]]*$1[^#]*-[a-zA-Z]*d *\)[0-9][0-9,]*" command=
	advice="leave out less by -d 17 in $target_settings, which has been found to be sound, or install a newer makedumpfile:"
	if grep -q "$level" "$target_settings" 2> /dev/null; then
		command="sed -i 's/$level/\117/' $target_settings"
	elif ! grep -q "^[[:space:]]*$1" "$target_settings" 2> /dev/null; then
		command="echo '$2' >> $target_settings"
	fi
}
