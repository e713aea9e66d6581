// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd.h"
#include "facts.h"
#include "kernel/dmesg.h"
#include "options.h"
#include "session.h"

struct error *cmd_log(struct session *session, const struct options *options, int *ret_status)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct dmesg dmesg;
	struct error *error = session_open(session, options, options->words.items,
					   options->words.count);

	if (!error)
		error = dmesg_read(session->kernel, arena, &dmesg);
	if (error)
		return error;
	if (dmesg.lost)
		log_note("%llu records were overwritten or cannot be read",
			 (unsigned long long)dmesg.lost);
	for (size_t i = 0; i < dmesg.count; i++) {
		log_line_put(&dmesg.records[i], &buf);
		buf_putc(&buf, '\n');
	}
	*ret_status = EXIT_DONE;
	return output_print(&buf);
}
