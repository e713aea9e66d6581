// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/since.c"

#include "test.h"

enum { NOW = 1795291200 }; /* date -u -d @1795291200: 2026-11-21 20:00 */

static void check_since(const char *text, int64_t want)
{
	int64_t since = -1;
	struct error *error = since_parse(text, NOW, &since);

	CHECK(!error && since == want);
	if (error || since != want)
		printf("%s: %s, %lld\n", text, error ? error->message : "", (long long)since);
	error_free(error);
}

TEST(spans)
{
	check_since("0s", NOW);
	check_since("90min", NOW - 90 * 60);
	check_since("15m", NOW - 15 * 60);
	check_since("12h", NOW - 12 * 3600);
	check_since("7d", NOW - 7 * 86400);
	check_since("2w", NOW - 14 * 86400);
}

/* Numbers as date -u -d TEXT +%s says them. */
TEST(times)
{
	check_since("2026-11-21", 1795219200);
	check_since("2026-11-21T03:14", 1795230840);
	check_since("2026-11-21 03:14Z", 1795230840);
	check_since("2026-11-21T03:14:15Z", 1795230855);
	check_since("1970-01-01", 0);
	check_since("2028-02-29", 1835395200);
}

TEST(what_is_neither_is_refused)
{
	static const char *const texts[] = {"", "7", "d", "-7d", "7 d", "7x", "7dd", "yesterday", "2026", "2026-13-01",
					    "2026-02-31", "2026-02-29", "2026-11-31T03:14", "2026-11-21T", "2026-11-21T25:00", "2026-11-21 03:14 CET", "99999999999999999999d",
					    "9999999999d"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		int64_t since = 42;
		struct error *error = since_parse(texts[i], NOW, &since);

		if (!error)
			printf("%s was taken\n", texts[i]);
		CHECK(error && since == 42);
		error_free(error);
	}
}

TEST_MAIN
