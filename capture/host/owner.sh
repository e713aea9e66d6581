# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Beside a distribution's own kdump only one can load the capture kernel.

# owner: the service that does: the distribution's kdump-tools or kdump where that is enabled, else kmortem. kdump-tools may be
# enabled and told in its settings to do nothing.
owner() {
	use=$(kdump_tools_setting USE_KDUMP)
	if [ "${use%% *}" = 1 ] && systemctl -q is-enabled kdump-tools.service 2> /dev/null; then
		echo kdump-tools
	elif systemctl -q is-enabled kdump.service 2> /dev/null; then
		echo kdump
	else
		echo kmortem
	fi
}

# owner_load_command: what has an image of ours that is loaded made and loaded anew.
owner_load_command() {
	if [ "$(owner)" = kmortem ]; then echo "kmortem capture load"; else echo "kmortem capture load --force"; fi
}

# owner_settings_command: what has the capture kernel take settings that were changed.
owner_settings_command() {
	case $(owner) in
	kmortem) echo "kmortem capture load" ;;
	kdump) if [ "$(hook_state kdump-utils)" = intact ]; then echo "kdumpctl rebuild && kdumpctl reload"; else echo "kmortem capture install"; fi ;;
	*) echo "kmortem capture install" ;; # a hook that is there reads them at the crash
	esac
}
