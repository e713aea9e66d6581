// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/debuginfo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "types/src_elfsym.h"

enum {
	NAME_LIMIT =
		128, /* bytes of a release (the kernel's own limit is 64) or of a module's name */
	FOLDER_LIMIT = 4096,	/* files looked at beside a dump */
	TREE_LIMIT = 200000,	/* files looked at below a folder of modules */
	DOWNLOAD_SECONDS = 120, /* for debuginfod-find */
	BUILD_ID_BYTES = 64,	/* 20 with SHA-1, which all kernels use */
};

/* What is looked for, and the nearest miss. */
struct search {
	const char *root; /* put before every fixed path; "" but in tests */
	const char *build_id, *release;
	char *found;
	char *other, *other_id; /* a file of another kernel, and its build-id */
	char *answer;           /* what became of asking debuginfod, or NULL */
};

static void search_deinit(struct search *search)
{
	free(search->found);
	free(search->other);
	free(search->other_id);
	free(search->answer);
}

/* Takes the path; true when it is the file. */
static bool search_try(struct search *search, char *path)
{
	char *own _cleanup_free_ = path, *id _cleanup_free_ = NULL;
	struct stat status;

	if (search->found)
		return true;
	if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	struct error *error _cleanup_(error_cleanup) = elf_build_id(path, &id);

	if (search->build_id ? id && !strcmp(id, search->build_id) : !error) {
		search->found = own;
		own = NULL;
	} else if (id && !search->other) {
		search->other = own;
		search->other_id = id;
		own = id = NULL;
	}
	return search->found;
}

static struct error *search_result(struct search *search, const char *what, char **ret)
{
	if (search->found) {
		*ret = search->found;
		search->found = NULL;
		return NULL;
	}
	if (search->other)
		return error_new(ERROR_MISMATCH, "%s has build-id %s, %s has %s", search->other,
				 search->other_id, what, search->build_id);
	return error_new(ERROR_NOT_FOUND, "no debug file of %s on this machine%s%s", what,
			 search->answer ? "; " : "", search->answer ? search->answer : "");
}

/* Names and build-ids of a dump become parts of paths and arguments. */
static const char *checked_name(const char *name)
{
	if (!name || !*name || strlen(name) > NAME_LIMIT || *name == '.' || *name == '-')
		return NULL;
	for (const char *p = name; *p; p++) {
		if (*p == '/' || (unsigned char)*p <= ' ')
			return NULL;
	}
	return name;
}

static const char *checked_build_id(const char *id)
{
	size_t length = id ? strlen(id) : 0;

	return length >= 8 && length <= 2 * BUILD_ID_BYTES &&
			       strspn(id, "0123456789abcdef") == length
		       ? id
		       : NULL;
}

static void search_by_build_id(struct search *search)
{
	if (search->build_id)
		search_try(search,
			   mem_printf("%s/usr/lib/debug/.build-id/%.2s/%s.debug", search->root,
				      search->build_id, search->build_id + 2));
}

/* debuginfod_find_debuginfo(3) says where the client keeps what it got. */
static void search_download_cache(struct search *search)
{
	const char *cache = getenv("DEBUGINFOD_CACHE_PATH"), *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (!search->build_id)
		return;
	if (cache && *cache)
		search_try(search, mem_printf("%s/%s/debuginfo", cache, search->build_id));
	if (xdg && *xdg)
		search_try(search,
			   mem_printf("%s/debuginfod_client/%s/debuginfo", xdg, search->build_id));
	if (home && *home)
		search_try(search, mem_printf("%s/.cache/debuginfod_client/%s/debuginfo", home,
					      search->build_id));
}

/* Folder of a path, with its last slash; "" for the current one. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? mem_strndup(path, (size_t)(slash + 1 - path)) : mem_strdup("");
}

static void search_beside(struct search *search, const char *dump_path)
{
	char *folder _cleanup_free_ = folder_of(dump_path);

	search_try(search, mem_printf("%svmlinux", folder));
	if (search->release) {
		search_try(search, mem_printf("%svmlinux-%s", folder, search->release));
		search_try(search, mem_printf("%svmlinux-%s.debug", folder, search->release));
	}
	DIR *directory = opendir(*folder ? folder : ".");

	for (int i = 0; directory && !search->found && i < FOLDER_LIMIT; i++) {
		struct dirent *entry = readdir(directory);
		size_t length = entry ? strlen(entry->d_name) : 0;

		if (!entry)
			break;
		if (length > 6 && !strcmp(entry->d_name + length - 6, ".debug"))
			search_try(search, mem_printf("%s%s", folder, entry->d_name));
	}
	if (directory)
		closedir(directory);
}

static void search_by_release(struct search *search)
{
	/* Debian, Fedora, SUSE (two), a kernel installed by hand, one built here. */
	static const char *const places[][2] = {
		{"/usr/lib/debug/boot/vmlinux-", ""},
		{"/usr/lib/debug/lib/modules/", "/vmlinux"},
		{"/usr/lib/debug/usr/lib/modules/", "/vmlinux.debug"},
		{"/usr/lib/debug/boot/vmlinux-", ".debug"},
		{"/boot/vmlinux-", ""},
		{"/lib/modules/", "/vmlinux"},
		{"/lib/modules/", "/build/vmlinux"},
	};

	for (size_t i = 0; search->release && i < sizeof(places) / sizeof(*places); i++)
		search_try(search, mem_printf("%s%s%s%s", search->root, places[i][0],
					      search->release, places[i][1]));
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* What comes out of a pipe until its end; false when it is too much or takes too long. */
static bool read_for(int fd, int seconds, struct buf *ret)
{
	int64_t end = now_ms() + seconds * INT64_C(1000), left;
	char bytes[512];

	while ((left = end - now_ms()) > 0 && ret->length < 4096) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};

		if (poll(&wait, 1, (int)left) < 0 && errno == EINTR)
			continue;
		ssize_t length = wait.revents ? read(fd, bytes, sizeof(bytes)) : 0;

		if (wait.revents && length <= 0)
			return true;
		buf_put(ret, bytes, (size_t)length);
	}
	return false;
}

/* Starts a program found in PATH, its output and its complaints each into the end of a pipe. */
static int spawn(char *const *arguments, int output, int complaints, pid_t *ret)
{
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, complaints, 2);
	int error = posix_spawnp(ret, arguments[0], &actions, NULL, arguments, environ);

	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* The last line that stands in a pipe, as far as it can be printed; "" if there is none. */
static void read_last_line(int fd, struct buf *ret)
{
	enum { LINE_LIMIT = 200 };
	char bytes[4096];
	ssize_t length = read(fd, bytes, sizeof(bytes)), start;

	while (length > 0 && (unsigned char)bytes[length - 1] <= ' ')
		length--;
	for (start = length; start > 0 && (unsigned char)bytes[start - 1] >= ' ';)
		start--;
	if (length > 0)
		buf_put(ret, bytes + start, (size_t)(length - start < LINE_LIMIT ? length - start : LINE_LIMIT));
}

/* Waits for a program whose output was read, all of it or not, and judges how it ended. */
static bool finish(pid_t child, bool is_whole, int complaints, struct buf *ret)
{
	int status = 0;

	if (!is_whole)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (is_whole && WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	buf_cut(ret, 0);
	if (is_whole)
		read_last_line(complaints, ret);
	if (!is_whole)
		buf_puts(ret, "no answer in time");
	else if (!ret->length && WIFEXITED(status))
		buf_printf(ret, "exit status %d", WEXITSTATUS(status));
	else if (!ret->length)
		buf_printf(ret, "ended by signal %d", WTERMSIG(status));
	return false;
}

/* Runs a program and takes its output; false when it cannot be run, fails or takes too long: then *ret is why. */
static bool run_for(char *const *arguments, int seconds, struct buf *ret)
{
	int ends[2], complaints[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return buf_puts(ret, strerror(errno)), false;
	/* A program that complains at length must not wait for us to read it. */
	if (pipe2(complaints, O_CLOEXEC | O_NONBLOCK) < 0) {
		buf_puts(ret, strerror(errno));
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	int error = spawn(arguments, ends[1], complaints[1], &child);
	close(ends[1]);
	close(complaints[1]);
	bool is_done = !error && finish(child, read_for(ends[0], seconds, ret), complaints[0], ret);

	if (error == ENOENT)
		buf_puts(ret, "not installed");
	else if (error)
		buf_puts(ret, strerror(error));
	close(ends[0]);
	close(complaints[0]);
	return is_done;
}

static void search_download(struct search *search)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct buf output _cleanup_(buf_deinit) = {0};

	if (search->found || !search->build_id || !urls || !*urls)
		return;
	char *id _cleanup_free_ = mem_strdup(search->build_id);
	char *const arguments[] = {(char *)"debuginfod-find", (char *)"debuginfo", id, NULL};

	log_progress("asking debuginfod for the debug data of build-id %s", id);
	bool is_there = run_for(arguments, DOWNLOAD_SECONDS, &output);
	log_progress_end();
	if (!is_there) {
		search->answer = mem_printf("DEBUGINFOD_URLS is set, but debuginfod-find: %s", buf_text(&output));
		return;
	}
	while (output.length && output.data[output.length - 1] == '\n')
		buf_cut(&output, output.length - 1);
	if (output.length)
		search_try(search, buf_steal(&output));
}

static struct error *kernel_find(const char *root, const char *build_id, const char *release,
				 const char *dump_path, char **ret)
{
	struct search search _cleanup_(search_deinit) = {
		.root = root,
		.build_id = checked_build_id(build_id),
		.release = checked_name(release),
	};

	if (dump_path)
		search_beside(&search, dump_path);
	search_by_build_id(&search);
	search_by_release(&search);
	search_download_cache(&search);
	search_download(&search);
	return search_result(&search, "the kernel of the dump", ret);
}

struct error *debuginfo_find(const char *build_id, const char *release, const char *dump_path,
			     char **ret)
{
	return kernel_find("", build_id, release, dump_path, ret);
}

/* "nf_conntrack" of lsmod is "nf-conntrack.ko" or "nf_conntrack.ko.debug" in a folder. */
static bool is_file_of_module(const char *file, const char *name)
{
	for (; *name; file++, name++) {
		if (*file != *name &&
		    !((*file == '-' || *file == '_') && (*name == '-' || *name == '_')))
			return false;
	}
	return !strcmp(file, ".ko") || !strcmp(file, ".ko.debug");
}

static void search_tree(struct search *search, const char *folder, const char *name)
{
	char *path _cleanup_free_ = mem_printf("%s%s/%s", search->root, folder, search->release);
	char *const roots[] = {path, NULL};
	FTS *tree = search->found ? NULL : fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT, NULL);
	FTSENT *entry;

	for (int i = 0; tree && i < TREE_LIMIT && (entry = fts_read(tree)); i++) {
		if (entry->fts_info != FTS_D && is_file_of_module(entry->fts_name, name) &&
		    search_try(search, mem_strdup(entry->fts_path)))
			break;
	}
	if (tree)
		fts_close(tree);
}

static void search_for_module(struct search *search, const char *name)
{
	search_by_build_id(search);
	if (!checked_name(name) || !search->release)
		return;
	search_tree(search, "/usr/lib/debug/lib/modules", name);
	search_tree(search, "/usr/lib/debug/usr/lib/modules", name);
	search_tree(search, "/lib/modules", name);
}

/* What stands before "/usr/lib/debug/" in a path, where a package of debug data was unpacked. */
static char *root_of(const char *path)
{
	const char *end = path ? strstr(path, "/usr/lib/debug/") : NULL;

	return end ? mem_strndup(path, (size_t)(end - path)) : mem_strdup("");
}

static struct error *module_find(const char *root, const char *name, const char *build_id,
				 const char *release, const char *vmlinux, char **ret)
{
	char *near _cleanup_free_ = root_of(vmlinux), *what _cleanup_free_ = NULL;
	struct search search _cleanup_(search_deinit) = {
		.root = near,
		.build_id = checked_build_id(build_id),
		.release = checked_name(release),
	};

	if (*near)
		search_for_module(&search, name);
	search.root = root;
	search_for_module(&search, name);
	search_download_cache(&search);
	search_download(&search);
	what = mem_printf("module %s", name);
	return search_result(&search, what, ret);
}

struct error *debuginfo_find_module(const char *name, const char *build_id, const char *release,
				    const char *vmlinux, char **ret)
{
	return module_find("", name, build_id, release, vmlinux, ret);
}

/* KERNELOFFSET is written where KASLR exists; elsewhere and before it was (Linux 3.16) _stext
 * tells. */
static struct error *kaslr_shift(const char *path, const struct vmcoreinfo *info, uint64_t *ret)
{
	uint64_t there, here;

	if (vmcoreinfo_number(info, "KERNELOFFSET", ret))
		return NULL;
	if (!vmcoreinfo_number(info, "SYMBOL(_stext)", &there))
		return *ret = 0, NULL;
	struct error *error = elf_symbol_value(path, "_stext", &here);

	if (!error)
		*ret = there - here;
	return error;
}

/* The build-id in the dump's memory, where the file says that it is, as text. */
static struct error *memory_build_id(const char *path, struct dump *dump, uint64_t shift,
				     size_t length, char *ret)
{
	unsigned char bytes[BUILD_ID_BYTES];
	uint64_t address;
	struct fault fault;
	struct error *error = elf_build_id_address(path, &address);

	if (error)
		return error;
	if (length > sizeof(bytes) || !dump_try_read(dump, address + shift, bytes, length, &fault))
		return error_new(ERROR_NOT_FOUND, "%s: cannot compare build-ids with the dump: %s",
				 path,
				 error_words(length > sizeof(bytes) ? ERROR_LIMIT : fault.code));
	for (size_t i = 0; i < length; i++) {
		ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	return NULL;
}

struct error *debuginfo_check(const char *path, struct dump *dump, uint64_t *ret_shift)
{
	const struct vmcoreinfo *info = dump_vmcoreinfo(dump);
	const char *wanted = checked_build_id(vmcoreinfo_get(info, "BUILD-ID"));
	char text[2 * BUILD_ID_BYTES + 1] = "", *id _cleanup_free_ = NULL;
	uint64_t shift = 0;
	struct error *error = elf_build_id(path, &id);

	if (error)
		return error;
	if (!wanted || !strcmp(id, wanted))
		error = kaslr_shift(path, info, &shift);
	if (!wanted && !error) {
		error = memory_build_id(path, dump, shift, strlen(id) / 2, text);
		wanted = text;
	}
	if (error)
		return error;
	if (strcmp(id, wanted) != 0)
		return error_new(ERROR_MISMATCH,
				 "%s has build-id %s, the kernel of the dump has %s", path, id,
				 wanted);
	*ret_shift = shift;
	return NULL;
}
