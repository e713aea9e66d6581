# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
# What the makedumpfile that is there can do, said by itself; it accepts options that it was built without, and then does
# something else.

# vmcoreinfo_of FILE: lines KEY=VALUE that the kernel left for such programs, of /proc/vmcore or of a dump; they are among the
# first notes, but behind those of the CPUs, of which there may be thousands. Status 1 where there are none.
vmcoreinfo_of() {
	for bytes in 65536 8388608; do
		text=$(head -c $bytes "$1" | tr '\000' '\n' | LC_ALL=C grep '^[A-Z][A-Za-z0-9().,_+-]*=[ -~]*$' |
			grep -A 10000 -m 1 '^OSRELEASE=')
		# The last line that a crash adds; without it the note may be cut off here.
		case $text in *CRASHTIME=*) break ;; esac
	done
	[ "$text" ] && echo "$text"
}

# filter_has COMPRESSION
filter_has() {
	[ "$1" = zlib ] || makedumpfile -v 2>&1 | grep -q "^$1[[:space:]]*enabled"
}

# filter_compression WANTED: the one to take: it, or what comes next.
filter_compression() {
	case $1 in
	zstd) set -- zstd lzo zlib ;;
	snappy) set -- snappy lzo zlib ;;
	lzo) set -- lzo zlib ;;
	esac
	for compression in "$@"; do
		if [ "$compression" = none ] || filter_has "$compression"; then
			echo "$compression"
			return
		fi
	done
}

# filter_option COMPRESSION
filter_option() {
	case $1 in zlib) echo -c ;; lzo) echo -l ;; snappy) echo -p ;; zstd) echo -z ;; esac
}

# filter_asked WORDS: sets $asked_level and $asked_compression to what makedumpfile takes these words for; of levels that it is to try
# in turn, to that which leaves out most. The level is empty where it would take none of it.
filter_asked() {
	asked_level=$(printf '%s\n' "$1" | tr '\t' ' ' | sed -n 's/^\(.* \)\{0,1\}-[cDeEfFlpRXz]*d *\([^ ]*\).*/-\2/p')
	if [ "$asked_level" ]; then
		asked_level=$(printf '%s\n' "${asked_level#-}" | tr ',' '\n' | sort -n | tail -n 1)
		is_number "$asked_level" 31 || asked_level=
	else
		asked_level=0
	fi
	case " $1 " in
	*' -c '*) asked_compression=zlib ;; *' -l '*) asked_compression=lzo ;; *' -p '*) asked_compression=snappy ;;
	*' -z '*) asked_compression=zstd ;; *) asked_compression=none ;;
	esac
}

# filter_lacks VMCOREINFO: names by which that kernel tells pages in use from others, and which the makedumpfile here has never
# heard of. There are some: its filter throws away what the kernel uses, and exits with 0. No such name proves nothing.
filter_lacks() {
	filter_file=$(command -v makedumpfile) || return
	filter_words=$(LC_ALL=C tr -c ' -~' '\n' < "$filter_file" | grep -e 'page\.' -e PG_ -e PAGE_)
	sed -n 's/^[A-Z]*(\(page\.[a-z_]*\|PG_[a-z_]*\|PAGE_[A-Z_]*\))=.*/\1/p' "$1" | while read -r name; do
		case $filter_words in *"$name"*) ;; *) echo "$name" ;; esac
	done
}
