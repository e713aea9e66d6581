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

# owner_kind OWNER: the kind of hook that takes part in what that captures; nothing where there is none.
owner_kind() {
	case $1 in
	kdump-tools) echo kdump-tools ;;
	kdump) echo kdump-utils ;;
	esac
}

# owner_has_hook OWNER: one of ours can be made to take part in what that installs.
owner_has_hook() {
	case $1 in
	kdump-tools) kdump_tools_is_here ;;
	kdump) kdump_utils_is_here && ! system_is_ostree ;; # others have a service of that name, too
	*) return 1 ;;
	esac
}

# owner_disable_command OWNER, owner_replace_command OWNER: what ends that; and has kmortem capture in its place.
owner_disable_command() {
	if has systemctl; then
		echo "systemctl disable --now $1"
	elif has rc-update; then
		echo "rc-update del $1"
	else
		echo "update-rc.d $1 disable"
	fi
}
owner_replace_command() {
	if has systemctl; then set -- "$1" "systemctl enable --now kmortem-capture"; else set -- "$1" "kmortem capture load"; fi
	echo "$(owner_disable_command "$1") && $2"
}

# owner_load_command: what has an image of ours that is loaded made and loaded anew.
owner_load_command() {
	if [ "$(owner)" = kmortem ]; then echo "kmortem capture load"; else echo "kmortem capture load --force"; fi
}

# owner_settings_command: what has the capture kernel take settings that were changed.
owner_settings_command() {
	case $(owner) in
	kmortem) echo "kmortem capture load" ;;
	kdump)
		if [ "$(hook_state kdump-utils)" = intact ]; then
			echo "kdumpctl rebuild && kdumpctl reload"
		elif owner_has_hook kdump; then
			echo "kmortem capture install"
		else
			owner_replace_command kdump
		fi
		;;
	*) echo "kmortem capture install" ;; # a hook that is there reads them at the crash
	esac
}
