# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# How much memory the capture takes, by booting its image in an emulator with less and less.

measured_file=$image_directory/measured

# measured_bytes: what was measured with the kernel and the image as they are; nothing where that was not done.
measured_bytes() {
	[ -r "$measured_file" ] && [ -r "$image_file" ] || return 0
	read -r stamp bytes < "$measured_file"
	if [ "$stamp" = "$(measured_stamp)" ] && is_number "$bytes"; then echo "$bytes"; fi
}

measured_stamp() { echo "$image_release,$(stat -c %s,%Y "$image_file")"; }
