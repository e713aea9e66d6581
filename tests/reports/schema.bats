#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The JSON outputs against their schemas, and the schemas against outputs that are wrong.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export SAMPLE=${BUILD:-build}/tests/unit/sample_print
	make -s BUILD="${BUILD:-build}" "$SAMPLE"
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
}

# valid FORM SCHEMA [EDIT]
valid() {
	"$SAMPLE" "$1" | tests/reports/validate.py "reports/$2.schema.json" "${@:3}"
}

refused() {
	run valid "$@"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output != *Traceback* ]]
}

@test "a report is what its schema says" {
	valid json report
}

@test "a report that says nothing is, too" {
	valid nothing report
}

@test "a view is what its schema says" {
	valid view view
}

@test "the report's schema notices what is missing or renamed" {
	refused json report 'del doc["panic"]'
	refused json report 'doc["findings"][0]["verdict"] = "FOUND"'
	refused json report 'doc["counts"]["clear"] = "2"'
	refused json report 'del doc["findings"][0]["unknown_rows"]'
	refused json report 'doc["kernel"]["taint"] = "OE"'
	refused json report 'doc["panic"]["backtrace"][0]["address"] = 4096'
}

@test "unknown without a reason is refused" {
	refused json report 'del doc["findings"][1]["rows"][2]["reasons"]'
	refused json report 'doc["findings"][7]["reason"] = None'
	refused view view 'doc["rows"][0]["zone"] = None'
	refused view view 'del doc["why"]'
}

@test "columns of a view are lower-case words" {
	refused view view 'doc["rows"][0]["Zone"] = "DMA"'
}

@test "numbers survive another program's parser" {
	"$SAMPLE" json | python3 -c '
import json, sys
rows = next(v for v in json.load(sys.stdin)["views"] if v["view"] == "test.hard")["rows"]
value = {row["name"]: row["value"] for row in rows}
assert value["u64_max"] == 2**64 - 1, value
assert value["s128_max"] == 2**127 - 1, value
assert value["s128_min"] == -2**127, value
assert value["sum"] == 2.84, value'
}

@test "the same report gives the same bytes" {
	for form in text html json csv; do
		[ "$("$SAMPLE" $form | sha256sum)" = "$("$SAMPLE" $form | sha256sum)" ]
	done
}
