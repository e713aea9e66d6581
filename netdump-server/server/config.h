// SPDX-License-Identifier: GPL-2.0-or-later
// What the administrator wants: /etc/netdump.conf in the original's syntax (KEY=VALUE, texts in quotes, true and false), and
// options of the same names, which have the last word. netdump.conf(5) explains each.
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define CONFIG_FILE "/etc/netdump.conf"

/* Addresses that begin with the first `bits` bits of `address`; IPv4 ones are mapped (::ffff:0:0/96). */
struct config_network {
	struct in6_addr address;
	unsigned bits;
};

enum config_secure {
	CONFIG_ANY,    /* 0: whoever asks may dump */
	CONFIG_MAGIC,  /* 1: Red Hat clients with a file in magic/, clients of version 6 as with 0; the default */
	CONFIG_SEALED, /* 2: only clients of version 6 that have proved who they are */
};

struct config {
	char *file;        /* that was read last, to be read again at SIGHUP; NULL: none */
	char *addr;        /* to listen at; "": everywhere */
	uint64_t port, freebsd_port, netconsole_port; /* UDP; 0: do not listen */
	bool freebsd_own_port; /* each FreeBSD client is answered from another port */
	char *dumpdir;
	char *spool;       /* markers for reports; "": none */
	char *pidfile;     /* "": none */
	char *status_file; /* for --status; "": none */
	char *metrics_file; /* OpenMetrics text; "": none */
	char *user;        /* to run as when started by root; "": stay */
	char *key;         /* file of the server's secret key; "": no version 6 with keys */
	char *peers;       /* file of the clients' keys */
	char *format;      /* "as-sent" or "kdump" */
	char *compression; /* "zlib", "lzo", "zstd" */
	char *stop;        /* what becomes of Red Hat clients at the end: "wait" for the next server, or "reboot" */
	uint64_t max_concurrent_dumps;
	uint64_t secure;   /* enum config_secure */
	bool daemon, space_check, skip_zero, verbose, debug;
	uint64_t min_free, max_total, max_client, max_dump; /* bytes */
	uint64_t keep;     /* dumps per client; 0: all */
	uint64_t log_max, log_keep, log_total;
	uint64_t script_timeout; /* seconds */
	uint64_t memory;   /* bytes that may wait for the disk */
	struct {
		struct config_network *items;
		size_t count, capacity;
	} allow;           /* networks whose packets are read; none: all */
};

/* The original's defaults, and ours for what it does not have. */
void config_init(struct config *config);
void config_deinit(struct config *config);
/* Reads a file over what is there. Errors name file, line and what would be right. A file that is not there is an error
 * only if `must_exist`. */
struct error *config_read(struct config *config, const char *path, bool must_exist) MUST_CHECK;
/* One setting, as in the file: "port", "6666". */
struct error *config_set(struct config *config, const char *key, const char *value) MUST_CHECK;
/* What fits no single key: secure=2 needs a key, and so on. */
struct error *config_check(const struct config *config) MUST_CHECK;
/* Takes over from the running configuration what cannot change while the server runs; returns a setting that was to
 * change, or NULL. */
const char *config_keep(struct config *fresh, const struct config *running);
/* The key that the option --NAME stands for ("concurrent" is max_concurrent_dumps), or NULL; *ret_flag: its value may be
 * left out. */
const char *config_option_key(const char *name, bool *ret_flag);
/* Whether packets from there are read. */
bool config_allows(const struct config *config, const struct in6_addr *address);

#endif
