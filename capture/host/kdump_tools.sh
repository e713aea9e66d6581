# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# kdump-tools, of Debian and Ubuntu. Its capture kernel boots the root file system with systemd.unit=kdump-tools-dump.service
# for a goal, which starts `kdump-config savecore` and reboots; kdump-config has no hook. So one file makes systemd run our
# saving before: where that has saved the dump, it ends the capture kernel itself; else all goes on as without us.

kdump_tools_drop_in=/etc/systemd/system/kdump-tools-dump.service.d/kmortem.conf

# Another init boots the capture kernel into its runlevel, and starts kdump-tools' script: a drop-in says nothing to it.
kdump_tools_is_here() {
	[ -x "$ROOT/usr/sbin/kdump-config" ] && has systemctl &&
		{ [ -f "$ROOT/lib/systemd/system/kdump-tools-dump.service" ] || [ -f "$ROOT/usr/lib/systemd/system/kdump-tools-dump.service" ]; }
}

kdump_tools_files() { echo "$kdump_tools_drop_in"; }

# "-": whatever becomes of it, ExecStart of kdump-tools' own service follows.
kdump_tools_text() {
	cat <<- END
		$HOOK_MARK
		[Service]
		ExecStartPre=-$parts/hooks/bounded kdump-tools
	END
}

# The capture kernel reads it from the disk, when it boots.
kdump_tools_changed() {
	[ "$ROOT" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload || say "systemctl daemon-reload failed"
}

# kdump_tools_setting KEY: of its settings, which are a shell script; the last one counts.
kdump_tools_setting() {
	sed -n "s/^[[:space:]]*$1=//p" "$ROOT/etc/default/kdump-tools" 2> /dev/null | tail -n 1 |
		sed "/^[\"']/!s/[[:space:]].*//; s/^[\"']//; s/[\"'].*//"
}

# kdump_tools_images RELEASE: what it may load with that kernel, in its order, one a line.
kdump_tools_images() {
	for image in "$(kdump_tools_setting KDUMP_INITRD)" "/var/lib/kdump/initrd.img-$1" "/boot/initrd.img-$1"; do
		[ ! -f "$ROOT$image" ] || echo "$ROOT$image"
	done
}

# kdump_tools_targets: to all of which it saves, in the words of capture.conf, one a line; what these have no word for as it is.
kdump_tools_targets() {
	directory=$(kdump_tools_setting KDUMP_COREDIR) ftp=$(kdump_tools_setting FTP) ssh=$(kdump_tools_setting SSH)
	nfs=$(kdump_tools_setting NFS)
	directory=${directory:-/var/crash}
	case $directory$ftp$ssh$nfs in *'$'* | *'`'*)
		echo "what /etc/default/kdump-tools has a shell find out"
		return
		;;
	esac
	[ -z "$ftp" ] || echo "ftp $ftp"
	[ -z "$ssh" ] || echo "ssh $ssh:$directory"
	[ -z "$nfs" ] || echo "nfs $nfs"
	[ "$ftp$ssh$nfs" ] || echo "local $directory"
}

kdump_tools_obstacle() {
	has systemctl || { echo "systemd, which alone comes to it, is not installed any more"; return; }
	append=$(kdump_tools_setting KDUMP_CMDLINE_APPEND)
	case ${append:-systemd.unit=kdump-tools-dump.service} in
	*systemd.unit=kdump-tools-dump.service*) ;;
	*) echo "KDUMP_CMDLINE_APPEND in /etc/default/kdump-tools lacks systemd.unit=kdump-tools-dump.service: the hook is not come to; add that, and restart kdump-tools" ;;
	esac
	[ -x "$parts/hooks/bounded" ] || echo "$parts/hooks/bounded is missing: install kmortem-capture again"
}
