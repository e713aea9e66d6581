// SPDX-License-Identifier: GPL-2.0-or-later
// `kmortem capture …` is another program, a script: this one only finds it.
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd.h"
#include "installed.h"

#define CAPTURE_PROGRAM "kmortem-capture"

struct error *capture_become(char **arguments)
{
	static const char *const places[] = {"capture/" CAPTURE_PROGRAM, "../sbin/" CAPTURE_PROGRAM, NULL};
	char *found _cleanup_free_ = installed_find(places);
	char *program _cleanup_free_ = mem_strdup(found ? found : CAPTURE_PROGRAM);

	arguments[0] = program;
	log_progress_end();
	execvp(program, arguments); /* of a bare name: in PATH */
	if (!found && errno == ENOENT)
		return error_new(ERROR_NOT_FOUND,
				 "capture: " CAPTURE_PROGRAM " is not installed (package kmortem-capture)");
	return error_errno("%s", program);
}
