# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The dracut module of the hook in kdump-utils: it goes into the image of the capture kernel and into no other. That something
# is missing is told, and keeps no image from being made: that of kdump-utils saves without us, too.

check() { [[ ${IN_KDUMP-} ]]; }

depends() { echo base; }

install() {
	local parts=${BASH_SOURCE[0]%/*/*} prefix rules file conf=/etc/kmortem/capture.conf
	prefix=${parts%/lib/kmortem/capture} rules=$prefix/share/kmortem/rules
	[[ -d $rules ]] || rules=${parts%/*}/rules
	for file in "$prefix/bin/kmortem" "$(command -v kmortem)"; do
		[[ ! -x $file ]] || { inst "$file" /usr/bin/kmortem; break; }
	done
	inst_multiple awk cat chmod cp cut date dd du find findmnt grep head ln mkdir mktemp mount mv nproc readlink \
		rm rmdir sed sleep sort stat sync tail timeout touch tr umount uname wc makedumpfile
	while read -r file; do inst_simple "$file"; done < <(
		find "$parts/shared" "$parts/saving" "$parts/hooks" -type f
		find "$rules/" -type f -name '*.yaml'
		if [[ -f $conf ]]; then
			echo "$conf"
			# shellcheck source=/dev/null
			. "$parts/shared/common.sh"
			# shellcheck source=/dev/null
			. "$parts/shared/conf.sh"
			conf_read "$conf" 2> /dev/null
			[[ -z $conf_known_signatures ]] || echo "$conf_known_signatures"
		fi
	)
	mkdir -p "${initdir:?}/etc/kmortem" && uname -n > "$initdir/etc/kmortem/hostname"
	# shellcheck source=/dev/null
	(. "$parts/shared/common.sh" && this_machine) > "$initdir/etc/kmortem/capture.machine"
	return 0
}
