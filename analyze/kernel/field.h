// SPDX-License-Identifier: GPL-2.0-or-later
// Where a member lies in a struct of the crashed kernel: from its types, else from VMCOREINFO, so
// that what VMCOREINFO describes (the log above all) can be read without any types.
#ifndef KERNEL_FIELD_H
#define KERNEL_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel;
struct type;

struct field {
	uint64_t offset;               /* bytes from the start of the struct */
	uint64_t size;                 /* bytes; 0 unknown (VMCOREINFO does not say) */
	uint32_t bit_offset, bit_size; /* of a bit-field, from `offset`; else 0 */
	const struct type *type;       /* NULL unknown */
};

/* Member `path` ("tkr_mono.shift") of struct `structure`; false when nobody knows it. */
bool field_find(const struct kernel *kernel, const char *structure, const char *path,
		struct field *ret);
/* Its offset, or `otherwise` when nobody knows it. */
uint64_t field_offset(const struct kernel *kernel, const char *structure, const char *path,
		      uint64_t otherwise);
/* Size of struct `structure` in bytes, or `otherwise`. */
uint64_t field_struct_size(const struct kernel *kernel, const char *structure, uint64_t otherwise);
/* The complete struct of that name, or NULL. */
const struct type *field_struct(const struct kernel *kernel, const char *structure);
/* The member as an unsigned number, given the address of its struct; where its size is unknown it
 * is that of a pointer. False when it cannot be read. */
bool field_read(const struct kernel *kernel, uint64_t address, const struct field *field,
		uint64_t *ret);
/* field_find() and field_read() at once. */
bool field_get(const struct kernel *kernel, uint64_t address, const char *structure,
	       const char *path, uint64_t *ret);

#endif
