# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Kernel modules and their firmware, into an image.

# module_files NAME…: "FILE [OPTION…]" of each module and what it needs, softly or not, in the order in which they are loaded;
# NAME may be an alias. What the kernel does not have as a module is built in, or the kernel has not got it: only modprobe
# could tell, and not of every kernel.
module_files() {
	[ -e "$ROOT/lib/modules/$image_release/modules.dep" ] || return 0
	for module in "$@"; do
		modprobe ${ROOT:+-d "$ROOT"} -S "$image_release" --ignore-install --show-depends "$module" 2> /dev/null |
			sed -n 's/^insmod \(.*\)/\1/p'
	done | awk '!seen[$1]++'
}

# module_is_there NAME: as a module of that kernel or in it.
module_is_there() { modprobe ${ROOT:+-d "$ROOT"} -S "$image_release" -n -q "$1" 2> /dev/null; }

# modules_are_loaded: this kernel has some that were files.
modules_are_loaded() {
	for file in "$ROOT"/sys/module/*/initstate; do [ ! -e "$file" ] || return 0; done
	return 1
}

# modules_lost NAME…: those that are loaded here, and that the image's kernel would have neither as a file nor in it, parted by
# blanks. Of a name that is not loaded nobody can tell: it may be built in.
modules_lost() {
	for module in $(printf '%s ' "$@" | tr - _); do
		[ ! -e "$ROOT/sys/module/$module/initstate" ] || module_is_there "$module" || printf '%s ' "$module"
	done | sed 's/ $//'
}

# extra_modules_absent: those of the setting that the kernel has not got, parted by blanks.
extra_modules_absent() {
	for module in $conf_extra_modules; do
		module_is_there "$module" || printf '%s ' "$module"
	done | sed 's/ $//'
}

# pstore_module: of what keeps the last words of this kernel: the capture kernel may have some, too. Older kernels call theirs "efi".
pstore_module() {
	pstore_backend || return 0
	for module in "$backend" "${backend}_pstore"; do
		! module_is_there "$module" || { echo "$module"; break; }
	done
}

module_unpacked() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -dcq "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac
}

# module_firmware IMAGE FILE: what it names and this system has; the kernel unpacks it as it does here.
module_firmware() {
	modinfo -F firmware "$2" 2> /dev/null | while read -r name; do
		for file in "$ROOT/lib/firmware/$image_release/$name" "$ROOT/lib/firmware/updates/$name" "$ROOT/lib/firmware/$name"; do
			for end in '' .xz .zst; do
				[ -f "$file$end" ] || continue
				mkdir -p "$1/lib/firmware/${name%/*}"
				[ -d "$1/lib/firmware/$name" ] || cp -L "$file$end" "$1/lib/firmware/$name$end" || exit
				break 2
			done
		done
	done
}

# image_modules IMAGE LIST NAME…: plain files (a signature stays in them), and /lib/modules/LIST: lines "FILE [OPTION…]".
image_modules() {
	modules_image=$1 modules_list=$2
	shift 2
	module_files "$@" | while read -r file options; do
		name=$(basename "$file" | sed 's/\.ko.*/.ko/')
		module_unpacked "$file" > "$modules_image/lib/modules/$name" || die "$file: cannot be unpacked; is its program there?"
		module_firmware "$modules_image" "$file" || exit
		echo "/lib/modules/$name${options:+ $options}"
	done > "$modules_image/lib/modules/$modules_list"
}
