// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/utf8.c"

#include "base/cleanup.h"
#include "test.h"

static void check_shown(const char *text, const char *want)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	utf8_put_shown(&buf, text);
	CHECK_STR(buf_text(&buf), want);
}

static void check_valid(const char *text, const char *want)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	utf8_put_valid(&buf, text);
	CHECK_STR(buf_text(&buf), want);
}

TEST(utf8_shows_what_is_harmless)
{
	check_shown("", "");
	check_shown("eth0: a<b>&\"c\" \\x00", "eth0: a<b>&\"c\" \\x00");
	check_shown("Zürich 日本語 😀", "Zürich 日本語 😀");
}

TEST(utf8_hides_what_moves_the_terminal)
{
	check_shown("\x1b[31mred\x07\x7f", "\\x1b[31mred\\x07\\x7f");
	check_shown("a\nb\tc\rd", "a\\nb\\tc\\x0dd");
	check_shown("\xc2\x9b" "31m", "\\u{9b}31m");
	check_shown("user\xe2\x80\xae" "txt.exe", "user\\u{202e}txt.exe");
	check_shown("a\xe2\x80\x8b" "b\xef\xbb\xbf", "a\\u{200b}b\\u{feff}");
	check_shown("\xf3\xa0\x81\x81", "\\u{e0041}");
}

TEST(utf8_escapes_bytes_that_are_none)
{
	check_shown("\xff\xfe", "\\xff\\xfe");
	check_valid("ok\xff", "ok\\xff");
	check_valid("\xc3", "\\xc3");               /* cut short */
	check_valid("\xc0\xaf", "\\xc0\\xaf");      /* '/' in two bytes */
	check_valid("\xe0\x80\x80", "\\xe0\\x80\\x80");
	check_valid("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* half of a surrogate pair */
	check_valid("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
	check_valid("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
	check_valid("a\x1b\n\xc2\x9b", "a\x1b\n\xc2\x9b");
}

TEST(utf8_measures_columns)
{
	CHECK(utf8_columns("") == 0);
	CHECK(utf8_columns("abc") == 3);
	CHECK(utf8_columns("日本") == 4);
	CHECK(utf8_columns("e\xcc\x81") == 1);
	CHECK(utf8_columns("\xff\xff") == 2);
	CHECK(utf8_columns("…") == 1);
}

TEST(utf8_fits_whole_characters)
{
	CHECK(utf8_fit("abc", 2) == 2);
	CHECK(utf8_fit("abc", 9) == 3);
	CHECK(utf8_fit("日本", 3) == 3);
	CHECK(utf8_fit("日本", 1) == 0);
	CHECK(utf8_fit("e\xcc\x81x", 1) == 3);
}

TEST_MAIN
