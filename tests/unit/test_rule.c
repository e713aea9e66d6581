// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/rule.c"

#include <sys/stat.h>

#include "test.h"

static struct rule_set *set;
static char folder[] = "/tmp/kmortem-test-XXXXXX";

static void put(const char *name, const char *text)
{
	char *path _cleanup_free_ = mem_printf("%s/%s", folder, name);
	FILE *file = fopen(path, "w");

	CHECK(file);
	if (!file)
		exit(1);
	fputs(text, file);
	fclose(file);
}

static void start(void)
{
	rule_set_free(set);
	set = rule_set_new();
	if (strstr(folder, "XXXXXX"))
		CHECK(mkdtemp(folder) != NULL);
}

/* Loads one file of that content. */
static void load(const char *name, const char *text, enum rule_origin origin)
{
	char *path _cleanup_free_ = mem_printf("%s/%s", folder, name);

	put(name, text);
	struct error *error = rule_set_load(set, path, path, origin);
	CHECK(!error);
	error_free(error);
}

static void remove_files(void)
{
	char *command _cleanup_free_ = mem_printf("rm -rf %s/*", folder);

	CHECK(!system(command));
}

/* Message of problem number `position` from where the file's name ends; "" when there is none. */
static const char *problem(size_t position)
{
	enum rule_origin origin;
	const char *message = rule_set_problem(set, position, &origin);

	return message ? message + strlen(folder) + 1 : "";
}

static bool begins(const char *text, const char *with)
{
	bool does = !strncmp(text, with, strlen(with));

	if (!does)
		printf("got \"%s\", want it to begin with \"%s\"\n", text, with);
	return does;
}

#define RULE(id) "- id: " id "\n  title: T\n  severity: warning\n  flag: 1 == 1\n"

TEST(a_rule_has_what_its_author_wrote)
{
	start();
	load("a.yaml",
	     "rules:\n"
	     "- id: one\n  title: First\n  severity: critical\n  tags: [x, y]\n  needs: [runqueues]\n"
	     "  params:\n    patience: 10s\n  for: n in [1, 2]\n  let:\n    m: n + 1\n  where: m > 1\n"
	     "  flag: m > 2\n  message: \"{n} is bad\"\n  table:\n    The number: n\n  sort: -n\n  top: 3\n"
	     "  why: Because.\n  advice: Do.\n",
	     ORIGIN_SHIPPED);
	CHECK_STR(problem(0), "");
	const struct rule *rule = rule_set_find(set, "one");
	CHECK(rule && !rule->is_view && rule->severity == SEVERITY_CRITICAL && rule->top == 3);
	CHECK(rule->needs.count == 1 && rule->param_count == 1 && rule->part_count == 1);
	CHECK(rule_has_tag(rule, "y") && !rule_has_tag(rule, "z"));
	CHECK(rule->parts[0].clauses && rule->parts[0].where && rule->parts[0].let_count == 1);
	CHECK_STR(rule->parts[0].columns[0].name, "The number");
	CHECK(rule->sort_count == 1 && rule->sorts[0].is_descending && !rule->sorts[0].column);
	CHECK_STR(rule->why, "Because.");
	CHECK_STR(rule->place + strlen(folder), "/a.yaml:2");
}

TEST(unknown_keys_are_errors_with_the_nearest_name)
{
	start();
	load("a.yaml", "rules:\n" RULE("x") "  tabel:\n    A: 1\n", ORIGIN_SHIPPED);
	CHECK(begins(problem(0),
		     "a.yaml:6:3: there is no key \"tabel\" here; did you mean \"table\"?"));
	CHECK(rule_set_find(set, "x")->fault);
	load("b.yaml", "rule:\n" RULE("y"), ORIGIN_SHIPPED);
	CHECK(begins(problem(1),
		     "b.yaml:1:1: there is no key \"rule\" here; did you mean \"rules\"?"));
}

TEST(a_broken_rule_leaves_the_others)
{
	start();
	load("a.yaml",
	     "rules:\n- id: bad\n  title: T\n  severity: grave\n  flag: 1 == 1\n" RULE("good")
		     RULE("cut") "  where: 1 > 0 # no\n- title: no name\n",
	     ORIGIN_ASKED);
	CHECK(begins(problem(0), "a.yaml:4:13: a severity is one of info, warning, critical"));
	CHECK(begins(problem(1), "a.yaml:14:16: YAML ends the value here"));
	CHECK(begins(problem(2), "a.yaml:15:3: the key \"id\" is missing here"));
	CHECK_STR(problem(3), "");
	CHECK(rule_set_find(set, "bad")->fault && !rule_set_find(set, "good")->fault);
	CHECK(!rule_set_at(set, 3));
}

TEST(expressions_show_where_they_are_wrong)
{
	start();
	load("a.yaml", "rules:\n" RULE("x") "  where: |\n    1 == 1 and\n      )\n",
	     ORIGIN_SHIPPED);
	CHECK(begins(problem(0), "a.yaml:8:7: "));
	CHECK(strstr(problem(0), "\n      )\n      ^"));
	start();
	load("a.yaml", "rules:\n" RULE("x") "  where: [a, b]\n", ORIGIN_SHIPPED);
	CHECK(begins(problem(0), "a.yaml:6:10: YAML takes brackets for a list"));
	start();
	load("a.yaml", "rules:\n" RULE("x") "  where: a ==\n    b\n", ORIGIN_SHIPPED);
	CHECK(begins(problem(0), "a.yaml:6:10: an expression of more than one line"));
	start();
	load("a.yaml", "rules:\n" RULE("x") "  where:\n", ORIGIN_SHIPPED);
	CHECK(begins(problem(0), "a.yaml:6:9: a value is missing here"));
}

TEST(files_that_are_not_yaml_are_a_problem_of_their_own)
{
	enum rule_origin origin = ORIGIN_SHIPPED;

	start();
	load("a.yaml", "rules: [\n", ORIGIN_ASKED);
	CHECK(rule_set_problem(set, 0, &origin) && origin == ORIGIN_ASKED);
	load("b.yaml", "- a\n", ORIGIN_SHIPPED);
	CHECK(begins(problem(1), "b.yaml:1:1: \"key: value\" lines stand here"));
}

TEST(later_loads_replace_and_disable)
{
	start();
	load("a.yaml", "rules:\n" RULE("one") RULE("two") RULE("three"), ORIGIN_SHIPPED);
	load("site.yaml",
	     "disable: [one, no-such]\nrules:\n- id: two\n  title: Ours\n  severity: info\n  flag: 1 == 1\n",
	     ORIGIN_SITE);
	CHECK(!rule_set_find(set, "one"));
	CHECK_STR(rule_set_at(set, 0)->id, "two"); /* in its old place */
	CHECK_STR(rule_set_find(set, "two")->title, "Ours");
	CHECK(begins(problem(0), "site.yaml:1:16: there is no rule or view \"no-such\""));
}

TEST(one_load_has_one_rule_of_a_name)
{
	start();
	load("a.yaml", "rules:\n" RULE("one") RULE("one"), ORIGIN_SHIPPED);
	CHECK(begins(problem(0), "a.yaml:6:3: \"one\" is already the name of the rule in "));
}

TEST(folders_load_lib_first_then_by_name)
{
	char *lib _cleanup_free_ = mem_printf("%s/lib", folder);
	char *lib_file _cleanup_free_ = mem_printf("%s/lib/z.yaml", folder);
	enum rule_origin origin;

	start();
	remove_files();
	mkdir(lib, 0700);
	put("lib/z.yaml", "define:\n  five: 5\n");
	put("b.yaml", "rules:\n" RULE("b"));
	put("a.yaml", "rules:\n" RULE("a"));
	put("note.txt", "not: [yaml\n");
	struct error *error = rule_set_load(set, folder, folder, ORIGIN_SHIPPED);
	CHECK(!error);
	error_free(error);
	CHECK_STR(rule_set_file(set, 0, &origin)->path, lib_file);
	CHECK_STR(rule_set_at(set, 0)->id, "a");
	CHECK_STR(rule_set_at(set, 1)->id, "b");
	CHECK(!rule_set_file(set, 3, &origin));
	CHECK_STR(problem(0), "");

	/* A file that is named again is asked for, not read twice. */
	char *again _cleanup_free_ = mem_printf("%s/./b.yaml", folder);
	error = rule_set_load(set, again, again, ORIGIN_ASKED);
	CHECK(!error);
	error_free(error);
	CHECK(!rule_set_at(set, 2) && rule_set_at(set, 1)->origin == ORIGIN_ASKED);
	CHECK(rule_set_at(set, 0)->origin == ORIGIN_SHIPPED);
}

TEST(a_missing_path_is_an_error)
{
	start();
	struct error *error _cleanup_(error_cleanup) = rule_set_load(set, "/no/such/rules", "rules",
								     ORIGIN_ASKED);
	CHECK(error && error->code == ERROR_IO);
}

TEST(parameters_are_set_by_name)
{
	start();
	load("a.yaml",
	     "rules:\n" RULE(
		     "one-long") "  params:\n    patience: 10s\nviews:\n"
				 "- view: net.x\n  title: T\n  params:\n    n: 1\n  columns:\n    c: n\n",
	     ORIGIN_SHIPPED);
	const struct expr *before = rule_set_find(set, "one-long")->params[0].expr;
	struct error *error = rule_set_param(set, "one-long.patience=30s");
	CHECK(!error && rule_set_find(set, "one-long")->params[0].expr != before);
	CHECK(!rule_set_param(set, "net.x.n=2"));
	error = rule_set_param(set, "one-long.patienc=30s");
	CHECK(error && strstr(error->message, "did you mean \"patience\"?"));
	error_free(error);
	error = rule_set_param(set, "one-lnog.patience=30s");
	CHECK(error && error->code == ERROR_NOT_FOUND && strstr(error->message, "\"one-long\"?"));
	error_free(error);
	error = rule_set_param(set, "one-long.patience=)");
	CHECK(error && error->code == ERROR_SYNTAX);
	error_free(error);
	const char *const wrong[] = {"one-long",    "one-long.patience",  "=1", ".x=1",
				     "one-long.=1", "one-long.patience=", ""};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		error = rule_set_param(set, wrong[i]);
		CHECK(error && error->code == ERROR_INVALID);
		error_free(error);
	}
}

static struct rule_changes described(struct report *report)
{
	report->arena = rule_set_arena(set);
	rule_set_describe(set, report);
	return report->rules.redefined;
}

TEST(what_a_site_redefines_is_told)
{
	struct report report = {0};

	start();
	load("a.yaml",
	     "define:\n  f(a): a + 1\n  g: 2\nmembers:\n  struct sock:\n    m: x\nrules:\n" RULE("r"),
	     ORIGIN_SHIPPED);
	CHECK(described(&report).count == 0);
	load("b.yaml",
	     "define:\n  g: 2\n  f(a): 0\nmembers:\n  struct sock:\n    m: y\nrules:\n" RULE("r") RULE("s"),
	     ORIGIN_SITE);
	CHECK(described(&report).count == 3); /* g is what it was */
	const struct rule_change *changes = report.rules.redefined.items;
	CHECK_STR(changes[0].name, "definition f");
	CHECK(strstr(changes[0].where, "/b.yaml:3") && strstr(changes[0].was, "/a.yaml:2"));
	CHECK_STR(changes[1].name, "member struct sock.m");
	CHECK(strstr(changes[1].where, "/b.yaml:6") && strstr(changes[1].was, "/a.yaml:6"));
	CHECK_STR(changes[2].name, "rule r");
	CHECK(strstr(changes[2].where, "/b.yaml:8") && strstr(changes[2].was, "/a.yaml:8"));
}

TEST(what_a_site_disables_is_told)
{
	struct report report = {0};

	start();
	load("a.yaml", "rules:\n" RULE("net-a") RULE("net-b") RULE("fs-a"), ORIGIN_SHIPPED);
	load("b.yaml", "disable:\n- net-*\n- fs-?\n- xx*\n", ORIGIN_SITE);
	CHECK(begins(problem(0), "b.yaml:4:3: there is no rule or view \"xx*\""));
	CHECK(!rule_set_at(set, 0));
	load("c.yaml", "rules:\n" RULE("fs-a"), ORIGIN_SITE); /* is here again */
	described(&report);
	CHECK(report.rules.disabled.count == 2);
	CHECK_STR(report.rules.disabled.items[0].name, "net-a");
	CHECK_STR(report.rules.disabled.items[1].name, "net-b");
	CHECK(strstr(report.rules.disabled.items[1].where, "/b.yaml:2"));
}

TEST(a_site_sets_parameters)
{
	struct report report = {0};

	start();
	load("a.yaml", "rules:\n" RULE("one") "  params:\n    p: 1\n    q: 10s\n", ORIGIN_SHIPPED);
	load("b.yaml", "set:\n  one.q: 20s\n  one.x: 1\n  two.p: 1\n  one: 2\n  one.p: 1 +\n", ORIGIN_SITE);
	CHECK(begins(problem(0), "b.yaml:3:3: one has no parameter \"x\""));
	CHECK(begins(problem(1), "b.yaml:4:3: no rule or view is called \"two\""));
	CHECK(begins(problem(2), "b.yaml:5:3: want ID.PARAM: VALUE"));
	CHECK(begins(problem(3), "b.yaml:6:1"));
	CHECK_STR(problem(4), "");
	described(&report);
	CHECK(report.rules.set.count == 1);
	CHECK_STR(report.rules.set.items[0].name, "one.q");
	CHECK_STR(report.rules.set.items[0].value, "20s");
	CHECK(strstr(report.rules.set.items[0].where, "/b.yaml:2"));
	struct error *error = rule_set_param(set, "one.q=30s"); /* the last word */
	CHECK(!error);
	error_free(error);
	described(&report);
	CHECK_STR(report.rules.set.items[0].where, "--set");
}

TEST(views_have_one_shape)
{
	const struct rule *view;

	start();
	load("a.yaml",
	     "views:\n- view: u\n  title: T\n  sort: [-b, a]\n  union:\n"
	     "  - for: n in [1]\n    columns:\n      a: n\n      b: n\n"
	     "  - for: n in [2]\n    columns:\n      b: 0\n      a: n\n",
	     ORIGIN_SHIPPED);
	CHECK_STR(problem(0), "");
	view = rule_set_find(set, "u");
	CHECK(view->is_view && view->part_count == 2 && view->sort_count == 2);
	CHECK_STR(view->parts[1].columns[0].name, "a"); /* in the order of the first part */
	CHECK_STR(view->sorts[0].column, "b");
	CHECK(view->sorts[0].is_descending && !view->sorts[1].is_descending);

	load("b.yaml",
	     "views:\n- view: r\n  title: T\n  rows:\n  - name: '\"x\"'\n    kb: 1\n"
	     "  - name: '\"y\"'\n    when: has(init_task)\n    kb: 2\n",
	     ORIGIN_SHIPPED);
	view = rule_set_find(set, "r");
	CHECK(view->part_count == 2 && view->parts[0].column_count == 2 && view->parts[1].when);
	CHECK_STR(problem(0), "");

	load("c.yaml",
	     "views:\n- view: m\n  title: T\n  union:\n  - columns:\n      a: 1\n  - columns:\n      b: 1\n",
	     ORIGIN_SHIPPED);
	CHECK(begins(problem(0), "c.yaml:7:5: the column \"a\" of the first part is missing here"));
	load("d.yaml", "views:\n- view: e\n  title: T\n", ORIGIN_SHIPPED);
	CHECK(begins(problem(1), "d.yaml:2:3: a view has columns:, rows: or union:"));
	load("e.yaml", "views:\n- view: f\n  title: T\n  columns:\n    Bad name: 1\n",
	     ORIGIN_SHIPPED);
	CHECK(begins(problem(2), "e.yaml:5:5: \"Bad name\" cannot be a name here"));
	load("f.yaml", "views:\n- view: g\n  title: T\n  group: x\n  columns:\n    a: 1\n",
	     ORIGIN_SHIPPED);
	CHECK(begins(problem(3), "f.yaml:2:3: there is nothing to group"));
}

TEST(declarations_are_right_or_wrong_one_by_one)
{
	start();
	load("a.yaml",
	     "variables:\n  slab_caches: struct list_head\n  bad: struct list_head )\n"
	     "define:\n  f(a): a + 1\n  g(: 1\n  h: 2 # cut\n"
	     "members:\n  struct sock:\n    sk_state: __sk_common.skc_state\n"
	     "indexes:\n  i:\n    for: n in [1]\n    key: n\n  j:\n    for: n in [1]\n    key: n\n    value: n\n",
	     ORIGIN_SHIPPED);
	CHECK(begins(problem(0), "a.yaml:3:"));
	CHECK(begins(problem(1), "a.yaml:6:"));
	CHECK(begins(problem(2), "a.yaml:7:8: YAML ends the value here"));
	CHECK(begins(problem(3), "a.yaml:13:5: the key \"value\" is missing here"));
	CHECK_STR(problem(4), "");
}

TEST(the_digest_is_of_the_bytes)
{
	start();
	load("a.yaml", "{}\n", ORIGIN_SHIPPED);
	/* printf '{}\n' | sha256sum */
	CHECK_STR(rule_set_digest(set),
		  "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356");
	remove_files();
	rmdir(folder);
	rule_set_free(set);
	set = NULL;
}

TEST_MAIN
