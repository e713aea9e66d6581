// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF dump of any bytes that becomes a kdump file: the first byte says how long the pieces are, the second in which
// order they come, the rest is the file. Whatever it is, it is converted, or lies in the raw file as it was sent.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/compress.h"
#include "store/kdump.h"
#include "store/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_TAKEN = 64 << 10 };

static void take_all(struct writer_file *file, const uint8_t *bytes, size_t size, size_t piece, unsigned step)
{
	size_t count = (size + piece - 1) / piece;

	// Some come twice, others never, unless the step shares no factor with the count.
	for (size_t i = 0, at = 0; i < count; i++, at = (at + step) % count) {
		size_t length = size - at * piece < piece ? size - at * piece : piece;

		if (kdumper_take(file, at * piece, i % 7 == 6 ? NULL : bytes + at * piece, length))
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3 || size > SIZE_MAX_TAKEN)
		return 0;
	int here = open("/tmp", O_RDONLY | O_DIRECTORY), out = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	struct writer_file file = {.fd = open("/tmp", O_TMPFILE | O_RDWR, 0600), .take = kdumper_take};
	struct compressors *compressors = compressors_new();
	struct kdumper *kdump;
	bool is_kdump;

	if (kdumper_new(file.fd, out, here, compressors, data[0] % 3, &kdump))
		abort();
	file.context = kdump;
	take_all(&file, data + 2, size - 2, 1 + data[0] * 33u, 1 + data[1]);
	error_free(kdumper_finish(kdump, true, &is_kdump));
	kdumper_free(kdump);
	compressors_free(compressors);
	close(file.fd);
	close(out);
	close(here);
	return 0;
}
