// SPDX-License-Identifier: GPL-2.0-or-later
// The list beside an incomplete dump, of any bytes: what is read of it is bounded, and is the same when it is written again.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "store/resume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

static void demand_extents(const struct extents *one, const struct extents *other)
{
	demand(one->count == other->count && one->bytes == other->bytes);
	for (size_t i = 0; i < one->count; i++) {
		demand(one->items[i].start < one->items[i].end && one->items[i].end <= UINT64_C(1) << 62);
		demand(one->items[i].start == other->items[i].start && one->items[i].end == other->items[i].end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text _cleanup_(buf_deinit) = {0}, again _cleanup_(buf_deinit) = {0};
	struct resume resume, copy;
	char *bytes _cleanup_free_ = malloc(size + 1);

	demand(bytes != NULL);
	memcpy(bytes, data, size);
	bytes[size] = '\0';
	if (!resume_parse(bytes, "boot", &resume))
		return 0;
	demand(strlen(resume.meta.client) < sizeof(resume.meta.client) && resume.meta.protocol);
	resume_write(&resume.meta, "boot", &text);
	char *written _cleanup_free_ = strdup(text.data);
	demand(resume_parse(written, "boot", &copy));
	demand_extents(&resume.have, &copy.have);
	resume_write(&copy.meta, "boot", &again);
	demand(text.length == again.length && !memcmp(text.data, again.data, text.length));
	resume_deinit(&copy);
	resume_deinit(&resume);
	return 0;
}
