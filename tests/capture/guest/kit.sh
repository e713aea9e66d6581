# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2016
# The disk beside the root: kmortem as it was just built, the scenario, and the programs that make a system sick.

# kit_debs: makes kmortem's packages unless they are newer than what they are made of; prints them. One run at a time.
kit_debs() (
	cd "$tests_dir/.." && exec 9> "$BUILD/deb.lock" && flock 9 || exit
	local directory=$BUILD/deb debs
	! kit_is_foreign || directory=$BUILD/deb-${scenario[arch]}
	debs=("$directory"/*_"${scenario[arch]}".deb)
	if [ "${#debs[@]}" -eq 0 ] || [ -n "$(kit_files | xargs -d '\n' -I F find F -newer "${debs[0]}")" ]; then
		kit_build "$directory" > "$work/deb.log" 2>&1 9>&- || { tail -n 40 "$work/deb.log" >&2; exit 1; }
	fi
	printf '%s\n' "$directory"/{kmortem,kmortem-capture,netdump-server}_*.deb
)

kit_is_foreign() { [ "${scenario[arch]}" != "$(dpkg --print-architecture)" ]; }

kit_files() { git ls-files -m -o -c --exclude-standard "${kit_sources[@]}"; }

kit_build() { if kit_is_foreign; then kit_build_foreign "$1"; else "${MAKE:-make}" -s "BUILD=$BUILD" deb; fi; }

# kit_build_foreign DIRECTORY: in a root of that architecture, whose programs have to run here, and of this machine's suite, of
# which the packages would be otherwise, too.
kit_build_foreign() {
	local suite version wants
	suite=$(machine_suite)
	version=$(sed -n 's/^VERSION := //p' Makefile)
	wants=$(sed -n '/^Build-Depends/,/^$/s/^ \([a-z0-9.-]*\).*/\1/p' packaging/debian/control |
		sed 's/^debhelper-compat$/debhelper/; s/^systemd-dev$/systemd/' | paste -sd ,)
	note "making kmortem's packages for ${scenario[arch]}: a quarter of an hour"
	mkdir -p "$1" && kit_files | sort -u | tar -cf "$work/source.tar" -T - && apt_sources "$suite" > "$work/sources.list" &&
		mmdebstrap --variant=apt --architectures="${scenario[arch]}" --include="build-essential,$wants" \
			--customize-hook='mkdir "$1/source"' --customize-hook="tar-in $work/source.tar /source" \
			--customize-hook="chroot \"\$1\" sh -c 'cd /source && packaging/deb $version debs'" \
			--customize-hook="sync-out /source/debs $1" "$suite" /dev/null "$work/sources.list" < /dev/null
}

kit_sources=(LICENSE Makefile README.md analyze capture man netdump-server packaging reports rules systemd)

# kit_packages: what kmortem's packages depend on and recommend, the first of alternatives.
kit_packages() {
	local debs
	debs=$(kit_debs) || return
	while read -r deb; do dpkg-deb -f "$deb" Depends Recommends; done <<< "$debs" | sed 's/^[A-Z][a-z]*://' | tr ',' '\n' |
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
