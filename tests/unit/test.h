// SPDX-License-Identifier: GPL-2.0-or-later
// The unit tests' harness. A test program includes the .c file it tests, so that it sees its statics:
//   #include "base/map.c"
//   #include "test.h"
//   TEST(map_keeps_what_was_put) { …; CHECK(x == 1); CHECK_STR(text, "eth0"); }
//   TEST_MAIN
// Prints a line for each failure and one "ok" or "FAIL" line per test.
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

static struct test *test_first, **test_last = &test_first;
static int test_failures;

#define TEST(name)                                                                                 \
	static void test_##name(void);                                                             \
	__attribute__((constructor)) static void test_add_##name(void)                             \
	{                                                                                          \
		static struct test test = {#name, test_##name, NULL};                              \
		*test_last = &test;                                                                \
		test_last = &test.next;                                                            \
	}                                                                                          \
	static void test_##name(void)

#define CHECK(condition)                                                                           \
	((condition) ? (void)0                                                                     \
		     : (test_failures++, (void)printf("%s:%d: failed: %s\n", __FILE__, __LINE__,   \
						      #condition)))

static inline void test_check_text(const char *file, int line, const char *got, const char *want)
{
	if (got && want && !strcmp(got, want))
		return;
	test_failures++;
	printf("%s:%d: got \"%s\", want \"%s\"\n", file, line, got ? got : "(null)",
	       want ? want : "(null)");
}
#define CHECK_STR(got, want) test_check_text(__FILE__, __LINE__, got, want)

#define TEST_MAIN                                                                                  \
	int main(void)                                                                             \
	{                                                                                          \
		int failed = 0;                                                                    \
		for (struct test *test = test_first; test; test = test->next) {                    \
			int before = test_failures;                                                \
			test->run();                                                               \
			failed += test_failures != before;                                         \
			printf("%s %s\n", test_failures == before ? "ok" : "FAIL", test->name);    \
		}                                                                                  \
		return failed != 0;                                                                \
	}

#endif
