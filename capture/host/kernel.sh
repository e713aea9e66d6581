# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The file of the capture kernel: the one that capture.conf names, or where the distributions have it.

# kernel_told FILE: the release that an image for x86 tells of itself, nothing of others. Of its header, "HdrS" stands at 514, and
# at 526 the place of that text, less 512 (the kernel's Documentation/arch/x86/boot.rst).
kernel_told() {
	[ "$(od -A n -t x1 -j 514 -N 4 "$1" 2> /dev/null | tr -d ' ')" = 48647253 ] || return 0
	# shellcheck disable=SC2046 # two numbers
	set -- "$1" $(od -A n -t u1 -j 526 -N 2 "$1") 0 0
	tail -c "+$(($2 + 256 * $3 + 513))" "$1" | head -c 128 | tr '\000' '\n' | LC_ALL=C sed -n '1s/ .*//p'
}

# kernel_is FILE, kernel_may_be FILE: it is an image of this kernel; it is one, and tells of no other.
kernel_is() { [ -f "$ROOT$1" ] && [ -r "$ROOT$1" ] && [ "$(kernel_told "$ROOT$1")" = "$image_release" ]; }
kernel_may_be() { kernel_is "$1" || { [ -f "$ROOT$1" ] && [ -r "$ROOT$1" ] && [ -z "$(kernel_told "$ROOT$1")" ]; }; }

# kernel_booted: where the running one may lie by what the boot loader says, one a line: it counts from its own file system, and
# grub names that, too.
kernel_booted() {
	[ "$image_release" = "${KERNEL_RELEASE:-$(uname -r)}" ] || return 0
	booted=$(command_line_words < "$ROOT/proc/cmdline" | sed -n 's/^BOOT_IMAGE=//p' | sed -n '1s/^([^)]*)//; 1s,^/*,,p')
	[ -z "$booted" ] || printf '%s\n' "/boot/$booted" "/$booted" "/boot/efi/$booted" "/efi/$booted" "/boot/${booted##*/}"
}

# kernel_file: that of the settings, else the one whose name has the release, the one that was booted, or one that tells its release.
kernel_file() {
	if [ "${conf_kernel-}" ]; then
		! kernel_may_be "$conf_kernel" || { echo "$conf_kernel"; return; }
		say "kernel=$conf_kernel: is not there, or is another kernel than $image_release"
	fi
	entry=$(read_line /etc/machine-id)/$image_release
	for file in "/boot/vmlinuz-$image_release" "/boot/vmlinux-$image_release" "/boot/Image-$image_release" \
		"/boot/image-$image_release" "/boot/kernel-$image_release" "/lib/modules/$image_release/vmlinuz" \
		"/lib/modules/$image_release/Image" "/boot/$entry/linux" "/efi/$entry/linux" "/boot/efi/$entry/linux" \
		"/boot/bzImage-$image_release" "/boot/zImage-$image_release"; do
		[ ! -r "$ROOT$file" ] || { echo "$file"; return; }
	done
	for file in "$ROOT"/boot/ostree/*/"vmlinuz-$image_release" "$ROOT"/boot/kernel-*-"$image_release"; do
		[ ! -r "$file" ] || { echo "${file#"$ROOT"}"; return; }
	done
	kernel_booted | kernel_first kernel_may_be && return
	printf '%s\n' "/boot/vmlinuz-${image_release##*-}" /boot/vmlinuz /vmlinuz /boot/bzImage | kernel_first kernel_is && return
	kernel_absent
	return 1
}

# kernel_first PREDICATE: the first of the files that are read of which that holds.
kernel_first() {
	while IFS= read -r file; do
		! "$1" "$file" || { echo "$file"; return; }
	done
	return 1
}

# kernel_absent: says why there is none.
kernel_absent() {
	if file=$(kernel_unified); then
		say "the kernel $image_release is there only within a unified image, which kexec does not take; get it out of that: objcopy -O binary -j .linux $file /boot/vmlinuz-$image_release"
	else
		say "no image of the kernel $image_release in /boot, /efi or /lib/modules/$image_release; kernel= in capture.conf names one that lies elsewhere"
	fi
}

# kernel_unified: the image of kernel, initramfs and command line in one, where the kernel has that.
kernel_unified() {
	for file in "$ROOT/lib/modules/$image_release"/*.efi "$ROOT"/boot/EFI/Linux/*"$image_release"*.efi \
		"$ROOT"/efi/EFI/Linux/*"$image_release"*.efi "$ROOT"/boot/efi/EFI/Linux/*"$image_release"*.efi; do
		[ ! -f "$file" ] || { echo "${file#"$ROOT"}"; return; }
	done
	return 1
}
