// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/beside.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* Else it may be another's, put there by a hard link so that a page tells what it holds. The rule is that of kmortem-open;
 * only that a directory of root's where others may leave files, as /var/crash often is, is not refused as a whole. */
static bool may_be_told(const struct stat *directory, const struct stat *file)
{
	if (file->st_mode & S_IROTH)
		return true;
	if (!directory->st_uid && directory->st_mode & (S_IWGRP | S_IWOTH))
		return file->st_nlink == 1;
	return !directory->st_uid || directory->st_uid == file->st_uid ||
	       (directory->st_gid == file->st_gid && file->st_mode & S_IRGRP);
}

int beside_open(int directory, const char *name)
{
	struct stat place, file;
	int fd = name ? openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;

	if (fd >= 0 && (fstat(directory, &place) || fstat(fd, &file) || !S_ISREG(file.st_mode) ||
			!may_be_told(&place, &file))) {
		close(fd);
		fd = -1;
	}
	return fd;
}
