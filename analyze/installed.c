// SPDX-License-Identifier: GPL-2.0-or-later
#include "installed.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

char *installed_find(const char *const *places)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length <= 0)
		return NULL;
	path[length] = '\0';
	const char *slash = strrchr(path, '/');
	for (; *places; places++) {
		char *place = mem_printf("%.*s/%s", (int)(slash - path), path, *places);

		if (!access(place, R_OK | X_OK))
			return place;
		free(place);
	}
	return NULL;
}
