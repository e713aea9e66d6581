#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What `check` says of machines that are made up: one that is ready, and what is wrong with others.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # bats sets variables; words are for the shell under test

load shells

# What the machine says of itself by functions that other tests are for.
SYSTEM='parts=capture; owner() { echo kmortem; }; hook_state() { echo absent; }; image_is_stale() { return 1; }; plan_target() { :; }
	room_bytes() { echo 1000000000; }; retain_size() { echo 0; }'

# A machine that is ready in all points.
setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export ROOT=$BATS_TEST_TMPDIR/root KERNEL_RELEASE=6.1.0-test
	mkdir -p "$ROOT"/{boot,proc/sys/kernel,sys/kernel/security,sys/kernel/btf,etc/kmortem,var/crash} "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	file etc/kmortem/capture.conf "target=local /var/crash" compression=lzo min_free=0
	file proc/cmdline 'BOOT_IMAGE=/vmlinuz ro crashkernel=256M quiet'
	file sys/kernel/kexec_crash_size $((256 << 20))
	file sys/kernel/kexec_crash_loaded 1
	file sys/kernel/security/lockdown '[none] integrity confidentiality'
	file proc/iomem '00001000-3fffffff : System RAM' '  01000000-01dfffff : Kernel code' '  01e00000-025fffff : Kernel rodata' \
		'  02600000-028fffff : Kernel data' '  02b00000-02ffffff : Kernel bss' '  1e000000-2dffffff : Crash kernel'
	file boot/config-6.1.0-test CONFIG_KEXEC=y CONFIG_KEXEC_FILE=y CONFIG_CRASH_DUMP=y CONFIG_PROC_VMCORE=y CONFIG_DEBUG_INFO_BTF=y
	for name in panic_on_oops hung_task_panic softlockup_panic hardlockup_panic panic_on_unrecovered_nmi unknown_nmi_panic nmi_watchdog; do
		file proc/sys/kernel/$name 1
	done
	file proc/sys/kernel/panic 10
	file proc/sys/kernel/kexec_load_disabled 0
	ln -s /proc/uptime "$ROOT/proc/uptime"
	file var/lib/kmortem/capture/initrd-6.1.0-test image
	file run/kmortem-capture/loaded "kexec -p -a /boot/vmlinuz-6.1.0-test --initrd=$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test"
	file boot/vmlinuz-6.1.0-test kernel
	stub kexec ''
	kcore PAGE_BUDDY_MAPCOUNT_VALUE PG_slab
	counted 88 121039 35 0 121039 4132
}

# kcore NAME…: by which this kernel tells its pages apart.
kcore() {
	{
		printf '\177ELF\000VMCOREINFO\000OSRELEASE=6.1.0-test\nPAGESIZE=4096\n'
		printf 'NUMBER(%s)=1\n' "$@"
		printf '\000'
	} > "$ROOT/proc/kcore"
}

# counted USER FREE ANON HUGETLB FREE SLAB [AFTER]: pages as makedumpfile counts them, and as the kernel does; AFTER: the
# pages of programs after the dry run, ANON before. makedumpfile is one that knows PG_slab, and has lzo.
counted() {
	local name sums=("$3" "${7-$3}")
	for name in before after; do
		printf '%s: %s kB\n' MemTotal $((134404 * 4)) MemFree $(($5 * 4)) SwapCached 0 AnonPages $((sums[0] * 4)) Hugetlb $(($4 * 4)) \
			Slab $(($6 * 4)) > "$BATS_TEST_TMPDIR/meminfo.$name"
		sums=("${sums[@]:1}")
	done
	cp "$BATS_TEST_TMPDIR/meminfo.before" "$ROOT/proc/meminfo"
	stub makedumpfile "# PAGE_BUDDY_MAPCOUNT_VALUE PG_slab
		if [ \$1 = -v ]; then
			printf 'makedumpfile: version 1.7.2\nlzo\tenabled\nsnappy\tdisabled\nzstd\tdisabled\n'
			exit
		fi
		cp $BATS_TEST_TMPDIR/meminfo.after $ROOT/proc/meminfo.new
		mv $ROOT/proc/meminfo $BATS_TEST_TMPDIR/meminfo.after
		mv $ROOT/proc/meminfo.new $ROOT/proc/meminfo
		echo 'The kernel version is not supported.' >&2
		echo 'The makedumpfile operation may be incomplete.' >&2
		cat <<- END

			TYPE		PAGES			EXCLUDABLE	DESCRIPTION
			----------------------------------------------------------------------
			ZERO		3042            	yes		Pages filled with zero
			NON_PRI_CACHE	6239            	yes		Cache pages without private flag
			PRI_CACHE	100             	yes		Cache pages with private flag
			USER		$1            	yes		User process pages
			FREE		$2            	yes		Free pages
			KERN_DATA	26179           	no		Dumpable kernel data

			page size:		4096
			Total pages on system:	156587
			Total size on system:	641380352        Byte
		END"
}

# file PATH LINE…: below the root.
file() {
	mkdir -p "$ROOT/$(dirname "$1")"
	printf '%s\n' "${@:2}" > "$ROOT/$1"
}

# stub NAME WORDS: a program.
stub() {
	printf '#!/bin/sh\n%s\n' "$2" > "$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

# A program that is not installed.
hidden() {
	local directory
	mkdir "$BATS_TEST_TMPDIR/few"
	for directory in /usr/sbin /usr/bin /sbin /bin; do
		[ ! -d $directory ] || ln -s $directory/* "$BATS_TEST_TMPDIR/few/" 2> /dev/null || :
	done
	for name in "$@"; do rm -f "$BATS_TEST_TMPDIR/few/$name"; done
	PATH=$BATS_TEST_TMPDIR/bin:$BATS_TEST_TMPDIR/few
}

# judged ID VERDICT [WORDS]: by all shells alike; what is said and advised of it holds these words. $subject is the function
# that looks at it.
judged() {
	each "$SYSTEM; ${words:-:}; conf_file=\$ROOT/etc/kmortem/capture.conf check_form=json"'; conf_read $conf_file 2> /dev/null; '"$subject; check_end"
	echo "$output"
	said=$(jq -r ".points[] | select(.id == \"$1\") | .verdict + \": \" + .text + \" \" + .advice + \" \" + .command" <<< "$output")
	[[ $said == "$2: "*"${3-}"* ]]
}

@test "modules that the site names and the kernel has not got" {
	subject=check_extra_modules
	absent='module_is_there() { case $1 in ipmi_*|dm-zero) ;; *) return 1 ;; esac; }'
	mkdir -p "$ROOT/etc/kmortem"
	for line in '' 'extra_modules = ipmi_watchdog dm-zero'; do
		echo "$line" > "$ROOT/etc/kmortem/capture.conf"
		each "$SYSTEM; $absent; conf_file=\$ROOT/etc/kmortem/capture.conf check_form=json"'; conf_read $conf_file; check_extra_modules; check_end'
		[ "$(jq '.points | length' <<< "$output")" -eq 0 ]
	done
	echo 'extra_modules = ipmi_watchdog no_such nor_such' > "$ROOT/etc/kmortem/capture.conf"
	words=$absent judged extra-modules warn 'The kernel 6.1.0-test has no no_such nor_such, '
}

@test "ways to tell of a crash that lead nowhere" {
	subject=check_notify
	mkdir -p "$ROOT/etc/kmortem" "$ROOT/site"
	stub sendmail :
	file site/tell '#!/bin/sh'
	chmod +x "$ROOT/site/tell"
	for line in '' 'notify_mail = admin@example.com' 'notify_command = /site/tell'; do
		echo "$line" > "$ROOT/etc/kmortem/capture.conf"
		each "$SYSTEM"'; conf_file=$ROOT/etc/kmortem/capture.conf check_form=json; conf_read $conf_file; check_notify; check_end'
		[ "$(jq '.points | length' <<< "$output")" -eq 0 ]
	done
	for command in /site /site/none /site/text; do
		file site/text text
		echo "notify_command = $command" > "$ROOT/etc/kmortem/capture.conf"
		judged notify-command warn "notify_command names $command, which is no program"
	done
	hidden sendmail
	rm "$BATS_TEST_TMPDIR/bin/sendmail"
	echo 'notify_mail = admin@example.com' > "$ROOT/etc/kmortem/capture.conf"
	judged notify-mail warn 'there is no sendmail: nothing would be sent to admin@example.com'
	file usr/lib/sendmail '#!/bin/sh'
	chmod +x "$ROOT/usr/lib/sendmail"
	each "$SYSTEM"'; conf_file=$ROOT/etc/kmortem/capture.conf check_form=json; conf_read $conf_file; check_notify; check_end'
	[ "$(jq '.points | length' <<< "$output")" -eq 0 ]
}

@test "a machine that is ready" {
	each "$SYSTEM"'; conf_file=$ROOT/etc/kmortem/capture.conf; check_ready -f json'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(jq -r .verdict <<< "$output")" = pass ]
	[ "$(jq -r '.points[] | select(.verdict != "pass").id' <<< "$output")" = "" ]
	[ "$(jq '.counts.pass == (.points | length)' <<< "$output")" = true ]
	[ "$(jq -r '.points[].id' <<< "$output" | sort | uniq -d)" = "" ]
	tests/reports/validate.py reports/check.schema.json <<< "$output"
}

@test "in text, within 80 columns but for commands" {
	file proc/sys/kernel/panic 0
	file sys/kernel/kexec_crash_loaded 0
	each "$SYSTEM"'; conf_file=$ROOT/etc/kmortem/capture.conf; check_ready'
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *'PASS  crashkernel'* ]]
	[[ $output == *'WARN  panic-reboot'* ]]
	[[ $output == *'FAIL  loaded'* ]]
	[[ $output == *"        # systemctl enable kmortem-capture && systemctl restart kmortem-capture"* ]]
	[[ $output == *'A crash would leave no dump'* ]]
	grep -v '^ *#' <<< "$output" | grep -v "$ROOT" | awk 'length > 80 { print; bad = 1 } END { exit bad }'
	[[ $output != *$'\033'* ]]
}

@test "the worst point is the status" {
	file proc/sys/kernel/panic 0
	each "$SYSTEM"'; conf_file=$ROOT/etc/kmortem/capture.conf; check_ready > /dev/null'
	[ "$status" -eq 1 ]
	each 'check_ready -x'
	[ "$status" -eq 3 ]
	for words in '-f xml' -f '--measure -f'; do
		each "check_ready $words"
		[ "$status" -eq 3 ]
		[[ $stderr == *'want [-f text|json]'* ]]
	done
}

@test "a warning that is accepted passes, and is told; what fails is not accepted" {
	file proc/sys/kernel/panic 0
	file etc/kmortem/capture.conf "target=local /var/crash" compression=lzo min_free=0 accept=panic-reboot accept=loaded
	each "$SYSTEM"'; conf_file=$ROOT/etc/kmortem/capture.conf; check_ready -f json'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(jq -c '[.verdict, .counts.warn, .counts.fail]' <<< "$output")" = '["pass",0,0]' ]
	[ "$(jq -r '.points[] | select(.accepted) | .id + " " + .verdict' <<< "$output")" = 'panic-reboot pass' ]
	[[ $(jq -r '.points[] | select(.accepted) | .text + .advice' <<< "$output") == *'the machine stays down'*'have it reboot:' ]]
	tests/reports/validate.py reports/check.schema.json <<< "$output"
	each "$SYSTEM"'; conf_file=/capture.conf; conf_accept="panic-reboot "; check_form=text check_colours=no; check_panic'
	grep -A 5 'PASS  panic-reboot' <<< "$output" | grep -q '(A warning, which /capture.conf accepts.)'
	run ! grep -q 'kernel.panic=10' <<< "$output"
	file proc/sys/kernel/panic_on_oops 0
	file sys/kernel/kexec_crash_loaded 0
	each "$SYSTEM"'; conf_file=$ROOT/etc/kmortem/capture.conf; check_ready -f json'
	[ "$status" -eq 2 ]
	[ "$(jq -r '.points[] | select(.verdict != "pass").id' <<< "$output")" = 'panic-on-oops
loaded' ]
}

@test "the configuration" {
	subject=check_configuration
	judged configuration pass
	file etc/kmortem/capture.conf 'target=local /var/crash' colour=red
	judged configuration fail 'colour: no such key'
	file etc/kmortem/capture.conf 'target=local /var/crash' keep=1 keep=2
	judged configuration warn ":3: keep is given again: this one counts, and the one before it does not leave one of them in $ROOT/etc/kmortem/capture.conf"
	file etc/kmortem/capture.conf 'target=local /var/crash' accept=panic-on-hangs accept=panic-on-hang accept=panic-reboot accept=nmi-watchdog \
		accept=target-2 accept=target-12-room accept=target-x accept=target- accept=12
	judged configuration warn 'accept names no point of this check: panic-on-hangs target-x target- 12. correct'
	rm -r "$ROOT/etc/kmortem"
	judged configuration fail "capture.conf is not there. take the example, and say in it where dumps go: install -D -m 644 capture/capture.conf $ROOT/etc/kmortem/capture.conf"
	prefix=$BATS_TEST_TMPDIR/usr
	words="parts=$prefix/lib/kmortem/capture"
	judged configuration fail "say in it where dumps go: mkdir -p $ROOT/etc/kmortem && echo 'target = local /var/crash' > $ROOT/etc/kmortem/capture.conf"
	mkdir -p "$prefix/share/doc/kmortem"
	cp capture/capture.conf "$prefix/share/doc/kmortem/"
	judged configuration fail "say in it where dumps go: install -D -m 644 $prefix/share/doc/kmortem/capture.conf $ROOT/etc/kmortem/capture.conf"
	run -0 sh -c "$(jq -r '.points[0].command' <<< "$output")"
	judged configuration pass
}

@test "memory is not asked for" {
	subject=check_memory
	file sys/kernel/kexec_crash_size 0
	file proc/cmdline 'ro quiet'
	hidden update-grub grub-mkconfig grub2-mkconfig grubby
	judged crashkernel fail 'in the settings of the boot loader'
	file etc/kernel/cmdline 'ro quiet'
	judged crashkernel fail 'to /etc/kernel/cmdline, have the boot entries made again'
	file etc/default/grub 'GRUB_CMDLINE_LINUX_DEFAULT=quiet'
	judged crashkernel fail 'to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, then: grub-mkconfig -o /boot/grub/grub.cfg && reboot'
	stub grub2-mkconfig :
	judged crashkernel fail 'in /etc/default/grub, then: grub2-mkconfig -o /boot/grub2/grub.cfg && reboot'
	stub grub-mkconfig 'sysconfdir=/etc; . ${sysconfdir}/default/grub'
	stub update-grub 'exec grub-mkconfig -o /boot/grub/grub.cfg'
	judged crashkernel fail 'in /etc/default/grub, then: update-grub && reboot'
	rm "$BATS_TEST_TMPDIR/bin/grub-mkconfig"
	judged crashkernel fail 'in /etc/default/grub, then: update-grub && reboot'
	stub grub-mkconfig 'for x in ${sysconfdir}/default/grub.d/*.cfg ; do'
	judged crashkernel fail 'M"'\'' > /etc/default/grub.d/kmortem-capture.cfg && update-grub'
	file etc/zipl.conf '[defaultboot]'
	mv "$BATS_TEST_TMPDIR/bin/update-grub" "$BATS_TEST_TMPDIR/"
	judged crashkernel fail 'in /etc/zipl.conf, then: zipl && reboot'
	rm "$ROOT/etc/zipl.conf"
	mv "$BATS_TEST_TMPDIR/update-grub" "$BATS_TEST_TMPDIR/bin/"
	mkdir -p "$ROOT/sys/firmware/efi/efivars"
	printf '\6\0\0\0s\0y\0s\0t\0e\0m\0d\0-\0b\0o\0o\0t\0 \0002\0' > "$ROOT/sys/firmware/efi/efivars/LoaderInfo-4a67b082"
	judged crashkernel fail 'to /etc/kernel/cmdline, have the entries of systemd-boot made again'
	stub grubby :
	judged crashkernel fail 'grubby --update-kernel=ALL --args=crashkernel='
	[[ $said == *'M && reboot' ]]
	file etc/zipl.conf '[defaultboot]'
	judged crashkernel fail 'grubby --update-kernel=ALL --args=crashkernel='
	[[ $said == *'M && zipl && reboot' ]]
	file run/ostree-booted
	judged crashkernel fail 'to the kernel arguments of the deployment, or of the image that it is made of, and reboot'
	stub rpm-ostree :
	judged crashkernel fail 'command line, and reboot: rpm-ostree kargs --append-if-missing=crashkernel='
	[[ $said == *'M && reboot' ]]
}

@test "memory that a distribution's kdump would set back is asked for in its settings, too" {
	subject=check_memory
	file sys/kernel/kexec_crash_size 0
	file proc/cmdline 'ro quiet'
	rm "$ROOT/run/kmortem-capture/loaded"
	stub grubby :
	words='owner() { echo kdump; }'
	judged crashkernel fail "command line, and reboot: grubby "
	file usr/bin/kdumpctl 'kdump_get_conf_val auto_reset_crashkernel'
	for lines in 'auto_reset_crashkernel yes' '' '# auto_reset_crashkernel no'; do
		file etc/kdump.conf 'path /var/crash' "$lines"
		judged crashkernel fail 'have kdump-utils leave crashkernel= alone, which its next update would set back to its own; add crashkernel='
		command=$(jq -r '.points[0].command' <<< "$output")
		[[ $command == *' /etc/kdump.conf && grubby --update-kernel=ALL --args=crashkernel='* ]]
		(cd "$ROOT" && sh -c "$(sed 's, /etc/, etc/,; s/ && .*//' <<< "$command")")
		[ "$(grep -c -x 'path /var/crash' "$ROOT/etc/kdump.conf")" -eq 1 ]
		[ "$(grep -x '[^#]*auto_reset_crashkernel.*' "$ROOT/etc/kdump.conf")" = 'auto_reset_crashkernel no' ]
		judged crashkernel fail 'command line, and reboot: grubby '
	done
	# As SUSE's.
	file etc/sysconfig/kdump '# KDUMP_CRASHKERNEL is used' 'KDUMP_CRASHKERNEL="auto"' 'KDUMP_CPUS="32"'
	judged crashkernel fail 'set that in /etc/sysconfig/kdump, by which kdump sets crashkernel= at each boot, and reboot: sed -i '
	command=$(jq -r '.points[0].command' <<< "$output")
	[[ $command == *' /etc/sysconfig/kdump && kdumptool commandline -u && reboot' ]]
	(cd "$ROOT" && sh -c "$(sed 's, /etc/, etc/,; s/ && .*//' <<< "$command")")
	[[ $(sed -n 2p "$ROOT/etc/sysconfig/kdump") == 'KDUMP_CRASHKERNEL="crashkernel='*'M"' ]]
	words=''
	judged crashkernel fail 'command line, and reboot: grubby '
}

@test "memory is asked for, but not reserved" {
	subject=check_memory
	file sys/kernel/kexec_crash_size 0
	judged crashkernel fail 'crashkernel=256M is on the kernel'"'"'s command line, yet nothing is reserved.'
}

@test "a kernel that cannot reserve memory" {
	subject=check_memory
	rm "$ROOT/sys/kernel/kexec_crash_size"
	judged crashkernel fail 'built without kexec'
}

@test "memory that others reserve" {
	subject=check_memory
	file proc/xen/capabilities ''
	judged crashkernel pass
	file proc/xen/capabilities control_d
	judged crashkernel fail 'dom0'
	words='owner() { echo kdump; }'
	judged crashkernel warn 'see the documentation of kdump'
	file proc/xen/capabilities ''
	file sys/kernel/fadump_enabled 0
	judged crashkernel pass
	file sys/kernel/fadump_enabled 1
	judged crashkernel warn fadump
}

@test "memory is not enough, or hardly" {
	subject=check_memory
	rm "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test"
	judged crashkernel-size pass
	[ "$(jq '.points[] | select(.id == "crashkernel-size").measured' <<< "$output")" = false ]
	need=$(jq '.points[] | select(.id == "crashkernel-size").values.needed_bytes' <<< "$output")
	file var/lib/kmortem/capture/initrd-6.1.0-test.plan 'module mlx5_core'
	words='getconf() { echo 65536; }' judged crashkernel-size fail 'added up. 200 MiB of that are for the hardware of mlx5_core.'
	[ "$(jq '.points[] | select(.id == "crashkernel-size").values.needed_bytes' <<< "$output")" -eq $((need + (200 << 20))) ]
	rm "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test.plan"
	[ "$need" -gt $((100 << 20)) ]
	[ "$need" -lt $((224 << 20)) ]
	file sys/kernel/kexec_crash_size $((need + (1 << 20)))
	judged crashkernel-size warn 'less than an eighth'
	file sys/kernel/kexec_crash_size $((need - 1))
	judged crashkernel-size fail crashkernel=
}

@test "the image that is there counts" {
	subject=check_memory
	mkdir -p "$ROOT/var/lib/kmortem/capture"
	head -c 3000000 /dev/zero | gzip > "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test"
	each 'image_unpacked $ROOT/var/lib/kmortem/capture/initrd-6.1.0-test'
	[ "$output" = 3000000 ]
	judged crashkernel-size pass
	first=$(jq '.points[] | select(.id == "crashkernel-size").values.needed_bytes' <<< "$output")
	head -c 103000000 /dev/zero | gzip > "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test"
	judged crashkernel-size pass
	second=$(jq '.points[] | select(.id == "crashkernel-size").values.needed_bytes' <<< "$output")
	[ $((second - first)) -gt 100000000 ]
	[ $((second - first)) -lt 103000000 ]
}

@test "where a distribution's kdump captures, its image counts" {
	subject=check_memory
	rm "$ROOT/run/kmortem-capture/loaded"
	needed() { jq '.points[] | select(.id == "crashkernel-size").values.needed_bytes' <<< "$output"; }
	words='owner() { echo kdump; }'
	judged crashkernel-size warn 'the image of kdump, which is not found and assumed to take 128 MiB, added up. see which image kdump loads'
	[ "$(needed)" -gt $((200 << 20)) ]
	mkdir -p "$ROOT/var/lib/kdump"
	for image in var/lib/kdump boot; do
		image=$ROOT/$image/initramfs-6.1.0-testkdump.img
		head -c 10000000 /dev/zero | gzip > "$image"
		judged crashkernel-size pass "the image of kdump, $image, added up."
	done
	small=$(needed)
	head -c 300000000 /dev/zero | gzip > "$ROOT/boot/initramfs-6.1.0-testkdump.img"
	judged crashkernel-size fail 'add crashkernel='
	[ $(($(needed) - small)) -gt 290000000 ]
	# Of compressed data behind microcode, or of an unknown kind, more than their size is assumed.
	for begin in '070701.....\0kernel/x86/microcode' '\002\041\114\030'; do
		{ printf "$begin"; head -c 60000000 /dev/zero; } > "$ROOT/boot/initramfs-6.1.0-testkdump.img"
		judged crashkernel-size fail
	done
	words='owner() { echo kdump-tools; }'
	judged crashkernel-size warn 'the image of kdump-tools, which is not found'
	: > "$ROOT/boot/initrd.img-6.1.0-test"
	judged crashkernel-size pass "$ROOT/boot/initrd.img-6.1.0-test, added up."
	# The system that it boots takes its part, and comes after the image.
	first=$(needed)
	head -c 40000000 /dev/zero | gzip > "$ROOT/var/lib/kdump/initrd.img-6.1.0-test"
	judged crashkernel-size pass "/var/lib/kdump/initrd.img-6.1.0-test, added up."
	[ "$(needed)" -eq "$first" ]
	words+='; hook_state() { echo intact; }'
	head -c 300000000 /dev/zero | gzip > "$ROOT/var/lib/kdump/initrd.img-6.1.0-test"
	judged crashkernel-size fail 'the image of kdump-tools'
	subject='check_measures=yes; check_memory'
	judged crashkernel-size fail 'Only an image of kmortem can be measured.'
	# Ours, where that is loaded in its place.
	subject=check_memory
	file run/kmortem-capture/loaded 'kexec -p x'
	judged crashkernel-size pass 'kernel, image, drivers, makedumpfile and kmortem added up.'
}

@test "sums of ranges" {
	each 'iomem_bytes "Crash kernel"; iomem_bytes "System RAM"; iomem_bytes Nothing'
	[ "$output" = "268435456
1073737728
0" ]
	file proc/iomem '00000000-00000000 : Crash kernel'
	each 'iomem_bytes "Crash kernel"'
	[ "$output" = 0 ]
}

@test "what the kernel was built with" {
	subject=check_kernel
	judged kernel-options pass
	gzip -c "$ROOT/boot/config-6.1.0-test" > "$ROOT/proc/config.gz"
	rm "$ROOT/boot/config-6.1.0-test"
	judged kernel-options pass
	rm "$ROOT/proc/config.gz"
	judged kernel-options warn 'not known'
	file boot/config-6.1.0-test CONFIG_KEXEC_FILE=y '# CONFIG_CRASH_DUMP is not set' CONFIG_PROC_VMCORE=y
	judged kernel-options fail 'without CONFIG_CRASH_DUMP:'
	file boot/config-6.1.0-test CONFIG_CRASH_DUMP=y CONFIG_PROC_VMCORE=y
	judged kernel-options fail 'without CONFIG_KEXEC_FILE:'
	file boot/config-6.1.0-test CONFIG_KEXEC=y CONFIG_CRASH_DUMP=y CONFIG_PROC_VMCORE=y
	judged kernel-options warn CONFIG_DEBUG_INFO_BTF
	: > "$ROOT/sys/kernel/btf/vmlinux"
	judged kernel-options pass
}

@test "the file of the kernel" {
	subject=check_kernel
	judged kernel-file pass 'The capture kernel is /boot/vmlinuz-6.1.0-test.'
	echo kernel=/boot/mine >> "$ROOT/etc/kmortem/capture.conf"
	judged kernel-file warn "kernel=/boot/mine: is not there, or is another kernel than 6.1.0-test: /boot/vmlinuz-6.1.0-test is taken. correct $ROOT/etc/kmortem/capture.conf"
	mv "$ROOT/boot/vmlinuz-6.1.0-test" "$ROOT/boot/mine"
	judged kernel-file pass 'The capture kernel is /boot/mine.'
	mv "$ROOT/boot/mine" "$ROOT/boot/other"
	judged kernel-file fail 'no image of the kernel 6.1.0-test in /boot'
	rm "$ROOT/run/kmortem-capture/loaded"
	words='owner() { echo kdump; }'
	each "$SYSTEM; $words; check_form=json"'; conf_file=$ROOT/etc/kmortem/capture.conf; conf_read $conf_file; check_kernel_file; check_end'
	[ "$(jq '.points | length' <<< "$output")" = 0 ]
}

@test "lockdown and secure boot" {
	subject=check_kernel
	judged lockdown pass 'not locked down (secure boot is off): it takes the capture kernel by either call of kexec.'
	mkdir -p "$ROOT/sys/firmware/efi/efivars"
	printf '\006\000\000\000\001' > "$ROOT/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	file sys/kernel/security/lockdown 'none [integrity] confidentiality'
	judged lockdown pass 'locked down (integrity, secure boot is on)'
	file boot/config-6.1.0-test CONFIG_KEXEC=y CONFIG_CRASH_DUMP=y CONFIG_PROC_VMCORE=y CONFIG_DEBUG_INFO_BTF=y
	judged lockdown fail 'no kexec_file_load'
	# Secure boot alone locks nothing, and what is said of the call is what show gives.
	file sys/kernel/security/lockdown '[none] integrity confidentiality'
	judged lockdown pass 'not locked down (secure boot is on): it takes the capture kernel by kexec_load.'
	each 'kexec() { echo --kexec-syscall-auto; }; kexec_call'
	[ "$output" = -a ]
	file boot/config-6.1.0-test CONFIG_KEXEC_FILE=y CONFIG_CRASH_DUMP=y CONFIG_PROC_VMCORE=y CONFIG_DEBUG_INFO_BTF=y
	judged lockdown pass 'by kexec_file_load.'
	file boot/config-6.1.0-test CONFIG_DEBUG_INFO_BTF=y
	judged lockdown pass '(secure boot is on), but has no call of kexec.'
	rm "$ROOT/boot/config-6.1.0-test"
	judged lockdown pass 'by whichever call of kexec it has.'
	file proc/sys/kernel/kexec_load_disabled 1
	judged lockdown pass
	file sys/kernel/kexec_crash_loaded 0
	judged lockdown fail 'kexec_load_disabled is 1'
}

@test "what is loaded" {
	subject=check_loaded
	judged loaded pass
	file sys/devices/system/cpu/present 0-3
	file run/kmortem-capture/layout 'memory 00001000-3fffffff' 'cpu 0-3'
	judged loaded pass
	file run/kmortem-capture/layout 'memory 00001000-1fffffff' 'cpu 0-3'
	judged loaded warn 'the dump would lack what is new. load it again: kmortem capture load'
	file sys/devices/system/memory/crash_hotplug 1
	judged loaded pass
	touch -d 'now + 1 minute' "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test"
	judged loaded fail 'older than the capture image'
	file run/kmortem-capture/loaded 'kexec -p -a /boot/vmlinuz-5.10 --initrd=/var/lib/kmortem/capture/initrd-5.10'
	judged loaded warn 'not for this kernel: kexec -p'
	for release in 6.1.0-test-rt 6.1.0.test; do
		file run/kmortem-capture/loaded "kexec -p -a /boot/vmlinuz-$release --initrd=$ROOT/var/lib/kmortem/capture/initrd-$release --append='panic=10'"
		judged loaded warn 'not for this kernel: kexec -p'
	done
	rm "$ROOT/run/kmortem-capture/loaded"
	judged loaded warn 'by another program'
	words='owner() { echo kdump-tools; }'
	judged loaded pass 'by kdump-tools'
	words=''
	file sys/kernel/kexec_crash_loaded 0
	no_systemd='has() { [ $1 != systemctl ] && command -v "$1" > /dev/null; }'
	words='has() { :; }' judged loaded fail 'systemctl enable kmortem-capture && systemctl restart kmortem-capture'
	words='has() { :; }; owner() { echo kdump-tools; }' judged loaded fail 'systemctl enable kdump-tools && systemctl restart kdump-tools'
	words="$no_systemd; kexec() { :; }" judged loaded fail 'have the system do that at each boot: kmortem capture load'
	words="$no_systemd; kexec() { :; }; owner() { echo kdump-tools; }" judged loaded fail 'at each boot: service kdump-tools restart'
	words='has() { case $1 in kexec) return 1 ;; apt-get) ;; *) command -v "$1" > /dev/null ;; esac; }'
	judged loaded fail 'kexec, which loads it, is not installed'
	judged loaded fail 'apt-get install kexec-tools'
}

@test "what the firmware keeps, or a hypervisor, is not loaded by kexec" {
	subject=check_loaded
	file sys/kernel/kexec_crash_loaded 0
	file proc/sys/kernel/kexec_load_disabled 1
	rm "$ROOT/run/kmortem-capture/loaded"
	mkdir -p "$ROOT/sys/kernel/fadump"
	for name in fadump/ fadump_; do
		file sys/kernel/${name}enabled 1
		file sys/kernel/${name}registered 1
		words='owner() { echo kdump; }'
		judged loaded pass 'The memory of a crash is registered with the firmware (fadump).'
		each status
		[ "$status" -eq 0 ]
		[ "$output" = 'registered with the firmware (fadump)' ]
		file sys/kernel/${name}registered 0
		each status
		[ "$status" -eq 1 ]
		words='owner() { echo kdump; }; has() { [ $1 = systemctl ]; }'
		judged loaded fail 'a crash would be the end. load it, now and at each boot: systemctl enable kdump && systemctl restart kdump'
		words='owner() { echo kmortem; }'
		judged loaded fail 'a crash would be the end. see crashkernel '
		subject=check_kernel
		judged lockdown pass
		subject=check_loaded
		file sys/kernel/${name}enabled 0
		judged loaded fail 'No capture kernel is loaded'
	done
	file proc/xen/capabilities control_d
	each "$SYSTEM"'; check_form=json; check_loaded; check_end'
	[ "$(jq '.points | length' <<< "$output")" = 0 ]
}

@test "what ends in a panic" {
	subject=check_panic
	for name in panic_on_oops:panic-on-oops hung_task_panic:panic-on-hang softlockup_panic:panic-on-hang \
		hardlockup_panic:panic-on-hang panic_on_unrecovered_nmi:panic-on-nmi unknown_nmi_panic:panic-on-nmi; do
		judged "${name#*:}" pass
		file proc/sys/kernel/"${name%:*}" 0
		judged "${name#*:}" warn "kernel.${name%:*}=1 >> /etc/sysctl.d/90-kmortem-capture.conf && sysctl -p"
		# What a kernel does not have cannot be switched on.
		rm "$ROOT/proc/sys/kernel/${name%:*}"
		if [ "$name" = panic_on_oops:panic-on-oops ]; then
			judged panic-on-oops warn 'Whether an oops ends in a panic is not known: /proc/sys/kernel/panic_on_oops cannot be read'
		else
			judged "${name#*:}" pass " alone: it has no kernel.${name%:*}."
		fi
		file proc/sys/kernel/"${name%:*}" 1
	done
	judged panic-on-hang pass 'Of a task that hangs and a CPU that is locked up the kernel panics, and so leaves a dump.'
	mv "$ROOT"/proc/sys/kernel/{softlockup,hardlockup}_panic "$BATS_TEST_TMPDIR"
	judged panic-on-hang pass 'this kernel panics by kernel.hung_task_panic alone: it has no kernel.softlockup_panic, kernel.hardlockup_panic.'
	mv "$ROOT"/proc/sys/kernel/{hung_task_panic,panic_on_unrecovered_nmi,unknown_nmi_panic} "$BATS_TEST_TMPDIR"
	judged panic-on-hang pass 'This kernel cannot be made to panic of a task that hangs and a CPU that is locked up: it has no kernel.hung_task_panic, '
	judged panic-on-nmi pass 'This kernel cannot be made to panic of an NMI from outside: it has no kernel.panic_on_unrecovered_nmi, kernel.unknown_nmi_panic.'
	file proc/sys/kernel/hung_task_panic 0
	file proc/sys/kernel/softlockup_panic 0
	judged panic-on-hang warn "printf '%s\\n' kernel.hung_task_panic=1 kernel.softlockup_panic=1 >>"
	judged panic-reboot pass 'kernel.panic is 10'
	file proc/sys/kernel/panic 0
	judged panic-reboot warn kernel.panic=10
	file proc/sys/kernel/panic -1
	judged panic-reboot pass
	rm "$ROOT/proc/sys/kernel/panic"
	judged panic-reboot warn 'Whether the machine reboots where the capture kernel cannot be started is not known: /proc/sys/kernel/panic cannot be read'
}

@test "the command for a setting does what it says" {
	subject=check_panic
	file proc/sys/kernel/panic 0
	judged panic-reboot warn
	command=$(jq -r '.points[] | select(.id == "panic-reboot").command' <<< "$output")
	stub sysctl 'cat "$2"'
	mkdir -p "$ROOT/etc/sysctl.d"
	run -0 sh -c "${command//\/etc/$ROOT/etc}"
	[ "$output" = kernel.panic=10 ]
	words='has() { false; }'
	judged panic-reboot warn '&& systemctl restart systemd-sysctl'
}

@test "watchdogs" {
	subject=check_watchdogs
	judged nmi-watchdog pass
	file proc/sys/kernel/nmi_watchdog 0
	judged nmi-watchdog pass 'no counter'
	file sys/module/ipmi_watchdog/refcnt 0
	judged watchdog pass
	file sys/module/ipmi_watchdog/refcnt 1
	judged watchdog warn 'The watchdog of the management controller is running'
	rm "$ROOT/sys/module/ipmi_watchdog/refcnt"
	mkdir -p "$ROOT/sys/bus/event_source/devices/cpu"
	judged nmi-watchdog warn kernel.nmi_watchdog=1
	rm "$ROOT/proc/sys/kernel/nmi_watchdog"
	judged nmi-watchdog pass
	judged watchdog pass 'No hardware watchdog'
	file sys/class/watchdog/watchdog0/dev 251:0
	judged watchdog warn 'built without CONFIG_WATCHDOG_SYSFS'
	judged watchdog warn "echo 'accept = watchdog' >> $ROOT/etc/kmortem/capture.conf"
	file sys/class/watchdog/watchdog0/state inactive
	file sys/class/watchdog/watchdog0/timeout 30
	file sys/class/watchdog/watchdog0/identity 'iTCO_wdt'
	judged watchdog pass 'No hardware watchdog'
	file sys/class/watchdog/watchdog0/state active
	judged watchdog warn 'iTCO_wdt (30 s), which the capture image does not feed: it resets the machine amid the dump. have it fed: kmortem capture load'
	file var/lib/kmortem/capture/initrd-6.1.0-test.plan 'watchdog iTCO_wdt too'
	judged watchdog warn 'does not feed'
	file var/lib/kmortem/capture/initrd-6.1.0-test.plan 'watchdog iTCO_wdt'
	judged watchdog pass 'iTCO_wdt (30 s), which the capture kernel feeds'
	file sys/class/watchdog/watchdog0/timeout 19
	judged watchdog warn 'may not have booted'
	file sys/class/watchdog/watchdog0/timeout 30
	for number in 1 2; do
		file sys/class/watchdog/watchdog$number/state active
		file sys/class/watchdog/watchdog$number/timeout 10
	done
	# That of the kernel itself does not survive it.
	file sys/class/watchdog/watchdog1/identity 'Software Watchdog'
	file sys/class/watchdog/watchdog2/identity other
	judged watchdog warn 'iTCO_wdt (30 s), other (10 s), which the capture image does not feed'
	rm -r "$ROOT/sys/class/watchdog/watchdog2"
	words='owner() { echo kdump-tools; }'
	judged watchdog pass
	rm "$ROOT/run/kmortem-capture/loaded"
	judged watchdog warn 'where kdump-tools does not feed it, it resets the machine when the dump takes longer than 30 s.'
	file sys/class/watchdog/watchdog0/timeout 1800
	judged watchdog pass
}

@test "makedumpfile is there, and compresses as it is to" {
	subject=check_filter
	judged makedumpfile-compression pass
	file etc/kmortem/capture.conf "target=local /var/crash" '#compression = zstd'
	judged makedumpfile-compression pass "makedumpfile compresses by lzo: it was built without zstd, and $ROOT/etc/kmortem/capture.conf does not ask for any."
	file etc/kmortem/capture.conf "target=local /var/crash" ' compression = zstd'
	judged makedumpfile-compression warn "built without zstd (it takes the option, and then does not compress): lzo is used"
	[[ $said == *": sed -i 's/^[[:space:]]*compression[[:space:]]*=.*/compression = lzo/' $ROOT/etc/kmortem/capture.conf" ]]
	run -0 sh -c "$(jq -r '.points[] | select(.id == "makedumpfile-compression").command' <<< "$output")"
	[ "$(cat "$ROOT/etc/kmortem/capture.conf")" = "target=local /var/crash
compression = lzo" ]
	judged makedumpfile-compression pass
	stub apt-get :
	rm "$BATS_TEST_TMPDIR/bin/makedumpfile"
	hidden makedumpfile
	judged makedumpfile fail 'apt-get install makedumpfile'
	for pair in 'pacman:pacman -S makedumpfile' 'apk:apk add makedumpfile' 'dnf:dnf install makedumpfile'; do
		words="has() { [ \$1 = ${pair%%:*} ]; }" judged makedumpfile fail "install it: ${pair#*:}"
	done
	words='has() { false; }' judged makedumpfile fail 'install the package makedumpfile '
	[ "$(jq '.points | length' <<< "$output")" = 1 ]
}

@test "makedumpfile has not heard of what the kernel calls its pages" {
	subject=check_filter
	judged makedumpfile-kernel pass
	kcore PAGE_BUDDY_MAPCOUNT_VALUE PAGE_SLAB_MAPCOUNT_VALUE
	judged makedumpfile-kernel fail "does not know PAGE_SLAB_MAPCOUNT_VALUE, and would leave out pages that the kernel uses. leave out less"
	kcore PAGE_BUDDY_MAPCOUNT_VALUE PG_slab PAGE_UNACCEPTED_MAPCOUNT_VALUE
	judged makedumpfile-kernel warn 'does not know PAGE_UNACCEPTED_MAPCOUNT_VALUE of this kernel'
	echo dump_level=17 >> "$ROOT/etc/kmortem/capture.conf"
	kcore PAGE_SLAB_MAPCOUNT_VALUE
	judged makedumpfile-kernel pass
}

# What was counted in guests of 700 MB, by --mem-usage and in /proc/meminfo: kernel, makedumpfile, numbers as of `counted`.
@test "what makedumpfile counts against what the kernel counts" {
	subject=check_filter
	while read -r verdict kernel version numbers; do
		echo "$kernel $version"
		# shellcheck disable=SC2086 # numbers
		counted $numbers
		judged makedumpfile-kernel "$verdict"
	done <<- END
		pass 6.1 1.7.2 88 121039 35 0 121039 4132
		pass 6.1 1.6.8 34803 55083 14264 20480 55083 7371
		pass 6.1 1.7.8 14325 75594 14272 0 75656 7363
		warn 6.12 1.7.6 14328 0 14254 0 74576 5558
		warn 6.12 1.7.2 14476 55197 14257 20480 55204 5563
		pass 6.12 1.7.8 91 119808 22 0 119755 2199
		pass 6.12 1.7.8 34806 55281 14246 20480 55240 5563
		pass 6.18 1.7.8 14347 73739 14257 0 73736 5595
		fail 7.2 1.7.8 429 118282 37 0 118236 2522
		fail 7.2 1.7.8 15213 73390 14248 0 73392 5690
		fail 7.2 1.7.8 35695 52988 14261 20480 53009 5712
		fail 7.2 1.6.8 406 113261 29 0 113323 2522
		fail 7.3 1.7.2 409 113415 19 0 113441 2552
	END
}

@test "a dry run that tells nothing" {
	subject=check_filter
	counted 15213 73390 14248 0 73392 5690 15000
	subject='FILTER_TRIES=2; check_filter' # an even number: what is before and what is after change places each time
	judged makedumpfile-kernel warn 'moves so much'
	echo dump_level=17 >> "$ROOT/etc/kmortem/capture.conf"
	judged makedumpfile-kernel pass
	subject=check_filter
	file etc/kmortem/capture.conf "target=local /var/crash"
	stub makedumpfile 'echo "The kernel version is not supported."; echo "show_mem_usage: No memory is reserved for crashkernel!"; exit 1'
	kcore OTHER
	judged makedumpfile-kernel warn 'could not be tried on this kernel: it counts only where memory is reserved for a capture kernel. reserve that, see crashkernel, and check again'
	[[ $said != *--mem-usage* ]]
	subject='memory_reserved=1; check_filter'
	judged makedumpfile-kernel warn 'could not be tried on this kernel: show_mem_usage: No memory is reserved for crashkernel! see what it says: makedumpfile --mem-usage /proc/kcore'
	file sys/kernel/security/lockdown 'none integrity [confidentiality]'
	judged makedumpfile-kernel warn 'lets nobody read /proc/kcore. accept'
	[[ $said != *--mem-usage* ]]
	file sys/kernel/security/lockdown '[none] integrity confidentiality'
	mv "$ROOT/proc/kcore" "$ROOT/proc/kcore.away"
	judged makedumpfile-kernel warn 'boot a kernel with CONFIG_PROC_KCORE'
	mv "$ROOT/proc/kcore.away" "$ROOT/proc/kcore"
	stub makedumpfile 'exit 0'
	judged makedumpfile-kernel warn 'says nothing of memory (status 0)'
	stub makedumpfile '[ "$1" = -v ] || exec sleep 9'
	each "memory_reserved=1 FILTER_PATIENCE=1 conf_file=\$ROOT/etc/kmortem/capture.conf check_form=text check_colours=no; conf_read \$conf_file; check_filter"
	[[ $(tr -s '\n ' ' ' <<< "$output") == *'it takes longer than 1 s.'* ]]
}

@test "how much the filter leaves" {
	while read -r level pages; do
		each "saver_level=$level filter_told=$BATS_TEST_TMPDIR/told; filter_try && echo \$((filter_expected / 4096))"
		[ "$output" = "$pages" ]
	done <<- END
		31 26179
		17 $((26179 + 6239 + 100 + 88))
		0 $((26179 + 3042 + 6239 + 100 + 88 + 121039))
	END
}

# watched FAILING…: `check --watch`, with a logger of $logger, on a machine where these points fail; what the journal got is in
# $told, users in $users, who logs in in $motd, and what is to be sent in $unsent.
watched() {
	local points='' id
	for id in "$@"; do points+="fail\t$id\tOf $id.\n"; done
	each "rm -rf \$ROOT/var; cp -r $BATS_TEST_TMPDIR/before/. \$ROOT/; : > $BATS_TEST_TMPDIR/journal; : > $BATS_TEST_TMPDIR/wall
		logger() { $logger; } # busybox would take its own
		wall() { cat > $BATS_TEST_TMPDIR/wall; }; uname() { echo thishost; }
		check_points() { printf 'pass\tone\tFine.\n$points'; }; check_ready --watch"
	[ "$status" -eq "${expected_status-0}" ]
	[ -z "$output$stderr" ]
	told=$(cat "$BATS_TEST_TMPDIR/journal")
	users=$(cat "$BATS_TEST_TMPDIR/wall")
	motd=$(cat "$ROOT/run/motd.d/kmortem-capture" 2> /dev/null) || :
	unsent=$(cat "$ROOT/var/lib/kmortem/capture/unsent" 2> /dev/null) || :
	rm -rf "$BATS_TEST_TMPDIR/before" && mkdir -p "$BATS_TEST_TMPDIR/before" && cp -r "$ROOT/var" "$BATS_TEST_TMPDIR/before/"
}

@test "the watch speaks once for each loss, and when all is well again" {
	mkdir -p "$BATS_TEST_TMPDIR/before" "$ROOT/run/motd.d"
	logger='[ "$1" = --journald ] && cat > "$BATS_TEST_TMPDIR/journal"'
	no_dump="a crash would leave no dump, or none to rely on; kmortem capture check says what to do"
	watched
	[ -z "$told$users$motd$unsent" ]
	watched image
	grep -qx PRIORITY=3 <<< "$told"
	grep -qx "MESSAGE=$no_dump; image: Of image. " <<< "$told"
	grep -qx KMORTEM_POINTS=image <<< "$told"
	lost=$(grep MESSAGE_ID= <<< "$told")
	[ "$users" = "kmortem: $no_dump; image: Of image. " ]
	[ "$motd" = "kmortem: $no_dump (image)" ]
	[ "$unsent" = "thishost: $no_dump
image: Of image." ]
	rm "$BATS_TEST_TMPDIR/before/var/lib/kmortem/capture/unsent" "$ROOT/run/motd.d/kmortem-capture" # sent; a reboot
	watched image
	[ -z "$told$users$unsent" ]
	[ "$motd" = "kmortem: $no_dump (image)" ]
	watched image loaded
	grep -qx 'MESSAGE=.*what to do; loaded: Of loaded. ' <<< "$told"
	grep -qx 'KMORTEM_POINTS=image loaded' <<< "$told"
	[ "$unsent" = "thishost: $no_dump
image: Of image.
loaded: Of loaded." ]
	watched loaded
	[ -z "$told$users" ]
	[ "$motd" = "kmortem: $no_dump (loaded)" ]
	watched
	grep -qx PRIORITY=5 <<< "$told"
	[ "$(grep MESSAGE_ID= <<< "$told")" != "$lost" ]
	[ "$users" = 'kmortem: a crash would leave a dump again' ]
	[ -z "$motd" ]
	[ "$unsent" = 'thishost: a crash would leave a dump again' ]
	rm "$BATS_TEST_TMPDIR/before/var/lib/kmortem/capture/unsent"
	watched
	[ -z "$told$users$unsent" ]
	# What the journal did not take is told the next time.
	logger='cat > /dev/null; false' expected_status=3
	watched image
	[ -z "$users$unsent" ]
	logger='cat > "$BATS_TEST_TMPDIR/journal"' expected_status=0
	watched image
	grep -q "^$lost" <<< "$told"
}

@test "what could not be looked at to the end is not taken for ready" {
	mkdir -p "$ROOT/run/motd.d"
	file var/lib/kmortem/capture/failing loaded
	echo 'kmortem: loaded' > "$ROOT/run/motd.d/kmortem-capture"
	each 'logger() { cat; }; wall() { cat; }; check_points() { point pass one Fine.; : $((4: 5)); }; check_ready --watch 2> /dev/null'
	[ "$status" -eq 3 ]
	[ -z "$output" ]
	[ "$(cat "$ROOT/var/lib/kmortem/capture/failing")" = loaded ]
	[ -s "$ROOT/run/motd.d/kmortem-capture" ]
	each "$SYSTEM"'; conf_file=/none; check_points() { point pass one Fine.; : $((4: 5)); }; check_ready -f json 2> /dev/null'
	[ "$status" -eq 3 ]
}

@test "who saves" {
	subject=check_saver
	judged saver pass 'by itself'
	words='owner() { echo kdump-tools; }; kdump_tools_is_here() { :; }; has() { [ $1 = systemctl ]; }'
	judged saver warn 'Two load a capture kernel here, kdump-tools at boot'
	[[ $said == *'choose one: a hook in kdump-tools (kmortem capture install), or kmortem alone: systemctl disable --now kdump-tools && kmortem capture load' ]]
	words='owner() { echo kdump; }; has() { false; }'
	judged saver warn 'choose one: kmortem alone: update-rc.d kdump disable && kmortem capture load'
	rm "$ROOT/run/kmortem-capture/loaded"
	words='owner() { echo kdump-tools; }; kdump_tools_is_here() { :; }'
	judged saver warn 'kdump-tools captures in its own way: the dump is not checked, and where that fails nothing else is tried. let kmortem save the dump: kmortem capture install'
	# One for which there is no hook, as SUSE'"'"'s.
	words='owner() { echo kdump; }; kdump_tools_is_here() { :; }; has() { [ $1 = systemctl ]; }'
	judged saver warn 'kmortem has no hook for that kdump: '
	[[ $said == *' systemctl disable --now kdump && systemctl enable --now kmortem-capture' ]]
	words='owner() { echo kdump; }; has() { [ $1 = rc-update ]; }'
	judged saver warn 'rc-update del kdump && kmortem capture load'
	# One whose dracut modules lie where nothing can be written.
	words='owner() { echo kdump; }; kdump_utils_is_here() { :; }; has() { [ $1 = systemctl ]; }'
	judged saver warn 'let kmortem save the dump: kmortem capture install'
	file run/ostree-booted
	judged saver warn 'kmortem has no hook for that kdump: '
	[[ $said == *' systemctl disable --now kdump && systemctl enable --now kmortem-capture' ]]
	rm "$ROOT/run/ostree-booted"
	words='owner() { echo kdump-tools; }; hook_state() { [ $1 != kdump-tools ] || echo intact; }'
	judged saver pass 'kdump-tools captures, and kmortem saves: its hook is installed. '
	words='owner() { echo kdump; }; hook_state() { echo intact; }'
	judged saver pass 'kdump-utils captures, and kmortem saves: its hook is installed. kdump-tools, which has a hook of ours, does not capture.'
	words='hook_state() { [ $1 != kdump-tools ] || echo intact; }'
	judged saver pass 'kmortem captures and saves, by itself. kdump-tools, which has a hook of ours, does not capture.'
	words='owner() { echo kdump; }; kdump_utils_is_here() { :; }; hook_state() { [ $1 != kdump-tools ] || echo intact; }'
	judged saver warn 'nothing else is tried. kdump-tools, which has a hook of ours, does not capture. let kmortem save the dump'
	broken='hook_state() { [ $1 != kdump-tools ] || echo "broken: $WHY"; }'
	words="WHY='/x is not as it was installed'; $broken"
	judged saver fail 'does not work: /x is not as it was installed. install it again: kmortem capture install kdump-tools'
	words="WHY='/x is older than /y: make it'; $broken"
	judged saver fail 'does not work: /x is older than /y: make it. have the image made anew, and loaded: kmortem capture install kdump-tools'
	words="WHY='kdump-tools is not installed any more'; $broken"
	judged saver fail 'any more. take it away: kmortem capture uninstall kdump-tools'
	words="WHY='a setting is wrong: correct it'; $broken"
	judged saver fail 'does not work: a setting is wrong: correct it. see to that '
}

@test "what is advised does not take the place of what a distribution loads" {
	kcore PAGE_BUDDY_MAPCOUNT_VALUE PAGE_SLAB_MAPCOUNT_VALUE
	added="echo 'dump_level = 17' >> $ROOT/etc/kmortem/capture.conf &&"
	subject=check_filter
	judged makedumpfile-kernel fail "$added kmortem capture load"
	words='owner() { echo kdump-tools; }'
	judged makedumpfile-kernel fail "$added kmortem capture install"
	words='owner() { echo kdump; }; has() { [ $1 = systemctl ] || command -v "$1" > /dev/null; }'
	judged makedumpfile-kernel fail "$added systemctl disable --now kdump && systemctl enable --now kmortem-capture"
	words='owner() { echo kdump; }; kdump_utils_is_here() { :; }'
	judged makedumpfile-kernel fail "$added kmortem capture install"
	words='owner() { echo kdump; }; hook_state() { echo intact; }'
	judged makedumpfile-kernel fail "$added kdumpctl rebuild && kdumpctl reload"
	subject=check_image
	words='owner() { echo kdump-tools; }; image_is_stale() { echo "the capture image is older than capture.conf"; }'
	judged image fail 'make it anew and load it: kmortem capture load --force'
}

@test "the image" {
	subject=check_image
	judged image pass
	words='image_is_stale() { echo "the capture image is older than /etc/kmortem/capture.conf"; }'
	judged image fail 'Not up to date: the capture image is older than /etc/kmortem/capture.conf. make it anew'
	words='image_is_stale() { echo "what the capture image is made of is not all there (it has no modules.dep)"; }'
	judged image warn '(it has no modules.dep). see to that, then make it anew and load it: '
	words='image_is_stale() { echo "/usr/bin/makedumpfile has changed since the capture image was made"; }'
	judged image warn
	rm "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test"
	words='plan() { echo "kmortem-capture: first" >&2; echo "kmortem-capture: busybox is not installed" >&2; return 2; }'
	judged image fail 'no capture image for 6.1.0-test, and none can be made: busybox is not installed. see to that, then'
	words='plan() { echo "kmortem-capture: a target is not reached" >&2; return 1; }'
	judged image fail 'no capture image for 6.1.0-test. make it and load it'
	rm "$ROOT/run/kmortem-capture/loaded"
	words='owner() { echo kdump-tools; }'
	each "$SYSTEM; $words"'; check_form=json; check_image; check_end'
	[ "$(jq '.points | length' <<< "$output")" = 0 ]
}

@test "the image of kdump-utils, with the settings that it was made by" {
	subject=check_image
	rm "$ROOT/run/kmortem-capture/loaded"
	image=$ROOT/boot/initramfs-6.1.0-testkdump.img
	words='owner() { echo kdump; }'
	each "$SYSTEM; $words"'; check_form=json; check_image; check_end'
	[ "$(jq '.points | length' <<< "$output")" = 0 ]
	file etc/kdump.conf 'path /data/crash'
	file etc/fstab '/dev/vda1 / ext4'
	touch "$image"
	judged image pass 'is not older than the settings of kdump'
	touch -d 'now + 1 minute' "$ROOT/etc/fstab"
	judged image warn "$image is older than /etc/fstab: what it mounts may be as that said before. have it made anew, and loaded: kdumpctl rebuild && kdumpctl reload"
	touch -d 'now + 1 minute' "$ROOT/etc/kdump.conf"
	judged image fail "$image is older than /etc/kdump.conf: a crash is saved as that said before. have it made anew, and loaded: kdumpctl rebuild && kdumpctl reload"
	words='owner() { echo kdump; }; hook_state() { echo intact; }'
	judged image fail 'older than /etc/kdump.conf'
	# A link is as new as the file that it leads to.
	touch -d 'now + 2 minutes' "$image"
	judged image pass
	mv "$ROOT/etc/kdump.conf" "$ROOT/etc/site.conf"
	ln -s site.conf "$ROOT/etc/kdump.conf"
	touch -d 'now + 3 minutes' "$ROOT/etc/site.conf"
	judged image fail 'older than /etc/kdump.conf'
}

@test "the image of kdump-utils, by all its names" {
	newest() { each 'kdump_utils_image 6.1.0-test'; }
	newest
	[ -z "$output" ]
	file etc/machine-id 0123456789abcdef
	mkdir -p "$ROOT/lib/modules/6.1.0-test"
	moment=0
	for image in var/lib/kdump/initramfs-6.1.0-testkdump.img boot/initramfs-6.1.0-testkdump.img boot/0123456789abcdef/6.1.0-test/initrdkdump \
		boot/efi/0123456789abcdef/6.1.0-test/initrdkdump efi/0123456789abcdef/6.1.0-test/initrdkdump \
		boot/ostree/default-1/initramfs-6.1.0-testkdump.img boot/initramfs-6.1.0-testkdump.img; do
		file "$image"
		touch -d "2020-01-01 + $((moment += 1)) minutes" "$ROOT/$image"
		newest
		[ "$output" = "$ROOT/$image" ]
	done
	# Of another kernel than that which runs.
	file boot/initramfs-6.2.0-testkdump.img
	file etc/sysconfig/kdump '#KDUMP_KERNELVER="5.0"' 'KDUMP_KERNELVER="6.2.0-test" # of last week' 'KDUMP_IMG="vmlinuz"'
	newest
	[ "$output" = "$ROOT/boot/initramfs-6.2.0-testkdump.img" ]
	file etc/sysconfig/kdump 'KDUMP_KERNELVER=""'
	for release in 6.1.0-test+debug 6.1.0-test-debug; do
		each "kdump_utils_image $release"
		[ "$output" = "$ROOT/boot/initramfs-6.1.0-testkdump.img" ]
	done
	rmdir "$ROOT/lib/modules/6.1.0-test"
	each 'kdump_utils_image 6.1.0-test+debug'
	[ -z "$output" ]
	# With fadump it is the one that the system boots.
	file boot/initramfs-6.1.0-test.img
	mkdir -p "$ROOT/sys/kernel/fadump"
	file sys/kernel/fadump/enabled 1
	newest
	[ "$output" = "$ROOT/boot/initramfs-6.1.0-test.img" ]
}

# room BYTES [OLD]: of every target.
room() { words="room_bytes() { echo $1; }; retain_size() { echo ${2-0}; }"; }

@test "targets: a directory" {
	subject='filter_expected=1000000; check_targets'
	judged target-1 pass 'local /var/crash: can be written to.'
	[ -z "$(ls -A "$ROOT/var/crash")" ]
	file etc/kmortem/capture.conf 'target=local /var/not/yet/there' 'target=local /etc/kmortem/capture.conf/x'
	judged target-1 pass
	[ ! -e "$ROOT/var/not" ]
	judged target-2 pass
	words='plan_target() { echo "kmortem-capture: /var: lies on tmpfs" >&2; return 1; }'
	judged target-1 fail 'the capture kernel cannot reach it: /var: lies on tmpfs'
	judged target-2 warn 'lies on tmpfs'
	words='mktemp() { [ $# -eq 0 ] || { echo "mktemp: No space left on device" >&2; return 1; }; command mktemp; }'
	judged target-1 fail 'cannot be written to: mktemp: No space left on device'
}

@test "targets: what hangs is not waited for" {
	subject='filter_expected=1000000; check_targets'
	# What is adopted by others is as hard to end as what hangs in the kernel.
	words='sync() { (command sleep 20 &); command sleep 20; }; TARGET_PATIENCE=1'
	SECONDS=0
	judged target-1 fail 'local /var/crash: cannot be written to: no answer within 1 s see to it'
	[ "$(jq '.points | length' <<< "$output")" = 1 ]
	file etc/kmortem/capture.conf 'target=device UUID=1-2:/dumps' min_free=0
	words='mount() { (command sleep 20 &); command sleep 20; }; TARGET_PATIENCE=1'
	judged target-1 fail 'no answer within 1 s'
	[ "$SECONDS" -lt 50 ]
}

@test "targets: room for what is expected" {
	subject='filter_expected=$((300 << 20)); check_targets'
	room $((300 << 20))
	judged target-1-room pass 'has room for 300 MiB; a dump at level 31 takes 300 MiB before it is compressed.'
	room $(((300 << 20) - 1))
	judged target-1-room warn 'only if it is compressed well'
	room $(((300 << 20) - 1)) 1
	judged target-1-room pass 'older dumps will go'
	room $(((100 << 20) - 1))
	judged target-1-room fail 'make room'
	echo compression=none >> "$ROOT/etc/kmortem/capture.conf"
	room $(((300 << 20) - 1))
	judged target-1-room fail
	printf '%s\n' 'target=local /var/crash' compression=lzo >> "$ROOT/etc/kmortem/capture.conf"
	room 1
	judged target-2-room warn
}

@test "targets: room where makedumpfile cannot count" {
	subject="filter_expected=''; check_targets"
	room $((1 << 40))
	judged target-1-room warn 'takes 117 MiB before it is compressed. That is assumed from /proc/meminfo'
	[[ $said == *'could not count. reserve memory, see crashkernel, and check again'* && $said != *'make room'* ]]
	[ "$(jq '.points[] | select(.id == "target-1-room").measured' <<< "$output")" = false ]
	# 134404 pages, 121039 of them free and 35 of programs, and 64 MiB.
	[ "$(jq '.points[] | select(.id == "target-1-room").values.expected_bytes' <<< "$output")" = $(((134404 - 121039 - 35) * 4096 + (64 << 20))) ]
	subject="memory_reserved=1; $subject"
	judged target-1-room warn 'could not count. see makedumpfile and makedumpfile-kernel, and check again'
	room $((1 << 20))
	judged target-1-room fail 'make room'
}

@test "targets: the reason of a mount that fails" {
	subject='filter_expected=1000000; check_targets'
	file etc/kmortem/capture.conf 'target=nfs 192.0.2.1:/dumps' min_free=0
	words='mount() { echo; echo "mount: /x: access denied by server while mounting 192.0.2.1:/dumps." >&2
			echo "       dmesg(1) may have more information after failed mount system call." >&2; return 32; }'
	judged target-1 fail 'nfs 192.0.2.1:/dumps: mount: /x: access denied by server while mounting 192.0.2.1:/dumps. correct that'
}

# What opens a target in a capture kernel does so here; the programs are played.
@test "targets: devices, by what opens them after a crash" {
	subject='filter_expected=1000000; check_targets'
	file etc/kmortem/capture.conf 'target=device UUID=1-2:/dumps' min_free=0
	export TMPDIR=$BATS_TEST_TMPDIR
	words='mount() { echo "$*" | sed "s,tmp\.[^/]*,X,"  > $ROOT/mounted; }; umount() { echo "$*" > $ROOT/gone; }'
	judged target-1 pass 'No report is made there by itself'
	grep -qx -e "-o rw UUID=1-2 $BATS_TEST_TMPDIR/X/target" "$ROOT/mounted"
	[ -e "$ROOT/gone" ]
	judged target-1-room pass
	words='mount() { echo "mount: no such device" >&2; return 1; }'
	judged target-1 fail 'mount: no such device'
	words='mount() { command sleep 60; }; TARGET_PATIENCE=1'
	judged target-1 fail 'no answer within 1 s'
}

# interrupted SHELL WORDS: by ^C, which everything of that terminal gets, at the word "interrupt".
interrupted() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	timeout 30 setsid -w env --default-signal=INT $1 -c 'set -u; for file in capture/shared/*.sh capture/host/*.sh capture/saving/*.sh; do . "$file"; done
		interrupt() { kill -INT -$$; command sleep 20; }; '"$SYSTEM; $2"
}

@test "what is interrupted leaves nothing behind" {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	file etc/kmortem/capture.conf 'target=device UUID=1-2:/dumps' min_free=0
	mounts='mount() { : > $ROOT/mounted; '
	for shell in dash bash 'busybox sh'; do
		for words in "$mounts interrupt; }" "$mounts }; sync() { interrupt; }"; do
			echo "$shell: $words"
			SECONDS=0
			run -3 interrupted "$shell" "$words"'; umount() { rm $ROOT/mounted && rm -rf "$1/dumps"; }
				conf_file=$ROOT/etc/kmortem/capture.conf; conf_read $conf_file; filter_expected=1; check_points() { check_targets; }; check_ready'
			[ "$SECONDS" -lt 15 ]
			[ ! -e "$ROOT/mounted" ]
			[ -z "$(ls -A "$TMPDIR")" ]
		done
		run -3 interrupted "$shell" 'filter_try() { interrupt; }; conf_file=$ROOT/etc/kmortem/capture.conf; conf_read $conf_file
			check_points() { check_filter; }; check_ready'
		[ -z "$(ls -A "$TMPDIR")" ]
	done
}

@test "targets: ssh, with the key and the known hosts that are set" {
	subject='filter_expected=1000000; check_targets'
	mkdir "$BATS_TEST_TMPDIR/far"
	file etc/kmortem/capture.conf "target=ssh dump@192.0.2.9:$BATS_TEST_TMPDIR/far/x y" ssh_key=/k ssh_known_hosts=/hosts min_free=0
	words='getent() { echo "192.0.2.9 STREAM"; }; ssh() { echo "$*" > $ROOT/asked; shift $(($# - 1)); dash -c "$1"; }'
	stub df 'printf "Filesystem\n/dev/x 100 1 2000 4%% /\n"'
	judged target-1 pass
	grep -q -e "-i /k .*BatchMode=yes .*StrictHostKeyChecking=yes .*UserKnownHostsFile=/hosts .*-l dump 192.0.2.9" "$ROOT/asked"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/far/x y")" ]
	judged target-1-room pass
	[ "$(jq '.points[] | select(.id == "target-1-room").values.free_bytes' <<< "$output")" = 2048000 ]
	words='getent() { echo "192.0.2.9 STREAM"; }; ssh() { echo "Permission denied (publickey)." >&2; return 255; }'
	judged target-1 fail 'Permission denied (publickey).'
}

@test "targets: room that is not told, or told amid complaints, keeps no other point from being looked at" {
	subject='filter_expected=1000000; check_targets'
	mkdir "$BATS_TEST_TMPDIR/far"
	file etc/kmortem/capture.conf "target=ssh dump@192.0.2.9:$BATS_TEST_TMPDIR/far" ssh_key=/k ssh_known_hosts=/hosts \
		'target=local /var/crash' min_free=0
	words='getent() { echo "192.0.2.9 STREAM"; }; ssh() { shift $(($# - 1)); dash -c "$1"; }'
	while IFS= read -r df; do
		stub df "$df"
		judged target-1 pass 'can be reached and written to.'
		judged target-1-room warn 'how much room there is, it does not tell'
		judged target-2-room pass
	done <<- 'END'
		echo "df: command not found" >&2; exit 127
		printf 'Filesystem\n/dev/x 100 1 - 4%% /\n'
		echo 'Welcome to this file server'
	END
	judged target-1-room warn
	stub df 'echo "df: /proc/x: Permission denied" >&2; printf "Filesystem\n/dev/x 100 1 2000 4%% /\n"'
	judged target-1-room pass
	[ "$(jq '.points[] | select(.id == "target-1-room").values.free_bytes' <<< "$output")" = 2048000 ]
	# More than a shell counts.
	stub df 'printf "Filesystem\n/dev/x 100 1 99999999999999999999 4%% /\n"'
	judged target-1-room pass
	file etc/kmortem/capture.conf 'target=device UUID=1-2:/dumps' min_free=0
	words='mount() { :; }; umount() { echo "umount: target is busy." >&2; return 32; }'
	judged target-1-room pass
}

# theirs OWNER [LINE…]: its kdump is what captures, with these settings.
theirs() {
	rm -f "$ROOT/run/kmortem-capture/loaded" "$ROOT/etc/kdump.conf" "$ROOT/etc/default/kdump-tools"
	owner=$1
	case $1 in kdump-tools) file etc/default/kdump-tools "${@:2}" ;; kdump) file etc/kdump.conf "${@:2}" ;; esac
	words="owner() { echo $owner; }; plan_target() { echo 'it lies on zfs' >&2; return 1; }"
}

@test "targets: those of a distribution that saves in its own way" {
	subject='filter_expected=1000000; check_targets'
	file etc/kmortem/capture.conf 'target=nfs mine:/x' 'target=local /y'
	mkdir -p "$BATS_TEST_TMPDIR/far"
	theirs kdump-tools "KDUMP_COREDIR='/srv/a b' # here"
	judged target-1 pass 'local /srv/a b: can be written to.'
	[ "$(jq '.points | length' <<< "$output")" = 2 ]
	theirs kdump
	words+='; mktemp() { [ $# -eq 0 ] || { echo "mktemp: No space left on device" >&2; return 1; }; command mktemp; }'
	file etc/kdump.conf '#ssh u@there' 'path /dumps'
	judged target-1 fail "local /dumps: cannot be written to: mktemp: No space left on device see to it that it can, or choose another target in $ROOT/etc/kdump.conf"
	reached='getent() { echo "192.0.2.9 STREAM"; }; ssh() { echo "$*" > $ROOT/asked; echo "no route" >&2; return 255; }
		mount() { echo "$*" > $ROOT/asked; echo "no route" >&2; return 1; }'
	theirs kdump "ssh u@192.0.2.9" "path $BATS_TEST_TMPDIR/far" 'sshkey /root/key'
	words+="; $reached"
	judged target-1 fail "ssh u@192.0.2.9:$BATS_TEST_TMPDIR/far: no route correct that, or choose another target in $ROOT/etc/kdump.conf"
	grep -q -e "-i /root/key .*UserKnownHostsFile=/root/.ssh/known_hosts .* -l u 192.0.2.9 .*'$BATS_TEST_TMPDIR/far'" "$ROOT/asked"
	theirs kdump-tools SSH=u@192.0.2.9
	words+="; $reached"
	judged target-1 fail 'ssh u@192.0.2.9:/var/crash: no route'
	grep -q -e '-i /root/.ssh/kdump_id_rsa ' "$ROOT/asked"
	theirs kdump-tools 'NFS="gone:/x"'
	words+="; $reached"
	judged target-1 fail 'nfs gone:/x: no route'
	theirs kdump 'nfs gone:/x/'
	words+="; $reached"
	judged target-1 fail 'nfs gone:/x/var/crash: no route'
	theirs kdump 'xfs UUID=1-2' 'path crash'
	words+="; $reached"
	judged target-1 fail 'device UUID=1-2:/crash: no route'
	theirs kdump 'raw /dev/vdb'
	judged target-1 warn 'raw /dev/vdb:/var/crash: whether kdump can save there is not known.'
	theirs kdump-tools FTP=h:/x
	judged target-1 warn 'ftp h:/x: whether kdump-tools can save there is not known.'
	theirs kdump-tools 'KDUMP_COREDIR=/srv/$(hostname)'
	judged target-1 warn 'whether kdump-tools can save there is not known.'
	theirs kdump
	rm "$ROOT/etc/kdump.conf"
	judged target-1 warn "Where kdump saves is not known: it has no $ROOT/etc/kdump.conf."
	[ "$(jq '.points | length' <<< "$output")" = 1 ]
	subject=check_filter
	judged makedumpfile-compression pass 'How dumps are compressed say the settings of kdump.'
}

# advised: what the point advises to type, typed.
advised() {
	run -0 sh -c "$(jq -r ".points[] | select(.id == \"$1\").command" <<< "$output" | sed 's/ && kdumpctl.*//')"
}

@test "the filter of a distribution that saves in its own way is as its settings say" {
	subject='check_filter; check_targets'
	kcore PAGE_BUDDY_MAPCOUNT_VALUE PAGE_SLAB_MAPCOUNT_VALUE
	echo dump_level=17 >> "$ROOT/etc/kmortem/capture.conf"
	# One shape of settings, and what these are when the advice was taken.
	while IFS='|' read -r owner before after; do
		theirs "$owner" "$before"
		words+='; kdump_utils_is_here() { :; }'
		judged target-1-room pass 'a dump at level 31 takes 103 MiB before it is compressed.'
		judged makedumpfile-kernel fail 'does not know PAGE_SLAB_MAPCOUNT_VALUE'
		settings=$ROOT/etc/kdump.conf then=' && kdumpctl restart'
		if [ "$owner" = kdump-tools ]; then settings=$ROOT/etc/default/kdump-tools then=''; fi
		[[ $said == *"$settings$then" && $said != *capture.conf* ]]
		advised makedumpfile-kernel
		[ "$(tail -n 1 "$settings")" = "$after" ]
		judged makedumpfile-kernel pass "At level 17, as $settings has it, makedumpfile leaves out free pages and zeroes only"
		judged target-1-room pass 'a dump at level 17 takes'
	done <<- 'END'
		kdump||core_collector makedumpfile -l --message-level 7 -d 17
		kdump|core_collector makedumpfile -l --num-threads=2 -d 31 -F # as -d 31|core_collector makedumpfile -l --num-threads=2 -d 17 -F # as -d 31
		kdump|core_collector makedumpfile -ld1,31|core_collector makedumpfile -ld17
		kdump-tools||MAKEDUMP_ARGS="-c -d 17"
		kdump-tools|MAKEDUMP_ARGS="-z -d 31"|MAKEDUMP_ARGS="-z -d 17"
	END
	theirs kdump 'core_collector makedumpfile -l -d 31'
	words+='; hook_state() { [ "$1" != kdump-utils ] || echo intact; }'
	judged makedumpfile-kernel fail "core_collector"
	# What goes through a pipe is flattened.
	theirs kdump 'ssh u@192.0.2.9'
	words+='; kdump_utils_is_here() { :; }; check_reached() { :; }'
	judged makedumpfile-kernel fail "echo 'core_collector makedumpfile -F -l --message-level 7 -d 17' >> $ROOT/etc/kdump.conf"
}

@test "what is not filtered takes room for all memory" {
	subject='check_filter; check_targets'
	kcore PAGE_BUDDY_MAPCOUNT_VALUE PAGE_SLAB_MAPCOUNT_VALUE
	for line in 'core_collector cp --sparse=always' 'core_collector scp' 'core_collector "cp"'; do
		theirs kdump "$line"
		words+='; room_bytes() { echo $((612 << 20)); }'
		judged target-1-room fail 'has room for 612 MiB; a copy of all memory takes 613 MiB. make room'
		[[ $said == *"$ROOT/etc/kdump.conf"* ]]
		judged makedumpfile-kernel pass "As $ROOT/etc/kdump.conf has it, dumps are made by $(sed 's/core_collector "*\([a-z]*\).*/\1/' <<< "$line"), which leaves out nothing."
	done
	# Levels without compression, and those that kdump-tools compresses by itself.
	theirs kdump 'core_collector makedumpfile -d 0'
	words+='; room_bytes() { echo $((612 << 20)); }'
	judged target-1-room fail 'a dump at level 0 takes 613 MiB before it is compressed'
	for line in 'MAKEDUMP_ARGS="-c"' $'MAKEDUMP_ARGS="-E"\nKDUMP_COMPRESSION=xz'; do
		theirs kdump-tools "$line"
		words+='; room_bytes() { echo $((612 << 20)); }'
		judged target-1-room warn 'a dump at level 0 takes 613 MiB before it is compressed: it fits only if'
	done
}

@test "a filter that is not known is taken for the most common, and that is told" {
	subject='check_filter; check_targets'
	theirs kdump-tools 'MAKEDUMP_ARGS="-c -d $LEVEL"'
	judged makedumpfile-kernel pass
	judged target-1-room warn "a dump at level 31 takes 103 MiB before it is compressed. Which level kdump-tools has is not known: 31 is assumed. look at it in $ROOT/etc/default/kdump-tools"
	[ "$(jq '.points[] | select(.id == "target-1-room").measured' <<< "$output")" = false ]
	kcore PAGE_BUDDY_MAPCOUNT_VALUE PAGE_SLAB_MAPCOUNT_VALUE
	judged makedumpfile-kernel fail 'uses. Which level kdump-tools has is not known: 31 is assumed. leave out less by -d 17'
	theirs kdump 'core_collector makedumpfile -l -d 32'
	judged makedumpfile-kernel fail 'Which level kdump has is not known'
	# Of SUSE.
	theirs kdump
	rm "$ROOT/etc/kdump.conf"
	words+='; has() { [ $1 = systemctl ] || command -v "$1" > /dev/null; }'
	judged makedumpfile-kernel fail "echo 'dump_level = 17' >> $ROOT/etc/kmortem/capture.conf && systemctl disable --now kdump && systemctl enable --now kmortem-capture"
}

@test "targets: a hook in kdump-tools reaches what is there, whatever that lies on, but for memory" {
	subject='filter_expected=1000000; check_targets'
	theirs kdump-tools KDUMP_COREDIR=/elsewhere
	words+='; hook_state() { echo intact; }'
	file proc/self/mountinfo '21 1 0:20 / / rw - zfs tank/root rw'
	judged target-1 pass 'local /var/crash: can be written to.'
	file proc/self/mountinfo '21 1 0:20 / / rw - zfs tank/root rw' '22 1 0:21 / /var/crash rw - tmpfs tmpfs rw'
	judged target-1 fail 'local /var/crash: the capture kernel cannot reach it: /var/crash: lies on memory (tmpfs)'
	# Of ours, loaded in its place, that image decides.
	file proc/self/mountinfo '21 1 0:20 / / rw - zfs tank/root rw'
	file run/kmortem-capture/loaded 'kexec -p x'
	judged target-1 fail 'it lies on zfs'
}

@test "targets: netdump, whose server is asked" {
	subject='filter_expected=1000000; check_targets'
	file etc/kmortem/capture.conf target='netdump 192.0.2.1:6667' netdump_server_key=/server.pub netdump_key=/own.key
	stub netdump-send 'echo "$*" > $ROOT/asked'
	judged target-1 pass 'would take a dump, encrypted'
	grep -qx -e "--check -q --timeout=30 --port=6667 --server-key=$ROOT/server.pub --key=$ROOT/own.key 192.0.2.1" "$ROOT/asked"
	stub netdump-send 'echo "netdump-send: not sent: 192.0.2.1: the server does not answer" >&2; exit 3'
	judged target-1 fail 'the server does not answer'
}

# The emulator is played: $need is the memory in MiB with which the image comes to its end.
@test "memory is measured in an emulator" {
	file boot/vmlinuz-6.1.0-test kernel
	machine=$(uname -m)
	stub "qemu-system-$machine" 'while [ $# -gt 0 ]; do
			case $1 in
			-m) memory=$2 ;;
			-serial) console=${2#file:} ;;
			-kernel) [ "$2" = "$ROOT/boot/vmlinuz-6.1.0-test" ] || exit ;;
			-initrd) [ "$2" = "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test" ] || exit ;;
			-append) case $2 in *" rdinit=/bin/sh -- -c "*measure*) ;; *) exit ;; esac ;;
			esac
			shift
		done
		[ "$memory" -lt "$NEED" ] || echo "kmortem-capture: measured" > "$console"'
	export NEED=137
	subject='check_measures=yes; check_memory'
	judged crashkernel-size pass 'of 256 MiB: the smallest memory in which its image came to its end'
	[ "$(jq '.points[] | select(.id == "crashkernel-size").measured' <<< "$output")" = true ]
	found=$(jq '.points[] | select(.id == "crashkernel-size").values.needed_bytes' <<< "$output")
	# Found in steps of 8, and 8 more.
	[ "$found" -ge $((145 << 20)) ]
	[ "$found" -lt $((153 << 20)) ]
	# It has none of this machine's hardware, for which some drivers take much.
	[[ $said == *"in an emulator, which has none of this machine's hardware, and 8 MiB more. "* ]]
	file var/lib/kmortem/capture/initrd-6.1.0-test.plan 'module mlx5_core_not' 'module mlx5_core'
	judged crashkernel-size fail 'and 8 MiB more. 150 MiB of that are for the hardware of mlx5_core. add crashkernel='
	[ "$(jq '.points[] | select(.id == "crashkernel-size").values.needed_bytes' <<< "$output")" -eq $((found + (150 << 20))) ]
	file var/lib/kmortem/capture/initrd-6.1.0-test.plan 'module mlx5_core_not' 'watchdog_module mlx5_core'
	# Without an emulator, by what was found before, until the image changes.
	rm "$BATS_TEST_TMPDIR/bin/qemu-system-$machine"
	subject=check_memory
	judged crashkernel-size pass 'in which its image came to its end'
	file var/lib/kmortem/capture/initrd-6.1.0-test another
	judged crashkernel-size pass 'added up'
	subject='measure_emulator() { :; }; check_memory'
	judged crashkernel-size pass 'added up. kmortem capture check --measure would find out, in an emulator.'
	subject='measure_emulator() { return 1; }; check_memory'
	judged crashkernel-size pass 'added up. '
	[[ $output != *--measure* ]]
	subject='measure_emulator() { return 1; }; check_measures=yes; check_memory'
	judged crashkernel-size pass 'It could not be measured'
	# Only what is seen on the console proves that it is too little.
	subject='check_measures=yes; check_memory'
	while IFS= read -r CONSOLE; do
		export CONSOLE
		stub "qemu-system-$machine" 'while [ "$1" != -serial ]; do shift; done; echo "$CONSOLE" > "${2#file:}"'
		judged crashkernel-size fail 'with 256 MiB, as are reserved, the capture image did not come to its end. add crashkernel=384M'
	done <<- 'END'
		kmortem-capture: out of memory: makedumpfile
		[    3.1] Out of memory: Killed process 71 (kmortem)
		[    0.4] Kernel panic - not syncing: System is deadlocked on memory
	END
	stub "qemu-system-$machine" 'echo "qemu: warning: something" >&2; echo "qemu: Could not open vmlinuz" >&2; exit 1'
	judged crashkernel-size warn 'It could not be measured: qemu: Could not open vmlinuz. see to the emulator'
	[ "$(jq '.points[] | select(.id == "crashkernel-size").measured' <<< "$output")" = false ]
	stub "qemu-system-$machine" 'exit 3'
	judged crashkernel-size warn 'It could not be measured: the emulator ended with status 3 before the image did.'
	words='timeout() { [ "$2" = qemu-system-$(uname -m) ] && return 124; }'
	judged crashkernel-size warn 'It could not be measured: the image did not come to its end within 120 s.'
	file sys/kernel/kexec_crash_size $((64 << 20))
	judged crashkernel-size fail 'within 120 s.'
}

@test "the watch measures once for each image, where there is KVM" {
	file boot/vmlinuz-6.1.0-test kernel
	stub "qemu-system-$(uname -m)" 'echo "$*" >> $ROOT/booted; while [ "$1" != -serial ]; do shift; done
		[ ! -e $ROOT/works ] || echo "kmortem-capture: measured" > "${2#file:}"'
	measured() { jq '.points[] | select(.id == "crashkernel-size").measured' <<< "$output"; }
	subject='check_measures=cheap; check_memory'
	each "$SYSTEM"'; conf_defaults; rm -f $ROOT/booted; check_measures=cheap check_form=json; check_memory; [ ! -e $ROOT/booted ]'
	[ "$status" -eq 0 ]
	file dev/kvm
	# One that does nothing is not tried again with that image, and not emulated.
	judged crashkernel-size pass 'added up.'
	[ "$(measured)" = false ]
	[ "$(wc -l < "$ROOT/booted")" -eq 1 ]
	grep -q 'accel=kvm' "$ROOT/booted"
	file works
	judged crashkernel-size pass 'added up.'
	[ "$(wc -l < "$ROOT/booted")" -eq 1 ]
	file var/lib/kmortem/capture/initrd-6.1.0-test another
	judged crashkernel-size pass 'in which its image came to its end'
	[ "$(measured)" = true ]
	booted=$(wc -l < "$ROOT/booted")
	judged crashkernel-size pass 'in which its image came to its end'
	touch -d '2 days ago' "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test"
	subject='check_measures=no; check_memory'
	judged crashkernel-size pass 'in which its image came to its end'
	[ "$(wc -l < "$ROOT/booted")" -eq "$booted" ]
	by dash 'check_points() { echo "$check_measures" > $ROOT/asked; }; logger() { :; }; check_ready --watch'
	[ "$(cat "$ROOT/asked")" = cheap ]
}

# allowed UNIT: the system calls that it may give.
allowed() {
	local name
	for name in $(sed -n 's/^SystemCallFilter=\([^~]\)/\1/p' "$1"); do
		case $name in @*) systemd-analyze syscall-filter "$name" | sed -n 's/^    \([a-z@]\)/\1/p' ;; *) echo "$name" ;; esac
	done
}

# util-linux has used the newer ones since 2.39.
@test "the watch may mount a target, by whichever calls mount(8) does that" {
	allowed systemd/kmortem-capture-check.service > "$BATS_TEST_TMPDIR/calls"
	for call in mount umount2 fsopen fsconfig fsmount move_mount open_tree mount_setattr; do
		echo "$call"
		grep -qx $call "$BATS_TEST_TMPDIR/calls"
	done
}

@test "what readiness hangs on is watched, and the manual says what has to be asked for" {
	for file in /boot /lib/modules /etc/kmortem/capture.conf /etc/default/kdump-tools /etc/kdump.conf \
		/usr/bin/makedumpfile /usr/sbin/makedumpfile /usr/local/bin/makedumpfile /usr/local/sbin/makedumpfile; do
		grep -qx "PathChanged=$file" systemd/kmortem-capture-check.path
	done
	mkdir "$BATS_TEST_TMPDIR/units"
	cp systemd/kmortem-capture-check.* "$BATS_TEST_TMPDIR/units"
	sed -i 's,^ExecStart=.*,ExecStart=/bin/true,' "$BATS_TEST_TMPDIR/units/kmortem-capture-check.service"
	run systemd-analyze verify --man=no "$BATS_TEST_TMPDIR/units/kmortem-capture-check.path"
	[[ $output != *kmortem-capture-check* ]]
	MANWIDTH=1000 man -l man/kmortem-capture.8 | col -bx | grep -q -e '--measure finds out.* takes a minute .*asked for'
}
