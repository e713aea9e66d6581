// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/patchy.h"

#include <string.h>

#include "base/mem.h"

size_t patchy_read(memory_reader *read, void *context, uint64_t address, void *buffer,
		   size_t length, uint8_t *holes)
{
	size_t got = 0;

	if (read(context, address, buffer, length))
		return length;
	for (size_t done = 0; done < length;) {
		size_t step = PATCHY_PAGE - (address + done) % PATCHY_PAGE;
		char *to = (char *)buffer + done;

		if (step > length - done)
			step = length - done;
		if (read(context, address + done, to, step)) {
			got += step;
		} else {
			memset(to, 0, step);
			if (holes)
				holes[(address % PATCHY_PAGE + done) / PATCHY_PAGE] = 1;
		}
		done += step;
	}
	return got;
}

uint8_t *patchy_holes(size_t length)
{
	return mem_zero(length / PATCHY_PAGE + 2);
}

bool patchy_has(const uint8_t *holes, uint64_t address, size_t offset, size_t length)
{
	size_t first = (address % PATCHY_PAGE + offset) / PATCHY_PAGE;
	size_t last = (address % PATCHY_PAGE + offset + length - (length > 0)) / PATCHY_PAGE;

	for (size_t i = first; i <= last; i++) {
		if (holes[i])
			return false;
	}
	return true;
}
