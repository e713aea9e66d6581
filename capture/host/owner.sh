# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Beside a distribution's own kdump only one can load the capture kernel.

# service_is_enabled NAME: by systemd, or where that is not, in a runlevel of sysvinit or OpenRC.
service_is_enabled() {
	if has systemctl; then
		systemctl -q is-enabled "$1.service" 2> /dev/null
		return
	fi
	for link in "$ROOT"/etc/rc[2-5].d/S[0-9][0-9]"$1" "$ROOT/etc/runlevels/default/$1"; do
		[ ! -e "$link" ] || return 0
	done
	return 1
}

# owner: the service that does: the distribution's kdump-tools or kdump where that is enabled, else kmortem. kdump-tools may be
# enabled and told in its settings to do nothing.
owner() {
	use=$(kdump_tools_setting USE_KDUMP)
	if [ "${use%% *}" = 1 ] && service_is_enabled kdump-tools; then
		echo kdump-tools
	elif service_is_enabled kdump; then
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
