#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The capture image: its drivers, its archive, and building it, by each shell.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # bats sets variables; words are for the shell under test

load shells

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export ROOT=$BATS_TEST_TMPDIR/root KERNEL_RELEASE=6.1.0-test bin=$BATS_TEST_TMPDIR/bin
	sys=$ROOT/sys
	mkdir -p "$sys"/{dev/block,class/block,devices,module} "$ROOT"/{proc/self,boot,etc} "$bin"
}

# driven DIRECTORY MODULE: a device below /sys/devices that this module drives.
driven() {
	mkdir -p "$sys/devices/$1" "$sys/module/$2" "$sys/bus/drivers/$2"
	ln -sfn "$sys/module/$2" "$sys/bus/drivers/$2/module"
	ln -sfn "$sys/bus/drivers/$2" "$sys/devices/$1/driver"
}

# block DIRECTORY NUMBER: a disk or partition below /sys/devices.
block() {
	mkdir -p "$sys/devices/$1/slaves"
	echo "$2" > "$sys/devices/$1/dev"
	ln -sfn "$sys/devices/$1" "$sys/dev/block/$2"
	ln -sfn "$sys/devices/$1" "$sys/class/block/${1##*/}"
}

made_of() { ln -sfn "$sys/devices/$2" "$sys/devices/$1/slaves/${2##*/}"; }

# virtio: a disk with a partition, as QEMU has it.
virtio() {
	driven pci0000:00/0000:00:04.0 virtio_pci
	driven pci0000:00/0000:00:04.0/virtio0 virtio_blk
	block pci0000:00/0000:00:04.0/virtio0/block/vda 254:0
	block pci0000:00/0000:00:04.0/virtio0/block/vda/vda1 254:1
	echo 1 > "$sys/devices/pci0000:00/0000:00:04.0/virtio0/block/vda/vda1/partition"
}

# ---- drivers -----------------------------------------------------------------------------------

@test "drivers: a virtual disk and its partition" {
	virtio
	for number in 254:0 254:1; do
		each "drivers_of_block $number"
		[ "$output" = "virtio_blk
virtio_pci" ]
	done
	each 'drivers_of_block "254:1 "' # as findmnt -o MAJ:MIN has it
	[ "$status" -eq 2 ]
}

@test "drivers: a SCSI disk, whose driver does not name its module since 6.10" {
	driven pci0000:00/0000:00:1f.2 ahci
	disk=pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0
	mkdir -p "$sys/bus/scsi/drivers/sd" "$sys/devices/$disk"
	ln -s "$sys/bus/scsi/drivers/sd" "$sys/devices/$disk/driver"
	echo scsi:t-0x00 > "$sys/devices/$disk/modalias"
	block "$disk/block/sda" 8:0
	each 'drivers_of_block 8:0'
	[ "$output" = "scsi:t-0x00
ahci" ]
}

@test "drivers: a namespace of NVMe with two controllers" {
	driven pci0000:00/0000:00:05.0 nvme
	driven pci0000:00/0000:00:06.0 nvme_other
	mkdir -p "$sys/devices/pci0000:00/0000:00:05.0/nvme/nvme0" "$sys/devices/pci0000:00/0000:00:06.0/nvme/nvme1"
	block virtual/nvme-subsystem/nvme-subsys0/nvme0n1 259:0
	ln -s "$sys/devices/pci0000:00/0000:00:05.0/nvme/nvme0" "$sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0"
	ln -s "$sys/devices/pci0000:00/0000:00:06.0/nvme/nvme1" "$sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme1"
	each 'drivers_of_block 259:0'
	[ "$output" = "nvme
nvme_other" ]
}

@test "drivers: a logical volume on an array" {
	virtio
	driven pci0000:00/0000:00:05.0 ahci
	block pci0000:00/0000:00:05.0/block/sda 8:0
	block virtual/block/md0 9:0
	mkdir -p "$sys/devices/virtual/block/md0/md"
	echo raid1 > "$sys/devices/virtual/block/md0/md/level"
	made_of virtual/block/md0 pci0000:00/0000:00:04.0/virtio0/block/vda/vda1
	made_of virtual/block/md0 pci0000:00/0000:00:05.0/block/sda
	block virtual/block/dm-0 253:0
	mkdir -p "$sys/devices/virtual/block/dm-0/dm"
	mapper dm_mod dm_thin_pool
	made_of virtual/block/dm-0 virtual/block/md0
	echo 'LVM-abc' > "$sys/devices/virtual/block/dm-0/dm/uuid"
	echo 'my--group-var--crash' > "$sys/devices/virtual/block/dm-0/dm/name"
	each 'drivers_of_block 253:0'
	[ "$output" = "dm_mod
dm_thin_pool
md-raid1
ahci
virtio_blk
virtio_pci" ]
	each 'device_activation 253:0'
	[ "$output" = "mdadm
lvm my-group/var-crash" ]
	each 'device_refusal 253:0'
	[ -z "$output" ]
}

# mapper MODULE…: loaded; those after the first use that one.
mapper() {
	for module in "$@"; do
		mkdir -p "$sys/module/$module/holders"
		echo live > "$sys/module/$module/initstate"
	done
	for module in "${@:2}"; do ln -s "$sys/module/$module" "$sys/module/$1/holders/$module"; done
}

@test "drivers: of a mapped device all that is loaded and may have a part in it" {
	virtio
	block virtual/block/dm-0 253:0
	mkdir -p "$sys/devices/virtual/block/dm-0/dm" "$sys/module/dm_init" "$sys/module/raid0"
	made_of virtual/block/dm-0 pci0000:00/0000:00:04.0/virtio0/block/vda
	mapper dm_mod dm_cache kvdo
	mapper dm_cache dm_cache_smq
	mapper raid1
	drivers='dm_mod
dm_cache
kvdo
dm_cache_smq
virtio_blk
virtio_pci'
	each 'drivers_of_block 253:0'
	[ "$(sort <<< "$output")" = "$(sort <<< "$drivers")" ]
	# The levels of LVM's own RAID are no holders of its target, and are asked for by a name that /sys does not have.
	mapper dm_raid
	mapper raid10
	each 'drivers_of_block 253:0'
	[ "$(sort <<< "$output")" = "$(printf '%s\n' "$drivers" dm_raid raid1 raid10 | sort)" ]
	# Where the mapper is built in, nobody is its holder.
	rm -r "$sys/module/dm_mod"
	each 'drivers_of_block 253:0'
	[ "$(sort <<< "$output")" = "$(printf '%s\n' "$drivers" dm_raid raid1 raid10 | grep -v kvdo | sort)" ]
}

@test "drivers: a logical volume on a disk with several paths" {
	virtio
	block virtual/block/dm-0 253:0
	block virtual/block/dm-1 253:1
	block virtual/block/dm-2 253:2
	mkdir -p "$sys"/devices/virtual/block/dm-{0,1,2}/dm
	echo 'mpath-3600' > "$sys/devices/virtual/block/dm-0/dm/uuid"
	echo 'part2-mpath-3600' > "$sys/devices/virtual/block/dm-1/dm/uuid"
	echo 'LVM-abc' > "$sys/devices/virtual/block/dm-2/dm/uuid"
	echo 'vg-root' > "$sys/devices/virtual/block/dm-2/dm/name"
	made_of virtual/block/dm-0 pci0000:00/0000:00:04.0/virtio0/block/vda
	made_of virtual/block/dm-1 virtual/block/dm-0
	made_of virtual/block/dm-2 virtual/block/dm-1
	each 'device_activation 253:2'
	[ "$output" = 'lvm vg/root' ]
}

@test "drivers: what supplies a controller on a board, and no circle of suppliers" {
	driven platform/soc/mmc0 sdhci_iproc
	driven platform/soc/clock clk_board
	mkdir -p "$sys/devices/virtual/devlink/a" "$sys/devices/virtual/devlink/b"
	ln -s "$sys/devices/platform/soc/clock" "$sys/devices/virtual/devlink/a/supplier"
	ln -s "$sys/devices/platform/soc/mmc0" "$sys/devices/virtual/devlink/b/supplier"
	ln -s "$sys/devices/virtual/devlink/a" "$sys/devices/platform/soc/mmc0/supplier:platform:clock"
	ln -s "$sys/devices/virtual/devlink/b" "$sys/devices/platform/soc/clock/supplier:platform:mmc0"
	driven platform/soc/mmc0/mmc_host/mmc0/mmc0:0001 mmc_block
	block platform/soc/mmc0/mmc_host/mmc0/mmc0:0001/block/mmcblk0 179:0
	each 'drivers_of_block 179:0 | sort -u'
	[ "$output" = "clk_board
mmc_block
sdhci_iproc" ]
}

# ---- modules -----------------------------------------------------------------------------------

@test "modules are unpacked, in order, once, with their options and firmware" {
	modules=$ROOT/lib/modules/6.1.0-test
	mkdir -p "$modules" "$ROOT/lib/firmware/vendor" "$BATS_TEST_TMPDIR/image/lib/modules"
	: > "$modules/modules.dep"
	echo plain > "$modules/a.ko"
	echo xz | xz > "$modules/b.ko.xz"
	echo gz | gzip > "$modules/c.ko.gz"
	echo zst | zstd -q > "$modules/d.ko.zst"
	echo blob > "$ROOT/lib/firmware/vendor/card.bin"
	each 'modprobe() { case "$*" in
			*" one") printf "insmod %s\n" $ROOT/lib/modules/6.1.0-test/a.ko "$ROOT/lib/modules/6.1.0-test/b.ko.xz max=1 x=\"y z\"" ;;
			*" two") printf "builtin crc\ninsmod %s\ninsmod %s\ninsmod %s \n" $ROOT/lib/modules/6.1.0-test/a.ko $ROOT/lib/modules/6.1.0-test/c.ko.gz $ROOT/lib/modules/6.1.0-test/d.ko.zst ;;
			*) return 1 ;;
		esac; }
		modinfo() { case $3 in */d.ko.zst) echo vendor/card.bin; echo vendor/absent.bin ;; esac; }
		image='"$BATS_TEST_TMPDIR"'/image; rm -rf $image/lib/firmware
		image_modules $image order one two unknown; cat $image/lib/modules/order; cd $image/lib; cat modules/a.ko modules/b.ko modules/c.ko modules/d.ko; find firmware -type f'
	[ "$output" = '/lib/modules/a.ko
/lib/modules/b.ko max=1 x="y z"
/lib/modules/c.ko
/lib/modules/d.ko
plain
xz
gz
zst
firmware/vendor/card.bin' ]
}

# ---- archive -----------------------------------------------------------------------------------

@test "the archive is one that cpio reads, and does not tell when or where it was made" {
	image=$BATS_TEST_TMPDIR/image
	fill() {
		mkdir -p "$1/bin" "$1/a b/c"
		printf 12345 > "$1/a b/five"
		: > "$1/a b/empty"
		echo > "$1/a b/not.a-link"
		echo > "$1/a b/not.4-directory"
		head -c 4097 /dev/zero > "$1/bin/tool"
		chmod 755 "$1/bin/tool" "$1" "$1/bin" "$1/a b" "$1/a b/c"
		chmod 600 "$1/a b"/[efn]*
		ln -s ../tool "$1/a b/link"
		touch -d "$2" "$1/a b/five" "$1/bin"
	}
	fill "$image" '-1 year'
	fill "$BATS_TEST_TMPDIR/again" '-2 days'
	each "archive $image 'bin/sh tool
bin/ls tool' | sha256sum; archive $BATS_TEST_TMPDIR/again 'bin/sh tool
bin/ls tool' | sha256sum"
	[ "$(sort -u <<< "$output" | wc -l)" -eq 1 ]
	by dash "archive $image 'bin/sh tool'" > "$BATS_TEST_TMPDIR/archive"
	diff - <(cpio -itvn --quiet < "$BATS_TEST_TMPDIR/archive" | sed 's/  */ /g') <<- 'END'
		drwxr-xr-x 1 0 0 0 Jan 1 1970 dev
		crw------- 1 0 0 5, 1 Jan 1 1970 dev/console
		drwxr-xr-x 1 0 0 0 Jan 1 1970 a b
		drwxr-xr-x 1 0 0 0 Jan 1 1970 a b/c
		-rw------- 1 0 0 0 Jan 1 1970 a b/empty
		-rw------- 1 0 0 5 Jan 1 1970 a b/five
		lrwxrwxrwx 1 0 0 7 Jan 1 1970 a b/link -> ../tool
		-rw------- 1 0 0 1 Jan 1 1970 a b/not.4-directory
		-rw------- 1 0 0 1 Jan 1 1970 a b/not.a-link
		drwxr-xr-x 1 0 0 0 Jan 1 1970 bin
		-rwxr-xr-x 1 0 0 4097 Jan 1 1970 bin/tool
		lrwxrwxrwx 1 0 0 4 Jan 1 1970 bin/sh -> tool
	END
	mkdir "$BATS_TEST_TMPDIR/out"
	(cd "$BATS_TEST_TMPDIR/out" && cpio -id --quiet < "$BATS_TEST_TMPDIR/archive" 2> /dev/null || :)
	cmp "$BATS_TEST_TMPDIR/out/bin/tool" "$image/bin/tool"
	cmp "$BATS_TEST_TMPDIR/out/a b/five" "$image/a b/five"
}

@test "a configuration that is longer than a pipe holds is no broken pipe in a service" {
	{ echo CONFIG_RD_GZIP=y; yes 'CONFIG_SOMETHING_ELSE=m' | head -n 10000; } > "$ROOT/boot/config-6.1.0-test"
	each 'trap "" PIPE; kernel_has RD_GZIP; echo $?; kernel_has RD_XZ; echo $?'
	[ "$output" = "0
1" ]
	[ -z "$stderr" ]
}

@test "compression is what the capture kernel unpacks" {
	magic() { each 'archive_compressed < /dev/null | od -An -t x1 -N 4 | tr -d " "'; }
	printf 'CONFIG_RD_GZIP=y\nCONFIG_RD_XZ=y\nCONFIG_RD_ZSTD=y\n' > "$ROOT/boot/config-6.1.0-test"
	magic
	[ "$output" = 28b52ffd ]
	printf 'CONFIG_RD_GZIP=y\nCONFIG_RD_XZ=y\n# CONFIG_RD_ZSTD is not set\n' > "$ROOT/boot/config-6.1.0-test"
	[ "$(by dash 'archive_compressed < /dev/null' | od -An -t x1 -N 4 | tr -d ' ')" = fd377a58 ]
	[[ $(by 'busybox sh' 'archive_compressed < /dev/null' | od -An -t x1 -N 4 | tr -d ' ') == 1f8b* ]] # its xz only unpacks
	rm "$ROOT/boot/config-6.1.0-test"
	magic
	[[ $output == 1f8b* ]]
}

# ---- building ----------------------------------------------------------------------------------

# A machine whose dumps go to a partition, and whose programs are stubs.
machine() {
	virtio
	mkdir -p "$ROOT/var/crash" "$ROOT/lib/modules/6.1.0-test" "$ROOT/root/.ssh" "$ROOT/etc/kmortem" "$ROOT/dev/disk"
	echo '25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw' > "$ROOT/proc/self/mountinfo"
	echo 'secret' > "$ROOT/etc/kmortem/netdump.key"
	printf '#!/bin/sh\n' > "$ROOT/etc/kmortem/after"
	chmod 755 "$ROOT/etc/kmortem/after"
	printf 'CONFIG_RD_GZIP=y\n' > "$ROOT/boot/config-6.1.0-test"
	for name in makedumpfile kmortem netdump-send; do printf '#!/bin/sh\necho %s\n' $name > "$bin/$name"; done
	chmod +x "$bin"/*
	PATH=$bin:$PATH
	conf=$BATS_TEST_TMPDIR/conf
	printf '%s\n' 'target = local /var/crash' 'post_script = /etc/kmortem/after' 'netdump_key = /etc/kmortem/netdump.key' > "$conf"
	stubs="conf_file=$conf parts=capture rules_directory=rules; conf_read \$conf_file"'
		blkid() { echo "$1: UUID=\"11-22\" TYPE=\"ext4\""; }
		modprobe() { return 1; }
		getent() { [ "$2" = dump.example ] && echo "192.0.2.9 STREAM dump.example"; }
		ip() { case "$*" in
			"route get 192.0.2.9") echo "192.0.2.9 via 10.0.0.1 dev eth0 src 10.0.0.2 uid 0" ;;
			*addr*) echo "2: eth0    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0" ;;
			*) return 1 ;;
		esac; }
'
}

# unpacked: the image's files, in $BATS_TEST_TMPDIR/out.
unpacked() {
	rm -rf "$BATS_TEST_TMPDIR/out"
	mkdir "$BATS_TEST_TMPDIR/out"
	gzip -dc "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test" | (cd "$BATS_TEST_TMPDIR/out" || exit; cpio -id --quiet 2> /dev/null; :)
}

@test "build: what is in the image; nobody else may read it" {
	machine
	each "$stubs build; stat -c '%a %n' \$image_directory/*; cat \$image_plan | grep -v '^settings\|^parts\|^program\|^kernel\|^file\|^hostname\|^machine'"
	[ "$status" -eq 0 ]
	[ "$output" = "600 $ROOT/var/lib/kmortem/capture/initrd-6.1.0-test
600 $ROOT/var/lib/kmortem/capture/initrd-6.1.0-test.plan
target local /var/crash
device local /var/crash	UUID=11-22	ext4	rw	/var/crash
module ext4
module virtio_blk
module virtio_pci" ]
	unpacked
	cd "$BATS_TEST_TMPDIR/out"
	[ "$(cat etc/kmortem/capture.devices)" = "local /var/crash	UUID=11-22	ext4	rw	/var/crash" ]
	[ -x init ]
	[ -x bin/busybox ]
	[ -x bin/dhcp ]
	[ -x etc/kmortem/after ]
	[ -f lib/kmortem/save.sh ]
	[ -f lib/kmortem/conf.sh ]
	[ "$(readlink bin/sh)" = busybox ]
	[ "$(sed -n 2p bin/kmortem)" = 'echo kmortem' ]
	[ -d bin/rules/lib ]
	[ ! -e bin/netdump-send ]
	[ ! -e etc/kmortem/netdump.key ]
	cmp etc/kmortem/capture.conf "$conf"
}

@test "build: twice the same; stale when something it was made of changes" {
	machine
	[ "$(by dash "$stubs build; sha256sum < \$image_file")" = "$(by bash "$stubs build; sha256sum < \$image_file")" ]
	each "$stubs image_is_stale"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	printf '%s\n' 'accept = panic-on-hang' ' notify_mail=root' >> "$conf"
	each "$stubs image_is_stale"
	[ "$status" -eq 1 ]
	echo '# more' >> "$conf"
	each "$stubs image_is_stale"
	[ "$output" = "the capture image is older than $conf" ]
	by dash "$stubs build"
	echo '# more' >> "$bin/makedumpfile"
	each "$stubs image_is_stale"
	[ "$output" = 'makedumpfile has changed since the capture image was made' ]
	by dash "$stubs build"
	driven pci0000:00/0000:00:04.0/virtio0 other_blk
	each "$stubs image_is_stale"
	[[ $output == 'the way to a target has changed since the capture image was made: module other_blk' ]]
}

# armed NUMBER IDENTITY STATE [DIRECTORY]: a watchdog, of a device below /sys/devices.
armed() {
	local watchdog=$sys/class/watchdog/watchdog$1
	mkdir -p "$watchdog"
	echo "$2" > "$watchdog/identity"
	echo "$3" > "$watchdog/state"
	[ -z "${4-}" ] || ln -sfn "$sys/devices/$4" "$watchdog/device"
}

@test "build: hardware watchdogs that run go into the image, their drivers before all others" {
	machine
	driven pci0000:00/0000:00:1f.4 i2c_i801
	driven pci0000:00/0000:00:1f.4/iTCO_wdt iTCO_wdt
	armed 0 iTCO_wdt active pci0000:00/0000:00:1f.4/iTCO_wdt
	armed 1 'Software Watchdog' active
	armed 2 'i6300ESB timer' inactive
	modules=$ROOT/lib/modules/6.1.0-test
	: > "$modules/modules.dep"
	for name in core smbus iTCO_wdt ext4; do echo $name > "$modules/$name.ko"; done
	stubs+='modprobe() { case "$*" in
		*" iTCO_wdt") printf "insmod $ROOT/lib/modules/6.1.0-test/%s.ko\n" core iTCO_wdt ;;
		*" i2c_i801") printf "insmod $ROOT/lib/modules/6.1.0-test/%s.ko\n" smbus ;;
		*" ext4") printf "insmod $ROOT/lib/modules/6.1.0-test/%s.ko\n" smbus ext4 ;;
	esac; }
'
	each "$stubs build; grep ^watchdog \$image_plan"
	[ "$status" -eq 0 ]
	[ "$output" = 'watchdog iTCO_wdt
watchdog_module iTCO_wdt
watchdog_module i2c_i801' ]
	unpacked
	cd "$BATS_TEST_TMPDIR/out"
	[ "$(cat etc/kmortem/capture.watchdogs)" = iTCO_wdt ]
	[ "$(cat lib/modules/watchdogs)" = '/lib/modules/core.ko
/lib/modules/iTCO_wdt.ko
/lib/modules/smbus.ko' ]
	[ "$(cat lib/modules/order)" = '/lib/modules/smbus.ko
/lib/modules/ext4.ko' ]
	cd "$BATS_TEST_DIRNAME/../.."
	# Nobody has started it yet while this system boots.
	armed 0 iTCO_wdt inactive
	echo '30.12 50.00' > "$ROOT/proc/uptime"
	each "$stubs image_is_stale"
	[ "$status" -eq 1 ]
	# Nor is it the first kernel that this system has.
	KERNEL_RELEASE=6.2.0-test each "$stubs plan_watchdogs"
	[ "$output" = 'watchdog iTCO_wdt
watchdog_module iTCO_wdt
watchdog_module i2c_i801' ]
	echo '301.12 500.00' > "$ROOT/proc/uptime"
	each "$stubs image_is_stale"
	[ "$output" = 'the watchdogs that run are not those that the capture image feeds: iTCO_wdt' ]
}

@test "build: the driver of what keeps the last words of a kernel goes into the image, with its options" {
	machine
	mkdir -p "$sys/module/pstore/parameters"
	modules=$ROOT/lib/modules/6.1.0-test
	: > "$modules/modules.dep"
	for name in ramoops efi_pstore ext4; do echo $name > "$modules/$name.ko"; done
	stubs+='modprobe() { case "$*" in
		*" -n -q ramoops" | *" -n -q efi_pstore") ;;
		*" -n -q "*) return 1 ;;
		*" ramoops") echo "insmod $ROOT/lib/modules/6.1.0-test/ramoops.ko mem_address=0x1e000000" ;;
		*" efi_pstore") echo "insmod $ROOT/lib/modules/6.1.0-test/efi_pstore.ko" ;;
		*" ext4") echo "insmod $ROOT/lib/modules/6.1.0-test/ext4.ko" ;;
	esac; }
'
	order_with() {
		echo "$1" > "$sys/module/pstore/parameters/backend"
		each "$stubs build"
		[ "$status" -eq 0 ]
		unpacked
		order=$(cat "$BATS_TEST_TMPDIR/out/lib/modules/order")
	}
	order_with ramoops
	[ "$order" = '/lib/modules/ramoops.ko mem_address=0x1e000000
/lib/modules/ext4.ko' ]
	order_with efi
	[ "$order" = '/lib/modules/efi_pstore.ko
/lib/modules/ext4.ko' ]
	for none in '(null)' built_in; do
		order_with "$none"
		[ "$order" = /lib/modules/ext4.ko ]
	done
}

@test "build: a watchdog on no device is that of a driver that is loaded" {
	machine
	armed 0 'W83627HF Watchdog' active
	mkdir -p "$sys/module/w83627hf_wdt" "$sys/module/softdog" "$sys/module/ext4"
	printf '%s\n' 'kernel/drivers/watchdog/w83627hf-wdt.ko.xz: kernel/drivers/watchdog/watchdog.ko.xz' 'kernel/drivers/watchdog/softdog.ko:' \
		'kernel/drivers/watchdog/it87_wdt.ko:' 'kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko' > "$ROOT/lib/modules/6.1.0-test/modules.dep"
	each "$stubs plan_watchdogs"
	[ "$output" = 'watchdog W83627HF Watchdog
watchdog_module w83627hf_wdt' ]
}

@test "build: the image has the host's name and the machine's digest, and is stale when they change" {
	machine
	echo 0123456789abcdef0123456789abcdef > "$ROOT/etc/machine-id"
	stubs+='uname() { case $1 in -n) echo ${NAME-web7.example} ;; *) command uname "$@" ;; esac; }
'
	# Until it is given one, that of the newest image counts.
	NAME=localhost each "$stubs build"
	NAME=localhost each "$stubs plan_identity | sed 1q"
	[ "$output" = 'hostname localhost' ]
	each "$stubs image_is_stale"
	[ "$output" = 'this host is another one than when the capture image was made: hostname web7.example' ]
	each "$stubs build"
	[ "$status" -eq 0 ]
	unpacked
	[ "$(cat "$BATS_TEST_TMPDIR/out/etc/hostname")" = web7.example ]
	[ "$(cat "$BATS_TEST_TMPDIR/out/etc/kmortem/capture.machine")" = "$(by dash this_machine)" ]
	for name in localhost localhost.localdomain '(none)'; do
		NAME=$name each "$stubs image_is_stale"
		[ "$status" -eq 1 ]
		KERNEL_RELEASE=6.2.0-test NAME=$name each "$stubs plan_identity | sed 1q"
		[ "$output" = 'hostname web7.example' ]
	done
	echo 1123456789abcdef0123456789abcdef > "$ROOT/etc/machine-id"
	each "$stubs image_is_stale"
	[[ $output == 'this host is another one than when the capture image was made: machine '* ]]
}

@test "stale for many reasons: one is told, and nobody complains that no more are read" {
	machine
	by dash "$stubs build"
	each "trap '' PIPE; $stubs"' plan() { seq 20000 | sed "s/^/module m/"; }; image_is_stale'
	[ "$output" = 'the way to a target has changed since the capture image was made: module m1' ]
	[ -z "$stderr" ]
}

# card: by which the machine reaches dump.example.
card() {
	driven pci0000:00/0000:00:05.0 e1000
	mkdir -p "$sys/class/net/eth0"
	ln -s "$sys/devices/pci0000:00/0000:00:05.0" "$sys/class/net/eth0/device"
	echo 52:54:00:12:34:56 > "$sys/class/net/eth0/address"
	echo 1500 > "$sys/class/net/eth0/mtu"
}

@test "build: a target on the network brings its keys and the way to it" {
	machine
	card
	echo 'target = netdump dump.example' >> "$conf"
	each "$stubs build"
	[ "$status" -eq 0 ]
	unpacked
	cd "$BATS_TEST_TMPDIR/out"
	[ "$(cat etc/hosts)" = '192.0.2.9 dump.example' ]
	[ "$(cat etc/kmortem/capture.network)" = "card eth0 52:54:00:12:34:56 /sys/devices/pci0000:00/0000:00:05.0 1500
address eth0 10.0.0.2/24
route eth0 192.0.2.9 10.0.0.1" ]
	[ "$(stat -c %a etc/kmortem/netdump.key)" = 600 ]
	[ -x bin/netdump-send ]
	# While this system boots the network may not be there yet.
	cd "$BATS_TEST_DIRNAME/../.."
	each "$stubs"' getent() { return 1; }; image_is_stale'
	[ "$status" -eq 1 ]
	each "$stubs"' getent() { return 1; }; build'
	[ "$status" -eq 0 ]
	[[ $stderr == *'netdump dump.example: taken as it was found before'* ]]
}

@test "build: ssh finds out who it runs as, also where the C library loads what tells that" {
	libc=$BATS_TEST_TMPDIR/multiarch
	mkdir "$libc" "$bin/of-ssh"
	for name in libc.so.6 libnss_files.so.2; do echo "$name" > "$libc/$name"; done
	printf '#!/bin/sh\n' > "$bin/of-ssh/ssh"
	chmod +x "$bin/of-ssh/ssh"
	words='image=$ROOT/run/ssh; rm -rf $image; mkdir -p $image/bin $image/etc; PATH='$bin/of-ssh':$PATH
		ldd() { echo "	libc.so.6 => '$libc'/libc.so.6 (0x00007f0000000000)"; }'
	each "$words"'; image_ssh $image; echo $?; cat $image/etc/passwd $image/etc/nsswitch.conf; cat $image'"$libc"'/*; ls $image/bin'
	[ "$output" = '0
root:x:0:0:root:/:/bin/sh
passwd: files
hosts: files
libc.so.6
libnss_files.so.2
ssh' ]
	rm "$libc/libnss_files.so.2"
	each "$words"'; image_ssh $image; echo $?; ls $image'"$libc"
	[ "$output" = '0
libc.so.6' ]
}

@test "build: the first image for a new kernel has the way to a server that was found for another one" {
	machine
	card
	echo 'target = netdump dump.example' > "$conf"
	by dash "$stubs build"
	# One that is older, and one that is newer and has lost it.
	plans=$ROOT/var/lib/kmortem/capture
	sed 's/192.0.2.9/192.0.2.8/' "$plans/initrd-6.1.0-test.plan" > "$plans/initrd-6.0.0-test.plan"
	touch -d '-1 day' "$plans/initrd-6.0.0-test.plan"
	echo 'missing netdump dump.example' > "$plans/initrd-5.9.0-test.plan"
	touch -d '+1 day' "$plans/initrd-5.9.0-test.plan"
	export KERNEL_RELEASE=6.2.0-test
	mkdir "$ROOT/lib/modules/6.2.0-test"
	# What goes along is what is there now.
	echo 'netdump_key = /etc/kmortem/other.key' >> "$conf"
	mv "$ROOT/etc/kmortem/netdump.key" "$ROOT/etc/kmortem/other.key"
	each "$stubs"' getent() { return 1; }; rm -f $image_plan; build; grep "^\(target\|host\|network\|module\|file\|missing\) " $image_plan | sed "s/ [0-9]* [0-9]*$//"'
	[ "$status" -eq 0 ]
	[ "$output" = "target netdump dump.example
host 192.0.2.9 dump.example
network card eth0 52:54:00:12:34:56 /sys/devices/pci0000:00/0000:00:05.0 1500
module e1000
network address eth0 10.0.0.2/24
network route eth0 192.0.2.9 10.0.0.1
module af_packet
file /etc/kmortem/other.key" ]
	[[ $stderr == *'dump.example: has no address'*'netdump dump.example: taken as it was found before' ]]
	# Once the network is up, it is as it is now.
	each "$stubs image_is_stale"
	[ "$status" -eq 1 ]
	each "$stubs"' ip() { case "$*" in *addr*) echo "2: eth0    inet 10.0.0.7/24" ;; *) echo "192.0.2.9 dev eth0 src 10.0.0.7" ;; esac; }; image_is_stale'
	[ "$status" -eq 0 ]
	[[ $output == 'the way to a target has changed since the capture image was made: network '* ]]
}

@test "build: a local target is not taken as it was found before" {
	machine
	by dash "$stubs build"
	: > "$ROOT/proc/self/mountinfo"
	each "$stubs plan | grep '^\(target\|missing\)'"
	[ "$output" = 'missing local /var/crash' ]
}

@test "build: a target that was missing is no more, once it can be reached" {
	machine
	card
	echo 'target = netdump dump.example' >> "$conf"
	by dash "$stubs"' getent() { return 1; }; build' || [ $? -eq 1 ]
	grep -qx 'missing netdump dump.example' "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test.plan"
	each "$stubs"' getent() { return 1; }; image_is_stale'
	[ "$status" -eq 1 ]
	each "$stubs image_is_stale"
	[ "$status" -eq 0 ]
	[[ $output == 'the way to a target has changed'* ]]
}

@test "build: a target that cannot be had is told, the others are in the image; without any there is none" {
	machine
	echo 'target = netdump nowhere.example' >> "$conf"
	each "$stubs build"
	[ "$status" -eq 1 ]
	[[ $stderr == *'nowhere.example: has no address'* ]]
	grep -qx 'missing netdump nowhere.example' "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test.plan"
	before=$(sha256sum < "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test")
	echo 'target = netdump nowhere.example' > "$conf"
	each "$stubs build"
	[ "$status" -eq 2 ]
	[[ $stderr == *'no target can be reached from a capture kernel: no image'* ]]
	[ "$before" = "$(sha256sum < "$ROOT/var/lib/kmortem/capture/initrd-6.1.0-test")" ]
	[ "$(ls "$ROOT/var/lib/kmortem/capture")" = "initrd-6.1.0-test
initrd-6.1.0-test.plan" ]
}

@test "a local target: links lead elsewhere in the capture kernel, and what is no directory is refused" {
	machine
	mkdir -p "$ROOT/srv/disk"
	ln -s disk "$ROOT/srv/link"
	for pair in /srv/link:/srv/disk /srv/link/a/b:/srv/disk/a/b /srv/new/a/b:/srv/new/a/b /srv/link/../new:/srv/new /:/; do
		each "directory_real ${pair%:*}"
		[ "$status" -eq 0 ]
		[ "$output" = "${pair#*:}" ]
		each "$stubs plan_target 'local ${pair%:*}' | sed -n 's/^device .*	//p'"
		[ "$output" = "${pair#*:}" ]
	done
	: > "$ROOT/srv/file"
	ln -s file "$ROOT/srv/to-file"
	ln -s none "$ROOT/srv/dangling"
	ln -s loop "$ROOT/srv/loop"
	for target in file:file:'is no directory' file/a:file:'is no directory' to-file/a/b:to-file:'is no directory' \
		dangling:dangling:'is a link to nothing' dangling/a:dangling:'is a link to nothing' loop/x:loop:'is a link to nothing'; do
		IFS=: read -r target culprit why <<< "$target"
		each "$stubs plan_target 'local /srv/$target'"
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[ "$stderr" = "kmortem-capture: /srv/$culprit: $why" ]
	done
}

@test "build: a script that nobody can run, and a key that is no file, are told in one line" {
	machine
	chmod 644 "$ROOT/etc/kmortem/after"
	each "$stubs build"
	[ "$status" -eq 2 ]
	[ "$stderr" = 'kmortem-capture: /etc/kmortem/after: cannot be executed: chmod +x' ]
	rm "$ROOT/etc/kmortem/after"
	mkdir "$ROOT/etc/kmortem/after"
	each "$stubs build"
	[ "$status" -eq 2 ]
	[ "$stderr" = 'kmortem-capture: /etc/kmortem/after: cannot be read' ]
	[ -z "$(ls -A "$ROOT/var/lib/kmortem/capture")" ]
}

@test "an image that could not be made now is stale, and what it lacks is told" {
	machine
	by dash "$stubs build"
	each "$stubs"' has() { [ "$1" != sha256sum ]; }; image_is_stale'
	[ "$status" -eq 0 ]
	[ "$output" = 'what the capture image is made of is not all there (sha256sum is not installed: no capture image can be made)' ]
	chmod 644 "$ROOT/etc/kmortem/after"
	each "$stubs image_is_stale"
	[ "$output" = 'what the capture image is made of is not all there (/etc/kmortem/after: cannot be executed: chmod +x)' ]
}

@test "build: what is installed beside kmortem-capture is found without PATH, before others; PATH itself stays" {
	local prefix=$BATS_TEST_TMPDIR/prefix few=$BATS_TEST_TMPDIR/few shell
	machine
	mkdir -p "$prefix"/{bin,sbin,lib/kmortem,share/kmortem} "$few"
	cp capture/kmortem-capture "$prefix/sbin"
	ln -s "$PWD/capture" "$prefix/lib/kmortem/capture"
	ln -s "$PWD/rules" "$prefix/share/kmortem/rules"
	mv "$bin/kmortem" "$prefix/bin"
	cp "$bin/makedumpfile" "$prefix/sbin"
	found_by() {
		for shell in dash bash 'busybox sh'; do
			# shellcheck disable=SC2086 # two words
			run env PATH="$1:/usr/bin:/bin" $shell -c 'set -- owner; . "$0"; program_file kmortem; program_file makedumpfile' "$prefix/sbin/kmortem-capture"
			[ "$output" = "kmortem
$prefix/bin/kmortem
$2" ]
		done
	}
	found_by "$bin" "$prefix/sbin/makedumpfile"
	found_by "$bin:$prefix/bin:$prefix/sbin" "$bin/makedumpfile"
}

@test "build: a script whose interpreter the image does not have is refused, and those that it has are there" {
	machine
	for line in '#!/bin/bash' '#! /usr/bin/env python3' '#!/usr/bin/env' '#!/usr/bin/env -S' '#!/usr/local/bin/sh' '#!/sbin/sh' '#!/bin/bin/sh' '#!/bin/sh?'; do
		printf '%s\n:\n' "${line/\?/$'\r'}" > "$ROOT/etc/kmortem/after"
		each "$stubs build"
		[ "$status" -eq 2 ]
		lacks=${line#??} lacks=${lacks# }
		[ "$stderr" = "kmortem-capture: /etc/kmortem/after: is for $lacks, and the capture image has busybox's programs only: write it for #!/bin/sh" ]
	done
	for line in '#!/bin/sh -eu' '#!/usr/bin/sh' '#! /usr/bin/env awk' '#!/bin/busybox sh' '# no interpreter' '' $'\177ELF\001'; do
		printf '%s\n' "$line" > "$ROOT/etc/kmortem/after"
		each "$stubs plan_script /etc/kmortem/after > /dev/null"
		[ "$status" -eq 0 ]
	done
	head -c 2000 /dev/zero > "$ROOT/etc/kmortem/after"
	each "$stubs build"
	[ "$status" -eq 0 ]
	unpacked
	[ "$BATS_TEST_TMPDIR/out/usr/bin/env" -ef "$BATS_TEST_TMPDIR/out/bin/busybox" ]
	[ "$BATS_TEST_TMPDIR/out/usr/bin/sh" -ef "$BATS_TEST_TMPDIR/out/bin/busybox" ]
}

@test "build: no image without a driver of the target that is loaded here, and the one of before stays" {
	machine
	each "$stubs build"
	before=$(sha256sum "$ROOT"/var/lib/kmortem/capture/*)
	echo live > "$sys/module/virtio_blk/initstate"
	each "$stubs"' modprobe() { echo unexpected; }; build'
	[ "$status" -eq 2 ]
	[ "$stderr" = 'kmortem-capture: /lib/modules/6.1.0-test has no modules.dep, and this system needs modules: no capture image can be made; boot a kernel whose modules are installed' ]
	: > "$ROOT/lib/modules/6.1.0-test/modules.dep"
	each "$stubs build"
	[ "$status" -eq 2 ]
	[ "$stderr" = 'kmortem-capture: /var/crash: modprobe finds no virtio_blk for the kernel 6.1.0-test, by which it is reached; boot a kernel whose modules are installed
kmortem-capture: no target can be reached from a capture kernel: no image' ]
	[ "$before" = "$(sha256sum "$ROOT"/var/lib/kmortem/capture/*)" ]
	each "$stubs image_is_stale"
	[ "$output" = 'the modules of 6.1.0-test have changed since the capture image was made' ]
	# Of that kernel it may be built in.
	each "$stubs"' modprobe() { case "$*" in *" -n -q virtio_blk") ;; *) return 1 ;; esac; }; plan_target "local /var/crash" | grep ^module'
	[ "$output" = 'module ext4
module virtio_blk
module virtio_pci' ]
}

@test "a module is lost by its name with underlines, whoever writes it" {
	mkdir -p "$sys/module/nls_iso8859_1" "$sys/module/vfat"
	each 'modules_lost'
	[ -z "$output" ]
	echo live > "$sys/module/nls_iso8859_1/initstate"
	each 'modprobe() { return 1; }; modules_lost vfat scsi:t-0x00 nls_iso8859-1'
	[ "$output" = nls_iso8859_1 ]
}

@test "build: a program that is missing, a busybox that lacks something" {
	machine
	rm "$bin/kmortem"
	PATH=$bin:/usr/bin:/bin each "$stubs plan > /dev/null"
	[ "$status" -eq 2 ]
	[[ $stderr == *'kmortem is not installed: the capture image needs it'* ]]
	# Without these the image would come to be, and not work.
	: > "$ROOT/lib/modules/6.1.0-test/modules.dep"
	for name in ldd sha256sum modprobe; do
		each "$stubs"' has() { [ "$1" != '$name' ]; }; build'
		[ "$status" -eq 2 ]
		[ "$stderr" = "kmortem-capture: $name is not installed: no capture image can be made" ]
	done
	[ -z "$(ls -A "$ROOT/var/lib/kmortem/capture")" ]
	each "$stubs"' busybox() { echo sh; }; busybox_lacks'
	[[ $output == awk*udhcpc* ]]
}

@test "build: no image without a library of a program, or with a file that could not be copied" {
	machine
	each "$stubs build"
	before=$(sha256sum "$ROOT"/var/lib/kmortem/capture/*)
	each "$stubs"' ldd() { case $1 in */makedumpfile) printf "\tlinux-vdso.so.1 (0x1)\n\tlibfoo.so.1 => not found\n" ;; esac; }; build'
	[ "$status" -eq 2 ]
	[[ $stderr == *'makedumpfile: the library libfoo.so.1 is missing' ]]
	for file in makedumpfile save.sh rules/. init after capture.conf; do
		each "$stubs"' cp() { case "$*" in *'"$file"'*) return 1 ;; esac; command cp "$@"; }
			install() { case "$*" in *'"$file"'*) return 1 ;; esac; command install "$@"; }; build'
		[ "$status" -eq 2 ]
	done
	each "$stubs"' archive_compressed() { cat > /dev/null; return 70; }; build'
	[ "$status" -eq 2 ]
	[ "$stderr" = "kmortem-capture: $ROOT/var/lib/kmortem/capture/initrd-6.1.0-test: could not be written; see to it that there is room" ]
	[ "$before" = "$(sha256sum "$ROOT"/var/lib/kmortem/capture/*)" ]
}

@test "build: one at a time" {
	machine
	each "$stubs"' sync() { ! flock -n "$image_directory" true || echo "another one could begin"; }; build; flock -n "$image_directory" echo over'
	[ "$output" = over ]
}

@test "build: interrupted, it leaves nothing but the image of before" {
	machine
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	each "$stubs build"
	before=$(sha256sum "$ROOT"/var/lib/kmortem/capture/*)
	for signal in HUP INT TERM; do
		each "$stubs"' archive_compressed() { cat; kill -'$signal' $$; }; build; echo "goes on"'
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		each "$stubs"' plan() { die "no plan"; }; build'
		[ "$status" -eq 2 ]
		[ -z "$(ls -A "$TMPDIR")" ]
		[ "$before" = "$(sha256sum "$ROOT"/var/lib/kmortem/capture/*)" ]
	done
}

@test "arrays: one that was stopped, and is still listed, is not named" {
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT"/sys/block/md{1,127}/md "$BATS_TEST_TMPDIR/image/etc"
	echo clean > "$ROOT/sys/block/md1/md/array_state"
	echo clear > "$ROOT/sys/block/md127/md/array_state"
	echo 'activate mdadm' > "$BATS_TEST_TMPDIR/plan"
	each 'mdadm() { [ "$3" = /dev/md1 ] && echo "ARRAY $3"; }; image_md '"$BATS_TEST_TMPDIR/image $BATS_TEST_TMPDIR/plan && cat $BATS_TEST_TMPDIR/image/etc/mdadm.conf"
	[ "$status" -eq 0 ]
	[ "$output" = 'HOMEHOST <ignore>
ARRAY /dev/md1' ]
}
