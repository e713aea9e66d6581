// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/hooks.c"
#include "test.h"

#include <sys/stat.h>

static char directory[64];

static void put_script(const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/scripts/netdump-%s", directory, name);
	FILE *file = fopen(path, "w");

	fprintf(file, "#!/bin/sh\n%s\n", text);
	fclose(file);
	chmod(path, 0700);
}

static struct hooks *begin(unsigned timeout)
{
	struct hooks *hooks = NULL;
	char path[PATH_MAX];

	strcpy(directory, "/tmp/kmortem-test-XXXXXX");
	if (!mkdtemp(directory))
		abort();
	snprintf(path, sizeof(path), "%s/scripts", directory);
	mkdir(path, 0700);
	CHECK(!hooks_start(directory, timeout, &hooks));
	return hooks;
}

static void remove_directory(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	CHECK(!system(command));
}

static void end(struct hooks *hooks)
{
	hooks_stop(hooks, 0);
	remove_directory();
}

static enum hook last_hook;

static int wait_for(struct hooks *hooks, uint64_t id)
{
	struct hook_result result = {0};
	struct pollfd ready = {hooks_event(hooks), POLLIN, 0};

	CHECK(poll(&ready, 1, 20000) == 1 && hooks_result(hooks, &result));
	CHECK(result.id == id);
	last_hook = result.hook;
	return result.status;
}

static const char *read_back(const char *name)
{
	static char text[256];
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "r");
	size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[length] = '\0';
	if (file)
		fclose(file);
	return text;
}

TEST(a_script_gets_its_arguments_and_an_empty_environment)
{
	struct hooks *hooks = begin(20);
	char dir[128], want[256];

	put_script("crash", "echo \"$#:$1:$2:$HOME:$(pwd)\" > out; exit 7");
	snprintf(dir, sizeof(dir), "%s/192.0.2.1-2026", directory);
	CHECK(hooks_run(hooks, HOOK_CRASH, "192.0.2.1", dir, 42));
	CHECK(wait_for(hooks, 42) == 7);
	snprintf(want, sizeof(want), "2:192.0.2.1:%s::%s\n", dir, directory);
	CHECK_STR(read_back("out"), want);
	put_script("start", "echo $# > out");
	CHECK(hooks_run(hooks, HOOK_START, "2001:db8::1", NULL, 43));
	CHECK(wait_for(hooks, 43) == 0 && last_hook == HOOK_START);
	CHECK_STR(read_back("out"), "1\n");
	put_script("nospace", "echo \"$*\" > out");
	snprintf(want, sizeof(want), "192.0.2.1 %s\n", directory);
	CHECK(hooks_run(hooks, HOOK_NOSPACE, "192.0.2.1", directory, 44));
	CHECK(wait_for(hooks, 44) == 0 && last_hook == HOOK_NOSPACE);
	CHECK_STR(read_back("out"), want);
	end(hooks);
}

TEST(a_script_that_is_not_there_is_no_trouble)
{
	struct hooks *hooks = begin(20);

	CHECK(hooks_run(hooks, HOOK_FINISH, "192.0.2.1", NULL, 1));
	CHECK(wait_for(hooks, 1) == -1);
	end(hooks);
}

TEST(a_script_that_hangs_is_killed_with_its_children)
{
	struct hooks *hooks = begin(1);

	put_script("reboot", "sleep 1000 & sleep 1000");
	CHECK(hooks_run(hooks, HOOK_REBOOT, "192.0.2.1", NULL, 5));
	CHECK(wait_for(hooks, 5) == 128 + SIGKILL);
	end(hooks);
}

TEST(many_scripts_wait_their_turn)
{
	struct hooks *hooks = begin(20);
	unsigned asked = 0, done = 0;
	struct pollfd ready = {hooks_event(hooks), POLLIN, 0};
	struct hook_result result;

	put_script("crash", "sleep 0.1");
	while (asked < 20 && hooks_run(hooks, HOOK_CRASH, "192.0.2.1", NULL, asked))
		asked++;
	CHECK(asked == 20);
	while (done < asked && poll(&ready, 1, 20000) == 1) {
		while (hooks_result(hooks, &result))
			done += result.status == 0;
	}
	CHECK(done == asked);
	end(hooks);
}

TEST(arguments_that_are_none_are_refused)
{
	struct hooks *hooks = begin(20);
	char dir[128];

	put_script("crash", "exit 0");
	CHECK(hooks_run(hooks, HOOK_CRASH, "$(reboot)", NULL, 1));
	CHECK(wait_for(hooks, 1) == -1);
	CHECK(hooks_run(hooks, HOOK_CRASH, "192.0.2.1", "/etc", 2));
	CHECK(wait_for(hooks, 2) == -1);
	snprintf(dir, sizeof(dir), "%s/../etc", directory);
	CHECK(hooks_run(hooks, HOOK_CRASH, "192.0.2.1", dir, 3));
	CHECK(wait_for(hooks, 3) == -1);
	CHECK(hooks_run(hooks, (enum hook)99, "192.0.2.1", NULL, 4));
	CHECK(wait_for(hooks, 4) == -1);
	end(hooks);
}

/* How many of the processes in the file "pids" there are; *ret_count: how many it names. */
static unsigned count_alive(unsigned *ret_count)
{
	const char *text = read_back("pids");
	unsigned alive = 0;

	*ret_count = 0;
	for (char *end; strtol(text, &end, 10) && *end == '\n'; text = end + 1) {
		alive += !kill((pid_t)strtol(text, NULL, 10), 0);
		++*ret_count;
	}
	return alive;
}

TEST(no_script_holds_up_a_stop_though_as_many_run_as_may)
{
	struct hooks *hooks = begin(1000);
	unsigned begun = 0;

	put_script("crash", "echo $$ >> pids; exec sleep 1000");
	for (unsigned i = 0; i < RUNNING_MAX + 2; i++)
		CHECK(hooks_run(hooks, HOOK_CRASH, "192.0.2.1", NULL, i));
	/* Where it does wait this ends the test. */
	alarm(60);
	while (begun < RUNNING_MAX)
		count_alive(&begun);
	hooks_stop(hooks, 0);
	while (count_alive(&begun))
		poll(NULL, 0, 10);
	alarm(0);
	CHECK(begun == RUNNING_MAX);
	remove_directory();
}

TEST(what_was_asked_for_before_a_stop_may_end)
{
	struct hooks *hooks = begin(20);

	put_script("finish", "sleep 0.3; echo done > out");
	CHECK(hooks_run(hooks, HOOK_FINISH, "192.0.2.1", NULL, 1));
	hooks_stop(hooks, 60000);
	CHECK_STR(read_back("out"), "done\n");
	remove_directory();
}

TEST(netdump_start_leaves_places_for_the_others)
{
	struct hooks *hooks = begin(1000);
	unsigned begun = 0;

	put_script("start", "exec sleep 1000");
	put_script("finish", "exit 3");
	for (unsigned i = 0; i < 100; i++)
		begun += hooks_run(hooks, HOOK_START, "192.0.2.1", NULL, i);
	CHECK(begun == STARTS_MAX);
	CHECK(hooks_run(hooks, HOOK_FINISH, "192.0.2.1", NULL, 1000));
	CHECK(wait_for(hooks, 1000) == 3);
	end(hooks);
	hooks = begin(20);
	put_script("start", "exit 0");
	for (unsigned i = 0; i < 2 * STARTS_MAX; i++) {
		CHECK(hooks_run(hooks, HOOK_START, "192.0.2.1", NULL, i));
		CHECK(!wait_for(hooks, i));
	}
	end(hooks);
}

TEST_MAIN
