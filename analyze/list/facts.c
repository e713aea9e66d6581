// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/facts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "kernel/cause.h"
#include "list/beside.h"
#include "list/header.h"
#include "list/json_reader.h"
#include "list/log_end.h"
#include "reports/listing.h"

/* Bytes of a file that are looked at. A report's findings stand before its views, which are never read. */
enum { REPORT_BYTES = 64 << 20, META_BYTES = 1 << 20, FAILURE_BYTES = 1024 };

struct facts {
	struct listed_dump *dump;
	struct arena *arena;
	bool has_kernel, has_panic, has_findings;
	char verdict[24], severity[24]; /* of the finding that is being read */
};

bool facts_time(const char *text, int64_t *ret)
{
	struct tm parts = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);

	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (!end || strcmp(end, "Z"))
		return false;
	*ret = timegm(&parts);
	return true;
}

/* ---- report.json ---------------------------------------------------------------------------- */

/* Takes a text where that is the member's name, and nothing is known yet. */
static void take_text(struct json_reader *reader, const char *key, const char *wanted, struct arena *arena,
		      const char **ret)
{
	if (!strcmp(key, wanted) && !*ret)
		*ret = json_take_text(reader, arena);
}

/* Takes an ISO time, or seconds since 1970 as a number or a text, if it tells more than what is known. */
static void take_time(struct json_reader *reader, struct facts *facts, enum listed_time time_of)
{
	struct listed_dump *dump = facts->dump;
	const char *text = json_take_text(reader, facts->arena);
	char *end = NULL;
	int64_t time = 0;

	if (!text)
		json_take_integer(reader, &time);
	else if (!facts_time(text, &time))
		time = strtoll(text, &end, 10);
	if ((end && *end) || time <= 0 || time >= LISTED_TIME_END || dump->time_of >= time_of)
		return;
	dump->time = time;
	dump->time_of = time_of;
}

static void report_dump(struct json_reader *reader, const char *key, void *context)
{
	struct facts *facts = context;
	bool is_truncated = false;

	if (!strcmp(key, "truncated") && json_take_truth(reader, &is_truncated))
		facts->dump->is_incomplete |= is_truncated;
}

static void report_kernel(struct json_reader *reader, const char *key, void *context)
{
	struct facts *facts = context;

	take_text(reader, key, "release", facts->arena, &facts->dump->kernel);
	take_text(reader, key, "arch", facts->arena, &facts->dump->arch);
	take_text(reader, key, "nodename", facts->arena, &facts->dump->host);
	if (!strcmp(key, "crash_time"))
		take_time(reader, facts, TIME_CRASH);
}

static void report_panic(struct json_reader *reader, const char *key, void *context)
{
	struct facts *facts = context;

	take_text(reader, key, "message", facts->arena, &facts->dump->message);
	take_text(reader, key, "cause", facts->arena, &facts->dump->cause);
	take_text(reader, key, "signature", facts->arena, &facts->dump->signature);
}

static void report_finding(struct json_reader *reader, const char *key, void *context)
{
	struct facts *facts = context;

	if (!strcmp(key, "verdict"))
		json_take_short(reader, facts->verdict, sizeof(facts->verdict));
	else if (!strcmp(key, "severity"))
		json_take_short(reader, facts->severity, sizeof(facts->severity));
}

static void report_findings(struct json_reader *reader, void *context)
{
	struct facts *facts = context;
	struct listed_dump *dump = facts->dump;

	*facts->verdict = *facts->severity = '\0';
	json_take_members(reader, report_finding, facts);
	bool is_found = !strcmp(facts->verdict, "found");
	dump->critical += is_found && !strcmp(facts->severity, "critical");
	dump->warnings += is_found && !strcmp(facts->severity, "warning");
	dump->unchecked += !strcmp(facts->verdict, "could-not-check");
}

static void report_member(struct json_reader *reader, const char *key, void *context)
{
	struct facts *facts = context;

	if (!strcmp(key, "dump"))
		json_take_members(reader, report_dump, facts);
	else if (!strcmp(key, "kernel"))
		facts->has_kernel |= json_take_members(reader, report_kernel, facts);
	else if (!strcmp(key, "panic")) {
		facts->dump->is_alive = json_take_null(reader);
		facts->has_panic |= facts->dump->is_alive || json_take_members(reader, report_panic, facts);
	} else if (!strcmp(key, "findings") && !facts->has_findings)
		facts->has_findings |= json_take_items(reader, report_findings, facts);
	if (facts->has_kernel && facts->has_panic && facts->has_findings)
		json_stop(reader);
}

/* What is wrong with the report; NULL: nothing. */
static const char *read_report(int directory, struct facts *facts, struct json_reader *reader)
{
	int fd _cleanup_close_ = beside_open(directory, facts->dump->files.json);

	if (fd < 0)
		return "cannot be opened";
	json_reader_start(reader, fd, REPORT_BYTES);
	if (!json_take_members(reader, report_member, facts) || reader->wrong)
		return reader->wrong ? reader->wrong : "no report";
	return facts->has_kernel && facts->has_panic && facts->has_findings ? NULL : "no report";
}

/* ---- meta.json ------------------------------------------------------------------------------ */

static void meta_member(struct json_reader *reader, const char *key, void *context)
{
	struct facts *facts = context;
	struct listed_dump *dump = facts->dump;
	bool is_complete = true;

	take_text(reader, key, "client", facts->arena, &dump->client);
	take_text(reader, key, "host", facts->arena, &dump->client);
	take_text(reader, key, "kernel", facts->arena, &dump->kernel);
	take_text(reader, key, "panic", facts->arena, &dump->message);
	take_text(reader, key, "reason", facts->arena, &dump->reason);
	if (!strcmp(key, "crash_time"))
		take_time(reader, facts, TIME_CRASH);
	if (!strcmp(key, "started"))
		take_time(reader, facts, TIME_ARRIVAL);
	if (!strcmp(key, "complete") && json_take_truth(reader, &is_complete))
		dump->is_incomplete |= !is_complete;
}

static const char *read_meta(int directory, struct facts *facts, struct json_reader *reader)
{
	int fd _cleanup_close_ = beside_open(directory, facts->dump->files.meta);

	if (fd < 0)
		return "cannot be opened";
	json_reader_start(reader, fd, META_BYTES);
	if (json_take_members(reader, meta_member, facts))
		return reader->wrong;
	return reader->wrong ? reader->wrong : "no JSON";
}

/* ---- without a report ----------------------------------------------------------------------- */

/* Why there is no report: the first line that report-failed.txt has. */
static void read_failure(int directory, struct facts *facts)
{
	int fd _cleanup_close_ = beside_open(directory, facts->dump->files.failure);
	char text[FAILURE_BYTES];
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (length <= 0)
		return;
	text[length] = '\0';
	facts->dump->reason = arena_strndup(facts->arena, text, strcspn(text, "\n"));
}

static void read_itself(int directory, struct facts *facts)
{
	struct listed_dump *dump = facts->dump;
	int core _cleanup_close_ = beside_open(directory, dump->files.core);
	int log _cleanup_close_ = beside_open(directory, dump->files.log);

	if (core >= 0 && (!dump->kernel || !dump->host || dump->time_of != TIME_CRASH))
		header_read(core, dump, facts->arena);
	if (log >= 0 && !dump->message)
		dump->message = log_end_read(log, facts->arena);
}

void facts_read(int directory, struct listed_dump *dump, struct arena *arena, facts_problem *problem, void *context)
{
	struct json_reader *reader _cleanup_free_ = mem_zero(sizeof(*reader));
	struct facts facts = {.dump = dump, .arena = arena};
	const char *wrong = NULL;

	dump->time = dump->files.changed;
	dump->is_incomplete = dump->files.is_incomplete;
	if (dump->files.json) {
		wrong = read_report(directory, &facts, reader);
		dump->report = wrong ? LISTED_UNREADABLE : LISTED_MADE;
		dump->has_findings = !wrong;
	} else {
		dump->report = dump->files.failure ? LISTED_FAILED : dump->files.text ? LISTED_MADE : LISTED_NONE;
	}
	if (wrong)
		problem(context, dump->files.json, wrong);
	wrong = dump->files.meta ? read_meta(directory, &facts, reader) : NULL;
	if (wrong)
		problem(context, dump->files.meta, wrong);
	if (!dump->has_findings && !dump->number)
		read_itself(directory, &facts);
	if (dump->report == LISTED_FAILED)
		read_failure(directory, &facts);
	if (!dump->host)
		dump->host = dump->client;
	if (dump->number && !dump->kernel)
		dump->kernel = "FreeBSD";
	if (!dump->cause && !dump->number)
		dump->cause = panic_cause(dump->message);
}
