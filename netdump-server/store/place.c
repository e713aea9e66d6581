// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

enum { BOUNDS_MAX = 64 }; /* bytes of bounds.* */

char *place_safe_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_";
	char *name = mem_strdup(*text ? text : "_");

	for (char *byte = name; *byte; byte++)
		if (!strchr(letters, *byte) || (byte == name && *byte == '.'))
			*byte = '_';
	return name;
}

int place_open(int directory, const char *path)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
	char *copy _cleanup_free_ = mem_strdup(path), *rest = copy, *part;
	int here = openat(directory, ".", FLAGS);

	while (here >= 0 && (part = strsep(&rest, "/"))) {
		if (!*part || !strcmp(part, "."))
			continue;
		int next = strcmp(part, "..") ? openat(here, part, FLAGS) : -1;
		close(here);
		here = next;
	}
	return here;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
	return true;
}

static char *temporary_of(const char *name)
{
	return mem_printf(".%s.new", name);
}

/* What was reserved, or of an attempt that was cut short; else a new file. */
static int open_temporary(int directory, const char *temporary)
{
	struct stat status;
	int fd = openat(directory, temporary, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_nlink == 1)
		return fd;
	if (fd >= 0)
		close(fd);
	unlinkat(directory, temporary, 0);
	return openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

struct error *place_reserve(int directory, const char *name, size_t length)
{
	char *temporary _cleanup_free_ = temporary_of(name);
	int fd _cleanup_close_ = open_temporary(directory, temporary);

	if (fd >= 0 && (!fallocate(fd, 0, 0, (off_t)length) || errno == EOPNOTSUPP))
		return NULL;
	struct error *error = error_errno("%s: no room for it", name);
	unlinkat(directory, temporary, 0);
	return error;
}

void place_release(int directory, const char *name)
{
	char *temporary _cleanup_free_ = temporary_of(name);

	unlinkat(directory, temporary, 0);
}

struct error *place_write(int directory, const char *name, const void *bytes, size_t length)
{
	char *temporary _cleanup_free_ = temporary_of(name);
	int fd _cleanup_close_ = open_temporary(directory, temporary);

	if (fd < 0)
		return error_errno("%s: cannot create", name);
	if (write_all(fd, bytes, length) && !ftruncate(fd, (off_t)length) && !fsync(fd) &&
	    !renameat(directory, temporary, directory, name))
		return NULL;
	struct error *error = error_errno("%s: cannot write", name);
	unlinkat(directory, temporary, 0);
	return error;
}

char *place_read(int directory, const char *name, size_t most)
{
	struct stat status;
	int fd _cleanup_close_ = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode) || (uint64_t)status.st_size > most)
		return NULL;
	char *text = mem_zero((size_t)status.st_size + 1);
	if (pread(fd, text, (size_t)status.st_size, 0) == status.st_size)
		return text;
	free(text);
	return NULL;
}

unsigned long place_read_bounds(int directory, const char *name)
{
	char *text _cleanup_free_ = place_read(directory, name, BOUNDS_MAX);

	return text ? strtoul(text, NULL, 10) % 1000000000 : 0;
}

struct error *place_link(int directory, const char *target, const char *name)
{
	char *temporary _cleanup_free_ = mem_printf(".%s.new", name);

	unlinkat(directory, temporary, 0);
	if (symlinkat(target, directory, temporary) || renameat(directory, temporary, directory, name))
		return error_errno("%s: cannot link", name);
	return NULL;
}
