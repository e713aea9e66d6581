// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes and holes in front of what a dump holds, as one more format that asks the real one: so
// nothing that reads a dump knows of them.
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "dump/dump_private.h"

struct patch {
	uint64_t physical;
	size_t length;
	uint8_t *bytes; /* NULL: the block is taken away */
};

struct overlay {
	struct format format;
	struct format *inner;
	struct {
		struct patch *items;
		size_t count, capacity;
	} patches;
};

static bool patch_is_in(const struct overlay *overlay, const struct patch *patch, uint64_t number)
{
	return patch->physical / overlay->format.info.page_size == number;
}

static enum block_state overlay_state(struct format *format, uint64_t number)
{
	const struct overlay *overlay = (struct overlay *)format;

	for (size_t i = 0; i < overlay->patches.count; i++) {
		const struct patch *patch = &overlay->patches.items[i];

		if (!patch->bytes && patch_is_in(overlay, patch, number))
			return BLOCK_LEFT_OUT;
	}
	return overlay->inner->ops->state(overlay->inner, number);
}

static enum block_state overlay_read(struct format *format, uint64_t number, void *bytes)
{
	const struct overlay *overlay = (struct overlay *)format;
	enum block_state state = overlay_state(format, number);

	if (state == BLOCK_SAVED)
		state = overlay->inner->ops->read(overlay->inner, number, bytes);
	for (size_t i = 0; state == BLOCK_SAVED && i < overlay->patches.count; i++) {
		const struct patch *patch = &overlay->patches.items[i];

		if (patch_is_in(overlay, patch, number))
			memcpy((uint8_t *)bytes + patch->physical % format->info.page_size,
			       patch->bytes, patch->length);
	}
	return state;
}

static bool overlay_next(struct format *format, uint64_t *number)
{
	const struct overlay *overlay = (struct overlay *)format;

	return overlay->inner->ops->next(overlay->inner, number);
}

static bool overlay_translate(struct format *format, uint64_t address, uint64_t *ret_physical)
{
	const struct overlay *overlay = (struct overlay *)format;
	const struct format_ops *ops = overlay->inner->ops;

	return ops->translate && ops->translate(overlay->inner, address, ret_physical);
}

static void overlay_free(struct format *format)
{
	struct overlay *overlay = (struct overlay *)format;

	for (size_t i = 0; i < overlay->patches.count; i++)
		free(overlay->patches.items[i].bytes);
	free(overlay->patches.items);
	format_free(overlay->inner);
	free(overlay);
}

static const struct format_ops overlay_ops = {
	.free = overlay_free,
	.state = overlay_state,
	.read = overlay_read,
	.next = overlay_next,
	.translate = overlay_translate,
};

/* What was read so far may have changed. */
static void dump_forget(struct dump *dump)
{
	dump->block_number = 0;
	cache_forget(&dump->cache);
}

/* The overlay of the dump, which takes over the notes and VMCOREINFO of the real format. */
static struct overlay *dump_overlay(struct dump *dump)
{
	if (dump->format->ops == &overlay_ops)
		return (struct overlay *)dump->format;
	struct overlay *overlay = mem_zero(sizeof(*overlay));

	overlay->format = *dump->format;
	overlay->format.ops = &overlay_ops;
	overlay->inner = dump->format;
	overlay->inner->notes = (struct notes){0};
	overlay->inner->vmcoreinfo = NULL;
	dump->format = &overlay->format;
	return overlay;
}

/* One patch within one block. */
static struct error *dump_patch(struct dump *dump, uint64_t address, const void *bytes,
				size_t length)
{
	uint64_t physical;
	struct fault fault;

	if (!dump_translate(dump, address, &physical, &fault))
		return error_fault(fault.code, address, "%s (0x%llx)", error_words(fault.code),
				   (unsigned long long)address);
	struct patch patch = {.physical = physical, .length = length};
	if (bytes) {
		patch.bytes = mem_zero(length);
		memcpy(patch.bytes, bytes, length);
	}
	*vec_push(&dump_overlay(dump)->patches) = patch;
	return NULL;
}

static struct error *dump_patch_all(struct dump *dump, uint64_t address, const uint8_t *bytes,
				    size_t length)
{
	struct error *error = NULL;

	for (size_t done = 0; !error && done < length;) {
		size_t rest = CACHE_PAGE_BYTES - ((address + done) & (CACHE_PAGE_BYTES - 1));
		size_t part = length - done < rest ? length - done : rest;

		error = dump_patch(dump, address + done, bytes ? bytes + done : NULL, part);
		done += part;
	}
	dump_forget(dump);
	return error;
}

struct error *dump_poke(struct dump *dump, uint64_t address, const void *bytes, size_t length)
{
	return dump_patch_all(dump, address, bytes, length);
}

struct error *dump_hide(struct dump *dump, uint64_t address, size_t length)
{
	return dump_patch_all(dump, address, NULL, length);
}

void dump_restore(struct dump *dump)
{
	if (dump->format->ops != &overlay_ops)
		return;
	struct overlay *overlay = (struct overlay *)dump->format;

	dump->format = overlay->inner;
	dump->format->notes = overlay->format.notes;
	dump->format->vmcoreinfo = overlay->format.vmcoreinfo;
	overlay->inner = NULL;
	overlay_free(&overlay->format);
	dump_forget(dump);
}
