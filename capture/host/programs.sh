# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Programs of this system, with their libraries, into an image.

# What the first process and its parts call of busybox.
busybox_needed='sh awk basename cat chmod cp cut date dd df du findfs find grep gunzip gzip halt head hostname insmod ip ipcalc kill ls
	mkdir mknod mount mv poweroff ps readlink reboot rm sed sha256sum sleep sort stat sync tail timeout touch tr udhcpc umount uname wc'

# program_file NAME: where it is, over links; a shell of busybox would take its own instead of looking.
program_file() {
	echo "$PATH" | tr : '\n' | while IFS= read -r directory; do
		[ ! -f "$directory/$1" ] || [ ! -x "$directory/$1" ] || { readlink -f "$directory/$1"; break; }
	done | grep .
}

busybox_programs() { busybox --list | tr '\n' ' '; }

# busybox_lacks: those of them that this system's busybox has not got.
busybox_lacks() {
	busybox_has=$(busybox_programs)
	for name in $busybox_needed; do is_word_of "$name" "$busybox_has" || printf '%s ' "$name"; done
}

# script_lacks FILE: what its first line has the kernel start, where the image will not have that; env there looks for the program
# that is named next.
script_lacks() {
	# A line that ends as in DOS names another file, which has to be seen.
	read -r interpreter program rest <<- END
		$(head -c 256 "$ROOT$1" | sed -n '1s/^#!//p' | tr '\r' '?')
	END
	case $interpreter in
	'') return ;;
	/bin/env | /usr/bin/env) wanted=$program ;;
	/bin/* | /usr/bin/*) wanted=${interpreter#/usr} wanted=${wanted#/bin/} ;;
	*) wanted= ;;
	esac
	is_word_of "$wanted" "$(busybox_programs)" || echo "$interpreter${program:+ $program}"
}

# image_program IMAGE PROGRAM: with the libraries that it is linked to.
image_program() {
	program=$(program_file "$2") || die "$2 is not installed: the capture image needs it"
	cp -L "$program" "$1/bin/${2##*/}" || return
	! has strip || strip "$1/bin/${2##*/}" 2> /dev/null
	image_libraries "$1" "$program"
}

# image_libraries IMAGE FILE: nothing for one that is linked statically, or is a script.
image_libraries() {
	# The loader looks where this file says, if not in the usual directories.
	[ -e "$1/etc/ld.so.cache" ] || [ ! -r "$ROOT/etc/ld.so.cache" ] || cp "$ROOT/etc/ld.so.cache" "$1/etc/" || return
	ldd "$2" 2> /dev/null | while read -r line; do
		case $line in
		*'not found'*) die "$2: the library ${line%% *} is missing" ;;
		*/*) ;;
		*) continue ;;
		esac
		library=/${line#*/} library=${library%% *}
		[ ! -e "$1$library" ] || continue
		mkdir -p "$1${library%/*}" && cp -L "$library" "$1$library" || exit
	done
}

# busybox_links IMAGE: "bin/NAME busybox" for all that it does and no other program there does.
busybox_links() {
	for name in $(busybox --list); do
		[ -e "$1/bin/$name" ] || echo "bin/$name busybox"
	done
}

# image_ssh IMAGE: it asks who it runs as; older C libraries load what answers that.
image_ssh() {
	image_program "$1" ssh || return
	echo 'root:x:0:0:root:/:/bin/sh' > "$1/etc/passwd" && printf 'passwd: files\nhosts: files\n' > "$1/etc/nsswitch.conf" || return
	libc=$(ldd "$(program_file ssh)" | sed -n 's,.* \(/.*\)/libc\.so.*,\1,p')
	[ ! -r "$libc/libnss_files.so.2" ] || cp -L "$libc/libnss_files.so.2" "$1$libc/"
}
