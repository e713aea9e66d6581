# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# By whose means a crash would be saved here, and where to: an image of ours, or our hook in kdump-tools, which has booted the
# system, save to the targets of capture.conf; a distribution's kdump to those of its own settings, also where our hook in
# kdump-utils takes part.

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
