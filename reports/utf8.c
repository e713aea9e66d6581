// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/utf8.h"

#include <string.h>

#include "base/buf.h"

struct range {
	uint32_t first, last;
};

/* Not to be shown as they are. Bidi controls reorder the text around them (CVE-2021-42574, "Trojan
 * Source"), invisible ones make two names look the same; tags and private use planes do both. */
static const struct range hidden_ranges[] = {
	{0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x115f, 0x1160},
	{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
	{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0x10ffff},
};

/* Marks that stand on the character before them. */
static const struct range combining_ranges[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
	{0x06d6, 0x06dc}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
	{0x20d0, 0x20ff}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

/* Two columns: East Asian Width W and F of Unicode's EastAsianWidth.txt, in round blocks. */
static const struct range wide_ranges[] = {
	{0x1100, 0x115e},   {0x2329, 0x232a},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
	{0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
	{0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static bool range_has(const struct range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count && ranges[i].first <= code; i++) {
		if (code <= ranges[i].last)
			return true;
	}
	return false;
}
#define RANGES_HAVE(ranges, code) range_has(ranges, sizeof(ranges) / sizeof(*(ranges)), code)

bool utf8_is_hidden(uint32_t code)
{
	return RANGES_HAVE(hidden_ranges, code);
}

size_t utf8_decode(const char *text, size_t length, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;

	if (!length)
		return 0;
	size_t size = bytes[0] < 0x80   ? 1
		      : bytes[0] < 0xc0 ? 0
		      : bytes[0] < 0xe0 ? 2
		      : bytes[0] < 0xf0 ? 3
		      : bytes[0] < 0xf8 ? 4
					: 0;
	if (!size || size > length)
		return 0;
	uint32_t code = size == 1 ? bytes[0] : bytes[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret = code;
	return size;
}

static size_t utf8_width(uint32_t code)
{
	if (code < 0x300)
		return 1;
	if (RANGES_HAVE(combining_ranges, code))
		return 0;
	return RANGES_HAVE(wide_ranges, code) ? 2 : 1;
}

/* Steps over one character, or one byte that is none; *width: its columns. */
static size_t utf8_step(const char *text, size_t length, size_t *width)
{
	uint32_t code;
	size_t size = utf8_decode(text, length, &code);

	*width = size ? utf8_width(code) : 1;
	return size ? size : 1;
}

size_t utf8_columns(const char *text)
{
	size_t length = strlen(text), columns = 0, width;

	for (size_t i = 0; i < length; columns += width)
		i += utf8_step(text + i, length - i, &width);
	return columns;
}

size_t utf8_fit(const char *text, size_t columns)
{
	size_t length = strlen(text), used = 0, width;

	for (size_t i = 0; i < length;) {
		size_t size = utf8_step(text + i, length - i, &width);

		if (used + width > columns)
			return i;
		used += width;
		i += size;
	}
	return length;
}

void utf8_put_valid(struct buf *buf, const char *text)
{
	size_t length = strlen(text);
	uint32_t code;

	for (size_t i = 0; i < length;) {
		size_t size = utf8_decode(text + i, length - i, &code);

		if (size)
			buf_put(buf, text + i, size);
		else
			buf_printf(buf, "\\x%02x", (unsigned char)text[i]);
		i += size ? size : 1;
	}
}

static void utf8_put_escape(struct buf *buf, uint32_t code)
{
	if (code == '\n' || code == '\t')
		buf_puts(buf, code == '\n' ? "\\n" : "\\t");
	else
		buf_printf(buf, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
}

void utf8_put_shown(struct buf *buf, const char *text)
{
	size_t length = strlen(text);
	uint32_t code;

	for (size_t i = 0; i < length;) {
		size_t size = utf8_decode(text + i, length - i, &code);

		if (!size)
			buf_printf(buf, "\\x%02x", (unsigned char)text[i]);
		else if (utf8_is_hidden(code))
			utf8_put_escape(buf, code);
		else
			buf_put(buf, text + i, size);
		i += size ? size : 1;
	}
}
