// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/digest.h"

#include <nettle/sha2.h>

#include "base/hex.h"
#include "base/mem.h"

struct digest {
	struct sha256_ctx context;
};

struct digest *digest_new(void)
{
	struct digest *digest = mem_zero(sizeof(*digest));

	sha256_init(&digest->context);
	return digest;
}

void digest_free(struct digest *digest)
{
	free(digest);
}

void digest_add(struct digest *digest, const void *data, size_t length)
{
	sha256_update(&digest->context, length, data);
}

void digest_hex(struct digest *digest, char ret[65])
{
	uint8_t bytes[SHA256_DIGEST_SIZE];

	sha256_digest(&digest->context, sizeof(bytes), bytes);
	hex_write(bytes, sizeof(bytes), ret);
}
