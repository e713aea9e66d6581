// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/summary.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "reports/cell.h"

const struct finding *summary_next(const struct report *report, enum verdict verdict,
				   enum severity severity, size_t *position)
{
	while (*position < report->finding_count) {
		const struct finding *finding = &report->findings[(*position)++];

		if (finding->verdict == verdict &&
		    (verdict != VERDICT_FOUND || finding->severity == severity))
			return finding;
	}
	return NULL;
}

size_t summary_found(const struct report *report, enum severity severity)
{
	size_t position = 0, count = 0;

	while (summary_next(report, VERDICT_FOUND, severity, &position))
		count++;
	return count;
}

/* That no rule knows this crash does not make it one of which all is well. */
const char *summary_nothing(const struct report *report)
{
	return report->panic.happened ? "nothing flagged but the crash itself" : "nothing flagged";
}

static bool finding_is_damage(const struct finding *finding)
{
	bool is_tagged = false;

	for (size_t i = 0; i < finding->tag_count; i++)
		is_tagged |= !strcmp(finding->tags[i], "dump-damage");
	return is_tagged && finding->verdict == VERDICT_FOUND &&
	       finding->severity == SEVERITY_CRITICAL;
}

const char *summary_cause(const struct report *report, const struct finding *finding)
{
	if (finding->verdict != VERDICT_COULD_NOT_CHECK || !finding->wants_pages)
		return NULL;
	for (size_t i = 0; i < report->finding_count; i++) {
		if (finding_is_damage(&report->findings[i]))
			return "the dump is damaged by its filter";
	}
	return NULL;
}

const char *summary_reason(const struct report *report, const struct finding *finding)
{
	const char *cause = summary_cause(report, finding);

	if (cause)
		return cause;
	return finding->reason && *finding->reason ? finding->reason : "no reason was given";
}

bool summary_reason_seen(const struct report *report, const struct finding *finding)
{
	for (const struct finding *other = report->findings; other < finding; other++) {
		if (other->verdict == finding->verdict &&
		    !strcmp(summary_reason(report, other), summary_reason(report, finding)))
			return true;
	}
	return false;
}

size_t summary_log_total(const struct report *report)
{
	return report->log_total > report->log_count ? report->log_total : report->log_count;
}

size_t summary_messages_left(const struct finding *finding)
{
	return finding->message_total > finding->message_count
		       ? finding->message_total - finding->message_count
		       : 0;
}

void summary_put_more(struct buf *buf, size_t more, const char *noun)
{
	buf_printf(buf, "%zu more %s%s", more, noun, more == 1 ? "" : "s");
}

void summary_put_duration(struct buf *buf, double seconds)
{
	if (seconds < 60) {
		buf_printf(buf, "%.1f s", seconds);
		return;
	}
	if (seconds >= 1e15) { /* no clock says this; a hostile number does */
		buf_printf(buf, "%.3g s", seconds);
		return;
	}
	uint64_t whole = (uint64_t)seconds;
	if (whole < 3600)
		buf_printf(buf, "%" PRIu64 " min %" PRIu64 " s", whole / 60, whole % 60);
	else if (whole < 86400)
		buf_printf(buf, "%" PRIu64 " h %" PRIu64 " min", whole / 3600, whole / 60 % 60);
	else
		buf_printf(buf, "%" PRIu64 " d %" PRIu64 " h", whole / 86400, whole / 3600 % 24);
}

void summary_put_size(struct buf *buf, uint64_t bytes)
{
	static const char units[][4] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		buf_printf(buf, "%" PRIu64 " bytes", bytes);
		return;
	}
	for (; size >= 1024 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
		size /= 1024;
	buf_printf(buf, size < 100 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

/* Collects one value at a time and hands it on under its label. */
struct summary {
	summary_fact *fact;
	void *context;
	struct buf value;
};

static void summary_end(struct summary *summary, const char *label)
{
	summary->fact(summary->context, label, buf_text(&summary->value));
	buf_cut(&summary->value, 0);
}

static void summary_text(struct summary *summary, const char *label, const char *text)
{
	summary->fact(summary->context, label, text && *text ? text : "unknown");
}

/* For what is left out when there is nothing to say. */
static void summary_optional(struct summary *summary, const char *label, const char *text)
{
	if (text && *text)
		summary->fact(summary->context, label, text);
}

/* "2026-11-21T03:14:24Z" as a person writes it. */
static void summary_crash_time(struct summary *summary, const char *time)
{
	size_t length = time ? strlen(time) : 0;

	if (length < 13 || time[10] != 'T' || time[length - 1] != 'Z') {
		summary_text(summary, "Crash time", time);
		return;
	}
	buf_printf(&summary->value, "%.10s %.*s UTC", time, (int)length - 12, time + 11);
	summary_end(summary, "Crash time");
}

static void summary_taint(struct summary *summary, const struct report *report)
{
	const char *letters = report->kernel.taint;

	if (!letters || !*letters) {
		summary->fact(summary->context, "Taint", letters ? "none" : "unknown");
		return;
	}
	for (size_t i = 0; letters[i]; i++) {
		const char *words =
			report->kernel.taint_words ? report->kernel.taint_words[i] : NULL;

		buf_printf(&summary->value, "%s%c", i ? ", " : "", letters[i]);
		if (words)
			buf_printf(&summary->value, " (%s)", words);
	}
	summary_end(summary, "Taint");
}

static void summary_load(struct summary *summary, const double *loadavg)
{
	if (!(loadavg[0] >= 0 && loadavg[1] >= 0 && loadavg[2] >= 0))
		buf_puts(&summary->value, "unknown");
	else
		buf_printf(&summary->value, "%.2f, %.2f, %.2f (1, 5, 15 min)", loadavg[0],
			   loadavg[1], loadavg[2]);
	summary_end(summary, "Load average");
}

static void summary_panic(struct summary *summary, const struct report *report)
{
	if (!report->panic.happened) {
		summary_text(summary, "Panic", "none: this machine did not panic");
		return;
	}
	summary_text(summary, "Panic", report->panic.message);
	summary_optional(summary, "Cause", report->panic.cause);
	summary_optional(summary, "At", report->panic.ip);
	buf_puts(&summary->value, report->panic.comm ? report->panic.comm : "unknown");
	if (report->panic.pid >= 0)
		buf_printf(&summary->value, " (pid %" PRId64 ")", report->panic.pid);
	if (report->panic.cpu >= 0)
		buf_printf(&summary->value, " on CPU %" PRId32, report->panic.cpu);
	summary_end(summary, "Task");
}

void summary_machine(const struct report *report, summary_fact *fact, void *context)
{
	struct summary summary = {.fact = fact, .context = context};

	summary_text(&summary, "Host", report->kernel.nodename);
	buf_puts(&summary.value, report->kernel.release ? report->kernel.release : "unknown");
	if (report->kernel.arch)
		buf_printf(&summary.value, " (%s)", report->kernel.arch);
	summary_end(&summary, "Kernel");
	summary_crash_time(&summary, report->kernel.crash_time);
	if (report->kernel.uptime_s >= 0)
		summary_put_duration(&summary.value, report->kernel.uptime_s);
	else
		buf_puts(&summary.value, "unknown");
	summary_end(&summary, "Uptime");
	if (report->kernel.cpus)
		buf_printf(&summary.value, "%zu online", report->kernel.cpus);
	else
		buf_puts(&summary.value, "unknown");
	summary_end(&summary, "CPUs");
	if (report->kernel.memory_bytes) {
		summary_put_size(&summary.value, report->kernel.memory_bytes);
		/* Firmware, the kernel's image and crashkernel= have had theirs already. */
		buf_puts(&summary.value, " managed by the kernel");
	} else {
		buf_puts(&summary.value, "unknown");
	}
	summary_end(&summary, "Memory");
	summary_load(&summary, report->kernel.loadavg);
	summary_taint(&summary, report);
	summary_panic(&summary, report);
	/* The dump is judged first: what it lacks stands above every verdict. */
	for (size_t i = 0; i < report->dump.remark_count; i++)
		summary_text(&summary, "Dump", report->dump.remarks[i]);
	buf_deinit(&summary.value);
}

static void summary_dump(struct summary *summary, const struct report *report)
{
	struct buf *value = &summary->value;

	summary_text(summary, "Dump", report->dump.path);
	buf_printf(value, "%s, compression %s",
		   report->dump.format ? report->dump.format : "unknown",
		   report->dump.compression ? report->dump.compression : "unknown");
	if (report->dump.file_bytes) {
		buf_puts(value, ", ");
		summary_put_size(value, report->dump.file_bytes);
	}
	if (report->dump.filtered)
		buf_puts(value, ", filtered");
	if (report->dump.level_asked >= 0)
		buf_printf(value, " at level %d", report->dump.level_asked);
	if (report->dump.truncated)
		buf_puts(value, ", TRUNCATED");
	summary_end(summary, "Format");
	if (report->dump.pages_ram) {
		buf_printf(value, "%" PRIu64 " of %" PRIu64 " pages of RAM saved",
			   report->dump.pages_saved, report->dump.pages_ram);
		summary_end(summary, "Pages");
	}
	if (report->dump.pages_cut || report->dump.bytes_missing) {
		buf_printf(value, "%" PRIu64 " pages, %" PRIu64 " bytes of the file",
			   report->dump.pages_cut, report->dump.bytes_missing);
		summary_end(summary, "Missing");
	}
}

void summary_alternatives(const struct report *report, summary_fact *fact, void *context)
{
	struct summary summary = {.fact = fact, .context = context};

	for (size_t i = 0; i < report->sources.alternative_count; i++) {
		const struct fact *alternative = &report->sources.alternatives[i];

		buf_printf(&summary.value, "%s: ", alternative->name);
		cell_put_shown(&summary.value, &alternative->value);
		summary_end(&summary, "Alternative");
	}
	buf_deinit(&summary.value);
}

static void summary_alternative_count(struct summary *summary, const struct report *report)
{
	size_t count = report->sources.alternative_count;

	if (!count)
		return;
	buf_printf(&summary->value, "%zu name%s that differ between kernels %s chosen (`kmortem info -v`)",
		   count, count == 1 ? "" : "s", count == 1 ? "was" : "were");
	summary_end(summary, "Alternatives");
}

/* One row for each line. */
static void summary_lines(struct summary *summary, const char *label, const char *text)
{
	while (text && *text) {
		size_t length = strcspn(text, "\n");

		buf_put(&summary->value, text, length);
		summary_end(summary, label);
		text += length + (text[length] == '\n');
	}
}

/* A check that a site does not want made is not fine. One row for all that one line took away. */
static void summary_disabled(struct summary *summary, const struct rule_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct rule_change *change = &changes->items[i];

		buf_printf(&summary->value, "%s%s", summary->value.length ? ", " : "", change->name);
		if (i + 1 < changes->count && !strcmp(change[1].where, change->where))
			continue;
		buf_printf(&summary->value, " (by this site: %s)", change->where);
		summary_end(summary, "Disabled");
	}
}

/* What else a site changed of the rules. */
static void summary_changes(struct summary *summary, const char *label,
			    const struct rule_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct rule_change *change = &changes->items[i];

		buf_puts(&summary->value, change->name);
		if (change->value)
			buf_printf(&summary->value, " = %s", change->value);
		buf_printf(&summary->value, " (%s", change->where);
		if (change->was)
			buf_printf(&summary->value, " instead of %s", change->was);
		buf_putc(&summary->value, ')');
		summary_end(summary, label);
	}
}

void summary_sources(const struct report *report, summary_fact *fact, void *context)
{
	struct summary summary = {.fact = fact, .context = context};

	summary_dump(&summary, report);
	summary_optional(&summary, "Version", report->kernel.version);
	summary_optional(&summary, "Build ID", report->kernel.build_id);
	summary_text(&summary, "Types", report->sources.types);
	summary_text(&summary, "Symbols", report->sources.symbols);
	summary_optional(&summary, "Modules", report->sources.modules);
	summary_lines(&summary, "Notes", report->sources.notes);
	summary_alternative_count(&summary, report);
	if (report->panic.happened)
		summary_optional(&summary, "Signature", report->panic.signature);
	summary_optional(&summary, "Rules", report->rules.version);
	summary_optional(&summary, "Rules SHA-256", report->rules.sha256);
	for (size_t i = 0; i < report->rules.site_file_count; i++)
		summary_text(&summary, "Site rules", report->rules.site_files[i]);
	summary_disabled(&summary, &report->rules.disabled);
	summary_changes(&summary, "Redefined", &report->rules.redefined);
	summary_changes(&summary, "Set", &report->rules.set);
	summary_optional(&summary, "kmortem", report->tool_version);
	if (report->seconds > 0) {
		summary_put_duration(&summary.value, report->seconds);
		summary_end(&summary, "Examined in");
	}
	buf_deinit(&summary.value);
}
