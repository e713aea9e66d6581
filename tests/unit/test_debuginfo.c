// SPDX-License-Identifier: GPL-2.0-or-later
// Finding a vmlinux, and telling it from another kernel's. The kernels are the toys.
#include "types/debuginfo.c"

#include <stdio.h>

#include "test.h"

static char folder[] = "/tmp/test_debuginfo.XXXXXX";

static bool run(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *command _cleanup_free_ = mem_vprintf(format, arguments);
	va_end(arguments);
	return system(command) == 0;
}

static void remove_folder(void)
{
	run("rm -r %s", folder);
}

__attribute__((constructor)) static void make_folder(void)
{
	unsetenv("DEBUGINFOD_URLS");
	setenv("HOME", "/nonexistent", 1);
	if (!mkdtemp(folder) || atexit(remove_folder) || !run("tests/toykernel/build %s", folder))
		exit(1);
}

static char *path_of(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static char *id_of(const char *name)
{
	char *path _cleanup_free_ = path_of(name), *id = NULL;
	struct error *error _cleanup_(error_cleanup) = elf_build_id(path, &id);

	CHECK(!error && id);
	return id;
}

/* A dump of the new kernel with a recipe's changes. */
static struct dump *dump_with(const char *recipe)
{
	char *path _cleanup_free_ = path_of("changed");
	const char *const paths[] = {path};
	struct dump *dump = NULL;

	CHECK(run("printf '%s' >%s/recipe && tests/toykernel/mkvmcore %s/new/vmlinux %s %s/recipe",
		  recipe, folder, folder, path, folder));
	struct error *error _cleanup_(error_cleanup) = dump_open(paths, 1, &dump);

	CHECK(!error && dump);
	return dump;
}

static struct error *check_with(const char *recipe, const char *vmlinux, uint64_t *ret_shift)
{
	char *path _cleanup_free_ = path_of(vmlinux);
	struct dump *dump _cleanup_(dump_close_cleanup) = dump_with(recipe);

	return debuginfo_check(path, dump, ret_shift);
}

static void check_mismatch(struct error *error)
{
	char *new_id _cleanup_free_ = id_of("new/vmlinux"),
		     *old_id _cleanup_free_ = id_of("old/vmlinux");

	CHECK(error && error->code == ERROR_MISMATCH);
	CHECK(error && strstr(error->message, new_id) && strstr(error->message, old_id));
	CHECK(error && strstr(error->message, "/old/vmlinux") && !strchr(error->message, '\n'));
	error_free(error);
}

TEST(debuginfo_checks_build_ids)
{
	uint64_t shift = 1;

	CHECK(!check_with("", "new/vmlinux", &shift) && shift == 0);
	CHECK(!check_with("info KERNELOFFSET=1c000000\n", "new/vmlinux", &shift) &&
	      shift == 0x1c000000);
	CHECK(!check_with("info KERNELOFFSET\ninfo SYMBOL(_stext)=ffffffff92000000\n",
			  "new/vmlinux", &shift) &&
	      shift == 0x10000000);
	check_mismatch(check_with("", "old/vmlinux", &shift));
}

/* Before Linux 5.9 VMCOREINFO has no build-id, but the kernel's memory has. */
TEST(debuginfo_checks_build_ids_in_memory)
{
	uint64_t shift = 1;
	struct error *error;

	CHECK(!check_with("info BUILD-ID\n", "new/vmlinux", &shift) && shift == 0);
	error = check_with(
		"info BUILD-ID\npoke1 __start_notes+16 = 0\npoke1 __start_notes+17 = 0\n",
		"new/vmlinux", &shift);
	CHECK(error && error->code == ERROR_MISMATCH);
	error_free(error);
	error = check_with("info BUILD-ID\nhole __start_notes\n", "new/vmlinux", &shift);
	CHECK(error && error->code == ERROR_NOT_FOUND && strstr(error->message, "not saved"));
	error_free(error);
	/* No 20 bytes that any file has: still refused. */
	error = check_with("info BUILD-ID\n", "old/vmlinux", &shift);
	CHECK(error && (error->code == ERROR_MISMATCH || error->code == ERROR_NOT_FOUND));
	error_free(error);
}

TEST(debuginfo_check_refuses_other_files)
{
	uint64_t shift;
	struct error *error = check_with("", "recipe", &shift);

	CHECK(error && error->code == ERROR_INVALID);
	error_free(error);
	error = check_with("", "missing", &shift);
	CHECK(error && error->code == ERROR_IO);
	error_free(error);
}

/* Puts the new kernel (its build-id in place of "@", the rest of it in place of "%") where it is to
 * be found. */
static void check_place(const char *place, const char *dump_path)
{
	char *id _cleanup_free_ = id_of("new/vmlinux"), *root _cleanup_free_ = path_of("root");
	char *path _cleanup_free_ = mem_printf("%s/%s", root, place), *found _cleanup_free_ = NULL;
	char *dump _cleanup_free_ = mem_printf("%s/%s", root, dump_path);

	CHECK(run("rm -rf %s && mkdir -p $(dirname %s) && cp %s/new/vmlinux %s", root, path, folder,
		  path));
	struct error *error _cleanup_(error_cleanup) =
		kernel_find(root, id, "6.1.0-toy", dump, &found);

	CHECK(!error);
	CHECK_STR(found, path);
	/* In the same place the other kernel is none. */
	CHECK(run("cp %s/old/vmlinux %s", folder, path));
	free(found);
	found = NULL;
	error = kernel_find(root, id, "6.1.0-toy", dump, &found);
	CHECK(error && error->code == ERROR_MISMATCH && !found);
}

TEST(debuginfo_looks_where_distributions_put_it)
{
	char *id _cleanup_free_ = id_of("new/vmlinux");
	char *by_id _cleanup_free_ =
		mem_printf("usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2);

	check_place(by_id, "dump");
	check_place("usr/lib/debug/boot/vmlinux-6.1.0-toy", "dump");
	check_place("usr/lib/debug/boot/vmlinux-6.1.0-toy.debug", "dump");
	check_place("usr/lib/debug/lib/modules/6.1.0-toy/vmlinux", "dump");
	check_place("usr/lib/debug/usr/lib/modules/6.1.0-toy/vmlinux.debug", "dump");
	check_place("boot/vmlinux-6.1.0-toy", "dump");
	check_place("lib/modules/6.1.0-toy/vmlinux", "dump");
	check_place("lib/modules/6.1.0-toy/build/vmlinux", "dump");
	check_place("var/crash/vmlinux", "var/crash/dump");
	check_place("var/crash/vmlinux-6.1.0-toy", "var/crash/dump");
	check_place("var/crash/whatever.debug", "var/crash/dump");
}

static void check_not_found(const char *id, const char *release)
{
	char *root _cleanup_free_ = path_of("root"), *found = NULL;
	struct error *error _cleanup_(error_cleanup) =
		kernel_find(root, id, release, "/nonexistent/dump", &found);

	CHECK(error && error->code == ERROR_NOT_FOUND && !found);
}

/* Build-id and release come from the dump. */
TEST(debuginfo_trusts_no_names)
{
	char *id _cleanup_free_ = id_of("new/vmlinux");

	CHECK(run(
		"cd %s && rm -rf root && mkdir -p root/boot root/lib/modules/x && cp new/vmlinux "
		"root/vmlinux "
		"&& cp new/vmlinux root/boot/vmlinux-y && cp new/vmlinux root/lib/modules/vmlinux",
		folder));
	check_not_found(id, "x/../../vmlinux");
	check_not_found(id, "/../../vmlinux");
	check_not_found(id, "..");
	check_not_found(id, ".");
	check_not_found(id, "");
	check_not_found(id, "y\n");
	check_not_found(id, NULL);
	check_not_found("../../../../vmlinux", NULL);
	check_not_found("", NULL);
	check_not_found("zz", "nowhere");
	check_not_found(NULL, "nowhere");
}

/* Without a build-id the caller has to check what was found. */
TEST(debuginfo_goes_by_release_alone)
{
	char *root _cleanup_free_ = path_of("root"), *found _cleanup_free_ = NULL;

	CHECK(run("cd %s && rm -rf root && mkdir -p root/boot && cp old/vmlinux "
		  "root/boot/vmlinux-6.1.0-toy",
		  folder));
	CHECK(!kernel_find(root, NULL, "6.1.0-toy", "/nonexistent/dump", &found));
	CHECK(found && strstr(found, "/boot/vmlinux-6.1.0-toy"));
}

TEST(debuginfo_asks_debuginfod_only_when_told)
{
	char *id _cleanup_free_ = id_of("new/vmlinux"), *root _cleanup_free_ = path_of("root");
	char *path _cleanup_free_ = mem_printf("%s:%s", folder, getenv("PATH")),
		   *found _cleanup_free_ = NULL;

	CHECK(run("cd %s && rm -rf root && printf '#!/bin/sh\\necho \"$*\" >%s/asked\\n"
		  "echo %s/new/vmlinux\\n' >debuginfod-find && chmod +x debuginfod-find",
		  folder, folder, folder));
	setenv("PATH", path, 1);
	check_not_found(id, "6.1.0-toy");
	CHECK(!run("test -e %s/asked", folder));
	setenv("DEBUGINFOD_URLS", "http://localhost:1", 1);
	CHECK(!kernel_find(root, id, "6.1.0-toy", "/nonexistent/dump", &found));
	CHECK(found && strstr(found, "/new/vmlinux"));
	CHECK(run("test \"$(cat %s/asked)\" = 'debuginfo %s'", folder, id));
	/* What it says must be true. */
	CHECK(run("printf '#!/bin/sh\\necho %s/old/vmlinux\\n' >%s/debuginfod-find", folder,
		  folder));
	free(found);
	found = NULL;
	struct error *error _cleanup_(error_cleanup) =
		kernel_find(root, id, "6.1.0-toy", "/nonexistent/dump", &found);

	CHECK(error && error->code == ERROR_MISMATCH);
	CHECK(run("printf '#!/bin/sh\\necho /nonexistent; exit 1\\n' >%s/debuginfod-find", folder));
	check_not_found(id, "6.1.0-toy");
	unsetenv("DEBUGINFOD_URLS");
}

static void check_output(const char *command, int seconds, bool want_done, const char *want)
{
	char *words _cleanup_free_ = mem_strdup(command);
	char *const arguments[] = {(char *)"sh", (char *)"-c", words, NULL};
	struct buf output _cleanup_(buf_deinit) = {0};
	int64_t start = now_ms();

	CHECK(run_for(arguments, seconds, &output) == want_done);
	CHECK_STR(buf_text(&output), want);
	CHECK(now_ms() - start < seconds * 1000 + 2000);
}

TEST(debuginfo_bounds_other_programs)
{
	check_output("echo one; echo two", 10, true, "one\ntwo\n");
	check_output("echo one; exit 3", 10, false, "exit status 3");
	check_output("echo one; echo first >&2; echo why >&2; exit 3", 10, false, "why");
	check_output("echo why >&2; echo one", 10, true, "one\n");
	check_output("head -c 1000000 /dev/zero >&2; echo one", 10, true, "one\n");
	check_output("kill -9 $$", 10, false, "ended by signal 9");
	check_output("exec sleep 60", 1, false, "no answer in time");
	check_output("echo one; exec sleep 60", 1, false, "no answer in time");
	check_output("yes", 10, false, "no answer in time");
	check_output("cat", 10, true, "");
}

/* What was asked for in vain, and why. */
TEST(debuginfo_says_what_became_of_asking)
{
	char *id _cleanup_free_ = id_of("new/vmlinux"), *root _cleanup_free_ = path_of("root");
	char *path _cleanup_free_ = mem_strdup(getenv("PATH")), *found = NULL;
	char *bin _cleanup_free_ = path_of("bin");

	CHECK(run("rm -rf %s %s && mkdir %s", root, bin, bin));
	setenv("DEBUGINFOD_URLS", "http://localhost:1", 1);
	setenv("PATH", bin, 1);
	struct error *error = kernel_find(root, id, "6.1.0-toy", "/nonexistent/dump", &found);

	CHECK(error && strstr(error->message, "DEBUGINFOD_URLS is set, but debuginfod-find: not installed"));
	error_free(error);
	setenv("PATH", path, 1);
	CHECK(run("printf '#!/bin/sh\\necho Server query failed: gone >&2; exit 1\\n' >%s/debuginfod-find && "
		  "chmod +x %s/debuginfod-find",
		  bin, bin));
	setenv("PATH", bin, 1);
	error = kernel_find(root, id, "6.1.0-toy", "/nonexistent/dump", &found);
	CHECK(error && strstr(error->message, "debuginfod-find: Server query failed: gone"));
	error_free(error);
	setenv("PATH", path, 1);
	unsetenv("DEBUGINFOD_URLS");
}

TEST(debuginfo_finds_modules)
{
	char *id _cleanup_free_ = id_of("new/vmlinux"), *root _cleanup_free_ = path_of("root");
	char *found _cleanup_free_ = NULL;
	const char *place =
		"root/usr/lib/debug/lib/modules/6.1.0-toy/kernel/net/a-toy_module.ko.debug";

	CHECK(run("cd %s && rm -rf root && mkdir -p $(dirname %s) && cp new/vmlinux %s", folder,
		  place, place));
	CHECK(!module_find(root, "a_toy_module", id, "6.1.0-toy", NULL, &found));
	CHECK(found && strstr(found, place));
	free(found);
	found = NULL;
	struct error *error = module_find(root, "toy_module", id, "6.1.0-toy", NULL, &found);

	CHECK(error && error->code == ERROR_NOT_FOUND);
	error_free(error);
	error = module_find(root, "a_toy_module", id, "../6.1.0-toy", NULL, &found);
	CHECK(error && error->code == ERROR_NOT_FOUND);
	error_free(error);
	/* Nothing is installed, but the vmlinux comes from a package that was unpacked somewhere.
	 */
	char *vmlinux _cleanup_free_ = mem_printf("%s/usr/lib/debug/boot/vmlinux", root);

	CHECK(!module_find("/nonexistent", "a_toy_module", id, "6.1.0-toy", vmlinux, &found));
	CHECK(found && strstr(found, place));
	CHECK(run("cd %s && cp old/vmlinux %s", folder, place));
	error = module_find(root, "a_toy_module", id, "6.1.0-toy", NULL, &found);
	CHECK(error && error->code == ERROR_MISMATCH);
	error_free(error);
}

TEST_MAIN
