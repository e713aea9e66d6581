// SPDX-License-Identifier: GPL-2.0-or-later
// Address translation by libaddrxlat, for the architectures whose page tables paging.c does not
// know.
#ifndef DUMP_TRANSLATOR_H
#define DUMP_TRANSLATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct dump;
struct translator;

/* Sets up the translation for the architecture and VMCOREINFO of the dump; NULL where the library
 * cannot. */
struct translator *translator_new(struct dump *dump);
void translator_free(struct translator *translator);
bool translator_translate(struct translator *translator, uint64_t address, uint64_t *ret_physical,
			  struct fault *ret_fault);

#endif
