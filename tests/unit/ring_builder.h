// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log in the memory of a fake dump, as the kernel writes it, old and new.
#ifndef RING_BUILDER_H
#define RING_BUILDER_H

#include <stdio.h>

#include "fake_dump.h"

#include "base/arena.h"

/* ---- the ring since 5.10, described by VMCOREINFO alone ---- */

enum { COUNT_BITS = 3, COUNT = 1 << COUNT_BITS, SIZE_BITS = 8, SIZE = 1 << SIZE_BITS };

static struct arena *arena;
static struct kernel kernel;
static uint64_t ring, descs, infos, data;
static unsigned word;
static uint64_t next_id, next_lpos;

/* Layout of 6.1 on machines of 64 and 32 bits, where u64 is aligned to 8 bytes. */
static inline void describe_ring(uint64_t prb)
{
	char text[2048];
	unsigned desc_ring = 6 * word, w = word;

	snprintf(text, sizeof(text),
		 "SYMBOL(prb)=%llx\n"
		 "OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=%u\n"
		 "OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=%u\n"
		 "OFFSET(prb_desc_ring.infos)=%u\nOFFSET(prb_desc_ring.head_id)=%u\n"
		 "OFFSET(prb_desc_ring.tail_id)=%u\n"
		 "SIZE(prb_desc)=%u\nOFFSET(prb_desc.state_var)=0\nOFFSET(prb_desc.text_blk_lpos)=%u\n"
		 "OFFSET(prb_data_blk_lpos.begin)=0\nOFFSET(prb_data_blk_lpos.next)=%u\n"
		 "SIZE(printk_info)=88\nOFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
		 "OFFSET(printk_info.text_len)=16\nOFFSET(printk_info.caller_id)=20\n"
		 "OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=%u\n"
		 "OFFSET(prb_data_ring.head_lpos)=%u\nOFFSET(prb_data_ring.tail_lpos)=%u\n",
		 (unsigned long long)prb, desc_ring, w, 2 * w, 3 * w, 4 * w, 3 * w, w, w, w, 2 * w, 3 * w);
	vmcoreinfo_free(fake_dump.vmcoreinfo);
	fake_dump.vmcoreinfo = vmcoreinfo_new(text, strlen(text));
}

static inline uint64_t all_ones(void)
{
	return word == 4 ? UINT32_MAX : UINT64_MAX;
}

static inline void make_ring(uint8_t pointer_size, bool big_endian)
{
	arena_free(arena);
	arena = arena_new();
	fake_reset(pointer_size, big_endian);
	kernel = fake_kernel(arena);
	word = pointer_size;
	uint64_t prb = fake_alloc(8, 8);

	ring = fake_alloc(128, 8);
	infos = fake_alloc(COUNT * 88, 8);
	data = fake_alloc(SIZE, 8);
	descs = fake_alloc(COUNT * 3 * word, FAKE_PAGE); /* at the end, where a hole can take it */
	describe_ring(prb);
	fake_put_pointer(prb, ring);
	fake_put(ring, 4, COUNT_BITS);
	fake_put_pointer(ring + word, descs);
	fake_put_pointer(ring + 2 * word, infos);
	/* DESC0_ID and BLK0_LPOS: chosen by the kernel to overflow soon */
	next_id = (all_ones() >> 2) - COUNT + 1;
	next_lpos = (0 - (uint64_t)SIZE) & all_ones();
	fake_put_pointer(ring + 4 * word, next_id);
	fake_put(ring + 6 * word, 4, SIZE_BITS);
	fake_put_pointer(ring + 7 * word, data);
}

static inline void put_state(uint64_t id, unsigned state)
{
	fake_put_pointer(descs + (id & (COUNT - 1)) * 3 * word,
			 (uint64_t)state << (word * 8 - 2) | id);
}

static inline void put_block(uint64_t id, uint64_t begin, uint64_t next)
{
	uint64_t desc = descs + (id & (COUNT - 1)) * 3 * word;

	fake_put_pointer(desc + word, begin);
	fake_put_pointer(desc + 2 * word, next);
}

/* Adds a finalized record as the kernel does (data_alloc()); returns its id. */
static inline uint64_t add(uint64_t sequence, unsigned level, const char *text)
{
	uint64_t id = next_id, info = infos + (id & (COUNT - 1)) * 88;
	uint64_t size = (strlen(text) + word + word - 1) / word * word;
	uint64_t begin = next_lpos, next = (begin + size) & all_ones(), at = begin % SIZE;

	if (begin / SIZE != next / SIZE) { /* wraps: only the id stays behind */
		fake_put_pointer(data + at, id);
		next = (next / SIZE * SIZE + size) & all_ones();
		at = 0;
	}
	fake_put_pointer(data + at, id);
	fake_put_bytes(data + at + word, text, strlen(text));
	put_state(id, 2);
	put_block(id, begin, next);
	fake_put(info, 8, sequence);
	fake_put(info + 8, 8, 1000 * sequence);
	fake_put(info + 16, 2, strlen(text));
	fake_put(info + 19, 1, fake_dump.arch.big_endian ? level : level << 5);
	fake_put(info + 20, 4, 0x80000001);
	fake_put_pointer(ring + 3 * word, id);
	next_lpos = next;
	next_id = (id + 1) & (all_ones() >> 2);
	if (sequence >= COUNT)
		fake_put_pointer(ring + 4 * word, (next_id - COUNT) & (all_ones() >> 2));
	return id;
}


/* ---- the buffer before 5.10 ---- */

static uint64_t buffer;

static inline void make_buffer(void)
{
	static const char text[] =
		"SIZE(printk_log)=16\nOFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n"
		"OFFSET(printk_log.text_len)=10\nOFFSET(printk_log.dict_len)=12\n";
	arena_free(arena);
	arena = arena_new();
	fake_reset(8, false);
	kernel = fake_kernel(arena);
	vmcoreinfo_free(fake_dump.vmcoreinfo);
	fake_dump.vmcoreinfo = vmcoreinfo_new(text, sizeof(text) - 1);
	static const char *const names[] = {"log_buf", "log_buf_len", "log_first_idx", "log_next_idx",
					    "log_first_seq"};
	for (size_t i = 0; i < 5; i++)
		fake_symbol(names[i], fake_alloc(8, 8));
	buffer = fake_alloc(SIZE, 8);
	fake_put(fake_symtab.symbols[0].address, 8, buffer);
	fake_put(fake_symtab.symbols[1].address, 4, SIZE);
}

/* Writes a record at `index`, with a dictionary behind the text; returns where the next one goes. */
static inline unsigned put_log(unsigned index, uint64_t time, unsigned level, const char *text)
{
	unsigned length = (16 + (unsigned)strlen(text) + 5 + 3) / 4 * 4;

	fake_put(buffer + index, 8, time);
	fake_put(buffer + index + 8, 2, length);
	fake_put(buffer + index + 10, 2, strlen(text));
	fake_put(buffer + index + 12, 2, 5);
	fake_put(buffer + index + 15, 1, level << 5);
	fake_put_bytes(buffer + index + 16, text, strlen(text));
	return index + length;
}

static inline void set_range(unsigned first, unsigned next, uint64_t sequence)
{
	fake_put(fake_symtab.symbols[2].address, 4, first);
	fake_put(fake_symtab.symbols[3].address, 4, next);
	fake_put(fake_symtab.symbols[4].address, 8, sequence);
}

#endif
