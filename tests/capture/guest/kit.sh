# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# The disk beside the root: kmortem as it was just built, the scenario, and the programs that make a system sick.

# kit_debs: makes kmortem's packages unless they are newer than what they are made of; prints them.
kit_debs() (
	cd "$tests_dir/.." || exit
	local debs=("$BUILD"/deb/*_"$(dpkg --print-architecture)".deb)
	if [ "${#debs[@]}" -eq 0 ] || [ -n "$(git ls-files -m -o -c --exclude-standard "${kit_sources[@]}" | xargs -d '\n' -I F find F -newer "${debs[0]}")" ]; then
		"${MAKE:-make}" -s "BUILD=$BUILD" deb > "$work/deb.log" 2>&1 || { tail -n 40 "$work/deb.log" >&2; exit 1; }
	fi
	printf '%s\n' "$BUILD"/deb/{kmortem,kmortem-capture,netdump-server}_*.deb
)

kit_sources=(Makefile analyze capture man netdump-server packaging reports rules systemd)

# kit_packages: what kmortem's packages depend on and recommend, the first of alternatives.
kit_packages() {
	kit_debs | while read -r deb; do dpkg-deb -f "$deb" Depends Recommends; done | sed 's/^[A-Z][a-z]*://' | tr ',' '\n' |
		sed 's/[|(:].*//; s/ //g; /^kmortem/d; /^$/d' | sort -u
}

# kit_make FILE
kit_make() {
	local kit=$place/kit made program
	mkdir -p "$kit"/{debs,hand} && cp "$guest_dir"/kit/* "$kit/" && cp "$scenarios_dir/${scenario[name]}" "$kit/scenario" &&
		kit_debs | xargs cp -t "$kit/debs" && made=$(programs "${scenario[arch]}") && cp "$made/guest" "$kit/" || return
	while read -r program; do ln -s guest "$kit/$program"; done < "$made/names"
	kit_hand "$kit/hand" || return
	truncate -s 256M "$1" && mke2fs -q -t ext4 -L kit -d "$kit" "$1" && rm -rf "$kit"
}

# kit_hand DIRECTORY: what the scenario hands to the guest.
kit_hand() (
	# shellcheck source=/dev/null
	. "$scenarios_dir/${scenario[name]}"
	[ "$(type -t hand)" != function ] || hand "$1"
)
