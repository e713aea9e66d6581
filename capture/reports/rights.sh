# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Root among files of others.

OWNER_SECONDS=${OWNER_SECONDS:-60}

# as_owner COMMAND…: by the user whom this directory belongs to, with no other rights. Whoever owns a directory may put what he
# likes under any name there, at any time: then all that comes of it is what he could have done himself. He may also stop what
# runs as he, but not what ends it.
as_owner() {
	owner=$(stat -c %u .) || return
	if [ "$owner" -eq "$(id -u)" ]; then
		"$@"
	else
		/usr/bin/timeout -s KILL "$OWNER_SECONDS" /usr/bin/setpriv --reuid="$owner" --regid="$(stat -c %g .)" --clear-groups \
			--inh-caps=-all -- "$@"
	fi
}
