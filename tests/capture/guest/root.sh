# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2016
# A Debian root with systemd and a kernel, installed from the distribution's packages: an image of a file system that is made
# once and kept. Root, or a user who may make user namespaces, can do that.

root_packages=(systemd systemd-sysv udev dbus kmod initramfs-tools kexec-tools makedumpfile busybox-static procps iproute2
	zstd xz-utils e2fsprogs jq)
root_size=3G # sparse

# root_make_or_take SUITE ARCH KERNEL_SUITE KERNEL PACKAGE…: prints the directory of root.img, vmlinuz and initrd. KERNEL is the
# package that depends on the newest kernel of KERNEL_SUITE.
root_make_or_take() {
	local suite=$1 arch=$2 kernel versions key
	mapfile -t kernel < <(kernel_packages "$3" "$2" "$4")
	[ "${kernel[0]-}" ] || return
	mapfile -t versions < <(package_versions "$suite" "$arch" "${root_packages[@]}" "${@:5}")
	key=$(printf '%s\n' "$root_size" "${kernel[@]}" "${versions[@]}" | cat - "$guest_dir"/root.sh "$guest_dir"/root/* | hash_short)
	cache_once "$roots_cache/$suite-$arch-$key" root_make "$suite" "$arch" "$3" "${kernel[@]%%=*}" "${@:5}"
	touch "$roots_cache/$suite-$arch-$key"
	find "$roots_cache" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +
	echo "$roots_cache/$suite-$arch-$key"
}

# root_make SUITE ARCH KERNEL_SUITE PACKAGE… DIR
root_make() {
	local suite=$1 arch=$2 kernel_suite=$3 dir=${*: -1} packages
	packages=$(IFS=,; echo "${root_packages[*]},${*:4:$#-4}")
	{ apt_sources "$suite" && apt_sources "$kernel_suite"; } | sort -u > "$dir/sources.list"
	root_apt_conf "$suite" > "$dir/apt.conf"
	root_preferences "$kernel_suite" > "$dir/preferences"
	note "installing a $suite root ($arch) with ${4}: a minute or two"
	mmdebstrap --variant=apt --format=tar --architectures="$arch" --include="$packages" \
		--aptopt="$dir/apt.conf" --dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--setup-hook="copy-in $dir/preferences /etc/apt" \
		--customize-hook="copy-in $guest_dir/root/guest.service /etc/systemd/system" \
		--customize-hook="chroot \"\$1\" sh -c '$(root_settings)'" \
		"$suite" "$dir/root.tar" "$dir/sources.list" > "$dir/log" 2>&1 < /dev/null || { tail -n 40 "$dir/log" >&2; return 1; }
	root_image "$dir"
}

# A mirror that stands still is as good here as on this machine.
root_apt_conf() {
	echo "APT::Default-Release \"$1\";"
	apt-config dump Acquire::Check-Valid-Until
}

# root_preferences KERNEL_SUITE: the kernel, and what installs kernels, is of that suite, and nothing else.
root_preferences() { printf '%s\n' 'Package: linux-*' "Pin: release n=$1" 'Pin-Priority: 995'; }

# What is done in the root after all packages are configured: one line for a shell, without quotes.
root_settings() {
	printf '%s; ' 'set -e' 'echo labguest > /etc/hostname' 'echo /dev/vda / auto defaults 0 1 > /etc/fstab' \
		'systemd-machine-id-setup' 'mkdir -p /var/log/journal' 'systemctl enable guest.service' \
		'systemctl mask apt-daily.timer apt-daily-upgrade.timer systemd-timesyncd.service getty@.service serial-getty@.service' \
		'rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /etc/apt/apt.conf.d/99mmdebstrap'
}

# As nobody can own files of others, those of the image belong to whom they should only in the eyes of fakeroot.
root_image() {
	local dir=$1
	mkdir "$dir/files"
	fakeroot sh -ec '
		tar -C "$1/files" -xf "$1/root.tar"
		cp -L "$1"/files/boot/vmlinuz-* "$1/vmlinuz"
		cp -L "$1"/files/boot/initrd.img-* "$1/initrd"
		truncate -s "$2" "$1/root.img"
		mke2fs -q -t ext4 -L root -d "$1/files" "$1/root.img"
		rm -rf "$1/files" "$1/root.tar"
	' root_image "$dir" "$root_size"
}
