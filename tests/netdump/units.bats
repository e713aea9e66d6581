#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make install` gives systemd and man.
# shellcheck disable=SC2154 # bats sets the variables

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export PREFIX=$BATS_FILE_TMPDIR/usr
	"${MAKE:-make}" -s "BUILD=$BUILD" ${CFLAGS:+CFLAGS="$CFLAGS"} "PREFIX=$PREFIX" DESTDIR= install
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/root" ] || "${as_root[@]}" rm -rf "$(cat "$BATS_TEST_TMPDIR/root")"
}

# The page as man prints it.
manual() {
	MANWIDTH=80 man -l "$1" | col -bx
}

@test "units are what systemd understands" {
	for unit in "$PREFIX"/lib/systemd/system/*; do
		MANPATH=$PREFIX/share/man run -0 systemd-analyze verify --recursive-errors=no "$unit"
		[ -z "$output" ]
	done
}

@test "units expose little" {
	for unit in "$PREFIX"/lib/systemd/system/*.service; do
		limit=1.5
		# One has to load a kernel, the other to read all memory and to mount what it could write to.
		[[ $unit != */kmortem-capture*.service ]] || limit=3.9
		# What the site wants run may need anything.
		[[ $unit != */kmortem-send@.service ]] || limit=9.6
		run -0 systemd-analyze security --offline=true --threshold="${limit/./}" "$unit"
		[[ $output =~ "Overall exposure level for "[a-z@-]+".service: "([0-9.]+) ]]
		jq -en "${BASH_REMATCH[1]} <= $limit"
		# The table tells it.
		name=${unit##*/}
		grep "^| \`${name%.service}\." systemd/README.md | grep -F '.service`' | grep -qE "[ (]${BASH_REMATCH[1]}([:.,;)]|$)"
	done
}

@test "the rule for udev lies where udev looks for it" {
	cmp systemd/kmortem-capture.rules "$PREFIX/lib/udev/rules.d/98-kmortem-capture.rules"
	grep -qx usr/lib/udev/rules.d/98-kmortem-capture.rules packaging/debian/kmortem-capture.install
}

# purged PACKAGE: what its maintainer script does then, below $BATS_TEST_TMPDIR.
purged() { sed "s,/var/,$BATS_TEST_TMPDIR/var/,g" "packaging/debian/$1.postrm" | sh -s purge; }

@test "a package that is purged takes what is its own" {
	mkdir -p "$BATS_TEST_TMPDIR"/var/lib/kmortem/{told,capture} "$BATS_TEST_TMPDIR"/var/{crash,spool/kmortem}
	: > "$BATS_TEST_TMPDIR/var/lib/kmortem/told/key"
	: > "$BATS_TEST_TMPDIR/var/lib/kmortem/capture/initrd"
	run -0 purged kmortem-capture
	[ -f "$BATS_TEST_TMPDIR/var/lib/kmortem/told/key" ]
	[ ! -e "$BATS_TEST_TMPDIR/var/lib/kmortem/capture" ]
	mkdir "$BATS_TEST_TMPDIR/var/lib/kmortem/capture"
	run -0 purged kmortem
	[ ! -e "$BATS_TEST_TMPDIR/var/lib/kmortem/told" ]
	run -0 purged kmortem-capture
	[ ! -e "$BATS_TEST_TMPDIR/var/lib/kmortem" ]
}

@test "who tells of a crash reaches consoles, and no disk" {
	for unit in kmortem-notify@ kmortem-capture-verdict; do
		unit=$PREFIX/lib/systemd/system/$unit.service
		run ! grep -q ^PrivateDevices= "$unit"
		grep -qx DevicePolicy=closed "$unit"
		[ "$(sed -n 's/^DeviceAllow=//p' "$unit" | tr '\n' ' ')" = 'char-tty* w char-hvc* w char-pts w ' ]
	done
}

@test "no boot waits for a report" {
	for unit in "$PREFIX"/lib/systemd/system/*.service; do
		grep -qx 'WantedBy=multi-user.target' "$unit" || continue
		run ! grep -qx Type=oneshot "$unit"
	done
}

@test "only who has a target on the network waits for that, and nothing for it" {
	units=$PREFIX/lib/systemd/system
	online=$(grep -lE '^(Wants|Requires)=.*network-online' "$units"/kmortem-* | xargs -n 1 basename)
	# The check is started by its timer, long after the boot; who sends, by what is told.
	[ "$online" = "kmortem-capture-check.service
kmortem-capture-network.service
kmortem-send@.service" ]
	for unit in $online; do
		run -1 grep -e '^\[Install\]' "$units/$unit"
		run -1 grep -lE "^(Wants|Requires|After)=.*$unit" "$units"/kmortem-*
	done
	command=$(sed -n "s/^ExecStartPre=-\/bin\/sh -c '\(.*\)'$/\1/p" "$units/kmortem-capture.service")
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "$*"\n' > "$BATS_TEST_TMPDIR/bin/systemctl"
	chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH CONF=$BATS_TEST_TMPDIR/conf KMORTEM_TEST=1
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT/etc"
	echo web7 > "$ROOT/etc/hostname"
	echo 'target = local /var/crash' > "$CONF"
	run -0 sh -c "$command"
	[ -z "$output" ]
	echo 'target = netdump dump.example' >> "$CONF"
	run -0 sh -c "$command"
	[ "$output" = '--no-block start kmortem-capture-network.service' ]
	# That has the other load again, without a moment in which nothing is loaded.
	grep -qx 'ExecStart=systemctl reload-or-restart kmortem-capture.service' "$units/kmortem-capture-network.service"
	grep -qx "ExecReload=$PREFIX/sbin/kmortem-capture load --if-changed" "$units/kmortem-capture.service"
	grep -qx 'After=.*kmortem-capture.service' "$units/kmortem-capture-network.service"
}

@test "a status that counts as success does not let the condition pass" {
	units=$PREFIX/lib/systemd/system
	grep -qx SuccessExitStatus=1 "$units/kmortem-capture.service"
	grep -qxE "ExecCondition=/bin/sh -c '\[ .* = kmortem \] \|\| exit 2'" "$units/kmortem-capture.service"
}

@test "who makes the reports waits where the server leaves its markers" {
	units=$PREFIX/lib/systemd/system
	spool=$(sed -n 's/^ExecStart=.* --spool=//p' "$units/netdump-server.service")
	[ "$spool" = /var/spool/kmortem ]
	grep -qx "DirectoryNotEmpty=$spool" "$units/kmortem-report.path"
	read -r program command markers dumps <<< "$(sed -n 's/^ExecStart=//p' "$units/kmortem-report.service")"
	[ "$command $markers $dumps" = "scan $spool /var/crash /var/lib/systemd/pstore" ]
	[ -x "$program" ]
	grep -qx RuntimeDirectory=kmortem-dumps "$units/kmortem-report.service"
	grep -qx "ExecStopPost=+$program place /run/kmortem-dumps/%i" "$units/kmortem-report@.service"
	grep -qx "ExecStartPre=+${program%-reports}-open /run/kmortem-dumps/%i" "$units/kmortem-report@.service"
	grep -qx "ExecStopPost=+$program index %f" "$units/kmortem-index@.service"
	read -r program _ <<< "$(sed -n 's/^ExecStart=//p' "$units/kmortem-report@.service")"
	[ -x "$program" ]
}

@test "units run what is installed" {
	for unit in "$PREFIX"/lib/systemd/system/kmortem-*.service; do
		for program in $(sed -n 's/^Exec[A-Za-z]*=[+-]\?//p' "$unit" | grep -oE "$PREFIX/[^ \"()]*"); do
			[ -x "$program" ]
		done
	done
	for unit in notify:tell send:send; do
		what=${unit#*:}
		run -2 "$(sed -n "s/^Exec.*=\(.*\) $what \/run\/kmortem-dumps\/%i$/\1/p" "$PREFIX/lib/systemd/system/kmortem-${unit%:*}@.service")" $what
		[ "$output" = 'kmortem-notify: want: tell LINK, send LINK, or readiness' ]
	done
}

@test "the server's unit can do what the server has to" {
	unit=$PREFIX/lib/systemd/system/netdump-server.service
	allowed=$(sed -n 's/^ReadWritePaths=//p' "$unit")
	for path in /var/crash /var/spool/kmortem; do
		grep -qw -- "$path" <<< "$allowed"
		for who in kmortem netdump-server; do grep -q "^d $path " "$PREFIX/lib/tmpfiles.d/$who.conf"; done
	done
	# Its status file and its user are those that it is built with and made.
	grep -q '"/run/netdump-server/status.json"' netdump-server/server/config.c
	grep -qx RuntimeDirectory=netdump-server "$unit"
	user=$(sed -n 's/^User=//p' "$unit")
	grep -q "^u $user " "$PREFIX/lib/sysusers.d/netdump-server.conf"
	read -r program _ <<< "$(sed -n 's/^ExecStart=//p' "$unit")"
	[ -x "$program" ]
	# Reloading needs nothing that a small system does not have.
	grep -qx "ExecReload=/bin/sh -c 'kill -HUP \"\$MAINPID\"'" "$unit"
	# What it asks of the kernel to fence itself in has leave.
	calls=$(sed -n 's/^SystemCallFilter=@/@/p' "$unit")
	for call in landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp; do
		grep -qw "$call" <<< "$calls"
	done
}

@test "user and directories are made" {
	as_root=()
	[ "$(id -u)" = 0 ] || as_root=(sudo)
	# Root's all the way down, or systemd-tmpfiles does not trust it.
	root=$("${as_root[@]}" mktemp -d)
	echo "$root" > "$BATS_TEST_TMPDIR/root"
	"${as_root[@]}" chmod 755 "$root"
	"${as_root[@]}" mkdir "$root/etc"
	printf 'root:x:0:0:root:/root:/bin/sh\n' | "${as_root[@]}" tee "$root/etc/passwd"
	printf 'root:x:0:\n' | "${as_root[@]}" tee "$root/etc/group"
	run -0 "${as_root[@]}" systemd-sysusers --root="$root" "$PREFIX"/lib/sysusers.d/{kmortem,netdump-server}.conf
	grep -q '^netdump:.*:/var/crash:/usr/sbin/nologin$' "$root/etc/passwd"
	grep -q "^$(sed -n 's/^User=//p' "$PREFIX/lib/systemd/system/kmortem-index@.service"):" "$root/etc/passwd"
	run -0 "${as_root[@]}" systemd-tmpfiles --root="$root" --create "$PREFIX"/lib/tmpfiles.d/{kmortem,netdump-server}.conf
	[ -z "$output" ]
	[ "$(stat -c %a "$root/var/crash")" = 1775 ]
	[ "$(stat -c %a "$root/var/crash/magic")" = 750 ]
	[ "$(stat -c %a "$root/var/spool/kmortem")" = 770 ]
	[ "$(stat -c %g "$root/var/crash")" = "$(sed -n 's/^netdump:x:\([0-9]*\):.*/\1/p' "$root/etc/group")" ]
}

@test "manuals have nothing that man warns of" {
	for page in man/*.?; do
		MANWIDTH=80 run -0 --separate-stderr man -l --warnings "$page"
		[ -z "$stderr" ]
		cmp "$page" "$PREFIX/share/man/man${page##*.}/${page##*/}"
	done
}

@test "netdump.conf(5) explains every setting" {
	manual man/netdump.conf.5 > "$BATS_TEST_TMPDIR/manual"
	run -0 python3 tests/netdump/settings.py "$BATS_TEST_TMPDIR/manual" netdump-server/server/config.c \
		netdump-server/netdump.conf
	[ "${output% settings}" -gt 30 ]
}

@test "the example is read" {
	sed 's/^#\([a-z_]*=\)/\1/' netdump-server/netdump.conf > "$BATS_TEST_TMPDIR/all.conf"
	for file in netdump-server/netdump.conf "$BATS_TEST_TMPDIR/all.conf"; do
		# It gets as far as looking for a server, which is not there.
		run -2 "$BUILD/netdump-server/netdump-server" "--config=$file" --status_file=/nowhere/status.json --status
		[[ $output == *"no server is running"* ]]
	done
}

# Options named in --help, one a line.
options() {
	"$@" --help | grep -oE -- '(^|[ ,(])--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u
}

@test "manuals have the options that --help has" {
	manual man/netdump-send.8 > "$BATS_TEST_TMPDIR/send"
	options "$BUILD/netdump-send" > "$BATS_TEST_TMPDIR/options"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/options")" -gt 10 ]
	while read -r option; do
		grep -qE -- "^ {7}(-.*, )?$option\b" "$BATS_TEST_TMPDIR/send" || { echo "$option"; return 1; }
	done < "$BATS_TEST_TMPDIR/options"
	# And no others.
	while read -r option; do
		grep -qx -- "$option" "$BATS_TEST_TMPDIR/options" || { echo "$option"; return 1; }
	done < <(grep -oE '^ {7}-.*' "$BATS_TEST_TMPDIR/send" | grep -oE -- '--[a-z-]+')
	manual man/netdump-server.8 > "$BATS_TEST_TMPDIR/server"
	for option in --config --status --keygen --help --version; do
		grep -qE -- "^ {7}(-h, |-h, --help, )?$option\b" "$BATS_TEST_TMPDIR/server" || { echo "$option"; return 1; }
	done
}
