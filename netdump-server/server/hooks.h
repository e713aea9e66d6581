// SPDX-License-Identifier: GPL-2.0-or-later
// Scripts of the site, DUMPDIR/scripts/netdump-{start,crash,nospace,reboot,finish}, run by a helper process that is forked
// before the server locks itself in: a sandbox survives exec, and scripts mail, mount and delete. The helper trusts the
// server with nothing but the choice of a script and its two arguments.
#ifndef SERVER_HOOKS_H
#define SERVER_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct hooks;

enum hook {
	HOOK_START,   /* <client>: the client has loaded its module */
	HOOK_CRASH,   /* <client> <dir>: a dump begins */
	HOOK_NOSPACE, /* <client> DUMPDIR: one chance to make room */
	HOOK_REBOOT,  /* <client> <dir>: the client is sent off */
	HOOK_FINISH,  /* <client> <dir>: ours: the dump is complete and on the disk */
	HOOKS,
};

struct hook_result {
	uint64_t id;
	enum hook hook;
	int status; /* exit status; 128 + signal; -1: there is no such script, or it could not be started */
};

/* "start", "crash"… */
const char *hook_name(enum hook hook);
/* Forks the helper. A script that runs longer than `timeout` seconds is killed with all its children. */
struct error *hooks_start(const char *dumpdir, unsigned timeout, struct hooks **ret) MUST_CHECK;
/* What was asked for may end for so long; then the helper kills its scripts, and says which were killed or never run. */
void hooks_stop(struct hooks *hooks, unsigned milliseconds);
/* Asks for a script; `id` comes back with its result. `dir` may be NULL. False when the helper is gone or has too much to
 * do: HOOK_START, for which anybody can ask, takes four places at most. */
bool hooks_run(struct hooks *hooks, enum hook hook, const char *client, const char *dir, uint64_t id);
/* A descriptor that is readable when there is a result. */
int hooks_event(const struct hooks *hooks);
/* The next result; false when there is none now. */
bool hooks_result(struct hooks *hooks, struct hook_result *ret);

#endif
