#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A dump that the server turned into a kdump file while it arrived says what the ELF file says.
# shellcheck disable=SC2154 # bats sets the variables

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	"${MAKE:-make}" -s "BUILD=$BUILD" "$BUILD/kmortem" "$BUILD/tests/netdump/convert_kdump" || return
	tests/toykernel/build "$BATS_FILE_TMPDIR/toy"
}

# What a report says but for the file's own name, format and the time that it took.
report() {
	local status=0
	"$BUILD/kmortem" report "$1" 2> /dev/null > "$1.report" || status=$?
	[ "$status" -ne 2 ]
	grep -vE '^ *(Dump|Format|Examined in) ' "$1.report"
}

@test "reports of the toy kernels are the same from ELF and from kdump" {
	cd "$BATS_TEST_TMPDIR"
	for kernel in new old; do
		cp "$BATS_FILE_TMPDIR/toy/$kernel/vmcore" elf
		report elf > expected
		[ "$(wc -l < expected)" -gt 100 ]
		for compression in zlib lzo zstd; do
			for seed in 0 1 2; do
				"$BUILD/tests/netdump/convert_kdump" elf kdump "$compression" "$seed"
				[ "$(head -c 5 kdump)" = KDUMP ]
				report kdump | diff expected -
			done
		done
	done
}
