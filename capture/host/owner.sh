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
