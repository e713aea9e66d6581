// SPDX-License-Identifier: GPL-2.0-or-later
// To be loaded into the server before its libraries: what is synced of files never gets to the disk.
#include <sys/stat.h>
#include <time.h>

int fsync(int fd);

int fsync(int fd)
{
	const struct timespec hour = {3600, 0};
	struct stat status;

	while (!fstat(fd, &status) && S_ISREG(status.st_mode))
		nanosleep(&hour, NULL);
	return 0;
}
