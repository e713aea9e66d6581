#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Targets: what is found out about them while the system runs, and how the capture kernel opens and fills them; by each shell.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # bats sets variables; words are for the shell under test

load shells

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export ROOT=$BATS_TEST_TMPDIR/root KERNEL_RELEASE=6.1.0-test
	sys=$ROOT/sys
	mkdir -p "$sys"/{dev/block,class/block,class/net,devices,module} "$ROOT"/{proc/self,proc/net/vlan,etc/kmortem,run,dev/disk/by-uuid,root/.ssh}
	found='target="local x"; conf_defaults; blkid() { echo "$1: UUID=\"11-22\" TYPE=\"xfs\""; }; ip() { return 1; };'
}

# disk NAME NUMBER [DM_UUID]
disk() {
	mkdir -p "$sys/devices/virtual/block/$1/slaves" "$ROOT/dev"
	echo "$2" > "$sys/devices/virtual/block/$1/dev"
	ln -sfn "$sys/devices/virtual/block/$1" "$sys/dev/block/$2"
	ln -sfn "$sys/devices/virtual/block/$1" "$sys/class/block/$1"
	: > "$ROOT/dev/$1"
	[ $# -lt 3 ] || { mkdir -p "$sys/devices/virtual/block/$1/dm"; echo "$3" > "$sys/devices/virtual/block/$1/dm/uuid"; echo name > "$sys/devices/virtual/block/$1/dm/name"; }
}

# card NAME ADDRESS
card() {
	mkdir -p "$sys/devices/pci0/$1" "$sys/class/net/$1"
	ln -sfn "$sys/devices/pci0/$1" "$sys/class/net/$1/device"
	echo "$2" > "$sys/class/net/$1/address"
	echo 1500 > "$sys/class/net/$1/mtu"
}

# ---- the file system ---------------------------------------------------------------------------

@test "the mount that a directory lies on: the nearest, the last, with what is escaped" {
	cat > "$ROOT/proc/self/mountinfo" <<- 'END'
		22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
		30 22 0:26 / /tmp rw shared:5 - tmpfs tmpfs rw
		41 22 0:38 /@var /var rw,relatime shared:20 - btrfs /dev/sda3 rw,subvol=/@var
		42 41 8:17 / /var/crash rw shared:21 master:1 - xfs /dev/sdb1 rw
		43 41 8:18 / /var/crash rw - vfat /dev/sdb2 rw
		44 22 8:19 /export/bound /srv/my\040dumps rw - ext4 /dev/sdb3 rw
		45 22 253:0 / /home rw shared:9 - xfs /dev/mapper/vg-home rw
	END
	each 'for path in / /root /var/crashes /var/crash/a "/srv/my dumps/x" /home/u /homes; do mount_of "$path"; done'
	[ "$output" = '259:2 ext4 /dev/nvme0n1p2 /
259:2 ext4 /dev/nvme0n1p2 /root
0:38 btrfs /dev/sda3 /@var/crashes
8:18 vfat /dev/sdb2 /a
8:19 ext4 /dev/sdb3 /export/bound/x
253:0 xfs /dev/mapper/vg-home /u
259:2 ext4 /dev/nvme0n1p2 /homes' ]
	: > "$ROOT/proc/self/mountinfo"
	each 'mount_of /'
	[ "$status" -eq 1 ]
}

@test "a subvolume of btrfs is mounted from its top; a directory that is bound lies elsewhere" {
	disk sda3 8:3
	mkdir -p "$ROOT/var/crash" "$ROOT/srv/my dumps"
	printf '%s\n' '41 22 0:38 /@var /var rw - btrfs /dev/sda3 rw' '44 22 8:3 /export/bound /srv/my\040dumps rw - ext4 /dev/sda3 rw' > "$ROOT/proc/self/mountinfo"
	each "$found"' plan_local /var/crash | head -n 1'
	[ "$output" = 'device local x	UUID=11-22	btrfs	rw,subvolid=5	/@var/crash' ]
	each "$found"' plan_local "/srv/my dumps" | head -n 1'
	[ "$output" = 'device local x	UUID=11-22	ext4	rw	/export/bound' ]
	each "$found"' blkid() { :; }; plan_local "/srv/my dumps" | head -n 1'
	[ "$output" = 'device local x	/dev/sda3	ext4	rw	/export/bound' ]
}

@test "an array is named as mdadm.conf of the image names it: its disks may have the same UUID" {
	disk md127 9:127
	mkdir -p "$sys/block/md127/md" "$sys/devices/virtual/block/md127/md" "$BATS_TEST_TMPDIR/etc" "$ROOT/crash"
	echo '22 1 9:127 / / rw - xfs /dev/md127 rw' > "$ROOT/proc/self/mountinfo"
	each "$found"' program_file() { echo /bin/sh; }; plan_local /crash | grep -e "^device" -e "^activate"'
	[ "$output" = 'device local x	/dev/md127	xfs	rw	/crash
activate mdadm' ]
	echo 'activate mdadm' > "$BATS_TEST_TMPDIR/plan"
	each 'mdadm() { echo "ARRAY ${3} ($1 $2)"; }; image_md $BATS_TEST_TMPDIR $BATS_TEST_TMPDIR/plan; cat $BATS_TEST_TMPDIR/etc/mdadm.conf'
	[ "$output" = 'HOMEHOST <ignore>
ARRAY /dev/md127 (--detail --brief)' ]
}

@test "an array that the firmware describes is refused, and so is what lies on it" {
	disk md126 9:126
	disk md126p1 259:1
	disk dm-0 253:0 LVM-abc
	local array=$sys/devices/virtual/block/md126
	mkdir -p "$array/md" "$array/md126p1"
	echo 1 > "$array/md126p1/partition"
	ln -sfn "$array/md126p1" "$sys/dev/block/259:1"
	ln -s "$array" "$sys/devices/virtual/block/dm-0/slaves/md126"
	for version in 1.2 0.90 none external:/md127/0 external:imsm external:ddf; do
		echo "$version" > "$array/md/metadata_version"
		for number in 9:126 259:1 253:0; do
			each "device_refusal $number"
			case $version in
			external:*) [ "$output" = 'an array that the firmware describes, which needs mdmon to be written to; the capture kernel does not have that' ] ;;
			*) [ -z "$output" ] ;;
			esac
		done
	done
}

# refused MOUNTINFO PATTERN
refused() {
	echo "$1" > "$ROOT/proc/self/mountinfo"
	each "$found plan_local /"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "$(wc -l <<< "$stderr")" -eq 1 ]
	# shellcheck disable=SC2053
	[[ $stderr == *'lies on '$2* ]]
}

@test "what the capture kernel could not mount is refused, in one line" {
	disk dm-0 253:0 CRYPT-LUKS2-abc-root
	disk dm-1 253:1 LVM-abc
	ln -s "$sys/devices/virtual/block/dm-0" "$sys/devices/virtual/block/dm-1/slaves/dm-0"
	disk loop0 7:0
	disk dm-2 253:2 DMRAID-x
	disk drbd0 147:0
	mkdir -p "$sys/devices/pci0/host3/session1/target3:0:0/3:0:0:0/block/sdz"
	ln -s "$sys/devices/pci0/host3/session1/target3:0:0/3:0:0:0/block/sdz" "$sys/dev/block/65:144"
	for number in 94:0:0.0.0150/block/dasda 8:0:0.0.fc00/host0/rport-0:0-1/target0:0:0/0:0:0:0/block/sda 252:0:0.0.0001/virtio0/block/vda; do
		mkdir -p "$sys/devices/css0/0.0.0000/${number#*:*:}"
		ln -s "$sys/devices/css0/0.0.0000/${number#*:*:}" "$sys/dev/block/${number%:"${number#*:*:}"}"
	done
	refused '22 1 94:0 / / rw - ext4 /dev/dasda rw' "a channel device, which the capture kernel does not set online; have the distribution's kdump save there"
	refused '22 1 8:0 / / rw - ext4 /dev/sda rw' 'a channel device'
	each 'device_refusal 252:0'
	[ -z "$output" ]
	refused '22 1 0:20 / / rw - tmpfs tmpfs rw' 'memory (tmpfs)'
	refused '22 1 0:20 / / rw - overlay overlay rw' 'an overlay'
	refused '22 1 0:20 / / rw - nfs4 server:/export/ rw' 'NFS; write target = nfs server:/export/…'
	refused '22 1 0:20 / / rw - zfs tank/root rw' 'zfs, which is no file system on a disk'
	refused '22 1 253:0 / / rw - ext4 /dev/mapper/root rw' 'an encrypted device'
	refused '22 1 253:1 / / rw - ext4 /dev/mapper/vg-root rw' 'an encrypted device'
	refused '22 1 253:2 / / rw - ext4 /dev/mapper/x rw' 'a mapped device (name) that is none of LVM or multipath'
	refused '22 1 7:0 / / rw - ext4 /dev/loop0 rw' 'a loop device'
	refused '22 1 147:0 / / rw - ext4 /dev/drbd0 rw' 'a disk across the network'
	refused '22 1 65:144 / / rw - ext4 /dev/sdz rw' 'a disk across the network'
}

@test "NVMe across the network is refused, with one path and with several, and its partitions" {
	local fabric=virtual/nvme-fabrics/ctl/nvme1 local_one=pci0000:00/0000:00:05.0/nvme/nvme2 subsystem=virtual/nvme-subsystem
	mkdir -p "$sys/devices/$fabric/nvme1n1/nvme1n1p1" "$sys/devices/$local_one" \
		"$sys/devices/$subsystem"/{nvme-subsys1/nvme1n1/nvme1n1p1,nvme-subsys2/nvme2n1}
	echo 1 | tee "$sys/devices/$fabric/nvme1n1/nvme1n1p1/partition" > "$sys/devices/$subsystem/nvme-subsys1/nvme1n1/nvme1n1p1/partition"
	ln -s "../../../$fabric" "$sys/devices/$subsystem/nvme-subsys1/nvme1"
	ln -s "../../../$local_one" "$sys/devices/$subsystem/nvme-subsys2/nvme2"
	for namespace in $fabric/nvme1n1 $fabric/nvme1n1/nvme1n1p1 $subsystem/nvme-subsys1/nvme1n1 $subsystem/nvme-subsys1/nvme1n1/nvme1n1p1; do
		ln -sfn "$sys/devices/$namespace" "$sys/dev/block/259:0"
		refused '22 1 259:0 / / rw - ext4 /dev/nvme1n1p1 rw' 'a disk across the network'
	done
	ln -sfn "$sys/devices/$subsystem/nvme-subsys2/nvme2n1" "$sys/dev/block/259:0"
	each 'device_refusal 259:0'
	[ -z "$output" ]
}

@test "a device need not be mounted, but be there" {
	disk sdb1 8:17
	ln -s ../../sdb1 "$ROOT/dev/disk/by-uuid/11-22"
	each "$found"' target="device UUID=11-22:/a b"; plan_device UUID=11-22 "/a b"'
	[ "$output" = 'device device UUID=11-22:/a b	UUID=11-22	xfs	rw	/a b
module xfs' ]
	# What is mounted by default, as a mount of it that names no subvolume.
	each "$found"' blkid() { echo "$1: TYPE=\"btrfs\""; }; target="device /dev/sdb1:/x"; plan_device /dev/sdb1 /x | head -n 1'
	[ "$output" = 'device device /dev/sdb1:/x	/dev/sdb1	btrfs	rw	/x' ]
	each "$found"' findfs() { return 1; }; plan_device UUID=33 /'
	[ "$status" -eq 1 ]
	[[ $stderr == *'UUID=33: there is no such device'* ]]
	each "$found"' blkid() { :; }; plan_device /dev/sdb1 /'
	[[ $stderr == *'/dev/sdb1: has no file system that blkid knows'* ]]
}

@test "btrfs on several disks: of one that is not mounted btrfs itself tells which" {
	disk sdb1 8:17
	disk sdc1 8:33
	each "$found"' program_file() { echo /bin/sh; }; blkid() { echo "$1: UUID=\"11-22\" TYPE=\"btrfs\""; }
		btrfs() { [ "$*" = "filesystem show 11-22" ] && printf "\tdevid    %s size 1.00GiB used 1.00MiB path %s\n" 1 /dev/sdb1 2 /dev/sdc1; }
		target="device /dev/sdb1:/"; plan_device /dev/sdb1 / | sed "s, /bin/sh.*,,"'
	[ "$output" = 'device device /dev/sdb1:/	UUID=11-22	btrfs	rw	/
module btrfs
activate btrfs
program btrfs' ]
	each "$found"' btrfs() { return 1; }; blkid() { echo "$1: TYPE=\"btrfs\""; }; plan_device /dev/sdb1 / | grep -c activate'
	[ "$output" = 0 ]
}

@test "a target whose disks only a program puts together is refused without that" {
	disk sdb1 8:17
	disk dm-0 253:0 LVM-abc
	mkdir -p "$sys/fs/btrfs/11-22/devices"/{sdb1,dm-0}
	echo 8:17 > "$sys/fs/btrfs/11-22/devices/sdb1/dev"
	echo 253:0 > "$sys/fs/btrfs/11-22/devices/dm-0/dev"
	for missing in btrfs lvm; do
		each "$found"' program_file() { [ "$1" != '$missing' ] && echo /bin/sh; }; blkid() { echo "$1: UUID=\"11-22\" TYPE=\"btrfs\""; }
			plan_target "device /dev/sdb1:/x"'
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[ "$stderr" = "kmortem-capture: $missing is not installed: the capture image needs it" ]
	done
}

@test "btrfs on several disks: none of them may be one that does not come up by itself" {
	disk sdb1 8:17
	disk dm-0 253:0 CRYPT-LUKS2-abc
	mkdir -p "$sys/fs/btrfs/11-22/devices"/{sdb1,dm-0}
	echo 8:17 > "$sys/fs/btrfs/11-22/devices/sdb1/dev"
	echo 253:0 > "$sys/fs/btrfs/11-22/devices/dm-0/dev"
	each "$found"' program_file() { echo /bin/sh; }; blkid() { echo "$1: UUID=\"11-22\" TYPE=\"btrfs\""; }; plan_target "device /dev/sdb1:/x"'
	[ "$status" -eq 1 ]
	[ "$stderr" = 'kmortem-capture: /dev/sdb1:/x: lies on an encrypted device, whose key the capture kernel does not have' ]
}

# ---- the network -------------------------------------------------------------------------------

@test "servers, addresses and ports in targets" {
	each 'for target in "netdump h" "netdump h:7" "netdump 2001:db8::1" "netdump [2001:db8::1]:7" "nfs h:/a:b" "nfs [fe80::1]:/x" "ssh u@h:/d" "ssh u@[::1]:/d"; do
		echo "$(host_of "$target") $(port_of "$target")"; done'
	[ "$output" = 'h 
h 7
2001:db8::1 
2001:db8::1 7
h 
fe80::1 
h 
::1 ' ]
}

way() { each "$found"' ip() { case "$*" in "route get "*) echo "$WAY" ;; *addr*) echo "$ADDRESSES" ;; *permaddr*) ;; *) return 1 ;; esac; };'" plan_network $1 | grep -v '^module'"; }

@test "the way to a server: gateway, prefix, IPv6" {
	card ens3 52:54:00:00:00:01
	export WAY='192.0.2.9 via 10.0.0.1 dev ens3 src 10.0.0.2 uid 0 \    cache' ADDRESSES='2: ens3    inet 10.0.0.22/8 scope global ens3
2: ens3    inet 10.0.0.2/24 brd 10.0.0.255 scope global ens3'
	way 192.0.2.9
	[ "$output" = "network card ens3 52:54:00:00:00:01 /sys/devices/pci0/ens3 1500
network address ens3 10.0.0.2/24
network route ens3 192.0.2.9 10.0.0.1" ]
	WAY='10.0.0.9 dev ens3 src 10.0.0.2 uid 0' way 10.0.0.9
	[[ $output == *'network route ens3 10.0.0.9 -' ]]
	WAY='2001:db8::9 from :: via fe80::1 dev ens3 proto ra src 2001:db8::2 metric 100 pref medium' ADDRESSES='2: ens3    inet6 2001:db8::2/64 scope global' way 2001:db8::9
	[[ $output == *'network address ens3 2001:db8::2/64
network route ens3 2001:db8::9 fe80::1' ]]
	WAY='' way 192.0.2.9
	[[ $stderr == *'no way leads to 192.0.2.9; is the network up?'* ]]
}

@test "the way over a VLAN, on a bond, on two cards" {
	card eth0 52:54:00:00:00:01
	card eth1 52:54:00:00:00:02
	mkdir -p "$sys/class/net/bond0/bonding" "$sys/class/net/bond0.7"
	echo '802.3ad 4' > "$sys/class/net/bond0/bonding/mode"
	echo 100 > "$sys/class/net/bond0/bonding/miimon"
	echo 'eth0 eth1' > "$sys/class/net/bond0/bonding/slaves"
	echo 9000 | tee "$sys/class/net/bond0/mtu" > "$sys/class/net/bond0.7/mtu"
	printf 'bond0.7  VID: 7\t REORDER_HDR: 1  dev->priv_flags: 1021\nDevice: bond0\n' > "$ROOT/proc/net/vlan/bond0.7"
	export WAY='192.0.2.9 dev bond0.7 src 192.0.2.1' ADDRESSES='2: bond0.7    inet 192.0.2.1/24 '
	way 192.0.2.9
	[ "$output" = "network card eth0 52:54:00:00:00:01 /sys/devices/pci0/eth0 1500
network card eth1 52:54:00:00:00:02 /sys/devices/pci0/eth1 1500
network bond bond0 eth0,eth1 9000 mode=802.3ad miimon=100
network vlan bond0.7 bond0 7 9000
network address bond0.7 192.0.2.1/24
network route bond0.7 192.0.2.9 -" ]
}

@test "what is taken over of a bond" {
	mkdir -p "$ROOT/bond"
	echo 'active-backup 1' > "$ROOT/bond/mode"
	echo 0 > "$ROOT/bond/miimon"
	echo 'layer2 0' > "$ROOT/bond/xmit_hash_policy"
	echo 'slow 0' > "$ROOT/bond/lacp_rate"
	each 'bond_options "$ROOT/bond"'
	[ "$output" = ' mode=active-backup miimon=100 xmit_hash_policy=layer2' ]
	echo '802.3ad 4' > "$ROOT/bond/mode"
	echo 200 > "$ROOT/bond/miimon"
	each 'bond_options "$ROOT/bond"'
	[ "$output" = ' mode=802.3ad miimon=200 xmit_hash_policy=layer2 lacp_rate=slow' ]
}

@test "the way over a bridge takes the port with a card; what is no card is refused" {
	card eth0 52:54:00:00:00:01
	mkdir -p "$sys/class/net/br0/bridge" "$sys/class/net/br0/brif/"{vnet0,eth0} "$sys/class/net/vnet0" "$sys/class/net/wg0" "$sys/class/net/wlan0/phy80211"
	export WAY='192.0.2.9 dev br0 src 192.0.2.1' ADDRESSES='2: br0    inet 192.0.2.1/24 '
	way 192.0.2.9
	[ "$output" = "network card eth0 52:54:00:00:00:01 /sys/devices/pci0/eth0 1500
network port br0 eth0
network address br0 192.0.2.1/24
network route br0 192.0.2.9 -" ]
	WAY='192.0.2.9 dev wg0 src 10.0.0.1' way 192.0.2.9
	[[ $stderr == *'wg0 is no card, bond, bridge or VLAN'* ]]
	WAY='192.0.2.9 dev wlan0 src 10.0.0.1' way 192.0.2.9
	[[ $stderr == *'wlan0 is wireless'* ]]
	mkdir -p "$sys/bus/ccwgroup" "$sys/devices/qeth/0.0.f500" "$sys/class/net/encf500"
	ln -s ../../../bus/ccwgroup "$sys/devices/qeth/0.0.f500/subsystem"
	ln -s "$sys/devices/qeth/0.0.f500" "$sys/class/net/encf500/device"
	WAY='192.0.2.9 dev encf500 src 10.0.0.1' way 192.0.2.9
	[ "$status" -eq 1 ]
	[[ $stderr == *'encf500 is a group of channel devices, which the capture kernel does not set online'* ]]
}

@test "ssh wants a key without a passphrase and a server that is known" {
	card ens3 52:54:00:00:00:01
	export WAY='192.0.2.9 dev ens3 src 192.0.2.1' ADDRESSES='2: ens3    inet 192.0.2.1/24 '
	known='target="ssh u@192.0.2.9:/d"; plan_program() { echo "program $*"; };'
	each "$found $known plan_ssh"
	[[ $stderr == *'no key for ssh'* ]]
	ssh-keygen -q -t ed25519 -N word -f "$ROOT/root/.ssh/id_ed25519"
	each "$found $known plan_ssh"
	[[ $stderr == *'/root/.ssh/id_ed25519: wants a passphrase'* ]]
	rm "$ROOT"/root/.ssh/id_*
	ssh-keygen -q -t ed25519 -N '' -f "$ROOT/root/.ssh/id_ed25519"
	each "$found $known plan_ssh"
	[[ $stderr == *'192.0.2.9: its key is not known'* ]]
	echo "192.0.2.8,192.0.2.9 $(cut -d ' ' -f 1,2 "$ROOT/root/.ssh/id_ed25519.pub")" > "$ROOT/root/.ssh/known_hosts"
	each "$found $known plan_ssh | sed 's/ [0-9]* [0-9]*\$//'"
	[ "$output" = 'program ssh
file /root/.ssh/id_ed25519' ]
}

# ---- in the capture kernel ---------------------------------------------------------------------

@test "cards get the names they had, by address or by place" {
	card eth0 52:54:00:00:00:02
	card eth1 52:54:00:00:00:99
	cat > "$ROOT/etc/kmortem/capture.network" <<- END
		card eth1 52:54:00:00:00:02 /sys/devices/pci0/other 9000
		card lan0 52:54:00:00:00:03 /sys/devices/pci0/eth1 1500
		address eth1 10.0.0.2/24
		route eth1 192.0.2.9 10.0.0.1
		route eth1 10.0.0.9 -
	END
	echo 1 > "$sys/class/net/eth1/carrier"
	each 'rm -f $network_done; ip() { echo "$*"; }; network_up; network_up'
	[ "$output" = 'link set dev lo up
link set dev eth1 name not-eth1
link set dev eth0 name eth1
link set dev eth1 mtu 9000
link set dev eth1 up
link set dev eth1 name lan0
link set dev lan0 mtu 1500
link set dev lan0 up
addr add 10.0.0.2/24 dev eth1
route replace 10.0.0.1 dev eth1
route replace 192.0.2.9 via 10.0.0.1 dev eth1' ]
}

@test "a bond is made before its cards are in it; a card takes a bridge's place" {
	mkdir -p "$sys/class/net/bond0/bonding"
	cat > "$ROOT/etc/kmortem/capture.network" <<- END
		bond bond0 eth0,eth1 9000 mode=802.3ad miimon=100
		port br0 eth2
	END
	each 'rm -f $network_done; cd $ROOT/sys/class/net; : > bonding_masters; for file in mode miimon slaves; do : > bond0/bonding/$file; done
		ip() { echo "$*: $(cat bonding_masters bond0/bonding/mode bond0/bonding/miimon bond0/bonding/slaves | tr "\\n" " ")"; }
		network_up'
	[ "$output" = 'link set dev lo up: 
link set dev eth0 down: +bond0 802.3ad 100 
link set dev eth1 down: +bond0 802.3ad 100 +eth0 
link set dev bond0 mtu 9000: +bond0 802.3ad 100 +eth1 
link set dev bond0 up: +bond0 802.3ad 100 +eth1 
link set dev eth2 down: +bond0 802.3ad 100 +eth1 
link set dev eth2 name br0: +bond0 802.3ad 100 +eth1 
link set dev br0 up: +bond0 802.3ad 100 +eth1 ' ]
	# The kernel makes one of that name when the driver is loaded; without the driver there is no such file.
	rm -r "$sys/class/net/bond0" "$sys/class/net/bonding_masters"
	mkdir "$sys/class/net/bonding_masters"
	each 'ip() { echo "$*"; }; network_bond bond0 eth0 1500 mode=1 2> /dev/null; echo $?'
	[ "$output" = 1 ]
}

@test "an address of IPv6 is there at once: nobody is asked whether it is in use" {
	mkdir -p "$ROOT/proc/sys/net/ipv6/conf/eth0" "$sys/class/net/eth0"
	echo 1 > "$sys/class/net/eth0/carrier"
	each 'echo 1 > $ROOT/proc/sys/net/ipv6/conf/eth0/accept_dad; ip() { echo "$(cat $ROOT/proc/sys/net/ipv6/conf/eth0/accept_dad): $*"; }
		network_address eth0 2001:db8::2/64'
	[ "$output" = '0: -6 addr add 2001:db8::2/64 dev eth0' ]
}

@test "a card that is not there is waited for, told, and does not keep the others" {
	printf '%s\n' 'card eth0 52:54:00:00:00:02 /sys/devices/pci0/x 1500' 'vlan eth0.5 eth0 5 1500' > "$ROOT/etc/kmortem/capture.network"
	each 'rm -f $network_done $ROOT/run/naps; sleep() { echo >> $ROOT/run/naps; }; ip() { echo "$*"; }; network_up; wc -l < $ROOT/run/naps | tr -d " "'
	[[ $output == *'link add link eth0 name eth0.5 type vlan id 5'*30 ]]
	[[ $stderr == *'the network lacks card eth0'* ]]
}

@test "a recorded way that leads nowhere: DHCP is asked, once, on the card that leads there" {
	printf '%s\n' 'address eth1 10.0.1.2/24' 'route eth1 192.0.2.8 -' 'address eth0 10.0.0.2/24' 'route eth0 192.0.2.9 -' > "$ROOT/etc/kmortem/capture.network"
	mkdir -p "$sys/class/net/eth0" "$sys/class/net/eth1"
	: > "$ROOT/etc/hosts"
	words='rm -f $network_done*; network_up() { :; }; conf_defaults; target_choose "ssh u@192.0.2.9:/d"; ip() { :; }; udhcpc() { echo "$NETWORK_HOST: udhcpc $*"; }'
	each "$words; tries=0; target_reach() { tries=\$((tries + 1)); [ \$tries -gt 1 ]; }; target_open"
	[ "$status" -eq 0 ]
	[[ $output == '192.0.2.9: udhcpc -i eth0 '* ]]
	each "$words; tries=0; udhcpc() { return 1; }; target_reach() { tries=\$((tries + 1)); [ \$tries -gt 1 ]; }; target_open"
	[ "$status" -eq 0 ]
	each "$words; target_reach() { return 1; }; target_open; target_open"
	[ "$status" -eq 1 ]
	[ "$(grep -c udhcpc <<< "$output")" -eq 1 ]
	each "$words; network_ask 2001:db8::9"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
}

# dhcp WORD…: what it gives to ip, by all shells. busybox has its own ipcalc.
dhcp() {
	each 'ip() { echo "$*"; }; ipcalc() { busybox ipcalc "$@"; }; set -- bound
		interface=eth0 NETWORK_HOST=192.0.2.9 router=; '"$*"'; . capture/saving/dhcp'
}

@test "what DHCP has given is the way to this server, and to no other" {
	dhcp ip=10.0.0.5 mask=24 'router="10.0.0.1 10.0.0.2"'
	[ "$output" = 'addr add 10.0.0.5/24 dev eth0
route replace 10.0.0.1 dev eth0 src 10.0.0.5
route replace 192.0.2.9 via 10.0.0.1 dev eth0 src 10.0.0.5' ]
	dhcp ip=192.0.2.5 mask=28 router=192.0.2.1
	[ "$output" = 'addr add 192.0.2.5/28 dev eth0
route replace 192.0.2.9 dev eth0 src 192.0.2.5' ]
	dhcp ip=10.0.0.5 mask=24
	[ "${lines[1]}" = 'route replace 192.0.2.9 dev eth0 src 10.0.0.5' ]
	dhcp set -- deconfig
	[ -z "$output" ]
}

@test "a device target is mounted as the plan says, when it has appeared" {
	printf 'local /var/crash\tUUID=11-22\tbtrfs\trw,subvolid=5\t/@var/crash\ndevice /dev/sdb1:/\t/dev/sdb1\text4\trw\t/\n' > "$ROOT/etc/kmortem/capture.devices"
	printf 'mdadm\nlvm vg/lv\n' > "$ROOT/etc/kmortem/capture.activate"
	each 'calls=$ROOT/run/calls; : > $calls; rm -f $ROOT/run/naps
		sleep() { echo >> $ROOT/run/naps; }; lvm() { echo "lvm $*" >> $calls; }; mdadm() { echo "mdadm $*" >> $calls; }
		findfs() { [ "$(wc -l < $ROOT/run/naps)" -ge 2 ] && echo /dev/dm-0; }; mount() { echo "mount $*"; }
		target_choose "local /var/crash" && echo "${target_directory#$ROOT}" && target_open; sort $calls | uniq -c | sed "s/^ *//"'
	[ "$output" = "/target/@var/crash
mount -t btrfs -o rw,subvolid=5 /dev/dm-0 $ROOT/target
3 lvm lvchange -ay --noudevsync --ignoremonitoring --config devices{use_devicesfile=0 md_component_checks=\"full\" filter=[\"a|.*|\"]} vg/lv
3 mdadm --assemble --scan --no-degraded" ]
	each 'sleep() { :; }; findfs() { return 1; }; target_choose "local /var/crash"; target_open'
	[ "$status" -eq 1 ]
	[[ $stderr == *'UUID=11-22, for local /var/crash, has not appeared'* ]]
	each 'target_choose "device /dev/sdb1:/"; echo "${target_directory#$ROOT}"; target_choose "local /elsewhere" || echo no'
	[ "$output" = '/target
no' ]
}

@test "of a disk with several paths LVM sees one, which can be read" {
	# sda, sdb and sdd lead to one, of which sda is dead; sdc is another one's, sde has what many have.
	for name in a=naa.5000c500deadbeef b=naa.5000c500deadbeef d=naa.5000c500deadbeef c=naa.5000c500deadbeee 'e=t10.Generic Disk' 'f=t10.Generic Disk'; do
		mkdir -p "$ROOT/sys/block/sd${name%%=*}/device"
		echo "${name#*=}" > "$ROOT/sys/block/sd${name%%=*}/device/wwid"
		[ "${name%%=*}" = a ] || echo data > "$ROOT/dev/sd${name%%=*}"
	done
	mkdir -p "$ROOT/sys/block/vda"
	ln -s /proc/uptime "$ROOT/proc/uptime"
	each 'device_other_paths 2> /dev/null'
	[ "$output" = 'sda
sdd' ]
	each 'lvm() { echo "$*"; }; device_activate_lvm vg/lv 2> /dev/null'
	[ "$output" = 'lvchange -ay --noudevsync --ignoremonitoring --config devices{use_devicesfile=0 md_component_checks="full" filter=["r|^/dev/sda(p?[0-9]+)?$|","r|^/dev/sdd(p?[0-9]+)?$|","a|.*|"]} vg/lv' ]
}

@test "NFS: the newest version that the server has; names come from the image" {
	echo '192.0.2.9 server' > "$ROOT/etc/hosts"
	ln -s /proc/uptime "$ROOT/proc/uptime"
	each 'target_choose "nfs server:/export"; echo ${target_directory#$ROOT}; mount() { echo "$4 $5"; case $4 in vers=3*) ;; *) return 1 ;; esac; }; target_reach'
	[ "$output" = '/target
vers=4.2,addr=192.0.2.9,soft,timeo=100,retrans=3,proto=tcp server:/export
vers=4.1,addr=192.0.2.9,soft,timeo=100,retrans=3,proto=tcp server:/export
vers=4.0,addr=192.0.2.9,soft,timeo=100,retrans=3,proto=tcp server:/export
vers=3,addr=192.0.2.9,soft,timeo=100,retrans=3,proto=tcp,nolock,mountproto=tcp server:/export' ]
	each 'target_choose "nfs [2001:db8::1]:/e"; mount() { echo "$4"; }; target_reach'
	[[ $output == 'vers=4.2,addr=2001:db8::1,'*proto=tcp6 ]]
}

@test "ssh: asks nothing, trusts no key but that known, and quotes what the server's shell reads" {
	echo '192.0.2.9 server' > "$ROOT/etc/hosts"
	each 'ssh() { for word; do printf "%s\n" "$word"; done; cat; }
		target_choose "ssh me@server:/it'"'"'s/\$here"; echo "<$target_directory>"; echo data | target_take h-1/vmcore.flat'
	grep -qx 'BatchMode=yes' <<< "$output"
	grep -qx 'StrictHostKeyChecking=yes' <<< "$output"
	grep -qx 'HostKeyAlias=server' <<< "$output"
	grep -qx '192.0.2.9' <<< "$output"
	[[ $output != *$'\n-p\n'* ]]
	[ "$(head -n 1 <<< "$output")" = '<>' ]
	[ "$(tail -n 1 <<< "$output")" = data ]
	command=$(tail -n 2 <<< "$output" | head -n 1)
	printf more | sh -c "${command//"'/it"/"'$BATS_TEST_TMPDIR/it"}"
	[ "$(cat "$BATS_TEST_TMPDIR/it's/\$here/h-1/vmcore.flat")" = more ]
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/it's/\$here/h-1")" = 700 ]
	each 'ssh() { echo "$*"; }; network_up() { :; }; target_choose "ssh me@server:2222:/d"; target_open; target_choose "ssh me@[2001:db8::1]:22:/a:/b"; target_keep x y
		target_choose "ssh me@2001:db8::1:/d"; target_take h/x'
	[[ ${lines[0]} == *" HostKeyAlias=[server]:2222 "*" -p 2222 -l me 192.0.2.9 umask 077; mkdir -p '/d'" ]]
	[[ ${lines[1]} == *" HostKeyAlias=2001:db8::1 "*" -p 22 -l me 2001:db8::1 mv '/a:/b/x' '/a:/b/y' && sync" ]]
	[[ ${lines[2]} == *" HostKeyAlias=2001:db8::1 "*" -l me 2001:db8::1 umask 077; mkdir -p '/d/h' && cat > '/d/h/x' "* ]]
	each 'ssh() { return 255; }; target_choose "ssh me@server:/d"; target_take h-1/a < /dev/null'
	[ "$status" -eq 255 ]
}

@test "netdump: the log goes with the dump, or alone; nothing else goes" {
	: > "$ROOT/etc/hosts"
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "$*"; cat; cat "$ROOT/run/netdump.log"; exit ${SENT-0}\n' > "$BATS_TEST_TMPDIR/bin/netdump-send"
	chmod +x "$BATS_TEST_TMPDIR/bin/netdump-send"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
	words='conf_defaults; conf_netdump_key=/k; target_choose'
	each "$words"' "netdump [2001:db8::1]:7000"; echo log | target_take h/dmesg.txt; echo dump | target_take h/vmcore; echo $?; echo x | target_take h/meta.json; target_close'
	[ "$output" = "-q --port=7000 --key=$ROOT/k --log=$ROOT/run/netdump.log 2001:db8::1
dump
log
0" ]
	each "$words"' "netdump 192.0.2.9"; echo log | target_take h/dmesg.txt; target_close'
	[ "$output" = "-q --key=$ROOT/k --log=$ROOT/run/netdump.log 192.0.2.9
log" ]
	SENT=1 each "$words"' "netdump 192.0.2.9"; echo dump | target_take h/vmcore'
	[ "$status" -eq 1 ]
}

@test "a target's directory lies in what was mounted, over whatever links" {
	local opened='target_mount=$ROOT/mounted; mkdir -p $target_mount/data $ROOT/elsewhere; conf_defaults; device_wait() { echo $1; }; mount() { :; }
		target_choose "local /var/crash"; target_open; echo $?; rm -rf $target_mount $ROOT/elsewhere'
	printf 'local /var/crash\tUUID=1\text4\trw\t/crash\n' > "$ROOT/etc/kmortem/capture.devices"
	each "$opened"
	[ "$output" = 0 ]
	each 'mkdir -p $ROOT/mounted; ln -s data $ROOT/mounted/crash;'"$opened"
	[ "$output" = 0 ]
	each 'mkdir -p $ROOT/mounted; ln -s $ROOT/elsewhere $ROOT/mounted/crash;'"$opened"
	[ "$output" = 1 ]
	[[ $stderr == *'local /var/crash: a link leads out of its file system' ]]
}

@test "ssh: the directory of a dump is a new one" {
	: > "$ROOT/etc/hosts"
	local words='quoted() { echo "$1"; }; ssh() { shift $(($# - 1)); dash -c "$1"; }; mkdir -p $ROOT/far; target_choose "ssh me@$server:$ROOT/far";'
	for server in server server:2222 '[2001:db8::1]' '[2001:db8::1]:22'; do
		each "server=$server; $words"'rm -rf $ROOT/far/h-1; target_new h-1; echo $?; ls $ROOT/far; target_new h-1 2> /dev/null; echo $?; rm -r $ROOT/far; target_new h-1 2> /dev/null; echo $?'
		[ "$output" = '0
h-1
17
1' ]
	done
}
