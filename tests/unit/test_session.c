// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of a site: none is no error, any that cannot be read is one.
#include "session.c"

#include "test.h"

static char folder[] = "/tmp/test_session.XXXXXX";

static void remove_folder(void)
{
	char *command _cleanup_free_ = mem_printf("rm -r %s", folder);

	if (system(command))
		_exit(1);
}

__attribute__((constructor)) static void make_folder(void)
{
	if (!mkdtemp(folder) || atexit(remove_folder))
		exit(1);
}

static struct error *load(const char *name)
{
	char *path _cleanup_free_ = mem_printf("%s/%s", folder, name);
	struct rule_set *set _cleanup_(rule_set_free_cleanup) = rule_set_new();

	return load_site(set, path);
}

TEST(session_is_silent_about_no_site_rules_only)
{
	char *file _cleanup_free_ = mem_printf("%s/file", folder);
	char *loop _cleanup_free_ = mem_printf("%s/loop", folder);
	char *rules _cleanup_free_ = mem_printf("%s/rules.d", folder);

	CHECK(!load("none"));
	CHECK(!load("none/rules.d"));
	CHECK(!mkdir(rules, 0755) && !load("rules.d"));
	fclose(fopen(file, "w"));
	/* Refused to everybody, also to root. */
	struct error *error = load("file/rules.d");
	CHECK(error && error->code == ERROR_IO && strstr(error->message, "file/rules.d: Not a directory"));
	CHECK(error && strstr(error->message, "--rules-dir"));
	error_free(error);
	CHECK(!symlink("loop", loop));
	error = load("loop");
	CHECK(error && strstr(error->message, "Too many levels of symbolic links"));
	error_free(error);
}

TEST(session_knows_what_it_reads)
{
	char *rules _cleanup_free_ = mem_printf("%s/read", folder);
	char *lib _cleanup_free_ = mem_printf("%s/read/lib", folder);
	char *deep _cleanup_free_ = mem_printf("%s/read/lib/a.yaml", folder);
	char *other _cleanup_free_ = mem_printf("%s/read/report.txt", folder);
	struct stat status;

	CHECK(!mkdir(rules, 0755) && !mkdir(lib, 0755));
	fclose(fopen(deep, "w"));
	fclose(fopen(other, "w"));
	CHECK(!stat(deep, &status) && path_leads_to(rules, &status) && path_leads_to(deep, &status));
	CHECK(!path_leads_to(other, &status) && !path_leads_to(NULL, &status) && !path_leads_to("/none", &status));
	/* An old report among the rules is no rule. */
	CHECK(!stat(other, &status) && !path_leads_to(rules, &status));
}

static void check_parts(size_t count, const char *want)
{
	static const char *const paths[] = {"a.1", "a.2", "a.3", "a.4", "a.5", "a.6", "a.7", "a.8", "a.9", "a.10"};
	static const char *const remarks[] = {"The dump is truncated"};
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct report report = {.arena = arena, .dump = {.remarks = remarks, .remark_count = 1}};
	struct session session = {.paths = paths, .path_count = count};

	session_remark_parts(&session, &report);
	CHECK_STR(report.dump.remarks[0], remarks[0]);
	CHECK(report.dump.remark_count == (want ? 2 : 1));
	if (want && report.dump.remark_count == 2)
		CHECK_STR(report.dump.remarks[1], want);
}

TEST(session_names_the_parts_of_a_dump)
{
	check_parts(1, NULL);
	check_parts(2, "The dump is split into 2 files: a.1, a.2");
	check_parts(8, "The dump is split into 8 files: a.1, a.2, a.3, a.4, a.5, a.6, a.7, a.8");
	check_parts(10, "The dump is split into 10 files: a.1, a.2, a.3, a.4, a.5, a.6, a.7, a.8 and 2 more");
}

TEST_MAIN
