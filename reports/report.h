// SPDX-License-Identifier: GPL-2.0-or-later
// What a report says, as plain strings and numbers: filled by analyze/, printed by reports/.
// Everything is owned by the report's arena.
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct arena;
struct buf;

enum cell_kind {
	CELL_UNKNOWN, /* null; text: the reason */
	CELL_EMPTY,   /* there is no such thing: "" */
	CELL_TEXT,
	CELL_INTEGER,
	CELL_REAL,
	CELL_BOOL,
	CELL_LIST,
	CELL_RECORD,  /* items with names */
};

struct cell {
	enum cell_kind kind;
	const char *text;       /* TEXT: UTF-8, control bytes escaped; UNKNOWN: reason */
	const char *shown;      /* how a person reads it ("12.5 s", "4.0 MiB"); NULL: as text/number */
	__int128 integer;       /* INTEGER, BOOL */
	double real;
	const struct cell *items;
	const char *const *names; /* RECORD */
	size_t count;           /* LIST, RECORD */
};

struct table {
	const char *const *columns;
	size_t column_count;
	const struct cell *cells; /* row after row */
	size_t row_count;         /* rows held here */
	size_t total;             /* rows there are; more than row_count when the report was bounded */
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_COUNT };
enum verdict {
	VERDICT_FOUND,
	VERDICT_CLEAR,
	VERDICT_NOT_APPLICABLE,
	VERDICT_COULD_NOT_CHECK,
	VERDICT_COUNT,
};

struct finding {
	const char *rule, *title, *why, *advice; /* why and advice may be NULL */
	const char *const *tags;
	size_t tag_count;
	enum severity severity;
	enum verdict verdict;
	const char *const *messages;
	size_t message_count;
	size_t message_total;   /* rows that were found, more than message_count when bounded */
	size_t unknown_rows;    /* rows whose flag could not be computed */
	struct table table;     /* column_count 0: none */
	const char *reason;     /* of NOT_APPLICABLE and COULD_NOT_CHECK; also why a FOUND is partial; NULL */
	bool wants_pages;       /* the reason is that pages were left out of the dump */
	const char *where;      /* FILE:LINE of the rule */
};

struct view_result {
	const char *name, *title, *description;
	struct table table;
	bool complete;
	const char *why;        /* when not complete */
};

struct fact {
	const char *name;
	struct cell value;
};

/* One thing that a site's file, or --set, changed of the rules that came with kmortem. */
struct rule_change {
	const char *name;  /* "definition tasks", "nic-silent", "nic-silent.patience" */
	const char *where; /* FILE:LINE of the change, or "--set" */
	const char *was;   /* of what was redefined: FILE:LINE; else NULL */
	const char *value; /* of a parameter: its text; else NULL */
};

struct rule_changes {
	const struct rule_change *items;
	size_t count;
};

struct report_frame {
	const char *address, *symbol, *module; /* "0x…"; "do_exit+0x16"; NULL: unknown, built in */
};

struct report {
	struct arena *arena;
	const char *tool_version;
	struct {
		const char *path, *format, *compression;
		bool truncated, filtered;
		int level_asked;               /* -1 unknown */
		uint64_t file_bytes, pages_ram, pages_saved, pages_cut, bytes_missing, page_size;
		const char *const *remarks;    /* what was judged of the dump, one sentence each */
		size_t remark_count;
	} dump;
	struct {
		const char *release, *version, *arch, *build_id, *nodename; /* NULL unknown */
		size_t cpus;                   /* online; 0 unknown */
		double uptime_s;               /* < 0 unknown */
		const char *crash_time;        /* ISO 8601; NULL unknown */
		const char *taint;             /* letters; NULL unknown */
		const char *const *taint_words; /* one per letter */
		double loadavg[3];             /* < 0 unknown */
		uint64_t memory_bytes;         /* 0 unknown */
	} kernel;
	struct {
		bool happened;
		const char *message, *cause, *comm, *ip, *signature; /* NULL unknown */
		int32_t cpu;                   /* -1 unknown */
		int64_t pid;                   /* -1 unknown */
		const struct report_frame *backtrace; /* innermost first */
		size_t frame_count;
	} panic;
	struct {
		const char *types, *symbols, *modules, *notes;
		const struct fact *alternatives; /* member alternatives that were chosen: name, choice */
		size_t alternative_count;
	} sources;
	const struct finding *findings;
	size_t finding_count;
	const struct view_result *views;
	size_t view_count;
	const char *const *log_lines;          /* last lines of the kernel log, "[   12.345678] text" */
	size_t log_count, log_total;
	struct {
		const char *version, *sha256;
		const char *const *site_files;
		size_t site_file_count;
		struct rule_changes redefined; /* what shipped rules stand on, and rules themselves */
		struct rule_changes disabled;  /* rules and views */
		struct rule_changes set;       /* parameters */
	} rules;
	size_t counts[VERDICT_COUNT];          /* of findings by verdict */
	double seconds;                        /* the examination took; 0: do not say */
};

/* "warning", "could-not-check": the words of the JSON. */
const char *severity_word(enum severity severity);
const char *verdict_word(enum verdict verdict);
/* 1: something of warning or critical was found; 3: not so, and something could not be checked; else 0. */
int report_exit_status(const struct report *report);
/* The verdict in one line: "1 critical, 3 warnings; 20 checks clear, 4 could not be made". */
void report_verdict(const struct report *report, struct buf *buf);

struct report_style {
	bool color;      /* text: ANSI colours */
	unsigned width;  /* text: columns of the terminal; 0: 80 */
	unsigned rows;   /* rows shown per table; 0: all */
};

/* Whole reports. The same report gives the same bytes. */
void report_text(const struct report *report, const struct report_style *style, struct buf *buf);
void report_html(const struct report *report, const struct report_style *style, struct buf *buf);
void report_json(const struct report *report, struct buf *buf);
/* One view, as `kmortem view` prints it. */
void view_text(const struct view_result *view, const struct report_style *style, struct buf *buf);
void view_json(const struct view_result *view, struct buf *buf);
void view_csv(const struct view_result *view, struct buf *buf);

#endif
