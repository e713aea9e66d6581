// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/list_words.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "reports/listing.h"
#include "reports/summary.h"

static void put_count(struct buf *buf, uint64_t count, const char *one, const char *many)
{
	buf_printf(buf, "%" PRIu64 " %s", count, count == 1 ? one : many);
}

/* ---- times ---------------------------------------------------------------------------------- */

static void put_time(struct buf *buf, const char *format, int64_t time)
{
	time_t when = (time_t)time;
	struct tm parts;
	char text[32] = "";

	if (gmtime_r(&when, &parts))
		strftime(text, sizeof(text), format, &parts);
	buf_puts(buf, *text ? text : "?");
}

void list_put_time(struct buf *buf, int64_t time)
{
	put_time(buf, "%Y-%m-%d %H:%M", time);
}

void list_put_time_exact(struct buf *buf, int64_t time)
{
	put_time(buf, "%Y-%m-%dT%H:%M:%SZ", time);
}

void list_put_age(struct buf *buf, int64_t seconds)
{
	static const struct {
		int64_t below, unit;
		const char *word;
	} steps[] = {
		{120, 1, "s"}, {120 * 60, 60, "min"}, {48 * 3600, 3600, "h"}, {INT64_MAX, 86400, "d"},
	};
	size_t step = 0;

	if (seconds < 0) {
		buf_puts(buf, "future"); /* a clock was wrong */
		return;
	}
	while (seconds >= steps[step].below)
		step++;
	buf_printf(buf, "%" PRId64 " %s", seconds / steps[step].unit, steps[step].word);
}

void list_put_since(struct buf *buf, const struct listed_dump *dump, int64_t now)
{
	static const char *const words[] = {[TIME_FILE] = "file written ", [TIME_ARRIVAL] = "arrived ", [TIME_CRASH] = ""};

	buf_puts(buf, words[dump->time_of]);
	if (dump->time > now) {
		buf_puts(buf, "in the future");
		return;
	}
	list_put_age(buf, now - dump->time);
	buf_puts(buf, " ago");
}

/* ---- counts --------------------------------------------------------------------------------- */

size_t list_count_unreported(const struct listing *listing)
{
	size_t count = 0;

	for (size_t i = 0; i < listing->dump_count; i++)
		count += listing->dumps[i].report != LISTED_MADE && !listing->dumps[i].number;
	return count;
}

size_t list_count_incomplete(const struct listing *listing)
{
	size_t count = 0;

	for (size_t i = 0; i < listing->dump_count; i++)
		count += listing->dumps[i].is_incomplete && listing->dumps[i].files.cores;
	return count;
}

size_t list_count_kinds(const struct listing *listing)
{
	size_t count = 0;

	for (size_t i = 0; i < listing->group_count; i++)
		count += !listing->groups[i].is_unknown;
	return count;
}

static size_t count_hosts(const struct listing *listing)
{
	struct map hosts _cleanup_(map_deinit) = {0};

	for (size_t i = 0; i < listing->dump_count; i++) {
		if (listing->dumps[i].host)
			map_put(&hosts, listing->dumps[i].host, (void *)&listing->dumps[i]);
	}
	return hosts.count;
}

/* ---- words ---------------------------------------------------------------------------------- */

void list_put_sum(struct buf *buf, const struct listing *listing)
{
	size_t hosts = count_hosts(listing);
	uint64_t bytes = 0;

	for (size_t i = 0; i < listing->dump_count; i++)
		bytes += listing->dumps[i].files.bytes;
	put_count(buf, listing->dump_count, "dump", "dumps");
	if (hosts) {
		buf_puts(buf, " of ");
		put_count(buf, hosts, "host", "hosts");
	}
	if (listing->dump_count) {
		buf_puts(buf, ", ");
		summary_put_size(buf, bytes);
	}
}

void list_put_crash(struct buf *buf, const struct listed_group *group)
{
	const struct listed_dump *dump = group->newest;

	if (group->is_unknown)
		buf_puts(buf, dump->is_alive ? "No crash" : "Unknown crash");
	else if (dump->signature)
		buf_puts(buf, dump->signature);
	else
		buf_puts(buf, dump->cause ? dump->cause : "panic");
}

bool list_is_new(const struct listing *listing, const struct listed_group *group)
{
	return listing->since != INT64_MIN && !group->is_unknown && group->first_ever >= listing->since;
}

void list_put_extent(struct buf *buf, const struct listed_group *group)
{
	put_count(buf, group->count, group->is_unknown ? "dump" : "crash", group->is_unknown ? "dumps" : "crashes");
	if (group->host_count && !group->has_other_hosts) {
		buf_puts(buf, " of ");
		if (group->host_count == 1)
			buf_puts(buf, group->hosts[0]);
		else
			put_count(buf, group->host_count, "host", "hosts");
	}
	buf_puts(buf, ", ");
	if (group->count > 1) {
		list_put_time(buf, group->first);
		buf_puts(buf, " to ");
	}
	list_put_time(buf, group->last);
	buf_puts(buf, " UTC");
	if (!group->others || group->is_unknown)
		return;
	buf_printf(buf, "; %zu more not shown", group->others);
	if (group->first_ever < group->first) {
		buf_puts(buf, ", the first ");
		list_put_time(buf, group->first_ever);
	}
}

const char *list_message(const struct listed_group *group)
{
	return group->is_unknown ? NULL : group->newest->message;
}

void list_put_found(struct buf *buf, const struct listed_dump *dump)
{
	static const char *const words[] = {
		[LISTED_NONE] = "no report yet",
		[LISTED_FAILED] = "report failed",
		[LISTED_UNREADABLE] = "report unreadable",
		[LISTED_MADE] = "report made",
	};

	if (dump->number)
		buf_puts(buf, "not Linux");
	else if (!dump->has_findings)
		buf_puts(buf, dump->report == LISTED_NONE && !dump->files.cores ? "no dump" : words[dump->report]);
	else if (!dump->critical && !dump->warnings)
		buf_puts(buf, dump->unchecked ? "not all checked" : "clear");
	if (dump->critical)
		buf_printf(buf, "%" PRIu64 " critical%s", dump->critical, dump->warnings ? ", " : "");
	if (dump->warnings)
		put_count(buf, dump->warnings, "warning", "warnings");
}

void list_put_remark(struct buf *buf, const struct listed_dump *dump)
{
	const char *separator = "";

	if (dump->is_alive) {
		buf_puts(buf, "did not panic");
		separator = "; ";
	}
	if (!dump->files.cores || dump->is_incomplete) {
		buf_printf(buf, "%s%s", separator,
			   dump->files.cores ? "incomplete" : dump->files.log ? "log only" : "no dump");
		separator = ": ";
	}
	if (dump->reason)
		buf_printf(buf, "%s%s", separator, dump->reason);
}

void list_put_path(struct buf *buf, const struct listed_dump *dump)
{
	const char *core = dump->files.core ? dump->files.core : "";

	buf_printf(buf, "%s%s%s", dump->place, *dump->place && *core ? "/" : "", core);
}
