// SPDX-License-Identifier: GPL-2.0-or-later
// What the programs of these tests share: how they fail, their dice, their options and their signals.
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

/* Exit status 2, with the reason of the last system call if there was one. */
static inline _Noreturn void fail(const char *what)
{
	fprintf(stderr, "%s: %s%s%s\n", program_invocation_short_name, what, errno ? ": " : "",
		errno ? strerror(errno) : "");
	exit(2);
}

/* SplitMix64 (Steele, Lea and Flood 2014). */
static inline uint64_t chance(uint64_t *seed, uint64_t below)
{
	uint64_t mixed = *seed += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return (mixed ^ mixed >> 31) % below;
}

struct number_option {
	const char *name;
	uint64_t *number;
};

/* Takes NAME=NUMBER, which stood behind "--"; fails for other words. */
static inline void set_number(const struct number_option *options, size_t count, const char *word)
{
	size_t length = strcspn(word, "=");
	char *end = NULL;

	for (size_t i = 0; i < count; i++) {
		if (strlen(options[i].name) != length || memcmp(word, options[i].name, length) || !word[length])
			continue;
		errno = 0;
		*options[i].number = strtoull(word + length + 1, &end, 10);
		if (end == word + length + 1 || *end || errno)
			break;
		return;
	}
	fprintf(stderr, "%s: cannot use --%s\n", program_invocation_short_name, word);
	exit(2);
}

/* A descriptor that tells of SIGTERM, SIGINT and `more` (0: no other). */
static inline int watch_signals(int more)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (more)
		sigaddset(&set, more);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		fail("signalfd");
	return signals;
}

#endif
