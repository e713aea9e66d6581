// SPDX-License-Identifier: GPL-2.0-or-later
// JSON as it is written: values, put together from the inside, then printed once. NULL is null. Text that is no UTF-8
// becomes \xNN. Without memory the program ends, as in base/mem.h.
#ifndef REPORTS_JSON_VALUE_H
#define REPORTS_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct json_object;

struct json_object *json_record(void);
struct json_object *json_array(void);
/* Adds a member, an element; the value then belongs to the object, the array. */
void json_put(struct json_object *object, const char *key, struct json_object *value);
void json_append(struct json_object *array, struct json_object *value);
bool json_has(const struct json_object *object, const char *key);
/* NULL is allowed. */
void json_free(struct json_object *value);

/* NULL gives null. */
struct json_object *json_text(const char *text);
struct json_object *json_texts(const char *const *texts, size_t count);
struct json_object *json_truth(bool truth);
struct json_object *json_count(uint64_t count);
/* For numbers where 0 says that nobody knows. */
struct json_object *json_known(uint64_t count);
/* Exact, also beyond 64 bits. */
struct json_object *json_integer(__int128 integer);
/* null when it is not finite. */
struct json_object *json_real(double real);
/* A measured number of the kernel's own: two decimals as /proc shows them, null when negative. */
struct json_object *json_measured(double real);

/* Writes the object as the whole output, on one line or many, and releases it. What a terminal would obey is escaped. */
void json_finish(struct json_object *object, bool is_pretty, struct buf *buf);

#endif
