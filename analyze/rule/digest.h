// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256, so that a report says which rules made it.
#ifndef RULE_DIGEST_H
#define RULE_DIGEST_H

#include <stddef.h>

#include "base/cleanup.h"

struct digest;

struct digest *digest_new(void);
void digest_free(struct digest *digest);
DEFINE_CLEANUP(struct digest *, digest_free)

void digest_add(struct digest *digest, const void *data, size_t length);
/* 64 hexadecimal digits and a NUL of all that was added; starts anew. */
void digest_hex(struct digest *digest, char ret[65]);

#endif
