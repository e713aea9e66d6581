// SPDX-License-Identifier: GPL-2.0-or-later
// libkdumpfile and libaddrxlat behind four functions, so that they can be replaced in one place.
#ifndef DUMP_DUMP_KDUMPFILE_H
#define DUMP_DUMP_KDUMPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct kdumpfile;

/* What the library found out; strings live as long as the kdumpfile, NULL or 0 where unknown. */
struct kdumpfile_facts {
	const char *format;
	const char *arch;
	uint64_t page_size;
	uint8_t pointer_size;
	bool big_endian;
	bool can_translate; /* kernel virtual addresses */
};

/* Opens the files, which stay the caller's and open. `arch` names the architecture for files that do not
 * say it themselves, or is NULL. Errors do not name a file: the caller knows which it was. */
struct error *kdumpfile_open(const int *fds, size_t count, const char *arch,
			     struct kdumpfile **ret) MUST_CHECK;
void kdumpfile_close(struct kdumpfile *file);
DEFINE_CLEANUP(struct kdumpfile *, kdumpfile_close)

const struct kdumpfile_facts *kdumpfile_facts(const struct kdumpfile *file);
/* VMCOREINFO as text, or NULL; free() it. */
char *kdumpfile_vmcoreinfo(struct kdumpfile *file);
/* Copies the page at a physical address (a multiple of page_size). */
bool kdumpfile_read_page(struct kdumpfile *file, uint64_t physical, void *page,
			 struct fault *ret_fault);
/* Physical address behind a kernel virtual one. */
bool kdumpfile_translate(struct kdumpfile *file, uint64_t address, uint64_t *ret_physical,
			 struct fault *ret_fault);

#endif
