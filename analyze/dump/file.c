// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "dump/flattened.h"

/* The descriptor that a path stands for; -1: it is a file's name. */
static int path_descriptor(const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

	if (!strcmp(path, "/dev/stdin"))
		return STDIN_FILENO;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const char *number = path + strlen(folders[i]);

		if (strncmp(path, folders[i], strlen(folders[i])))
			continue;
		size_t digits = strspn(number, "0123456789");
		return digits && digits < 6 && !number[digits] ? atoi(number) : -1;
	}
	return -1;
}

char *dump_file_name(const char *path)
{
	int descriptor = path_descriptor(path);
	char link[32], name[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	ssize_t length = descriptor < 0 ? -1 : readlink(link, name, sizeof(name));
	return length > 0 && *name == '/' ? mem_strndup(name, (size_t)length) : mem_strdup(path);
}

static struct error *dump_file_measure(struct dump_file *file)
{
	struct stat status;

	if (fstat(file->fd, &status))
		return error_errno("%s", file->path);
	if (S_ISDIR(status.st_mode))
		return error_new(ERROR_INVALID, "%s: not a vmcore, but a folder", file->path);
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return error_new(ERROR_INVALID, "%s: not a vmcore (not a regular file)",
				 file->path);
	off_t end = lseek(file->fd, 0, SEEK_END);
	if (end < 0)
		return error_errno("%s", file->path);
	if (!end)
		return error_new(ERROR_INVALID, "%s: not a vmcore (the file is empty)", file->path);
	file->stored = file->size = (uint64_t)end;
	return NULL;
}

struct error *dump_file_open(const char *path, struct dump_file *ret)
{
	int descriptor = path_descriptor(path);
	/* O_NONBLOCK: a FIFO must not make us wait. */
	struct dump_file file = {
		.path = path,
		.fd = descriptor < 0 ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) :
				       fcntl(descriptor, F_DUPFD_CLOEXEC, 0),
	};

	if (file.fd < 0)
		return error_errno("%s", path);
	struct error *error = dump_file_measure(&file);
	if (!error)
		error = flattened_open(path, file.fd, file.stored, &file.flattened);
	if (error) {
		close(file.fd);
		return error;
	}
	if (file.flattened)
		file.size = flattened_size(file.flattened);
	*ret = file;
	return NULL;
}

void dump_file_close(struct dump_file *file)
{
	flattened_close(file->flattened);
	close(file->fd);
}

bool dump_file_has(const struct dump_file *file, uint64_t offset, uint64_t length)
{
	if (offset > file->size || length > file->size - offset)
		return false;
	return !dump_file_is_cut(file) || flattened_has(file->flattened, offset, length);
}

static bool dump_file_read_stored(int fd, uint64_t offset, uint8_t *buffer, size_t length)
{
	while (length) {
		ssize_t count = pread(fd, buffer, length, (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		buffer += count;
		offset += (uint64_t)count;
		length -= (size_t)count;
	}
	return true;
}

bool dump_file_read(const struct dump_file *file, uint64_t offset, void *buffer, size_t length)
{
	uint8_t *to = buffer;

	if (offset > file->size || length > file->size - offset)
		return false;
	if (!file->flattened)
		return dump_file_read_stored(file->fd, offset, to, length);
	while (length) {
		uint64_t stored, available;
		bool found = flattened_find(file->flattened, offset, &stored, &available);
		size_t part = length < available ? length : (size_t)available;

		if (!found)
			memset(to, 0, part);
		else if (!dump_file_read_stored(file->fd, stored, to, part))
			return false;
		to += part;
		offset += part;
		length -= part;
	}
	return true;
}

bool dump_file_is_cut(const struct dump_file *file)
{
	return file->flattened && flattened_is_cut(file->flattened);
}
