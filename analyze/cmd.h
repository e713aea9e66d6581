// SPDX-License-Identifier: GPL-2.0-or-later
// The commands of kmortem. Each returns the exit status: EXIT_DONE, EXIT_INCOMPLETE, what `report` adds; or fails,
// which is EXIT_REFUSED and one line on stderr.
#ifndef ANALYZE_CMD_H
#define ANALYZE_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct buf;
struct options;
struct report_style;
struct session;

enum { EXIT_DONE = 0, EXIT_FOUND = 1, EXIT_REFUSED = 2, EXIT_INCOMPLETE = 3 };

typedef struct error *command_run(struct session *session, const struct options *options, int *ret_status);

command_run cmd_report, cmd_view, cmd_eval, cmd_info, cmd_log, cmd_list, cmd_rules;

/* Becomes kmortem-capture, which takes the arguments as they are; of these the first, the command's name, is replaced.
 * Returns only to fail. */
struct error *capture_become(char **arguments) MUST_CHECK;

/* ---- shared by commands ------------------------------------------------------------------------ */

/* Writes to standard output, all of it or ERROR_IO: what every command prints goes through here. */
struct error *output_print(const struct buf *buf) MUST_CHECK;
/* Writes a file under a temporary name in its folder, then renames it; of a link, the file it points to. No signal but
 * SIGKILL leaves the temporary one behind. Devices, pipes and open files (/dev/stdout) are written to as they are. */
struct error *output_file(const char *path, const struct buf *buf) MUST_CHECK;
/* The same, but what has that name, a link too, is replaced: for a directory in which others may have put it. */
struct error *output_replace(const char *path, const struct buf *buf) MUST_CHECK;
/* How text looks on standard output: colours and width of a terminal. */
void output_style(const struct options *options, struct report_style *ret);
bool output_has_ending(const char *path, const char *ending);
/* What -f says, else what the name of the file of -o says: "html", "csv", "json", else "text". */
const char *output_choose_format(const struct options *options);
/* ERROR_INVALID unless `format` is one of `formats`, which end with NULL. */
struct error *output_check_format(const char *format, const char *const *formats) MUST_CHECK;

#endif
