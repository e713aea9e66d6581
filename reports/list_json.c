// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "reports/json_value.h"
#include "reports/list_words.h"
#include "reports/listing.h"

/* The format member: raised when a name or a meaning that others script against changes. */
enum { JSON_FORMAT = 1 };

static struct json_object *json_time(int64_t time)
{
	struct buf text _cleanup_(buf_deinit) = {0};

	list_put_time_exact(&text, time);
	return json_text(buf_text(&text));
}

/* As one writes it on a command line. */
static struct json_object *json_path(const struct listed_dump *dump, const char *name)
{
	if (!name)
		return NULL;
	char *path _cleanup_free_ =
		mem_printf("%s/%s%s%s", dump->root, dump->place, *dump->place && *name ? "/" : "", name);

	return json_text(path);
}

static struct json_object *json_dump(const struct listing *listing, const struct listed_dump *dump,
				     const size_t *group_numbers)
{
	static const char *const reports[] = {
		[LISTED_NONE] = "none",
		[LISTED_FAILED] = "failed",
		[LISTED_UNREADABLE] = "unreadable",
		[LISTED_MADE] = "made",
	};
	static const char *const times[] = {[TIME_FILE] = "file", [TIME_ARRIVAL] = "arrival", [TIME_CRASH] = "crash"};
	const struct listed_group *group = &listing->groups[dump->group];
	struct json_object *object = json_record();

	json_put(object, "directory", json_path(dump, ""));
	json_put(object, "number", json_text(dump->number));
	json_put(object, "vmcore", json_path(dump, dump->files.core));
	json_put(object, "parts", json_count(dump->files.cores));
	json_put(object, "bytes", json_count(dump->files.bytes));
	json_put(object, "complete", json_truth(dump->files.cores && !dump->is_incomplete));
	json_put(object, "reason", json_text(dump->reason));
	json_put(object, "host", json_text(dump->host));
	json_put(object, "client", json_text(dump->client));
	json_put(object, "kernel", json_text(dump->kernel));
	json_put(object, "arch", json_text(dump->arch));
	json_put(object, "panicked", dump->is_alive ? json_truth(false) : group->is_unknown ? NULL : json_truth(true));
	json_put(object, "cause", json_text(dump->cause));
	json_put(object, "message", json_text(dump->message));
	json_put(object, "signature", json_text(dump->signature));
	json_put(object, "time", json_time(dump->time));
	json_put(object, "time_of", json_text(times[dump->time_of]));
	json_put(object, "age_s", json_count(listing->now > dump->time ? (uint64_t)(listing->now - dump->time) : 0));
	json_put(object, "report", json_text(reports[dump->report]));
	json_put(object, "critical", dump->has_findings ? json_count(dump->critical) : NULL);
	json_put(object, "warnings", dump->has_findings ? json_count(dump->warnings) : NULL);
	json_put(object, "unchecked", dump->has_findings ? json_count(dump->unchecked) : NULL);
	json_put(object, "report_html", json_path(dump, dump->files.html));
	json_put(object, "report_text", json_path(dump, dump->files.text));
	json_put(object, "report_json", json_path(dump, dump->files.json));
	json_put(object, "log", json_path(dump, dump->files.log));
	json_put(object, "group", group->is_unknown ? NULL : json_count(group_numbers[dump->group]));
	return object;
}

static struct json_object *json_group(const struct listing *listing, const struct listed_group *group)
{
	const struct listed_dump *newest = group->newest;
	struct json_object *object = json_record(), *dumps = json_array();

	json_put(object, "signature", json_text(newest->signature));
	json_put(object, "cause", json_text(newest->cause));
	json_put(object, "message", json_text(newest->message));
	json_put(object, "kernel", json_text(group->kernel));
	json_put(object, "count", json_count(group->count));
	json_put(object, "hosts", json_texts(group->hosts, group->host_count));
	json_put(object, "first", json_time(group->first));
	json_put(object, "last", json_time(group->last));
	for (size_t i = 0; i < group->count; i++)
		json_append(dumps, json_count((uint64_t)(group->dumps[i] - listing->dumps)));
	json_put(object, "others", json_count(group->others));
	json_put(object, "first_ever", json_time(group->first_ever));
	json_put(object, "new", listing->since == INT64_MIN ? NULL : json_truth(list_is_new(listing, group)));
	json_put(object, "dumps", dumps);
	return object;
}

void listing_json(const struct listing *listing, struct buf *buf)
{
	struct json_object *object = json_record(), *dumps = json_array(), *groups = json_array();
	size_t *numbers _cleanup_free_ = mem_zero((listing->group_count + 1) * sizeof(*numbers));
	size_t count = 0;

	for (size_t i = 0; i < listing->group_count; i++) {
		numbers[i] = count;
		if (listing->groups[i].is_unknown)
			continue;
		json_append(groups, json_group(listing, &listing->groups[i]));
		count++;
	}
	for (size_t i = 0; i < listing->dump_count; i++)
		json_append(dumps, json_dump(listing, &listing->dumps[i], numbers));
	json_put(object, "format", json_count(JSON_FORMAT));
	json_put(object, "tool", json_text(listing->tool_version));
	json_put(object, "time", json_time(listing->now));
	json_put(object, "directories", json_texts(listing->roots, listing->root_count));
	json_put(object, "dumps", dumps);
	json_put(object, "groups", groups);
	json_put(object, "hidden", json_count(listing->hidden));
	json_put(object, "problems", json_texts(listing->problems, listing->problem_count));
	json_finish(object, true, buf);
}
