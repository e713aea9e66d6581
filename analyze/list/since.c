// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/since.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool parse_span(const char *text, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = {{"s", 1}, {"min", 60}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 7 * 86400}};
	enum { UNITS = sizeof(units) / sizeof(*units), COUNT_MAX = 1000 * 1000 * 1000 };
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	long count = strtol(text, &end, 10);
	for (size_t i = 0; i < UNITS && !errno && count <= COUNT_MAX; i++) {
		if (!strcmp(end, units[i].unit)) {
			*ret = count * units[i].seconds;
			return true;
		}
	}
	return false;
}

static bool parse_time(const char *text, int64_t *ret)
{
	static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S",
					      "%Y-%m-%d %H:%M:%S"};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		struct tm parts = {0};
		const char *end = strptime(text, formats[i], &parts);

		if (!end || (*end && strcmp(end, "Z") != 0))
			continue;
		int day = parts.tm_mday;
		int64_t time = timegm(&parts); /* makes the 3rd of March of the 31st of February */

		if (parts.tm_mday != day)
			return false;
		*ret = time;
		return true;
	}
	return false;
}

struct error *since_parse(const char *text, int64_t now, int64_t *ret)
{
	int64_t span;

	if (parse_span(text, &span)) {
		*ret = now - span;
		return NULL;
	}
	if (parse_time(text, ret))
		return NULL;
	return error_new(ERROR_INVALID, "--since %s: want a span (12h, 7d, 2w) or a time (2026-11-21, 2026-11-21T03:14)",
			 text);
}
