// SPDX-License-Identifier: GPL-2.0-or-later
// What the caller of netdump-send wants: netdump-send(8).
#ifndef SEND_OPTIONS_H
#define SEND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "seal/seal.h"

enum { OPTIONS_PORT = 6666 }; /* of netdump, on both sides */

enum options_action { OPTIONS_SEND, OPTIONS_HELP, OPTIONS_VERSION };

struct options {
	enum options_action action;
	const char *server, *file; /* file: NULL is standard input */
	const char *label, *log;
	bool is_check, is_classic, is_quiet, is_verbose;
	bool is_sealed;
	struct seal_client seal;   /* wipe it */
	uint16_t port, source_port; /* source_port 0: OPTIONS_PORT for --classic, else any */
	uint64_t rate, timeout;    /* bytes per second, 0: no limit; nanoseconds */
	uint32_t mtu, memory;      /* bytes; mtu 0: what the path takes */
	uint64_t magic;
};

/* Reads the key files as well. `arguments` live as long as the options. */
struct error *options_read(int count, char **arguments, struct options *ret) MUST_CHECK;
extern const char options_usage[];

#endif
