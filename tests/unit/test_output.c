// SPDX-License-Identifier: GPL-2.0-or-later
// A signal that ends the program in the midst of writing leaves no temporary file behind.
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int fsync_with_signal(int fd);
#define fsync fsync_with_signal
#include "output.c"
#undef fsync

#include "test.h"

static char folder[] = "/tmp/test_output.XXXXXX";
static int signal_sent; /* while the file is written */
static char seen[NAME_MAX + 1]; /* the temporary file's name, when there was one */

static int count_files(char *ret_name)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	int count = 0;

	while (directory && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		count++;
		if (ret_name)
			strcpy(ret_name, entry->d_name);
	}
	if (directory)
		closedir(directory);
	return count;
}

static int fsync_with_signal(int fd)
{
	(void)fd;
	count_files(seen);
	if (signal_sent)
		raise(signal_sent);
	return 0;
}

static void remove_folder(void)
{
	rmdir(folder);
}

__attribute__((constructor)) static void make_folder(void)
{
	if (!mkdtemp(folder) || atexit(remove_folder))
		exit(1);
}

static void write_text(const char *path)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	buf_puts(&buf, "whole\n");
	struct error *error _cleanup_(error_cleanup) = output_file(path, &buf);
	CHECK(!error);
}

static void check_signal(int number)
{
	char *path _cleanup_free_ = mem_printf("%s/report.txt", folder);
	char text[16] = "";
	int status = 0;
	pid_t child = fork();

	if (!child) {
		signal_sent = number;
		signal(number, SIG_DFL);
		write_text(path);
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == number);
	CHECK(count_files(NULL) == 1);
	FILE *file = fopen(path, "r");
	CHECK(file && fgets(text, sizeof(text), file));
	if (file)
		fclose(file);
	CHECK_STR(text, "whole\n");
	unlink(path);
}

TEST(output_ends_whole_or_not_at_all)
{
	check_signal(SIGTERM);
	check_signal(SIGINT);
	check_signal(SIGHUP);
	check_signal(SIGXFSZ);
}

TEST(output_hides_what_is_not_whole)
{
	char *path _cleanup_free_ = mem_printf("%s/report.txt", folder);

	write_text(path);
	CHECK(!strncmp(seen, ".report.txt.", strlen(".report.txt.")));
	CHECK(count_files(seen) == 1);
	CHECK_STR(seen, "report.txt");
	unlink(path);
}

TEST_MAIN
