# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# The disk beside the root: kmortem as it was just built, the scenario, and the programs that make a system sick.

# kit_packages: what kmortem's programs are linked to, by this machine's package names.
kit_packages() {
	ldd "$KMORTEM" "$BUILD/netdump-server/netdump-server" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u | while read -r library; do
		dpkg-query -S "$library" "/usr$library" 2> /dev/null | sed 's/:.*//'
	done | sort -u
}

# kit_make FILE
kit_make() {
	local kit=$place/kit made
	mkdir -p "$kit/tree" && cp "$guest_dir"/kit/* "$kit/" && cp "$guest_dir/scenarios/${scenario[name]}" "$kit/scenario" &&
		made=$(programs "${scenario[arch]}") && cp "$made/guest" "$kit/" || return
	while read -r program; do ln -s guest "$kit/$program"; done < "$made/names"
	"${MAKE:-make}" -s -C "$tests_dir/.." "BUILD=$BUILD" "DESTDIR=$kit/tree" install || return
	truncate -s 256M "$1" && mke2fs -q -t ext4 -L kit -d "$kit" "$1" && rm -rf "$kit"
}
