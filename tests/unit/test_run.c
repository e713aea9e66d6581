// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/run.c"

#include "rule/rule_private.h"
#include "rule/yaml.h"

#include "test.h"

TEST(what_comes_too_late_is_left_out)
{
	static const char text[] = "rules:\n- id: late\n  title: T\n  severity: warning\n  flag: 1 < 2\n"
				   "views:\n- view: later\n  title: T\n  columns:\n    a: 1\n";
	struct rule_set *set = rule_set_new();
	const struct yaml_file *file;
	struct view_result view;
	struct finding finding;
	struct runner runner = {.arena = rule_set_arena(set), .seconds = 1e-9};

	CHECK(!yaml_parse(rule_set_arena(set), "f", text, strlen(text), &file));
	set->generation = 1;
	rule_set_read(set, file, ORIGIN_ASKED);
	run_rule(&runner, rule_set_at(set, 0), &finding);
	CHECK(finding.verdict == VERDICT_COULD_NOT_CHECK);
	CHECK_STR(finding.reason, "left out: what came before took too long");
	run_view(&runner, rule_set_at(set, 1), &view);
	CHECK(!view.complete);
	CHECK_STR(view.why, "left out: what came before took too long");
	rule_set_free(set);
}

TEST_MAIN
