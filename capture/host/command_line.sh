# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The capture kernel's command line.

# command_line_words: one a line, of standard input; blanks may stand between quotes, and what follows "--" is for init.
command_line_words() {
	awk '{
		word = ""
		for (i = 1; i <= length($0) + 1; i++) {
			letter = substr($0, i, 1)
			if (letter == "\"")
				quoted = !quoted
			if ((letter == " " && !quoted) || i > length($0)) {
				if (word == "--")
					exit
				if (word != "")
					print word
				word = ""
			} else {
				word = word letter
			}
		}
	}'
}

# is_word_of_first_boot WORD: one that is not for the capture kernel.
is_word_of_first_boot() {
	case $(printf %s "${1%%=*}" | tr -d '"' | tr - _) in
	# What it boots from, and what is started then.
	BOOT_IMAGE | initrd | root | rootflags | rootfstype | rootdelay | rootwait | ro | rw | init | rdinit | resume | resume_offset | \
		systemd.* | rd.* | luks* | ip | nfsroot | netroot | BOOTIF | quiet | splash | rhgb | plymouth.* | sysctl.* | \
		dm_mod.create | dm_mod.waitfor) ;;
	# It has libraries of ssh look for parts of theirs (fips.so) that are loaded by name only, which no image has.
	fips) ;;
	# Memory, of which there is little, and which is elsewhere.
	crashkernel | fadump | mem | memmap | movablecore | kernelcore | hugepages | hugepagesz | default_hugepagesz | hugetlb_cma | cma | \
		swiotlb | log_buf_len | transparent_hugepage | cgroup_enable | cgroup_disable | numa) ;;
	# CPUs, of which there is one.
	nr_cpus | maxcpus | possible_cpus | isolcpus | nohz_full | rcu_nocbs | irqaffinity) ;;
	# What makes a kernel slow and large, to find its errors.
	slub_debug | slab_debug | page_owner | debug_pagealloc | kmemleak | kasan* | kfence.* | kcsan* | trace_* | ftrace* | tp_printk | \
		kgdb* | initcall_debug) ;;
	# What makes it panic of a small thing: it is to come to the end.
	panic | panic_on_* | oops | *_panic | nmi_watchdog | crash_kexec_post_notifiers) ;;
	# Ours.
	irqpoll | reset_devices | novmcoredd) ;;
	*) return 1 ;;
	esac
}

# capture_words MACHINE: those of every capture kernel. One CPU, as another one may be what hangs; interrupts that were on their
# way belong to no driver yet (irqpoll); devices are in the middle of something (reset_devices); panic=10: a panic of its own
# ends it. The rest spares memory: no control groups of memory, no huge pages, no dumps by devices in the dump.
capture_words() {
	words="irqpoll reset_devices panic=10 cgroup_disable=memory transparent_hugepage=never novmcoredd cma=0 hugetlb_cma=0"
	case $1 in
	# Memory that was plugged in is not this kernel's; a machine check or a hardware error that is still there would end it.
	x86_64 | i?86) echo "nr_cpus=1 numa=off mce=off acpi_no_memhotplug hest_disable pcie_ports=compat $words" ;;
	ppc64*) echo "maxcpus=1 noirqdistrib numa=off $words" ;;
	s390*) echo "nr_cpus=1 vmcp_cma=0 ${words#irqpoll }" ;;
	*) echo "nr_cpus=1 $words" ;;
	esac
}

# kexec_append: the capture kernel's command line: the words of the running one but those of its own boot, those of every
# capture kernel, and the site's, which come last and so win.
kexec_append() {
	kept=$(command_line_words < "$ROOT/proc/cmdline" | while IFS= read -r word; do
		is_word_of_first_boot "$word" || printf '%s ' "$word"
	done)
	printf '%s\n' "$kept$(capture_words "${kexec_machine:-$(uname -m)}")${conf_append:+ $conf_append}"
}
