// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/json_value.h"

#include <json-c/json.h>
#include <math.h>

#include "base/buf.h"
#include "base/mem.h"
#include "reports/cell.h"
#include "reports/utf8.h"

/* json-c answers a lack of memory with NULL, which it also takes for null: a report must not say
 * "unknown" for that. */
static struct json_object *json_must(struct json_object *object)
{
	if (!object)
		mem_resize(NULL, SIZE_MAX, SIZE_MAX); /* ends the program */
	return object;
}

struct json_object *json_record(void)
{
	return json_must(json_object_new_object());
}

struct json_object *json_array(void)
{
	return json_must(json_object_new_array());
}

struct json_object *json_text(const char *text)
{
	struct buf valid _cleanup_(buf_deinit) = {0};

	if (!text)
		return NULL;
	utf8_put_valid(&valid, text);
	return json_must(json_object_new_string(buf_text(&valid)));
}

struct json_object *json_truth(bool truth)
{
	return json_must(json_object_new_boolean(truth));
}

struct json_object *json_count(uint64_t count)
{
	return json_must(json_object_new_uint64(count));
}

struct json_object *json_known(uint64_t count)
{
	return count ? json_count(count) : NULL;
}

struct json_object *json_integer(__int128 integer)
{
	if (integer >= INT64_MIN && integer <= INT64_MAX)
		return json_must(json_object_new_int64((int64_t)integer));
	if (integer > 0 && integer <= UINT64_MAX)
		return json_count((uint64_t)integer);
	struct buf digits _cleanup_(buf_deinit) = {0};
	cell_put_integer(&digits, integer);
	return json_must(json_object_new_double_s((double)integer, buf_text(&digits)));
}

struct json_object *json_real(double real)
{
	struct buf digits _cleanup_(buf_deinit) = {0};

	if (!isfinite(real))
		return NULL;
	cell_put_real(&digits, real);
	return json_must(json_object_new_double_s(real, buf_text(&digits)));
}

/* A measured number of the kernel's own: two decimals as /proc shows them, null when negative. */
struct json_object *json_measured(double real)
{
	if (!(real >= 0))
		return NULL;
	return json_real(real < 1e15 ? (double)(uint64_t)(real * 100 + 0.5) / 100 : real);
}

void json_put(struct json_object *object, const char *key, struct json_object *value)
{
	struct buf valid _cleanup_(buf_deinit) = {0};

	utf8_put_valid(&valid, key);
	if (json_object_object_add(object, buf_text(&valid), value))
		json_must(NULL);
}

void json_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		json_must(NULL);
}

struct json_object *json_texts(const char *const *texts, size_t count)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_append(array, json_text(texts[i]));
	return array;
}

bool json_has(const struct json_object *object, const char *key)
{
	return json_object_object_get_ex(object, key, NULL);
}

void json_free(struct json_object *value)
{
	json_object_put(value);
}

/* json-c escapes what JSON must have escaped, which lets U+009B and bidi controls through to the
 * terminal of whoever looks at the file. Such characters occur only in strings, so each may be
 * written as its escape: the same text to every reader. */
static void json_put_escaped(struct buf *buf, const char *text, size_t length)
{
	uint32_t code;

	for (size_t i = 0; i < length;) {
		size_t size = utf8_decode(text + i, length - i, &code);

		if (size == 1 && code != 0x7f)
			buf_putc(buf, text[i]);
		else if (!utf8_is_hidden(code))
			buf_put(buf, text + i, size);
		else if (code < 0x10000)
			buf_printf(buf, "\\u%04x", code);
		else
			buf_printf(buf, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
				   0xdc00 + (code & 0x3ff));
		i += size;
	}
}

void json_finish(struct json_object *object, bool is_pretty, struct buf *buf)
{
	int flags = is_pretty ? JSON_C_TO_STRING_PRETTY : 0;
	size_t length;
	const char *text = json_object_to_json_string_length(
		object, flags | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE, &length);

	if (text)
		json_put_escaped(buf, text, length);
	else
		json_must(NULL);
	buf_putc(buf, '\n');
	json_object_put(object);
}
