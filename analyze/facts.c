// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dump/dump.h"
#include "expr/expr.h"
#include "kernel/cause.h"
#include "kernel/dmesg.h"
#include "kernel/kernel.h"
#include "reports/report.h"
#include "reports/utf8.h"
#include "session.h"
#include "types/symtab.h"
#include "value/format.h"

enum { LOG_LINES = 40, LOG_LINES_BEFORE = 10, LOG_LINES_LIMIT = 200, LOG_LINE_LIMIT = 1024 };

/* Unknown strings are "" below and NULL in a report. */
static const char *known(const char *text)
{
	return text && *text ? text : NULL;
}

/* ---- the dump ------------------------------------------------------------------------------- */

static void fill_remarks(const struct dump_info *info, struct report *report)
{
	const char **list = ARENA_ARRAY(report->arena, 2, const char *);
	struct buf buf _cleanup_(buf_deinit) = {0};

	if (!info->truncated)
		return;
	buf_puts(&buf, "The dump is truncated");
	if (info->bytes_missing) {
		buf_puts(&buf, ": at least ");
		format_size((__int128)info->bytes_missing, &buf);
		buf_puts(&buf, " are missing");
	}
	if (info->pages_cut)
		buf_printf(&buf, "; %llu pages are lost", (unsigned long long)info->pages_cut);
	list[report->dump.remark_count++] = arena_strdup(report->arena, buf_text(&buf));
	if (info->unfinished)
		list[report->dump.remark_count++] =
			"Its file is called incomplete: pages that never came may read as zeros";
	report->dump.remarks = list;
}

static void fill_dump(const struct dump *dump, struct report *report)
{
	const struct dump_info *info = dump_info(dump);

	report->dump.path = info->path;
	report->dump.format = info->format;
	report->dump.compression = info->compression;
	report->dump.truncated = info->truncated;
	report->dump.filtered = info->filtered;
	report->dump.level_asked = info->level_asked;
	report->dump.file_bytes = info->file_bytes;
	report->dump.pages_ram = info->pages_ram;
	report->dump.pages_saved = info->pages_saved;
	report->dump.pages_cut = info->pages_cut;
	report->dump.bytes_missing = info->bytes_missing;
	report->dump.page_size = info->page_size;
	fill_remarks(info, report);
}

/* ---- the kernel ----------------------------------------------------------------------------- */

static void fill_taint(const struct kernel *kernel, struct report *report)
{
	char letters[65];

	if (!kernel->has_taint)
		return;
	kernel_taint_letters(kernel, letters);
	size_t count = strlen(letters);
	const char **words = ARENA_ARRAY(report->arena, count, const char *);
	for (size_t i = 0; i < count; i++)
		words[i] = kernel_taint_words(letters[i]);
	report->kernel.taint = arena_strdup(report->arena, letters);
	report->kernel.taint_words = words;
}

static void fill_kernel(const struct kernel *kernel, struct report *report)
{
	struct buf time _cleanup_(buf_deinit) = {0};

	report->kernel.release = known(kernel->release);
	report->kernel.version = known(kernel->version);
	report->kernel.arch = dump_arch(kernel->dump)->name;
	report->kernel.build_id = known(kernel->build_id);
	report->kernel.nodename = known(kernel->nodename);
	report->kernel.cpus = kernel->online_count;
	report->kernel.uptime_s = kernel->uptime_ns < 0 ? -1 : (double)kernel->uptime_ns / 1e9;
	if (kernel->crash_time_ns >= 0) {
		format_time(kernel->crash_time_ns, &time);
		report->kernel.crash_time = arena_strdup(report->arena, buf_text(&time));
	}
	for (size_t i = 0; i < 3; i++)
		report->kernel.loadavg[i] = kernel->loadavg[i];
	report->kernel.memory_bytes = kernel->memory_bytes;
	fill_taint(kernel, report);
}

/* The same for crashes of a kind, whatever the kernel's version: the cause and the function. */
static const char *panic_signature(const struct kernel_panic *panic, struct arena *arena)
{
	const char *cause = panic_cause(panic->message);
	size_t length = strcspn(panic->ip, "+");

	if (!*panic->ip || !strncmp(panic->ip, "0x", 2))
		return cause;
	return arena_printf(arena, "%s@%.*s", cause ? cause : "panic", (int)length, panic->ip);
}

static void fill_panic(const struct kernel_panic *panic, struct report *report)
{
	report->panic.happened = panic->happened;
	report->panic.message = known(panic->message);
	report->panic.cause = panic_cause(panic->message);
	report->panic.comm = known(panic->comm);
	report->panic.ip = known(panic->ip);
	report->panic.cpu = panic->cpu;
	report->panic.pid = panic->pid;
	report->panic.signature = panic_signature(panic, report->arena);
}

static void fill_sources(const struct symtab *symtab, struct report *report)
{
	const struct symtab_sources *sources = symtab_sources(symtab);

	report->sources.types = sources->types;
	report->sources.symbols = sources->symbols;
	report->sources.modules = sources->modules;
	report->sources.notes = sources->notes;
}

void facts_fill(const struct session *session, struct report *report)
{
	report->tool_version = KMORTEM_VERSION;
	fill_dump(session->dump, report);
	fill_kernel(session->kernel, report);
	fill_panic(&session->kernel->panic, report);
	fill_sources(session->symtab, report);
}

void facts_fill_choices(const struct session *session, struct report *report)
{
	struct {
		struct fact *items;
		size_t count, capacity;
	} facts = {0};
	const char *name, *chosen;

	while ((name = program_choice(session->program, facts.count, &chosen)))
		*vec_push(&facts) = (struct fact){
			.name = arena_strdup(report->arena, name),
			.value = {.kind = CELL_TEXT, .text = arena_strdup(report->arena, chosen)},
		};
	report->sources.alternatives = arena_copy(report->arena, facts.items,
						  facts.count * sizeof(*facts.items));
	report->sources.alternative_count = facts.count;
	free(facts.items);
}

/* ---- the log -------------------------------------------------------------------------------- */

void log_line_put(const struct dmesg_record *record, struct buf *buf)
{
	unsigned long long micros = record->time_ns / 1000;
	const char *text = record->text, *end = text + record->length;

	buf_printf(buf, "[%5llu.%06llu] ", micros / 1000000, micros % 1000000);
	while (text < end) {
		const char *stop = text;

		while (stop < end && *stop != '\n' && *stop != '\t' && *stop)
			stop++;
		char *piece _cleanup_free_ = mem_strndup(text, (size_t)(stop - text));
		utf8_put_shown(buf, piece);
		if (stop < end)
			buf_puts(buf, *stop == '\n' ? "\n               " : *stop ? "\t" : "\\0");
		text = stop + 1;
	}
}

/* The last lines; all that tells of the end, for an oops begins with what matters; and what came
 * right before it. */
static size_t log_first(const struct kernel_panic *panic, size_t count)
{
	size_t first = count > LOG_LINES ? count - LOG_LINES : 0, end = panic->log_record;

	if (end >= count || count - end > LOG_LINES_LIMIT)
		return first;
	end = end > LOG_LINES_BEFORE ? end - LOG_LINES_BEFORE : 0;
	return end < first ? end : first;
}

void facts_fill_log(const struct session *session, struct report *report)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct dmesg dmesg;
	struct error *error _cleanup_(error_cleanup) = dmesg_read(session->kernel, arena, &dmesg);

	if (error)
		return;
	size_t first = log_first(&session->kernel->panic, dmesg.count);
	const char **lines = ARENA_ARRAY(report->arena, dmesg.count - first, const char *);
	for (size_t i = first; i < dmesg.count; i++) {
		struct buf buf _cleanup_(buf_deinit) = {0};

		log_line_put(&dmesg.records[i], &buf);
		buf_cut(&buf, LOG_LINE_LIMIT);
		lines[i - first] = arena_strdup(report->arena, buf_text(&buf));
	}
	report->log_lines = lines;
	report->log_count = dmesg.count - first;
	report->log_total = dmesg.count;
}
