// SPDX-License-Identifier: GPL-2.0-or-later
// convert_kdump ELF KDUMP zlib|lzo|zstd SEED: what the server does with an ELF dump that arrives as pieces of any length, in
// an order that SEED chooses (0: from beginning to end), each tenth of them twice.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/compress.h"
#include "store/kdump.h"
#include "store/writer.h"

enum { WINDOW = 4096 }; /* pieces among which the order is any */

struct piece {
	uint64_t offset;
	size_t length;
};

static void fail(const char *what, struct error *error)
{
	fprintf(stderr, "convert_kdump: %s: %s\n", what, error ? error->message : "failed");
	exit(2);
}

static void put(struct writer *writer, struct writer_file *file, const uint8_t *bytes, const struct piece *piece)
{
	struct pollfd room = {.fd = writer_event(writer), .events = POLLIN};

	while (!writer_put(writer, file, piece->offset, bytes + piece->offset, piece->length)) {
		if (__atomic_load_n(&file->error, __ATOMIC_ACQUIRE))
			fail("writing", NULL);
		poll(&room, 1, -1);
		writer_poll(writer);
	}
}

static size_t cut(struct piece *pieces, uint64_t from, uint64_t size, bool is_random)
{
	static const size_t lengths[] = {4096, 1448, 8192, 8920, 60000, 1024, 65000, 4096};
	size_t count = 0;

	while (from < size && count < WINDOW) {
		size_t length = is_random ? lengths[random() % 8] : 65507;
		length = length < size - from ? length : size - from;
		pieces[count++] = (struct piece){from, length};
		from += length;
	}
	return count;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {[STORE_ZLIB] = "zlib", [STORE_LZO] = "lzo", [STORE_ZSTD] = "zstd"};
	static struct piece pieces[WINDOW];
	struct writer_file file = {.take = kdumper_take};
	enum store_compression compression = STORE_ZLIB;
	struct kdumper *kdump;
	struct writer *writer;
	struct stat status;
	bool is_kdump;

	if (argc != 5)
		fail("want ELF KDUMP zlib|lzo|zstd SEED", NULL);
	while (compression < STORE_ZSTD && strcmp(names[compression], argv[3]) != 0)
		compression++;
	int in = open(argv[1], O_RDONLY), out = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
	int here = open(".", O_RDONLY | O_DIRECTORY);
	file.fd = openat(here, ".", O_TMPFILE | O_RDWR, 0600);
	if (in < 0 || out < 0 || file.fd < 0 || fstat(in, &status))
		fail(argv[1], NULL);
	uint64_t size = (uint64_t)status.st_size;
	const uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, in, 0);
	struct compressors *compressors = compressors_new();
	struct error *error = kdumper_new(file.fd, out, here, compressors, compression, &kdump);
	if (!error)
		error = writer_new(8 << 20, &writer);
	if (error)
		fail("cannot begin", error);
	file.context = kdump;
	srandom((unsigned)atoi(argv[4]));
	for (uint64_t from = 0; from < size;) {
		bool is_random = atoi(argv[4]);
		size_t count = cut(pieces, from, size, is_random);

		from = pieces[count - 1].offset + pieces[count - 1].length;
		for (size_t i = count - 1; is_random && i > 0; i--) {
			size_t other = (size_t)random() % (i + 1);
			struct piece kept = pieces[i];
			pieces[i] = pieces[other];
			pieces[other] = kept;
		}
		for (size_t i = 0; i < count; i++) {
			put(writer, &file, bytes, &pieces[i]);
			if (is_random && random() % 10 == 0)
				put(writer, &file, bytes, &pieces[random() % (long)(i + 1)]);
		}
	}
	writer_free(writer);
	if (file.error)
		fail("writing", NULL);
	error = kdumper_finish(kdump, true, &is_kdump);
	if (error || !is_kdump)
		fail("finishing", error);
	kdumper_free(kdump);
	compressors_free(compressors);
	return 0;
}
