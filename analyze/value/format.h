// SPDX-License-Identifier: GPL-2.0-or-later
// Values as text for people, and as cells for reports.
#ifndef VALUE_FORMAT_H
#define VALUE_FORMAT_H

#include "value/value.h"

struct buf;
struct cell;
struct symtab;

struct format_options {
	struct dump *dump;
	struct symtab *symtab; /* names addresses; may be NULL */
	bool with_type;        /* "(int) 5" as kmortem eval prints; else "5" as in messages */
	unsigned depth;        /* nesting of structs that is shown */
	unsigned elements;     /* elements of an array or list that are shown */
	struct fault *unread;  /* NULL, or where to note the first part that could not be read, if its code is ERROR_COUNT */
};

/* Text of a value: 5, 0xffff888003a40000, "eth0" (quoted only with_type), 12.5 s, 4.0 MiB,
 * enumerators by name, structs in braces, arrays in brackets (with_type: ten and more equal elements as "0 <repeats 12
 * times>"; what is not shown as "… 5 more"), absent as "?(not saved in the dump at
 * 0x…)". Bytes that are not printable are escaped as \xNN, so no terminal ever sees them. */
void format_value(const struct value *value, const struct format_options *options, struct buf *buf);
/* 128-bit integer in decimal. */
void format_integer(__int128 number, struct buf *buf);
/* "not saved in the dump (0xffff888003a40000)": an absence in words. */
void format_fault(const struct fault *fault, struct buf *buf);
/* Durations as "250 ms", "12.5 s", "3 min 20 s", "2 d 4 h"; sizes as "4.0 KiB", "1.5 GiB". */
void format_duration(__int128 nanoseconds, struct buf *buf);
void format_size(__int128 bytes, struct buf *buf);
/* ISO 8601 UTC: 2026-11-21T03:14:24Z. */
void format_time(__int128 nanoseconds, struct buf *buf);
/* The value as a report cell; text is allocated from `arena`. Durations become seconds (real),
 * sizes bytes, pointers "0x…" text, lists lists, none CELL_EMPTY, absent CELL_UNKNOWN with the
 * reason. */
void format_cell(const struct value *value, const struct format_options *options,
		 struct arena *arena, struct cell *ret);

#endif
