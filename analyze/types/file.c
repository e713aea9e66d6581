// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/mem.h"

struct error *file_read(const char *path, size_t limit, char **ret, size_t *ret_size)
{
	int fd _cleanup_close_ = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *bytes _cleanup_free_ = NULL;
	struct stat status;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno("%s", path);
	if (!S_ISREG(status.st_mode))
		return error_new(ERROR_INVALID, "%s: no regular file", path);
	if ((uint64_t)status.st_size > limit)
		return error_new(ERROR_LIMIT, "%s: larger than %zu bytes", path, limit);
	bytes = mem_zero((size_t)status.st_size + 1);
	while (done < (size_t)status.st_size) {
		ssize_t got = read(fd, bytes + done, status.st_size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno("%s", path);
		if (!got)
			break;
		done += got;
	}
	*ret = bytes;
	*ret_size = done;
	bytes = NULL;
	return NULL;
}
