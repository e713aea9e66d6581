# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# Where the kernel's command line is set: that is the boot loader's, of which each has its own way.

# loader_is_systemd_boot: it says so itself; four bytes of attributes stand before the text, which is UTF-16.
loader_is_systemd_boot() { cat "$ROOT"/sys/firmware/efi/efivars/LoaderInfo-* 2> /dev/null | tr -d '\000' | grep -q -a systemd-boot; }

# system_is_ostree: the boot entries are those of its deployments, and nothing can be written below /usr.
system_is_ostree() { [ -e "$ROOT/run/ostree-booted" ]; }

# grub_has_drop_ins: grub is what boots, and what makes its configuration reads /etc/default/grub.d, too, as Debian's does and
# grub's own does not.
grub_has_drop_ins() {
	has update-grub && ! loader_is_systemd_boot && for name in update-grub grub-mkconfig; do
		maker=$(program_file "$name") && grep -q -a default/grub.d "$maker" && return
	done
}

# grub_command: makes grub's configuration from /etc/default/grub; status 1 where that is not known.
grub_command() {
	[ -f "$ROOT/etc/default/grub" ] || return
	if has update-grub; then
		echo update-grub
	elif has grub2-mkconfig; then
		echo "grub2-mkconfig -o /boot/grub2/grub.cfg"
	else
		echo "grub-mkconfig -o /boot/grub/grub.cfg"
	fi
}

# advice_for_command_line WORD: sets $advice and $command for adding that to the kernel's command line.
advice_for_command_line() {
	advice="add $1 to the kernel's command line, and reboot:" command=
	if system_is_ostree && has rpm-ostree; then
		command="rpm-ostree kargs --append-if-missing=$1 && reboot"
	elif system_is_ostree; then
		advice="add $1 to the kernel arguments of the deployment, or of the image that it is made of, and reboot"
	elif grub_has_drop_ins; then
		command="mkdir -p /etc/default/grub.d && echo 'GRUB_CMDLINE_LINUX_DEFAULT=\"\$GRUB_CMDLINE_LINUX_DEFAULT $1\"' > /etc/default/grub.d/kmortem-capture.cfg && update-grub && reboot"
	elif has grubby; then
		command="grubby --update-kernel=ALL --args=$1$([ ! -f "$ROOT/etc/zipl.conf" ] || echo " && zipl") && reboot"
	elif loader_is_systemd_boot; then
		advice="add $1 to /etc/kernel/cmdline, have the entries of systemd-boot made again (kernel-install), and reboot"
	elif [ -f "$ROOT/etc/zipl.conf" ]; then
		advice="add $1 to the parameters in /etc/zipl.conf, then:" command="zipl && reboot"
	elif command=$(grub_command); then
		advice="add $1 to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, then:" command="$command && reboot"
	elif [ -f "$ROOT/etc/kernel/cmdline" ]; then
		advice="add $1 to /etc/kernel/cmdline, have the boot entries made again, and reboot"
	else
		advice="add $1 to the kernel's command line in the settings of the boot loader, and reboot"
	fi
}

# advice_for_crashkernel MEBIBYTES: sets them for reserving as much. What sets that itself, as it thinks right, is told first.
advice_for_crashkernel() {
	advice_for_command_line "crashkernel=$1M"
	[ "$(owner)" = kdump ] || return 0
	if grep -q '^KDUMP_CRASHKERNEL=' "$ROOT/etc/sysconfig/kdump" 2> /dev/null; then
		advice="set that in /etc/sysconfig/kdump, by which kdump sets crashkernel= at each boot, and reboot:"
		command="sed -i 's/^KDUMP_CRASHKERNEL=.*/KDUMP_CRASHKERNEL=\"crashkernel=$1M\"/' /etc/sysconfig/kdump && kdumptool commandline -u && reboot"
	elif grep -q auto_reset_crashkernel "$ROOT/usr/bin/kdumpctl" 2> /dev/null && [ "$(kdump_utils_setting auto_reset_crashkernel)" != no ]; then
		advice="have kdump-utils leave crashkernel= alone, which its next update would set back to its own; $advice"
		command="sed -i -e '\$a auto_reset_crashkernel no' -e '/^[[:space:]]*auto_reset_crashkernel[[:space:]]/d' /etc/kdump.conf${command:+ && $command}"
	fi
}
