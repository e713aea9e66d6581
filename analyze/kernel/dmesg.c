// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/dmesg.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/vec.h"
#include "dump/dump.h"
#include "kernel/field.h"
#include "kernel/kernel.h"

enum {
	RING_COUNT_BITS = 26, /* log_buf_len= allows 2^31 bytes, and a descriptor per 2^5 of them */
	RING_SIZE_BITS = 31,
	RECORD_LIMIT = 1 << 20, /* the newest ones */
	TEXT_LIMIT = 64 << 20,  /* bytes of all texts together */
};

/* Growing while the log is read; moved to the arena at the end. */
struct log {
	struct dmesg_record *items;
	size_t count, capacity;
	size_t text_bytes;
	uint64_t lost;
	struct arena *arena;
};

/* Adds a record whose text lies at `address`; one that cannot be read is lost. */
static void log_add(struct log *log, struct dump *dump, const struct dmesg_record *record,
		    uint64_t address)
{
	char text[UINT16_MAX];
	struct fault fault;

	if (record->length > sizeof(text) || log->text_bytes + record->length > TEXT_LIMIT ||
	    !dump_try_read(dump, address, text, record->length, &fault)) {
		log->lost++;
		return;
	}
	log->text_bytes += record->length;

	struct dmesg_record *copy = vec_push(log);

	*copy = *record;
	copy->text = arena_strndup(log->arena, text, record->length);
}

/* Where the level of a record is. VMCOREINFO leaves bit-fields out: for dumps that have nothing
 * else, the byte at `flags`, three bits of level above five of flags (printk_info and printk_log
 * alike). */
static struct field log_find_level(const struct kernel *kernel, const char *structure,
				   uint64_t flags)
{
	struct field level;

	return field_find(kernel, structure, "level", &level) ? level
							      : (struct field){.offset = flags};
}

static bool log_read_level(const struct kernel *kernel, uint64_t address, const struct field *field,
			   uint8_t *ret)
{
	uint64_t level;
	struct fault fault;

	if (field->bit_size) {
		if (!field_read(kernel, address, field, &level))
			return false;
	} else {
		if (!dump_try_read_number(kernel->dump, address + field->offset, 1, &level, &fault))
			return false;
		level = dump_arch(kernel->dump)->big_endian ? level & 7 : level >> 5;
	}
	*ret = (uint8_t)level;
	return true;
}

/* A number of known width; VMCOREINFO gives no sizes of members. */
static bool log_read(const struct kernel *kernel, uint64_t address, const struct field *field,
		     uint64_t size, uint64_t *ret)
{
	struct fault fault;

	return dump_try_read_number(kernel->dump, address + field->offset, size, ret, &fault);
}

/* struct printk_ringbuffer of kernel/printk/printk_ringbuffer.h. */
struct ring {
	const struct kernel *kernel;
	struct dump *dump;
	unsigned word;    /* bytes of an unsigned long */
	uint64_t id_mask; /* a state_var's bits of id; the state is in the two above */
	uint64_t descs, desc_size, infos, info_size, count;
	uint64_t head_id, tail_id;
	uint64_t data, data_size; /* of the text */
	struct field state, begin, next, seq, ts, length, caller, level;
};

static bool ring_learn_layout(struct ring *ring)
{
	const struct kernel *kernel = ring->kernel;
	struct field block;
	uint64_t begin = field_offset(kernel, "prb_data_blk_lpos", "begin", 0);
	uint64_t next = field_offset(kernel, "prb_data_blk_lpos", "next", ring->word);

	if (!field_find(kernel, "prb_desc", "state_var", &ring->state) ||
	    !field_find(kernel, "prb_desc", "text_blk_lpos", &block) ||
	    !field_find(kernel, "printk_info", "seq", &ring->seq) ||
	    !field_find(kernel, "printk_info", "ts_nsec", &ring->ts) ||
	    !field_find(kernel, "printk_info", "text_len", &ring->length) ||
	    !field_find(kernel, "printk_info", "caller_id", &ring->caller))
		return false;
	ring->level = log_find_level(kernel, "printk_info", ring->length.offset + 3);
	ring->begin = (struct field){.offset = block.offset + begin};
	ring->next = (struct field){.offset = block.offset + next};
	ring->desc_size = field_struct_size(kernel, "prb_desc", 0);
	ring->info_size = field_struct_size(kernel, "printk_info", 0);
	return ring->desc_size && ring->info_size;
}

/* Member `name` of the ring inside member `ring_name` of the printk_ringbuffer, `size`
 * bytes wide. */
static bool ring_read(const struct ring *ring, uint64_t prb, const char *ring_name,
		      const char *structure, const char *name, uint64_t size, uint64_t *ret)
{
	struct field outer, inner;

	if (!field_find(ring->kernel, "printk_ringbuffer", ring_name, &outer) ||
	    !field_find(ring->kernel, structure, name, &inner))
		return false;
	return log_read(ring->kernel, prb + outer.offset, &inner, size, ret);
}

static struct error *ring_open(struct ring *ring, const struct kernel *kernel, uint64_t prb)
{
	uint64_t count_bits, size_bits;
	unsigned word = dump_arch(kernel->dump)->pointer_size;

	*ring = (struct ring){.kernel = kernel, .dump = kernel->dump, .word = word};
	ring->id_mask = (word == 4 ? UINT32_MAX : UINT64_MAX) >> 2;
	if (!ring_learn_layout(ring))
		return error_new(ERROR_NO_SOURCE, "nothing tells the layout of the log");
	if (!ring_read(ring, prb, "desc_ring", "prb_desc_ring", "count_bits", 4, &count_bits) ||
	    !ring_read(ring, prb, "desc_ring", "prb_desc_ring", "descs", word, &ring->descs) ||
	    !ring_read(ring, prb, "desc_ring", "prb_desc_ring", "infos", word, &ring->infos) ||
	    !ring_read(ring, prb, "desc_ring", "prb_desc_ring", "head_id", word, &ring->head_id) ||
	    !ring_read(ring, prb, "desc_ring", "prb_desc_ring", "tail_id", word, &ring->tail_id) ||
	    !ring_read(ring, prb, "text_data_ring", "prb_data_ring", "size_bits", 4, &size_bits) ||
	    !ring_read(ring, prb, "text_data_ring", "prb_data_ring", "data", word, &ring->data))
		return error_fault(ERROR_NOT_SAVED, prb, "head of the log cannot be read");
	if (!count_bits || count_bits > RING_COUNT_BITS || !size_bits || size_bits > RING_SIZE_BITS)
		return error_fault(ERROR_CORRUPT, prb, "log of 2^%llu records and 2^%llu bytes",
				   (unsigned long long)count_bits, (unsigned long long)size_bits);
	ring->count = 1ULL << count_bits;
	ring->data_size = 1ULL << size_bits;
	return NULL;
}

/* Where the text of a block begins, and how many bytes it may have; as get_data() in
 * printk_ringbuffer.c. A block that would not fit before the end of the array begins at its start,
 * with only its id left behind. */
static bool ring_locate(const struct ring *ring, uint64_t id, uint64_t begin, uint64_t next,
			uint64_t *ret_text, uint64_t *ret_room)
{
	uint64_t mask = ring->data_size - 1, all = ring->word == 4 ? UINT32_MAX : UINT64_MAX;
	uint64_t room = (next - begin) & all, start = begin & mask, owner;
	struct fault fault;

	if (begin % ring->word || next % ring->word || room > ring->data_size)
		return false;
	if (start + room > ring->data_size) {
		room = next & mask;
		start = 0;
	}
	if (room < ring->word ||
	    !dump_try_read_pointer(ring->dump, ring->data + start, &owner, &fault) || owner != id)
		return false;
	*ret_text = ring->data + start + ring->word;
	*ret_room = room - ring->word;
	return true;
}

static bool ring_read_info(const struct ring *ring, uint64_t index, struct dmesg_record *ret)
{
	uint64_t address = ring->infos + index * ring->info_size, length, caller;

	if (!log_read(ring->kernel, address, &ring->seq, 8, &ret->sequence) ||
	    !log_read(ring->kernel, address, &ring->ts, 8, &ret->time_ns) ||
	    !log_read(ring->kernel, address, &ring->length, 2, &length) ||
	    !log_read(ring->kernel, address, &ring->caller, 4, &caller) ||
	    !log_read_level(ring->kernel, address, &ring->level, &ret->level))
		return false;
	ret->length = length;
	ret->caller = (uint32_t)caller;
	return true;
}

enum {
	/* enum desc_state; 1 (committed) and 2 (finalized) have their text */
	DESC_RESERVED = 0,
	DESC_REUSABLE = 3,
	/* position of a block without data whose text was empty; that of one which found no room is
	 * 1 and fails in ring_locate() like any odd one */
	LPOS_EMPTY = 3,
};

static void ring_read_record(const struct ring *ring, uint64_t id, struct log *log)
{
	uint64_t index = id & (ring->count - 1), desc = ring->descs + index * ring->desc_size;
	uint64_t state, begin, next, text = 0, room = 0;
	struct dmesg_record record = {0};

	if (!log_read(ring->kernel, desc, &ring->state, ring->word, &state) ||
	    !log_read(ring->kernel, desc, &ring->begin, ring->word, &begin) ||
	    !log_read(ring->kernel, desc, &ring->next, ring->word, &next)) {
		log->lost++;
		return;
	}
	switch ((state & ~ring->id_mask) >> (ring->word * 8 - 2)) {
	case DESC_REUSABLE: return; /* made room for newer ones, or never used */
	case DESC_RESERVED: log->lost++; return;
	}

	bool is_empty = begin == LPOS_EMPTY && next == LPOS_EMPTY;

	if ((state & ring->id_mask) != id || !ring_read_info(ring, index, &record) ||
	    (record.sequence & (ring->count - 1)) != index ||
	    (!is_empty && !ring_locate(ring, id, begin, next, &text, &room))) {
		log->lost++;
		return;
	}
	if (record.length > room)
		record.length = room;
	log_add(log, ring->dump, &record, text);
}

/* `variable` is where `prb` lies, the pointer to the ring. */
static struct error *ring_read_all(const struct kernel *kernel, uint64_t variable, struct log *log)
{
	struct ring ring;
	struct fault fault;
	uint64_t prb;

	if (!dump_try_read_pointer(kernel->dump, variable, &prb, &fault))
		return error_fault(fault.code, variable, "head of the log cannot be read");
	struct error *error = ring_open(&ring, kernel, prb);
	if (error)
		return error;

	uint64_t count = ((ring.head_id - ring.tail_id) & ring.id_mask) + 1;

	/* A tail that cannot be true is no reason to lose what the head leads to. */
	if (count > ring.count)
		count = ring.count;
	if (count > RECORD_LIMIT) {
		log->lost += count - RECORD_LIMIT;
		count = RECORD_LIMIT;
	}
	for (uint64_t i = count; i-- > 0;)
		ring_read_record(&ring, (ring.head_id - i) & ring.id_mask, log);
	return NULL;
}

/* struct printk_log (kernel/printk/printk.c before 5.10): records follow each other in log_buf. */
struct buffer {
	const struct kernel *kernel;
	uint64_t address, size;
	uint64_t header;
	struct field ts, length, text_length, level, caller;
	bool has_caller; /* CONFIG_PRINTK_CALLER */
};

static bool buffer_open(struct buffer *buffer, const struct kernel *kernel)
{
	struct fault fault;
	uint64_t log_buf = kernel_symbol(kernel, "log_buf");
	uint64_t log_buf_len = kernel_symbol(kernel, "log_buf_len");

	*buffer = (struct buffer){.kernel = kernel};
	buffer->has_caller = field_find(kernel, "printk_log", "caller_id", &buffer->caller);
	buffer->header = field_struct_size(kernel, "printk_log", 0);
	if (!field_find(kernel, "printk_log", "ts_nsec", &buffer->ts) ||
	    !field_find(kernel, "printk_log", "len", &buffer->length) ||
	    !field_find(kernel, "printk_log", "text_len", &buffer->text_length))
		return false;
	buffer->level = log_find_level(kernel, "printk_log", buffer->text_length.offset + 5);
	return buffer->header && log_buf && log_buf_len &&
	       dump_try_read_pointer(kernel->dump, log_buf, &buffer->address, &fault) &&
	       dump_try_read_number(kernel->dump, log_buf_len, 4, &buffer->size, &fault) &&
	       buffer->size <= 1ULL << RING_SIZE_BITS;
}

/* Reads the record at `index`; *ret_length is how far the next one is, 0 for the mark that sends
 * the reader back to the start. False when the buffer is broken there. */
static bool buffer_read_record(const struct buffer *buffer, uint64_t index, uint64_t sequence,
			       struct log *log, uint64_t *ret_length)
{
	const struct kernel *kernel = buffer->kernel;
	uint64_t address = buffer->address + index, text_length, caller = 0;
	struct dmesg_record record = {.sequence = sequence};

	if (index > buffer->size || buffer->size - index < buffer->header ||
	    !log_read(kernel, address, &buffer->length, 2, ret_length))
		return false;
	if (!*ret_length)
		return true;
	if (*ret_length < buffer->header || *ret_length > buffer->size - index ||
	    !log_read(kernel, address, &buffer->ts, 8, &record.time_ns) ||
	    !log_read(kernel, address, &buffer->text_length, 2, &text_length) ||
	    text_length > *ret_length - buffer->header ||
	    (buffer->has_caller && !log_read(kernel, address, &buffer->caller, 4, &caller)) ||
	    !log_read_level(kernel, address, &buffer->level, &record.level))
		return false;
	record.length = text_length;
	record.caller = (uint32_t)caller;
	log_add(log, kernel->dump, &record, address + buffer->header);
	return true;
}

static struct error *buffer_read_all(const struct kernel *kernel, struct log *log)
{
	struct buffer buffer;
	uint64_t first_index = kernel_symbol(kernel, "log_first_idx");
	uint64_t next_index = kernel_symbol(kernel, "log_next_idx");
	uint64_t first_sequence = kernel_symbol(kernel, "log_first_seq");
	uint64_t index, end, length, sequence = 0;
	struct fault fault;
	bool is_wrapped = false;

	if (!first_index || !next_index || !buffer_open(&buffer, kernel))
		return error_new(ERROR_NO_SOURCE, "no symbol leads to the log");
	if (!dump_try_read_number(kernel->dump, first_index, 4, &index, &fault) ||
	    !dump_try_read_number(kernel->dump, next_index, 4, &end, &fault))
		return error_fault(fault.code, fault.address, "head of the log cannot be read");
	if (first_sequence &&
	    !dump_try_read_number(kernel->dump, first_sequence, 8, &sequence, &fault))
		sequence = 0;
	while (index != end && log->count < RECORD_LIMIT) {
		if (!buffer_read_record(&buffer, index, sequence, log, &length) ||
		    (!length && is_wrapped)) {
			log->lost++;
			break;
		}
		is_wrapped |= !length;
		index = length ? index + length : 0;
		sequence += length != 0;
	}
	return NULL;
}

struct error *dmesg_read(struct kernel *kernel, struct arena *arena, struct dmesg *ret)
{
	struct log log = {.arena = arena};
	uint64_t prb = kernel_symbol(kernel, "prb");
	struct error *error =
		prb ? ring_read_all(kernel, prb, &log) : buffer_read_all(kernel, &log);

	if (error)
		return error;
	if (!log.count)
		return error_new(ERROR_NOT_SAVED, "no record of the log can be read");
	ret->count = log.count;
	ret->records = arena_copy(arena, log.items, log.count * sizeof(*log.items));
	ret->lost = log.lost + log.items[0].sequence;
	free(log.items);
	return NULL;
}
