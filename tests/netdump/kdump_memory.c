// SPDX-License-Identifier: GPL-2.0-or-later
// kdump_memory FILE START LENGTH: those bytes of physical memory, as libkdumpfile finds them in the dump, to standard output.
#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	static char bytes[4096];
	kdump_ctx_t *dump = kdump_new();
	int fd = argc == 4 ? open(argv[1], O_RDONLY) : -1;
	kdump_status status = KDUMP_ERR_SYSTEM;

	if (fd >= 0 && dump)
		status = kdump_set_number_attr(dump, KDUMP_ATTR_FILE_FD, (kdump_num_t)fd);
	uint64_t start = status == KDUMP_OK ? strtoull(argv[2], NULL, 0) : 0;
	uint64_t end = status == KDUMP_OK ? start + strtoull(argv[3], NULL, 0) : 0;
	for (size_t step; status == KDUMP_OK && start < end; start += step) {
		step = end - start < sizeof(bytes) ? (size_t)(end - start) : sizeof(bytes);
		size_t length = step;
		status = kdump_read(dump, KDUMP_MACHPHYSADDR, start, bytes, &length);
		fwrite(bytes, 1, length, stdout);
	}
	if (status != KDUMP_OK)
		fprintf(stderr, "kdump_memory: at %#llx: %s\n", (unsigned long long)start, dump ? kdump_get_err(dump) : "failed");
	kdump_free(dump);
	return status == KDUMP_OK && !fflush(stdout) ? 0 : 1;
}
