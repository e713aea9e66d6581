# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# check: makedumpfile: is there one, does it compress as it is to, and does its filter know the running kernel? Of one that is
# older than the kernel no version tells: it says "not supported" of kernels that it does know, and exits with 0 after throwing
# away pages in use. So it is asked twice: whether it has heard of all the names by which this kernel tells its pages apart, and,
# by a dry run, whether what it counts agrees with what the kernel counts.

FILTER_PATIENCE=180 # seconds a dry run may take
FILTER_TRIES=3

check_filter() {
	filter_expected=''
	if ! has makedumpfile; then
		advice_for_package makedumpfile
		point fail makedumpfile "makedumpfile is not installed: no dump can be filtered or compressed." "$advice" "$command"
		return
	fi
	saver_look
	saver_filter
	check_compression
	filter_told=$(mktemp)
	filter_try
	check_filter_kernel
	rm -f "$filter_told"
}

# install_command PACKAGE: status 1 where that is not known of this system.
install_command() {
	for words in "apt-get install" "dnf install" "zypper install" "pacman -S" "apk add"; do
		! has "${words%% *}" || { echo "$words $1"; return; }
	done
	return 1
}

# advice_for_package PACKAGE: sets $advice and $command for installing it.
advice_for_package() {
	advice="install it:"
	command=$(install_command "$1") || advice="install the package $1"
}

check_compression() {
	real=$(filter_compression "$conf_compression")
	if saver_is_theirs; then
		point pass makedumpfile-compression "How dumps are compressed say the settings of $(owner)."
	elif [ "$real" = "$conf_compression" ]; then
		point pass makedumpfile-compression "makedumpfile compresses as compression=$conf_compression says."
	elif ! grep -q '^[[:space:]]*compression[[:space:]]*=' "$conf_file" 2> /dev/null; then
		point pass makedumpfile-compression "makedumpfile compresses by $real: it was built without $conf_compression, and $conf_file does not ask for any."
	else
		point warn makedumpfile-compression "This makedumpfile was built without $conf_compression (it takes the option, and then does not compress): $real is used instead." \
			"say so in $conf_file, or install a makedumpfile that has it:" "$(setting_command compression "$real")"
	fi
}

# ---- the dry run -------------------------------------------------------------------------------

# filter_pages KIND: of the dry run.
filter_pages() { sed -n "s/^$1[[:space:]]*\([0-9][0-9]*\).*/\1/p" "$filter_told" | grep . || echo 0; }

# kernel_pages KEY MEMINFO
kernel_pages() {
	kilobytes=$(printf '%s\n' "$2" | sed -n "s/^$1: *\([0-9]*\).*/\1/p")
	echo $((${kilobytes:-0} * 1024 / filter_page))
}

# meminfo: after the CPUs have added up what they counted.
meminfo() {
	cat "$ROOT/proc/sys/vm/stat_refresh" > /dev/null 2>&1
	cat "$ROOT/proc/meminfo"
}

# filter_try: counts; sets $filter_page, $filter_user and $filter_free, what the kernel says of these, $kernel_user and
# $kernel_free, and $filter_noise, how far they may be apart. Memory moves: it is tried again while it moves too much. Status 1
# where makedumpfile does not count.
filter_try() {
	for _ in $(seq "$FILTER_TRIES"); do
		before=$(meminfo)
		filter_status=0
		timeout "$FILTER_PATIENCE" makedumpfile --mem-usage "$ROOT/proc/kcore" > "$filter_told" 2>&1 || filter_status=$?
		after=$(meminfo)
		filter_page=$(sed -n 's/^page size:[[:space:]]*\([0-9][0-9]*\).*/\1/p' "$filter_told")
		[ "$filter_status" -eq 0 ] && is_number "$filter_page" 1048576 && [ "$filter_page" -ge 4096 ] || return
		filter_compare
		[ "$filter_noise" -gt $((kernel_slab / 8)) ] || break
	done
	filter_expect
}

# What makedumpfile takes itself, found to be 0.3 MB and two bits a page, counts as a user's; so does what swapped pages leave.
filter_compare() {
	filter_user=$(filter_pages USER) filter_free=$(filter_pages FREE)
	kernel_slab=$(kernel_pages Slab "$before") kernel_free=$(kernel_pages MemFree "$before")
	kernel_user=$(($(kernel_pages AnonPages "$before") + $(kernel_pages Hugetlb "$before")))
	moved=$(($(kernel_pages AnonPages "$after") + $(kernel_pages Hugetlb "$after") - kernel_user))
	filter_noise=$((128 + $(kernel_pages MemTotal "$before") / 16384 + $(kernel_pages SwapCached "$before") + 2 * ${moved#-}))
}

# filter_expect: sets $filter_expected to the bytes that the filter leaves, before they are compressed.
filter_expect() {
	kept=$(filter_pages KERN_DATA)
	for pair in 1:ZERO 2:NON_PRI_CACHE 4:PRI_CACHE 8:USER 16:FREE; do
		[ $((saver_level & ${pair%:*})) -ne 0 ] || kept=$((kept + $(filter_pages "${pair#*:}")))
	done
	filter_expected=$((kept * filter_page))
}

# ---- what that says ----------------------------------------------------------------------------

# filter_unknown: names of this kernel that makedumpfile has never heard of, in one line.
filter_unknown() {
	vmcoreinfo_of "$ROOT/proc/kcore" > "$filter_told.names" 2> /dev/null
	filter_lacks "$filter_told.names" | tr '\n' ' '
	rm -f "$filter_told.names"
}

check_filter_kernel() {
	unknown=$(filter_unknown)
	saver_less
	if [ $((saver_level & 14)) -eq 0 ]; then
		check_filter_harmless
		return
	fi
	case $unknown in
	*SLAB*)
		point fail makedumpfile-kernel "makedumpfile is older than this kernel: it does not know $(echo "$unknown" | sed 's/ $//; s/ /, /g'), and would leave out pages that the kernel uses.$saver_guess" \
			"$advice" "$command"
		return
		;;
	esac
	if [ -z "$filter_expected" ]; then
		check_filter_untried
		return
	fi
	check_filter_counts
}

check_filter_harmless() {
	if [ "$saver_copier" ]; then
		point pass makedumpfile-kernel "As $target_settings has it, dumps are made by $saver_copier, which leaves out nothing."
		return
	fi
	case $target_saver in
	image | hook) at="dump_level $saver_level" ;;
	*) at="level $saver_level, as $target_settings has it," ;;
	esac
	point pass makedumpfile-kernel "At $at makedumpfile leaves out free pages and zeroes only, which it cannot take for others."
}

# What a dump lacks is found out after a crash, too, and it is made again with less left out.
check_filter_untried() {
	untried="makedumpfile could not be tried on this kernel"
	if [ ! -e "$ROOT/proc/kcore" ]; then
		point warn makedumpfile-kernel "$untried: that was built without /proc/kcore, which makedumpfile reads." \
			"boot a kernel with CONFIG_PROC_KCORE, or accept that only the dump itself is checked"
	elif [ "$(lockdown)" = confidentiality ]; then
		point warn makedumpfile-kernel "$untried: that is locked down (confidentiality) and lets nobody read /proc/kcore." \
			"accept that only the dump itself is checked:" "echo 'accept = makedumpfile-kernel' >> $conf_file"
	elif [ "${memory_reserved:-0}" -eq 0 ]; then
		point warn makedumpfile-kernel "$untried: it counts only where memory is reserved for a capture kernel." \
			"reserve that, see crashkernel, and check again"
	else
		point warn makedumpfile-kernel "$untried: $(filter_complaint)" "see what it says:" "makedumpfile --mem-usage /proc/kcore"
	fi
}

filter_complaint() {
	case $filter_status in 124 | 143) echo "it takes longer than $FILTER_PATIENCE s." && return ;; esac # busybox: 143
	grep -v -e '^$' -e 'version is not supported' -e 'may be incomplete' -e 'akedumpfile Failed' "$filter_told" | head -n 1 | grep . ||
		echo "it says nothing of memory (status $filter_status)."
}

# Of guests of 6.1 to 7.3 a filter that knew the kernel counted at most the noise more than the kernel itself, one that did
# not a twentieth (6.12) to a sixth (7.2) of the slab pages.
check_filter_counts() {
	too_many=$((filter_user - kernel_user - filter_noise))
	value user_pages "$filter_user"
	value user_pages_of_kernel "$kernel_user"
	value free_pages "$filter_free"
	value free_pages_of_kernel "$kernel_free"
	if [ "$too_many" -gt $((kernel_slab / 32)) ]; then
		point fail makedumpfile-kernel "makedumpfile takes $((filter_user - kernel_user)) pages for those of programs which the kernel does not: it would leave out pages that the kernel uses.$saver_guess" \
			"$advice" "$command"
	elif [ "$filter_noise" -gt $((kernel_slab / 8)) ]; then
		point warn makedumpfile-kernel "Whether makedumpfile knows this kernel cannot be told while its memory moves so much." \
			"check again when the machine has less to do"
	elif [ $((saver_level & 16)) -ne 0 ] && [ "$filter_free" -lt $((kernel_free / 2)) ]; then
		point warn makedumpfile-kernel "makedumpfile finds $filter_free free pages where the kernel has $kernel_free: dumps will be larger and take longer." \
			"install a newer makedumpfile"
	elif [ $((saver_level & 8)) -ne 0 ] && [ "$filter_user" -lt $((kernel_user / 2)) ]; then
		point warn makedumpfile-kernel "makedumpfile finds $filter_user pages of programs where the kernel has $kernel_user: dumps will be larger and hold what programs keep secret." \
			"install a newer makedumpfile"
	elif [ "$unknown" ]; then
		point warn makedumpfile-kernel "makedumpfile does not know $(echo "$unknown" | sed 's/ $//; s/ /, /g') of this kernel, though what it counts agrees." \
			"install a newer makedumpfile, or leave out less:" "$command"
	else
		point pass makedumpfile-kernel "makedumpfile knows this kernel: in a dry run it counts what the kernel counts."
	fi
}
