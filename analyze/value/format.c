// SPDX-License-Identifier: GPL-2.0-or-later
#include "value/format.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "reports/report.h"
#include "types/symtab.h"

enum {
	FORMAT_BYTES = 1024 * 1024, /* of one value's text */
	FORMAT_STRING = 4096,       /* of one string in it */
	FORMAT_RUN = 10,            /* equal elements that are said once, as gdb has it */
	FORMAT_ELEMENTS = 1000000,  /* looked at for one value's text */
	CELL_NESTING = 16,
	NS_PER_S = 1000000000,
};

/* ---- text ----------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 sequence at the start of `text` that may be shown: valid, and not a control
 * character (C0, DEL, C1) or one that turns the direction of text; 0 when there is none. */
static size_t text_printable(const unsigned char *text, size_t length)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t bytes = text[0] < 0x80 ? 1 : text[0] >> 5 == 6 ? 2 : text[0] >> 4 == 14 ? 3 : 4;
	uint32_t code = bytes == 1 ? text[0] : text[0] & (0x7fU >> bytes);

	if (bytes > length || (bytes == 4 && text[0] >> 3 != 30))
		return 0;
	for (size_t i = 1; i < bytes; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < lowest[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e ||
	    code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069))
		return 0;
	return bytes;
}

static void text_put(const char *text, size_t length, bool is_quoted, struct buf *buf)
{
	for (size_t i = 0; i < length;) {
		const unsigned char *bytes = (const unsigned char *)text + i;
		size_t good = text_printable(bytes, length - i);

		if (is_quoted && (*bytes == '"' || *bytes == '\\'))
			buf_putc(buf, '\\');
		if (good)
			buf_put(buf, text + i, good);
		else
			buf_printf(buf, "\\x%02x", *bytes);
		i += good ? good : 1;
	}
}

void format_integer(__int128 number, struct buf *buf)
{
	char digits[40];
	size_t at = sizeof(digits);
	unsigned __int128 rest =
		number < 0 ? -(unsigned __int128)number : (unsigned __int128)number;

	do {
		digits[--at] = (char)('0' + (int)(rest % 10));
		rest /= 10;
	} while (rest);
	if (number < 0)
		buf_putc(buf, '-');
	buf_put(buf, digits + at, sizeof(digits) - at);
}

/* What could not be had, without its address. */
static void fault_put(const struct fault *fault, struct buf *buf)
{
	const char *words = error_words(fault->code);

	switch (fault->code) {
	case ERROR_NOT_SAVED:
	case ERROR_TRUNCATED:
	case ERROR_IO: /* `what` names a page or the like, which goes without saying */
		buf_puts(buf, words);
		return;
	case ERROR_NO_TRANSLATION: buf_puts(buf, fault->address ? words : "NULL pointer"); return;
	case ERROR_CORRUPT:
		buf_puts(buf, words);
		if (fault->what) {
			buf_puts(buf, ": ");
			text_put(fault->what, strlen(fault->what), false, buf);
		}
		return;
	case ERROR_INVALID: /* "division by zero" says it all */
		text_put(fault->what ? fault->what : words, strlen(fault->what ? fault->what : words), false,
			 buf);
		return;
	default:
		if (fault->what) {
			text_put(fault->what, strlen(fault->what), false, buf);
			buf_puts(buf, ": ");
		}
		buf_puts(buf, words);
	}
}

/* Words about a broken container name both nodes themselves. */
static bool fault_shows_address(const struct fault *fault)
{
	return fault->address && !(fault->what && strstr(fault->what, "0x"));
}

void format_fault(const struct fault *fault, struct buf *buf)
{
	fault_put(fault, buf);
	if (fault_shows_address(fault))
		buf_printf(buf, " (0x%llx)", (unsigned long long)fault->address);
}

/* ---- units ---------------------------------------------------------------------------------- */

/* `number` / `unit` with one decimal, and without it when it is zero. */
static void tenths_put(uint64_t tenths, const char *unit, struct buf *buf)
{
	if (tenths % 10)
		buf_printf(buf, "%llu.%llu %s", (unsigned long long)(tenths / 10),
			   (unsigned long long)(tenths % 10), unit);
	else
		buf_printf(buf, "%llu %s", (unsigned long long)(tenths / 10), unit);
}

static void duration_put_long(unsigned __int128 seconds, struct buf *buf)
{
	static const struct {
		unsigned in_seconds, part;
		const char *unit, *part_unit;
	} scales[] = {{86400, 3600, "d", "h"}, {3600, 60, "h", "min"}, {60, 1, "min", "s"}};
	size_t i = 0;

	while (seconds < scales[i].in_seconds)
		i++;
	format_integer((__int128)(seconds / scales[i].in_seconds), buf);
	buf_printf(buf, " %s %u %s", scales[i].unit,
		   (unsigned)(seconds % scales[i].in_seconds) / scales[i].part,
		   scales[i].part_unit);
}

void format_duration(__int128 nanoseconds, struct buf *buf)
{
	unsigned __int128 ns =
		nanoseconds < 0 ? -(unsigned __int128)nanoseconds : (unsigned __int128)nanoseconds;

	if (nanoseconds < 0)
		buf_putc(buf, '-');
	/* Rounded to tenths before the unit is chosen, so that nothing becomes "60 s" or
	 * "1000 ms". */
	if (ns < 1000)
		buf_printf(buf, ns ? "%u ns" : "%u s", (unsigned)ns);
	else if (ns < 999950)
		tenths_put((uint64_t)(ns + 50) / 100, "us", buf);
	else if (ns < 999950000)
		tenths_put((uint64_t)(ns + 50000) / 100000, "ms", buf);
	else if (ns < 59950000000)
		tenths_put((uint64_t)(ns + 50000000) / 100000000, "s", buf);
	else
		duration_put_long((ns + NS_PER_S / 2) / NS_PER_S, buf);
}

void format_size(__int128 bytes, struct buf *buf)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double scaled = (double)bytes;
	size_t unit = 0;

	if (scaled > -1024 && scaled < 1024) {
		buf_printf(buf, "%d B", (int)bytes);
		return;
	}
	scaled /= 1024;
	while (fabs(scaled) >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		scaled /= 1024;
		unit++;
	}
	buf_printf(buf, "%.1f %s", scaled, units[unit]);
}

void format_time(__int128 nanoseconds, struct buf *buf)
{
	const __int128 last = (__int128)253402300799 * NS_PER_S; /* end of the year 9999 */
	struct tm tm;
	char text[32];

	if (nanoseconds < 0 || nanoseconds > last) {
		format_integer(nanoseconds, buf);
		buf_puts(buf, " ns");
		return;
	}

	time_t seconds = (time_t)(nanoseconds / NS_PER_S);

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_puts(buf, text);
}

/* ---- values --------------------------------------------------------------------------------- */

/* One call of format_value(). */
struct format {
	const struct format_options *options;
	struct buf *buf;
	size_t start;    /* length of `buf` before */
	unsigned indent; /* of the members of nested structs, one per line, with types */
	const struct type *said; /* the type of the elements of this array, said before it */
	uint64_t seen;   /* elements so far */
};

static void format_any(struct format *format, const struct value *value, unsigned depth);

/* False, and three dots, when one value's text has become too long. */
static bool format_has_room(struct format *format)
{
	if (format->buf->length - format->start < FORMAT_BYTES)
		return true;
	buf_puts(format->buf, "...");
	return false;
}

static void format_type(struct format *format, const struct type *type)
{
	if (!format->options->with_type || !type || type == format->said)
		return;
	buf_putc(format->buf, '(');
	type_print(type, format->buf);
	buf_puts(format->buf, ") ");
}

static bool type_is_char(const struct type *type)
{
	type = type_strip(type);
	return type->kind == TYPE_INT && type->is_char && type->name && !strcmp(type->name, "char");
}

static void format_text(struct format *format, const char *text, size_t length)
{
	bool is_quoted = format->options->with_type;

	if (is_quoted)
		buf_putc(format->buf, '"');
	text_put(text, length, is_quoted, format->buf);
	if (is_quoted)
		buf_putc(format->buf, '"');
}

static void format_absent(struct format *format, const struct fault *fault)
{
	buf_puts(format->buf, "?(");
	fault_put(fault, format->buf);
	if (fault_shows_address(fault))
		buf_printf(format->buf, " at 0x%llx", (unsigned long long)fault->address);
	buf_putc(format->buf, ')');
}

static void format_unread(struct format *format, const struct fault *fault)
{
	struct fault *unread = format->options->unread;

	if (unread && unread->code == ERROR_COUNT)
		*unread = *fault;
	format_absent(format, fault);
}

/* Text at an address up to its first NUL, in quotes or (without types) as it is; a fault
 * as such. */
static void format_string_at(struct format *format, uint64_t address, size_t limit)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct value text = value_string(format->options->dump, arena, address,
					 limit < FORMAT_STRING ? limit : FORMAT_STRING);

	if (text.kind == VALUE_STRING)
		format_text(format, text.string.data, text.string.length);
	else
		format_absent(format, &text.absent);
}

static void format_pointer(struct format *format, const struct value *value)
{
	const struct format_options *options = format->options;
	uint64_t address = (uint64_t)value->integer, offset;
	const struct symbol *symbol;

	buf_printf(format->buf, "0x%llx", (unsigned long long)address);
	if (!options->with_type || !address)
		return;
	symbol = options->symtab ? symtab_symbolize(options->symtab, address, &offset) : NULL;
	if (symbol) {
		buf_puts(format->buf, " <");
		text_put(symbol->name, strlen(symbol->name), false, format->buf);
		buf_printf(format->buf, "+0x%llx>", (unsigned long long)offset);
	}
	if (options->dump && value->type && type_is_char(type_target(type_strip(value->type)))) {
		buf_putc(format->buf, ' ');
		format_string_at(format, address, FORMAT_STRING);
	}
}

static void format_number(struct format *format, const struct value *value)
{
	const struct type *type = value->type ? type_strip(value->type) : NULL;
	const char *name = type && type->kind == TYPE_ENUM
				   ? type_enumerator_name(type, (int64_t)value->integer)
				   : NULL;

	if (name) {
		text_put(name, strlen(name), false, format->buf);
		return;
	}
	format_integer(value->integer, format->buf);
	if (format->options->with_type && type && type_is_char(type) && value->integer >= ' ' &&
	    value->integer <= '~')
		buf_printf(format->buf, " '%c'", (char)value->integer);
}

/* Between two parts of a struct: a new line with types, else a blank. */
static void format_break(struct format *format)
{
	if (!format->options->with_type) {
		buf_putc(format->buf, ' ');
		return;
	}
	buf_putc(format->buf, '\n');
	for (unsigned i = 0; i < format->indent; i++)
		buf_putc(format->buf, '\t');
}

static void format_members(struct format *format, const struct value *value, unsigned depth)
{
	size_t count;
	const struct type_member *members = type_members(value->type, &count);

	if (!count || !depth) {
		buf_puts(format->buf, count ? "{...}" : "{}");
		return;
	}
	buf_putc(format->buf, '{');
	format->indent++;
	for (size_t i = 0; i < count && format_has_room(format); i++) {
		struct value member = value_member(*value, &members[i]);

		if (i || format->options->with_type)
			format_break(format);
		if (members[i].name) {
			text_put(members[i].name, strlen(members[i].name), false, format->buf);
			buf_puts(format->buf, " = ");
		}
		/* What lies in an anonymous struct belongs to this one, for a reader. */
		format_any(format, &member, members[i].name ? depth - 1 : depth);
		if (i + 1 < count || format->options->with_type)
			buf_putc(format->buf, ',');
	}
	format->indent--;
	if (format->options->with_type)
		format_break(format);
	buf_putc(format->buf, '}');
}

static void format_element(struct format *format, const struct value *value, uint64_t i,
			   unsigned depth)
{
	struct value element = value->kind == VALUE_LIST ? value->list->items[i]
							 : value_index(*value, (__int128)i);

	format->seen++;
	format_any(format, &element, depth);
}

/* Appends element `i`; returns how many elements from there on have the same text. With types only: that is what a
 * person reads. */
static uint64_t format_run(struct format *format, const struct value *value, uint64_t i,
			   uint64_t count, unsigned depth)
{
	struct buf *buf = format->buf;
	size_t start = buf->length;
	uint64_t run = 1;

	format_element(format, value, i, depth);
	if (!format->options->with_type)
		return 1;
	for (size_t end = buf->length; i + run < count && format->seen < FORMAT_ELEMENTS; run++) {
		format_element(format, value, i + run, depth);
		bool is_equal = buf->length - end == end - start &&
				!memcmp(buf->data + start, buf->data + end, end - start);

		buf_cut(buf, end);
		if (!is_equal)
			break;
	}
	return run;
}

/* Long runs of equal elements are said once. */
static void format_elements(struct format *format, const struct value *value, uint64_t count,
			    unsigned depth)
{
	uint64_t run, shown = 0;

	for (uint64_t i = 0; i < count && format_has_room(format); i += run) {
		buf_puts(format->buf, i ? ", " : "");
		if (shown++ == format->options->elements || format->seen >= FORMAT_ELEMENTS) {
			buf_printf(format->buf, "… %llu more", (unsigned long long)(count - i));
			return;
		}
		run = format_run(format, value, i, count, depth);
		if (run >= FORMAT_RUN)
			buf_printf(format->buf, " <repeats %llu times>", (unsigned long long)run);
		else
			run = 1;
	}
}

static void format_array(struct format *format, const struct value *value, unsigned depth)
{
	const struct type *type = type_strip(value->type);

	if (type_is_char(type_target(type))) {
		format_string_at(format, value->object.address,
				 type->size ? type->size : FORMAT_STRING);
		return;
	}
	if (!depth && type->length) {
		buf_puts(format->buf, "[...]");
		return;
	}
	const struct type *said = format->said;

	format->said = format->options->with_type && value->type ? type_target(type) : NULL;
	buf_putc(format->buf, '[');
	format_elements(format, value, type->length, depth - 1);
	buf_putc(format->buf, ']');
	format->said = said;
}

static void format_object(struct format *format, const struct value *value, unsigned depth)
{
	switch (type_strip(value->type)->kind) {
	case TYPE_STRUCT:
	case TYPE_UNION: format_members(format, value, depth); break;
	case TYPE_ARRAY: format_array(format, value, depth); break;
	default: /* functions, void and incomplete types: all there is is where */
		buf_printf(format->buf, "0x%llx", (unsigned long long)value->object.address);
	}
}

static void format_list(struct format *format, const struct value *value, unsigned depth)
{
	const struct value_list *list = value->list;

	buf_putc(format->buf, '[');
	if (depth)
		format_elements(format, value, list->count, depth - 1);
	else
		buf_puts(format->buf, list->count ? "..." : "");
	if (list->is_partial) {
		buf_puts(format->buf, list->count ? ", " : "");
		format_absent(format, &list->fault);
	}
	buf_putc(format->buf, ']');
}

static void format_record(struct format *format, const struct value_record *record, unsigned depth)
{
	if (!depth) {
		buf_puts(format->buf, "{...}");
		return;
	}
	buf_putc(format->buf, '{');
	for (size_t i = 0; i < record->count && format_has_room(format); i++) {
		buf_puts(format->buf, i ? ", " : "");
		text_put(record->names[i], strlen(record->names[i]), false, format->buf);
		buf_puts(format->buf, " = ");
		format_any(format, &record->values[i], depth - 1);
	}
	buf_putc(format->buf, '}');
}

static void format_any(struct format *format, const struct value *value, unsigned depth)
{
	const struct type *type = value->kind == VALUE_ABSENT ? NULL : value->type;
	struct value loaded = *value;

	format_type(format, type);
	if (value->kind == VALUE_OBJECT && format->options->dump)
		loaded = value_load(format->options->dump, *value);
	value = &loaded;
	switch (value->kind) {
	case VALUE_ABSENT: format_unread(format, &value->absent); break;
	case VALUE_NONE: buf_puts(format->buf, "none"); break;
	case VALUE_BOOL: buf_puts(format->buf, value->integer ? "true" : "false"); break;
	case VALUE_INT: format_number(format, value); break;
	case VALUE_REAL: buf_printf(format->buf, "%.6g", value->real); break;
	case VALUE_STRING: format_text(format, value->string.data, value->string.length); break;
	case VALUE_DURATION: format_duration(value->integer, format->buf); break;
	case VALUE_SIZE: format_size(value->integer, format->buf); break;
	case VALUE_TIME: format_time(value->integer, format->buf); break;
	case VALUE_POINTER: format_pointer(format, value); break;
	case VALUE_OBJECT: format_object(format, value, depth); break;
	case VALUE_LIST: format_list(format, value, depth); break;
	case VALUE_RECORD: format_record(format, value->record, depth); break;
	}
}

void format_value(const struct value *value, const struct format_options *options, struct buf *buf)
{
	struct format format = {.options = options, .buf = buf, .start = buf->length};

	format_any(&format, value, options->depth);
}

/* ---- cells ---------------------------------------------------------------------------------- */

static void cell_of_value(const struct value *value, const struct format_options *options,
			  struct arena *arena, unsigned depth, struct cell *ret);

static const char *cell_text(struct arena *arena, const struct buf *buf)
{
	return arena_strndup(arena, buf_text(buf), buf->length);
}

static struct cell cell_unknown(struct arena *arena, const struct fault *fault)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	format_fault(fault, &buf);
	return (struct cell){.kind = CELL_UNKNOWN, .text = cell_text(arena, &buf)};
}

/* Text as format_value() without types writes it. */
static struct cell cell_shown(const struct value *value, const struct format_options *options,
			      struct arena *arena)
{
	struct format_options plain = *options;
	struct buf buf _cleanup_(buf_deinit) = {0};

	plain.with_type = false;
	format_value(value, &plain, &buf);
	return (struct cell){.kind = CELL_TEXT, .text = cell_text(arena, &buf)};
}

/* Items of a list or of an array, whose elements `item` gives; what is left out is a last, unknown
 * item. */
static struct cell cell_list(const struct value *value, uint64_t count,
			     const struct format_options *options, struct arena *arena,
			     unsigned depth)
{
	uint64_t shown = count < options->elements ? count : options->elements;
	struct cell *items = ARENA_ARRAY(arena, shown + 2, struct cell);
	struct cell cell = {.kind = CELL_LIST, .items = items};

	for (uint64_t i = 0; i < shown; i++) {
		struct value item = value->kind == VALUE_LIST ? value->list->items[i]
							      : value_index(*value, (__int128)i);

		cell_of_value(&item, options, arena, depth - 1, &items[cell.count++]);
	}
	if (shown < count)
		items[cell.count++] = (struct cell){
			.kind = CELL_UNKNOWN,
			.text = arena_printf(arena, "%llu more",
					     (unsigned long long)(count - shown)),
		};
	if (value->kind == VALUE_LIST && value->list->is_partial)
		items[cell.count++] = cell_unknown(arena, &value->list->fault);
	return cell;
}

static struct cell cell_record(const struct value_record *record,
			       const struct format_options *options, struct arena *arena,
			       unsigned depth)
{
	struct cell *items = ARENA_ARRAY(arena, record->count, struct cell);

	for (size_t i = 0; i < record->count; i++)
		cell_of_value(&record->values[i], options, arena, depth - 1, &items[i]);
	return (struct cell){.kind = CELL_RECORD,
			     .items = items,
			     .names = record->names,
			     .count = record->count};
}

static struct cell cell_object(const struct value *value, const struct format_options *options,
			       struct arena *arena, unsigned depth)
{
	const struct type *type = type_strip(value->type);

	if (type->kind == TYPE_ARRAY && !type_is_char(type_target(type)))
		return cell_list(value, type->length, options, arena, depth);
	if (type->kind == TYPE_ARRAY && options->dump) {
		struct value text = value_char_array(options->dump, arena, *value);

		if (text.kind == VALUE_ABSENT)
			return cell_unknown(arena, &text.absent);
	}
	return cell_shown(value, options, arena);
}

static struct cell cell_real(double real, const struct value *value,
			     const struct format_options *options, struct arena *arena)
{
	struct cell cell = {.kind = CELL_REAL, .real = real};

	if (!isfinite(real))
		return (struct cell){.kind = CELL_UNKNOWN, .text = "not a number"};
	if (value->kind == VALUE_DURATION)
		cell.shown = cell_shown(value, options, arena).text;
	return cell;
}

static struct cell cell_integer(const struct value *value, const struct format_options *options,
				struct arena *arena)
{
	struct cell cell = {.kind = CELL_INTEGER, .integer = value->integer};
	const struct type *type = value->type ? type_strip(value->type) : NULL;

	if (value->kind == VALUE_SIZE)
		cell.shown = cell_shown(value, options, arena).text;
	else if (type && type->kind == TYPE_ENUM &&
		 type_enumerator_name(type, (int64_t)value->integer))
		return cell_shown(value, options, arena);
	return cell;
}

static void cell_of_value(const struct value *value, const struct format_options *options,
			  struct arena *arena, unsigned depth, struct cell *ret)
{
	struct value loaded = *value;

	if (value->kind == VALUE_OBJECT && options->dump)
		loaded = value_load(options->dump, *value);
	value = &loaded;
	if (!depth) {
		*ret = (struct cell){.kind = CELL_UNKNOWN, .text = "nested too deeply"};
		return;
	}
	switch (value->kind) {
	case VALUE_ABSENT: *ret = cell_unknown(arena, &value->absent); break;
	case VALUE_NONE: *ret = (struct cell){.kind = CELL_EMPTY}; break;
	case VALUE_BOOL: *ret = (struct cell){.kind = CELL_BOOL, .integer = value->integer}; break;
	case VALUE_INT:
	case VALUE_SIZE: *ret = cell_integer(value, options, arena); break;
	case VALUE_REAL: *ret = cell_real(value->real, value, options, arena); break;
	case VALUE_DURATION:
		*ret = cell_real((double)value->integer / NS_PER_S, value, options, arena);
		break;
	case VALUE_STRING:
	case VALUE_TIME:
	case VALUE_POINTER: *ret = cell_shown(value, options, arena); break;
	case VALUE_OBJECT: *ret = cell_object(value, options, arena, depth); break;
	case VALUE_LIST: *ret = cell_list(value, value->list->count, options, arena, depth); break;
	case VALUE_RECORD: *ret = cell_record(value->record, options, arena, depth); break;
	}
}

void format_cell(const struct value *value, const struct format_options *options,
		 struct arena *arena, struct cell *ret)
{
	cell_of_value(value, options, arena, CELL_NESTING, ret);
}
