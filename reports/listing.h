// SPDX-License-Identifier: GPL-2.0-or-later
// What lies in directories of dumps, as plain strings and numbers: filled by analyze/list/, printed by
// reports/list_*.c. Everything is owned by the listing's arena. Strings may hold any bytes; NULL: unknown, or there is
// no such thing.
#ifndef REPORTS_LISTING_H
#define REPORTS_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct report_style;

enum listed_time { TIME_FILE, TIME_ARRIVAL, TIME_CRASH };
enum listed_report { LISTED_NONE, LISTED_FAILED, LISTED_UNREADABLE, LISTED_MADE };

#define LISTED_TIME_END 253402300800 /* the year 10000 */

struct listed_dump {
	const char *root;   /* the directory that was looked through, as it was given */
	const char *place;  /* below it: "202611210314"; "" for itself */
	const char *number; /* FreeBSD: its files' "CLIENT.NUMBER", of which one directory may have several; else NULL */
	struct {
		const char *core, *meta, *log, *html, *text, *json, *failure; /* names in the place */
		uint64_t bytes;       /* of the dump, all its parts */
		uint64_t core_device, core_inode;
		int64_t changed;      /* when the newest of them was, seconds since 1970 */
		unsigned cores;       /* parts; 0: there is no dump */
		bool is_incomplete;   /* as its name has it */
	} files;
	const char *host, *client; /* its own name, and how it was known to who stored the dump */
	const char *kernel, *arch;
	const char *cause, *message, *signature;
	bool is_alive;        /* the dump of a machine that did not panic */
	bool is_incomplete;
	const char *reason;   /* why it is incomplete, or the report failed */
	int64_t time;         /* of the crash, seconds since 1970; else when it came in; else of the newest file */
	enum listed_time time_of;
	enum listed_report report;
	bool has_findings;    /* report.json could be read, and has these: */
	uint64_t critical, warnings, unchecked;
	bool is_hidden;       /* not asked for: in no listing, but of its group that is told */
	size_t group;         /* of the listing */
};

/* Crashes that are taken for the same. */
struct listed_group {
	const struct listed_dump *newest; /* for its words */
	bool is_unknown;      /* nothing is known of what crashed, if anything did: these have only that in common */
	const char *kernel;   /* NULL: they differ */
	const char *const *hosts; /* each once, as far as they are known */
	size_t host_count;
	bool has_other_hosts; /* which are not known */
	const struct listed_dump *const *dumps; /* newest first */
	size_t count;
	int64_t first, last;
	size_t others;        /* that were not asked for */
	int64_t first_ever;   /* these included */
};

struct listing {
	struct arena *arena;
	const char *tool_version;
	int64_t now;          /* seconds since 1970 */
	const char *title;    /* of a page: where that is; NULL: the first root */
	const char *const *roots;
	size_t root_count;
	const struct listed_dump *dumps; /* newest first */
	size_t dump_count;
	const struct listed_group *groups; /* that with the newest dump first */
	size_t group_count;
	int64_t since;        /* what is older was not asked for; INT64_MIN: all */
	size_t hidden;        /* dumps that were not asked for */
	const char *const *problems; /* what could not be read, one line each */
	size_t problem_count;
};

void listing_text(const struct listing *listing, const struct report_style *style, struct buf *buf);
/* Links are relative to the one root. */
void listing_html(const struct listing *listing, struct buf *buf);
void listing_json(const struct listing *listing, struct buf *buf);

#endif
