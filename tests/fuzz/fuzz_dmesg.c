// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log, both kinds, with memory changed here and there. The input is a byte of flags (1: big-endian, 2: 32
// bits, 4: the buffer before 5.10, 8: the last page is a hole), then changes: a position of 16 bits, a length of 8, and
// the bytes.
#include <stdint.h>
#include <stdlib.h>

#include "../unit/fake_dump.h"

#include "../unit/ring_builder.h"
#include "kernel/dmesg.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void make_log(unsigned flags)
{
	if (flags & 4) {
		make_buffer();
		unsigned next = put_log(put_log(put_log(0, 1, 6, "first"), 2, 5, "second"), 3, 4, "last");

		set_range(0, next, 10);
		return;
	}
	make_ring(flags & 2 ? 4 : 8, flags & 1);
	for (unsigned i = 0; i < 12; i++)
		add(i, i % 8, i % 3 ? "a line" : "a line that is longer");
}

static void change_memory(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + 3 <= size;) {
		uint64_t at = (bytes[i] | bytes[i + 1] << 8) % (fake_dump.used + 16);
		size_t length = bytes[i + 2];

		i += 3;
		if (length > size - i)
			length = size - i;
		fake_put_bytes(fake_dump.base + at, bytes + i, length);
		i += length;
	}
}

/* Every byte of a record is there to be read. */
static unsigned sum_of(const struct dmesg *log)
{
	unsigned sum = 0;

	for (size_t i = 0; i < log->count; i++) {
		for (size_t k = 0; k < log->records[i].length; k++)
			sum += (uint8_t)log->records[i].text[k];
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct dmesg log = {0};

	if (!size)
		return 0;
	make_log(bytes[0]);
	change_memory(bytes + 1, size - 1);
	if (bytes[0] & 8)
		fake_hole(fake_dump.base + fake_dump.used - 1);
	struct error *error = dmesg_read(&kernel, arena, &log);

	if (!error && sum_of(&log) == UINT32_MAX)
		abort();
	error_free(error);
	return 0;
}
