#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which capture kernel is loaded, how and with which words, by each shell.
# shellcheck disable=SC2154,SC2016 # bats sets variables; words are for the shell under test

load shells

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export ROOT=$BATS_TEST_TMPDIR/root KERNEL_RELEASE=6.1.0-test
	mkdir -p "$ROOT"/{proc,boot,run,etc,sys/kernel/security,sys/firmware/efi/efivars} "$ROOT/lib/modules/6.1.0-test"
	echo 'console=ttyS0' > "$ROOT/proc/cmdline"
}

words() {
	printf '%s\n' "$1" > "$ROOT/proc/cmdline"
	each "conf_append=${2-}"'; kexec_machine=${MACHINE-riscv64}; kexec_append'
}

@test "words of the first boot stay there, those of the hardware are kept" {
	common='nr_cpus=1 irqpoll reset_devices panic=10 cgroup_disable=memory transparent_hugepage=never novmcoredd cma=0 hugetlb_cma=0'
	words 'BOOT_IMAGE=(hd0,gpt2)/vmlinuz root=UUID=1 ro rootflags=subvol=root rhgb quiet crashkernel=1G-4G:192M,4G-:256M console=tty0 console=ttyS0,115200n8'
	[ "$output" = "console=tty0 console=ttyS0,115200n8 $common" ]
	words 'hugepagesz=1G hugepages=64 default_hugepagesz=1G isolcpus=2-7 nohz_full=2-7 rcu_nocbs=2-7 intel_iommu=on iommu=pt mem=64G nr_cpus=8 log_buf_len=16M'
	[ "$output" = "intel_iommu=on iommu=pt $common" ]
	words 'systemd.unit=rescue.target rd.lvm.lv=a/b init=/bin/bash resume=/dev/sda2 panic_on_warn=1 softlockup_panic=1 oops=panic slub_debug=FZPU module_blacklist=x pci=nomsi nokaslr'
	[ "$output" = "module_blacklist=x pci=nomsi nokaslr $common" ]
	words ''
	[ "$output" = "$common" ]
}

@test "no device is mapped, and no cryptography asked for that the image does not have" {
	words 'a=1 fips=1 dm-mod.create="lroot,,,rw, 0 4096 linear 98:16 0" "dm_mod.create=x,,,ro, 0 8 linear 8:1 0" dm_mod.waitfor=PARTLABEL=x dm_mod.use_blk_mq=1 b=2'
	[[ $output == 'a=1 dm_mod.use_blk_mq=1 b=2 nr_cpus=1 '* ]]
}

@test "hyphens are underlines, quotes hold words together, and what follows -- is for init" {
	words 'panic-on-warn=1 dyndbg="file drivers/a.c +p; file b.c +p" transparent-hugepage=always  earlycon -- single'
	[[ $output == 'dyndbg="file drivers/a.c +p; file b.c +p" earlycon nr_cpus=1 '* ]]
}

@test "the site's words come last" {
	words 'nr_cpus=4' '"nr_cpus=2 swiotlb=32768"'
	[[ $output == *' nr_cpus=1 '* || $output == 'nr_cpus=1 '* ]]
	[[ $output == *' hugetlb_cma=0 nr_cpus=2 swiotlb=32768' ]]
}

@test "each machine has its words" {
	MACHINE=x86_64 words ''
	[[ $output == *numa=off*acpi_no_memhotplug*irqpoll* && $output == nr_cpus=1* ]]
	MACHINE=ppc64le words ''
	[[ $output == maxcpus=1* && $output != *nr_cpus* ]]
	MACHINE=s390x words ''
	[[ $output == nr_cpus=1* && $output != *irqpoll* ]]
}

@test "the kernel is found where distributions have it" {
	each kernel_file
	[ "$status" -eq 1 ]
	[[ $stderr == *'no image of the kernel 6.1.0-test'* ]]
	echo 0123 > "$ROOT/etc/machine-id"
	for file in boot/efi/0123/6.1.0-test/linux efi/0123/6.1.0-test/linux boot/0123/6.1.0-test/linux lib/modules/6.1.0-test/vmlinuz boot/vmlinux-6.1.0-test boot/vmlinuz-6.1.0-test; do
		mkdir -p "$ROOT/${file%/*}"
		: > "$ROOT/$file"
		each kernel_file
		[ "$output" = "/$file" ]
	done
}

# bzimage FILE RELEASE: what the header of a kernel for x86 tells.
bzimage() {
	mkdir -p "$(dirname "$ROOT/$1")"
	{
		head -c 514 /dev/zero
		printf HdrS
		head -c 8 /dev/zero
		printf '\000\060' # 0x3000
		head -c $((0x3200 - 528)) /dev/zero
		printf '%s (root@host) #1 SMP\000' "$2"
		head -c 4096 /dev/zero
	} > "$ROOT/$1"
}

@test "the kernel is found by other names, where it is this one" {
	for file in boot/kernel-genkernel-x86_64-6.1.0-test boot/zImage-6.1.0-test boot/bzImage-6.1.0-test boot/ostree/x-0123/vmlinuz-6.1.0-test; do
		mkdir -p "$ROOT/${file%/*}"
		: > "$ROOT/$file"
		each kernel_file
		[ "$output" = "/$file" ]
		rm "$ROOT/$file"
	done
	# A name without the release may be of a newer one, which runs after the next boot.
	for file in vmlinuz boot/vmlinuz boot/vmlinuz-test; do
		bzimage $file 6.1.0-tester
		each kernel_file
		[ "$status" -eq 1 ]
		: > "$ROOT/$file"
		each kernel_file
		[ "$status" -eq 1 ]
		bzimage $file 6.1.0-test
		each kernel_file
		[ "$output" = "/$file" ]
		[ -z "$stderr" ]
		rm "$ROOT/$file"
	done
	# What the boot loader says is believed of what does not tell itself.
	while read -r file said; do
		echo "BOOT_IMAGE=$said ro" > "$ROOT/proc/cmdline"
		bzimage "$file" 6.2.0-test
		each kernel_file
		[ "$status" -eq 1 ]
		echo arm64 > "$ROOT/$file"
		each kernel_file
		[ "$output" = "/$file" ]
		each 'image_of 6.2.0-test; kernel_file'
		[ "$status" -eq 1 ]
		rm "$ROOT/$file"
	done <<- END
		boot/vmlinuz-lts vmlinuz-lts
		boot/vmlinuz-lts (hd0,gpt2)/vmlinuz-lts
		boot/vmlinuz-lts /boot/vmlinuz-lts
		boot/vmlinuz-lts (hd0,gpt2)/@/boot/vmlinuz-lts
		boot/efi/EFI/alpine/vmlinuz-lts /EFI/alpine/vmlinuz-lts
	END
}

@test "the kernel that the settings name comes first, unless it is another one" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	bzimage srv/a 6.1.0-test
	each 'conf_kernel=/srv/a; kernel_file'
	[ "$output" = /srv/a ]
	[ -z "$stderr" ]
	echo arm64 > "$ROOT/srv/a"
	each 'conf_kernel=/srv/a; kernel_file'
	[ "$output" = /srv/a ]
	bzimage srv/a 6.2.0-test
	for file in /srv/a /srv/none /srv; do
		each "conf_kernel=$file; kernel_file"
		[ "$output" = /boot/vmlinuz-6.1.0-test ]
		[ "$stderr" = "kmortem-capture: kernel=$file: is not there, or is another kernel than 6.1.0-test" ]
	done
}

@test "a kernel within a unified image is told from one that is nowhere" {
	mkdir -p "$ROOT"/{boot/efi,efi}/EFI/Linux
	: > "$ROOT/efi/EFI/Linux/0123-6.2.0-test.efi"
	each kernel_file
	[ "$status" -eq 1 ]
	[[ $stderr == *'no image of the kernel 6.1.0-test'* ]]
	for file in efi/EFI/Linux/0123-6.1.0-test.efi lib/modules/6.1.0-test/vmlinuz-virt.efi; do
		: > "$ROOT/$file"
		each kernel_file
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[[ $stderr == *"only within a unified image"*": objcopy -O binary -j .linux /$file /boot/vmlinuz-6.1.0-test" ]]
	done
}

@test "a locked kernel takes kexec_file_load alone; an old kexec does not know how to try" {
	known='kexec() { echo " -a, --kexec-syscall-auto"; };'
	each "$known kexec_call"
	[ "$output" = -a ]
	each 'kexec() { echo " -s, --kexec-file-syscall"; }; kexec_call'
	[ "$output" = -c ]
	echo 'none [integrity] confidentiality' > "$ROOT/sys/kernel/security/lockdown"
	each "$known kexec_call"
	[ "$output" = -s ]
	echo '[none] integrity confidentiality' > "$ROOT/sys/kernel/security/lockdown"
	# Secure boot alone does not lock it; but whether it does is not told by all kernels.
	printf '\6\0\0\0\1' > "$ROOT/sys/firmware/efi/efivars/SecureBoot-8be4df61"
	each "$known kexec_call"
	[ "$output" = -a ]
	each 'kexec() { :; }; kexec_call'
	[ "$output" = -s ]
	printf '\6\0\0\0\0' > "$ROOT/sys/firmware/efi/efivars/SecureBoot-8be4df61"
	each 'kexec() { :; }; kexec_call'
	[ "$output" = -c ]
}

@test "show gives the command that load gives" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	stubs='owner() { echo kmortem; }; conf_append=; kexec_machine=riscv64; image_is_stale() { return 1; }; kexec() { case $1 in --help) echo --kexec-syscall-auto ;; *) for word; do printf "<%s>" "$word"; done; esac; };'
	each "$stubs show"
	shown=$output
	[[ $shown == "kexec -p -a /boot/vmlinuz-6.1.0-test --initrd=$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test --append='console=ttyS0 nr_cpus=1 "* ]]
	each "$stubs load"
	[ "$status" -eq 0 ]
	[[ $output == "<-p><-a><$ROOT/boot/vmlinuz-6.1.0-test><--initrd="*"><--append=console=ttyS0 nr_cpus=1 "* ]]
	[ "$(cat "$ROOT/run/kmortem-capture/loaded")" = "$shown" ]
}

@test "words of others are what they are, and what show gives can be pasted into a shell" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	append="dyndbg='file x +p' a=\\nb c=\\c d"
	printf '%s\n' "$append" > "$BATS_TEST_TMPDIR/append"
	words 'x=\c y=1' "\$(cat $BATS_TEST_TMPDIR/append)"
	[[ $output == 'x=\c y=1 nr_cpus=1 '*" $append" ]]
	told=$output
	each 'owner() { echo kmortem; }; conf_append=$(cat '"$BATS_TEST_TMPDIR/append"'); kexec_machine=riscv64; image_is_stale() { return 1; }; kexec() { :; }; load; show'
	[ "$status" -eq 0 ]
	[ "$(cat "$ROOT/run/kmortem-capture/loaded")" = "$output" ]
	run -0 dash -c "kexec() { printf '%s\\n' \"\$5\"; }; $output"
	[ "$output" = "--append=$told" ]
	echo 1 > "$ROOT/sys/kernel/kexec_crash_loaded"
	each 'image_is_stale() { return 1; }; status'
	[ "$output" = "loaded: $(cat "$ROOT/run/kmortem-capture/loaded")" ]
}

@test "what is loaded is told where the unit may write, and a load that cannot tell it says so" {
	unit=systemd/kmortem-capture.service
	grep -qx ProtectSystem=strict $unit
	grep -qx RuntimeDirectoryPreserve=yes $unit
	[ "$(by dash 'echo $kexec_record')" = "$ROOT/run/$(sed -n 's/^RuntimeDirectory=//p' $unit)/loaded" ]
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	rmdir "$ROOT/run"
	: > "$ROOT/run"
	each 'owner() { echo kmortem; }; conf_append=; image_is_stale() { return 1; }; kexec() { :; }; mkdir() { false; }; load'
	[ "$status" -eq 1 ]
	[[ $stderr == *"loaded, but status and check take it for another program's: $ROOT/run/kmortem-capture/loaded cannot be written" ]]
}

@test "the unit sees the addresses that kexec needs where it does not leave the segments to the kernel" {
	unit=systemd/kmortem-capture.service
	bounding=$(sed -n 's/^CapabilityBoundingSet=//p' $unit)
	for capability in CAP_SYS_ADMIN CAP_SYSLOG; do # /proc/iomem, /proc/kallsyms
		grep -qw $capability <<< "$bounding"
	done
	run -1 grep -E '^(ProtectKernelLogs|ProtectKernelTunables)=' $unit
}

@test "load makes an image where there is none of today, and says what is in the way" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	stubs='owner() { echo kmortem; }; conf_append=; image_is_stale() { echo "it is old"; }; kexec() { case $1 in --help) ;; *) return ${KEXEC_STATUS-0} ;; esac; };'
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	each "$stubs"' build() { echo built; }; load'
	[ "$status" -eq 0 ]
	[ "$output" = built ]
	[[ $stderr == *'it is old: making one'* ]]
	each "$stubs"' build() { return 1; }; load'
	[ "$status" -eq 1 ]
	each "$stubs"' build() { return 2; }; load'
	[ "$status" -eq 2 ]
	KEXEC_STATUS=1 each "$stubs"' build() { :; }; load'
	[ "$status" -eq 2 ]
	[[ $stderr == *'not loaded: kexec -p '* ]]
}

@test "load tells each time what the image is without" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	mkdir -p "$ROOT/var/lib/kmortem/capture"
	printf '%s\n' 'target local /var/crash' 'missing netdump a.example' 'missing nfs b.example:/c d' > "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test.plan"
	each 'owner() { echo kmortem; }; conf_append=; image_is_stale() { return 1; }; kexec() { [ "$1" = --help ] || echo loaded; }; load'
	[ "$status" -eq 1 ]
	[ "$output" = loaded ]
	[ "$stderr" = 'kmortem-capture: the image is without netdump a.example; nfs b.example:/c d' ]
}

@test "load removes images of kernels that are gone, and their plans where these are of no more use" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	mkdir -p "$ROOT/lib/modules/6.2.0-test"
	images=$ROOT/var/lib/kmortem/capture
	filled() {
		rm -rf "$images" && mkdir -p "$images"
		touch "$images"/{initrd-{5.9,6.1.0-test,6.2.0-test},initrd-{5.9,6.1.0-test,6.2.0-test}.plan,initrd-{5.9,6.1.0-test}.new,measured,test}
		echo "$1 netdump a.example" > "$images/initrd-6.1.0-test.plan"
	}
	loads() {
		local shell
		for shell in dash bash 'busybox sh'; do
			filled "$1"
			run by "$shell" 'owner() { echo kmortem; }; conf_append=; image_is_stale() { return 1; }; kexec() { '"${2-:}"'; }; load'
			[ "$(cd "$images" && echo *)" = "$3" ]
		done
	}
	ours='initrd-6.1.0-test initrd-6.1.0-test.new initrd-6.1.0-test.plan initrd-6.2.0-test initrd-6.2.0-test.plan measured test'
	loads target : "$ours"
	loads missing : "initrd-5.9.plan $ours"
	# Nothing goes as long as nothing is loaded.
	loads target 'return 1' "initrd-5.9 initrd-5.9.new initrd-5.9.plan $ours"
}

@test "load --if-changed leaves alone what is loaded and would be again" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	echo 1 > "$ROOT/sys/kernel/kexec_crash_loaded"
	mkdir -p "$ROOT/var/lib/kmortem/capture"
	image=$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test
	echo image > "$image"
	stubs='owner() { echo kmortem; }; conf_append=; image_is_stale() { return 1; }; build() { echo built; }; kexec() { [ "$1" = --help ] || echo loaded; };'
	by dash "$stubs load"
	touch -d '-1 hour' "$image"
	each "$stubs"' load_if_changed=yes; load'
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	each "$stubs load"
	[ "$output" = loaded ]
	each "$stubs"' image_is_stale() { echo old; }; build() { echo built; touch -d "2100-01-01 00:00" '"$image"'; }; load_if_changed=yes; load'
	[ "$output" = "built
loaded" ]
	touch -d '-1 hour' "$image"
	each "$stubs"' conf_append=$$ load_if_changed=yes; load; rm $kexec_record; load'
	[ "$output" = "loaded
loaded" ]
	by dash "$stubs load"
	echo 0 > "$ROOT/sys/kernel/kexec_crash_loaded"
	each "$stubs"' load_if_changed=yes; load'
	[ "$output" = loaded ]
	# Also where a target is missing, which is told all the same.
	echo 1 > "$ROOT/sys/kernel/kexec_crash_loaded"
	echo 'missing netdump a.example' > "$image.plan"
	each "$stubs"' load_if_changed=yes; load'
	[ "$status" -eq 1 ]
	[ -z "$output" ]
}

@test "load says that kexec has not found the kernel, and so does check" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	echo 1 > "$ROOT/sys/kernel/kexec_crash_loaded"
	stubs='owner() { echo kmortem; }; conf_append=; image_is_stale() { return 1; }; loaded_is_old() { return 1; }; conf_file=; check_form=json;
		kexec() { case $1 in --help) ;; *) echo "to $3"; echo "$SAYS" >&2 ;; esac; }; load; status=$?; check_loaded; check_end; (exit $status)'
	each "SAYS='Cannot get kernel _text symbol address'; $stubs"
	[ "$status" -eq 1 ]
	[[ $stderr == *'Cannot get kernel _text symbol address'*'did not find where this kernel lies'* ]]
	[[ $output == *'"loaded", "verdict": "fail"'*'(Cannot get kernel _text symbol address)'* ]]
	# What it says of other symbols, it can do without.
	each "SAYS='Cannot get kernel page_offset_base symbol address'; $stubs"
	[ "$status" -eq 0 ]
	[[ $stderr == *'Cannot get kernel page_offset_base symbol address'* ]]
	[[ $output == *'"loaded", "verdict": "pass"'* ]]
}

@test "load says that no memory is there for it, or whose that is, before it makes an image" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	stubs='owner() { echo kmortem; }; image_is_stale() { echo old; }; build() { echo built; }; kexec() { echo called; }; load'
	refuses() {
		each "$stubs"
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ $stderr == *"$1"* ]]
	}
	refuses 'no memory is reserved for a capture kernel: boot with crashkernel='
	echo 0 > "$ROOT/sys/kernel/kexec_crash_size"
	refuses 'no memory is reserved for a capture kernel: boot with crashkernel='
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	echo 1 > "$ROOT/sys/kernel/fadump_enabled"
	refuses 'fadump'
	rm "$ROOT/sys/kernel/fadump_enabled"
	mkdir -p "$ROOT/proc/xen"
	echo control_d > "$ROOT/proc/xen/capabilities"
	refuses "Xen's dom0"
}

@test "load and unload say that kexec is not installed, before they make an image" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	for command in load unload; do
		each 'has() { case $1 in kexec) return 1 ;; apt-get) ;; esac; }; owner() { echo kmortem; }; image_is_stale() { echo old; }; '$command
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[ "$stderr" = 'kmortem-capture: kexec is not installed: apt-get install kexec-tools' ]
	done
}

@test "load does not take the place of what a distribution loads, but with --force" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	stubs='has() { [ $1 = kexec ]; }; owner() { echo kdump-tools; }; conf_append=; image_is_stale() { return 1; }; kexec() { [ "$1" = --help ] || echo loaded; };'
	each "$stubs load"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ $stderr == *'kdump-tools loads the capture kernel here: update-rc.d kdump-tools disable && kmortem capture load; load --force'* ]]
	each "$stubs kdump_tools_is_here() { :; }; load"
	[ "$status" -eq 2 ]
	[[ $stderr == *'kdump-tools loads the capture kernel here: take part in that (kmortem capture install), or disable it; load --force'* ]]
	each "$stubs load_force=yes; load"
	[ "$status" -eq 0 ]
	[ "$output" = loaded ]
}

@test "unload leaves alone what a distribution loads, but with --force" {
	stubs='owner() { echo kdump-tools; }; kexec() { echo "$*"; };'
	each "$stubs unload"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[ "$stderr" = 'kmortem-capture: kdump-tools loads the capture kernel here, and unloads it; unload --force does that all the same' ]
	each "$stubs load_force=yes; unload"
	[ "$status" -eq 0 ]
	[ "$output" = '-p -u' ]
}

@test "status" {
	each status
	[ "$status" -eq 1 ]
	[ "$output" = 'not loaded' ]
	echo 1 > "$ROOT/sys/kernel/kexec_crash_loaded"
	each status
	[ "$status" -eq 0 ]
	[ "$output" = 'loaded, by another program' ]
	mkdir -p "$ROOT/run/kmortem-capture"
	echo 'kexec -p x' > "$ROOT/run/kmortem-capture/loaded"
	each status
	[ "$status" -eq 0 ]
	[ "$output" = 'loaded: kexec -p x' ]
	[ -z "$stderr" ]
	mkdir -p "$ROOT/var/lib/kmortem/capture"
	: > "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test.plan"
	each 'conf_file=/none; image_is_stale() { echo "the capture image is old"; }; status'
	[ "$status" -eq 0 ]
	[ "$output" = 'loaded: kexec -p x' ]
	[[ $stderr == *'the capture image is old; kmortem capture load'* ]]
	each 'conf_file=/none; image_is_stale() { return 1; }; status'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	touch -d '+1 hour' "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test"
	each status
	[ "$status" -eq 1 ]
	[[ $output == 'loaded, but the image has been made anew'* ]]
}

@test "everybody may read what is loaded, and who may not is not told that it is another program's" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	echo 1 > "$ROOT/sys/kernel/kexec_crash_loaded"
	each 'owner() { echo kmortem; }; conf_append=; image_is_stale() { echo old; }; build() { umask 077; }; kexec() { :; }; load; stat -c %a ${kexec_record%/*} $kexec_record; rm -r ${kexec_record%/*}'
	[ "$output" = '755
644' ]
	# As anybody: without what lets root read all files. busybox, which goes by the user's number, cannot be shown that.
	others=
	[ "$(id -u)" -ne 0 ] || others='setpriv --bounding-set=-all'
	mkdir "$ROOT/run/kmortem-capture"
	echo 'kexec -p x' > "$ROOT/run/kmortem-capture/loaded"
	for hidden in run/kmortem-capture/loaded run/kmortem-capture; do
		chmod 000 "$ROOT/$hidden"
		for shell in dash bash; do
			run -0 by "$others $shell" status
			[ "$output" = 'loaded; by whom only root may read' ]
		done
		chmod 755 "$ROOT/$hidden"
	done
	rm "$ROOT/run/kmortem-capture/loaded"
	for shell in dash bash; do
		run -0 by "$others $shell" status
		[ "$output" = 'loaded, by another program' ]
	done
}

# memory RANGE…: of this machine; CPUs in $cpus.
memory() {
	mkdir -p "$ROOT"/sys/devices/system/{cpu,memory}
	printf '%s : System RAM\n  01000000-01dfffff : Kernel code\n' "$@" > "$ROOT/proc/iomem"
	echo "${cpus-0-3}" > "$ROOT/sys/devices/system/cpu/present"
}

@test "it is loaded again where memory or CPUs have come or gone, and the kernel does not see to that itself" {
	: > "$ROOT/boot/vmlinuz-6.1.0-test"
	echo 268435456 > "$ROOT/sys/kernel/kexec_crash_size"
	echo 1 > "$ROOT/sys/kernel/kexec_crash_loaded"
	stubs='owner() { echo kmortem; }; conf_append=; image_is_stale() { return 1; };
		kexec() { [ "$1" = --help ] || echo loaded; };'
	memory 00001000-3fffffff
	# Nothing of ours is loaded yet.
	each "$stubs load_if_changed=yes; rm -rf \$ROOT/run/*; load"
	[ "$output" = loaded ]
	again() {
		cp -r "$ROOT/run" "$BATS_TEST_TMPDIR/before"
		each "$stubs rm -rf \$ROOT/run; cp -r $BATS_TEST_TMPDIR/before \$ROOT/run; load_if_changed=yes; load"
		rm -r "$BATS_TEST_TMPDIR/before"
		[ "$status" -eq 0 ]
		[ "$output" = "$1" ]
	}
	again ''
	memory 00001000-3fffffff 100000000-13fffffff
	echo 1 > "$ROOT/sys/devices/system/memory/crash_hotplug"
	again ''
	each 'layout_changed'
	[ "$status" -eq 1 ]
	echo 0 > "$ROOT/sys/devices/system/memory/crash_hotplug"
	each 'layout_changed'
	[ "$status" -eq 0 ]
	again loaded
	again ''
	memory 00001000-3fffffff
	again loaded
	again ''
	# Those that are switched off are there all the same.
	echo 0-1 > "$ROOT/sys/devices/system/cpu/online"
	again ''
	cpus=0-7 memory 00001000-3fffffff
	echo 1 > "$ROOT/sys/devices/system/cpu/crash_hotplug"
	again ''
	rm "$ROOT/sys/devices/system/cpu/crash_hotplug"
	again loaded
	again ''
	each "$stubs unload"
	[ -z "$(ls "$ROOT/run/kmortem-capture")" ]
}

@test "the units that load it again know each other" {
	flag=$(sed -n 's/^PathExists=//p' systemd/kmortem-capture-reload.path)
	grep -qxF "RUN+=\"/bin/sh -c ': > $flag'\"" systemd/kmortem-capture.rules
	grep -qxF "TEST==\"$flag\", GOTO=\"kmortem_capture_end\"" systemd/kmortem-capture.rules
	grep -qxF "TEST!=\"$(ROOT='' by dash 'echo $kexec_record')\", GOTO=\"kmortem_capture_end\"" systemd/kmortem-capture.rules
	# Or the path unit would start the service for ever.
	grep -qxF "ExecStartPre=/bin/rm -f $flag" systemd/kmortem-capture-reload.service
	grep -qxF "ReadWritePaths=-${flag%/*}" systemd/kmortem-capture-reload.service
	run -1 grep -E '^(Condition|Assert|ExecCondition)' systemd/kmortem-capture-reload.service
	grep -qx 'ExecReload=.*/kmortem-capture load --if-changed' systemd/kmortem-capture.service
}
