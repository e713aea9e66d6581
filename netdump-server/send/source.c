// SPDX-License-Identifier: GPL-2.0-or-later
// The flattened format is makedumpfile's (makedumpfile.h: makedumpfile_header, makedumpfile_data_header): 4096 bytes
// that begin with a signature, then records of offset and length, 64 bits each and big-endian, with their bytes; both
// are -1 in the last one.
#include "send/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "seal/seal.h"
#include "session/extents.h"
#include "wire/bytes.h"
#include "wire/netdump6.h"

enum {
	BLOCK = 4096,
	BUFFER = 1 << 20,
	HEAD = 64 << 10,       /* of the file: what the identity is made of */
	FLAT_HEADER = 4096,
	FLAT_RECORD = 16,
	ZERO_SHARE = 4,        /* zeros shorter than that share of a datagram go as data: they save nothing */
	DESCRIBED = 64,        /* bytes of a file that say what it is */
};

static const uint64_t file_max = UINT64_C(1) << ND6_FILE_MAX_BITS;

struct source {
	int fd;
	char *name;
	bool is_pipe, is_flattened, is_kdump, is_proc;
	struct stat stat;       /* when it was opened */
	uint32_t machine;
	uint8_t id[16];
	uint64_t file_size;     /* of a regular file */
	uint64_t size;          /* of the finished file, as far as it is known */

	uint8_t *buffer;
	size_t start, end;      /* what is left in the buffer */
	uint64_t input_at;      /* how many bytes of the input went into it */
	bool at_end;            /* of the input */

	uint64_t position;      /* in the finished file, of buffer[start] */
	uint64_t record_left;   /* of a flattened stream */
	bool is_over;           /* its last record was seen */
	struct extents covered, unsettled;
	uint64_t gap_at;
};

static uint64_t smaller(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* ---- input ----------------------------------------------------------------------------------- */

static bool has_input(const struct source *source)
{
	struct pollfd pollfd = {.fd = source->fd, .events = POLLIN};

	return !source->is_pipe || poll(&pollfd, 1, 0) > 0;
}

static struct error *read_once(struct source *source, size_t *ret)
{
	uint8_t *to = source->buffer + source->end;
	size_t room = BUFFER - source->end;
	ssize_t got;

	if (!source->is_pipe)
		room = smaller(room, source->file_size - source->input_at);
	if (!source->is_pipe && !room) {
		*ret = 0;
		return NULL;
	}
	do {
		got = source->is_pipe ? read(source->fd, to, room)
				      : pread(source->fd, to, room, (off_t)source->input_at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_errno("%s: cannot be read at %" PRIu64, source->name, source->input_at);
	if (!got && !source->is_pipe)
		return error_new(ERROR_TRUNCATED, "%s: has become shorter while it was sent: send it again",
				 source->name);
	*ret = (size_t)got;
	return NULL;
}

/* Reads until the buffer has `wanted` bytes, the input is over, or a pipe has nothing now. */
static struct error *fill(struct source *source, size_t wanted, bool may_block)
{
	while (source->end - source->start < wanted && !source->at_end && (may_block || has_input(source))) {
		size_t got = 0;

		if (source->start) {
			memmove(source->buffer, source->buffer + source->start, source->end - source->start);
			source->end -= source->start;
			source->start = 0;
		}
		struct error *error = read_once(source, &got);

		if (error)
			return error;
		source->at_end = !got;
		source->end += got;
		source->input_at += got;
	}
	return NULL;
}

static size_t available(const struct source *source)
{
	return source->end - source->start;
}

static void consume(struct source *source, size_t length)
{
	source->start += length;
	source->position += length;
}

/* ---- flattened streams ----------------------------------------------------------------------- */

static bool is_flat_header(const uint8_t *bytes, size_t length)
{
	/* The field has 16 bytes; makedumpfile 1.6 leaves in the rest of it what was there. */
	static const char signature[] = "makedumpfile";

	return length >= FLAT_HEADER && !memcmp(bytes, signature, sizeof(signature)) && wire_u64(bytes + 16) == 1 &&
	       wire_u64(bytes + 24) == 1;
}

/* Takes the next record's header. ret_pending: it is not there yet. */
static struct error *next_record(struct source *source, bool *ret_pending)
{
	struct error *error = fill(source, FLAT_RECORD, false);

	if (error)
		return error;
	*ret_pending = available(source) < FLAT_RECORD && !source->at_end;
	if (*ret_pending)
		return NULL;
	if (available(source) < FLAT_RECORD)
		return error_new(ERROR_TRUNCATED, "%s: the flattened dump ends in the middle: makedumpfile failed, "
				 "see its messages", source->name);
	const uint8_t *record = source->buffer + source->start;
	uint64_t offset = wire_u64(record), length = wire_u64(record + 8);

	source->start += FLAT_RECORD;
	if (offset == UINT64_MAX && length == UINT64_MAX) {
		source->is_over = true;
		return NULL;
	}
	if (!length || offset > file_max || length > file_max - offset)
		return error_new(ERROR_CORRUPT, "%s: no flattened dump: a piece of %" PRIu64 " bytes at %" PRIu64,
				 source->name, length, offset);
	source->position = offset;
	source->record_left = length;
	return NULL;
}

/* What no record brought is zeros, and is said at the end. */
static void next_gap(struct source *source, struct source_piece *ret)
{
	struct extent hole;

	if (!extents_hole(&source->covered, source->gap_at, source->size, &hole))
		return;
	ret->offset = hole.start;
	ret->length = hole.end - hole.start;
	source->gap_at = hole.end;
}

static struct error *cover(struct source *source, struct source_piece *piece)
{
	uint64_t end = piece->offset + piece->length;

	piece->overwrites = extents_touch(&source->covered, piece->offset, end);
	piece->must_wait = piece->overwrites && extents_touch(&source->unsettled, piece->offset, end);
	if (piece->must_wait)
		extents_deinit(&source->unsettled); /* all of it is settled before this piece goes out */
	if (!extents_add(&source->covered, piece->offset, end) || !extents_add(&source->unsettled, piece->offset, end))
		return error_new(ERROR_LIMIT, "%s: a flattened dump of too many pieces: send it without -F",
				 source->name);
	if (end > source->size)
		source->size = end;
	return NULL;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes, size_t length)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}

/* To the end of the block that an offset lies in. */
static size_t block_left(uint64_t offset, size_t most)
{
	return (size_t)smaller(BLOCK - offset % BLOCK, most);
}

/* Zeros at the beginning of what the buffer holds, up to `most`. */
static size_t zeros_ahead(const struct source *source, size_t most)
{
	size_t length = 0;

	while (length < most) {
		size_t block = block_left(source->position + length, most - length);

		if (!is_zero(source->buffer + source->start + length, block))
			break;
		length += block;
	}
	return length;
}

/* Bytes before the next `zero_least` zeros in a row; at least one: `most` may cut a block that begins with zeros. */
static size_t data_ahead(const struct source *source, size_t most, size_t zero_least)
{
	size_t length = 0, zeros = 0;

	while (length < most && zeros < zero_least) {
		size_t block = block_left(source->position + length, most - length);

		zeros = is_zero(source->buffer + source->start + length, block) ? zeros + block : 0;
		length += block;
	}
	return zeros >= zero_least && zeros < length ? length - zeros : length;
}

/* Bytes from `position` on that belong together: a record, or the file. */
static uint64_t stretch_left(const struct source *source)
{
	if (source->is_flattened)
		return source->record_left;
	return source->is_pipe ? file_max - source->position : source->file_size - source->position;
}

/* A hole in the file need not be read. */
static void skip_hole(struct source *source)
{
	if (source->is_pipe || source->is_flattened || available(source))
		return;
	off_t data = lseek(source->fd, (off_t)source->position, SEEK_DATA);

	if (data < 0)
		data = errno == ENXIO ? (off_t)source->file_size : (off_t)source->position;
	if ((uint64_t)data > source->position && (uint64_t)data <= source->file_size)
		source->position = source->input_at = (uint64_t)data;
}

static struct error *take_zeros(struct source *source, struct source_piece *piece)
{
	uint64_t left = stretch_left(source);

	for (;;) {
		size_t most = (size_t)smaller(available(source), left - piece->length);
		size_t zeros = zeros_ahead(source, most);

		consume(source, zeros);
		piece->length += zeros;
		if (zeros < most || piece->length == left)
			return NULL;
		uint64_t before = source->position;

		skip_hole(source);
		piece->length += source->position - before;
		struct error *error = piece->length < left ? fill(source, 2 * BLOCK, false) : NULL;

		if (error)
			return error;
		if (!available(source) || piece->length == left)
			return NULL;
	}
}

static struct error *take_piece(struct source *source, size_t most, struct source_piece *piece)
{
	uint64_t left = stretch_left(source);
	struct error *error = fill(source, (size_t)smaller(left, 2 * most), false);

	if (error)
		return error;
	size_t ready = available(source);

	if (!source->at_end && ready < smaller(left, 2 * most)) {
		piece->is_pending = true;
		return NULL;
	}
	if (!ready && (source->is_flattened || !source->is_pipe) && left)
		return error_new(ERROR_TRUNCATED, "%s: ends in the middle: its writer failed", source->name);
	size_t within = (size_t)smaller(ready, left);
	size_t zero_least = most / ZERO_SHARE > BLOCK ? most / ZERO_SHARE : BLOCK;
	size_t zeros = zeros_ahead(source, within);

	piece->offset = source->position;
	if (zeros >= zero_least || (zeros && zeros == within)) {
		error = take_zeros(source, piece);
	} else if (within) {
		piece->bytes = source->buffer + source->start;
		piece->length = data_ahead(source, (size_t)smaller(within, most), zero_least);
		consume(source, piece->length);
	}
	if (source->is_flattened)
		source->record_left -= piece->length;
	return error;
}

static struct error *next_flattened(struct source *source, size_t most, struct source_piece *piece)
{
	struct error *error = NULL;

	if (!source->record_left && !source->is_over)
		error = next_record(source, &piece->is_pending);
	if (error || piece->is_pending)
		return error;
	if (source->is_over) {
		next_gap(source, piece);
		return NULL;
	}
	error = take_piece(source, most, piece);
	return error || piece->is_pending ? error : cover(source, piece);
}

struct error *source_next(struct source *source, size_t most, struct source_piece *ret)
{
	struct source_piece piece = {0};
	struct error *error = source->is_flattened ? next_flattened(source, most, &piece)
						   : take_piece(source, most, &piece);

	if (error)
		return error;
	if (!source->is_flattened && piece.offset + piece.length > source->size)
		source->size = piece.offset + piece.length;
	*ret = piece;
	return NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* What is in /proc: its inode, and with it all times, is made anew when memory gets short. */
static bool is_proc(int fd)
{
	struct statfs status;

	return !fstatfs(fd, &status) && status.f_type == PROC_SUPER_MAGIC;
}

/* Nothing but another boot changes /proc/vmcore. Where there is no such name, the registers in its notes have to do. */
static void read_boot(uint8_t *bytes, size_t length)
{
	int fd _cleanup_close_ = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(bytes, 0, length);
	if (fd >= 0 && read(fd, bytes, length) < 0)
		memset(bytes, 0, length);
}

static void make_id(struct source *source, const uint8_t *head, size_t length)
{
	const struct stat *stat = &source->stat;
	uint64_t origin[SEAL_DIGEST_KEY / 8] = {
		source->file_size,
		(uint64_t)stat->st_dev,
		(uint64_t)stat->st_ino,
		(uint64_t)stat->st_mtim.tv_sec,
		(uint64_t)stat->st_mtim.tv_nsec,
		(uint64_t)stat->st_ctim.tv_sec,
		(uint64_t)stat->st_ctim.tv_nsec,
	};

	if (source->is_proc)
		read_boot((uint8_t *)(origin + 1), sizeof(origin) - sizeof(*origin));
	seal_digest((const uint8_t *)origin, head, length, source->id);
}

bool source_has_changed(const struct source *source)
{
	const struct timespec *before = &source->stat.st_mtim;
	struct stat now;

	if (source->is_pipe || source->is_proc)
		return false;
	return fstat(source->fd, &now) || now.st_size != source->stat.st_size ||
	       now.st_mtim.tv_sec != before->tv_sec || now.st_mtim.tv_nsec != before->tv_nsec;
}

static void describe(struct source *source, const uint8_t *head, size_t length)
{
	static const char *const kdump[] = {"KDUMP   ", "DISKDUMP"};

	if (length < DESCRIBED)
		return;
	for (size_t i = 0; i < sizeof(kdump) / sizeof(*kdump); i++)
		source->is_kdump |= !memcmp(head, kdump[i], 8);
	if (!memcmp(head, "\177ELF", 4)) /* EI_DATA at 5: 2 is big-endian; e_machine at 18 */
		source->machine = head[5] == 2 ? wire_u16(head + 18) : (uint32_t)head[19] << 8 | head[18];
}

static struct error *begin(struct source *source)
{
	struct error *error = fill(source, HEAD, true);

	if (error)
		return error;
	const uint8_t *head = source->buffer + source->start;
	size_t length = available(source) < HEAD ? available(source) : HEAD;

	make_id(source, head, length);
	source->is_flattened = is_flat_header(head, length);
	if (!source->is_flattened) {
		describe(source, head, length);
		source->size = source->file_size;
		return NULL;
	}
	source->start += FLAT_HEADER;
	if (length > FLAT_HEADER + FLAT_RECORD && !wire_u64(head + FLAT_HEADER))
		describe(source, head + FLAT_HEADER + FLAT_RECORD, length - FLAT_HEADER - FLAT_RECORD);
	return NULL;
}

DEFINE_CLEANUP(struct source *, source_close)

struct error *source_open(int fd, const char *name, struct source **ret)
{
	struct source *source _cleanup_(source_close_cleanup) = mem_zero(sizeof(*source));
	struct stat *stat = &source->stat;

	source->fd = fd;
	source->name = mem_strdup(name);
	source->buffer = mem_zero(BUFFER);
	if (fstat(fd, stat))
		return error_errno("%s: cannot be examined", name);
	if (S_ISDIR(stat->st_mode))
		return error_new(ERROR_INVALID, "%s: is a directory: name a dump", name);
	source->is_pipe = !S_ISREG(stat->st_mode);
	source->is_proc = is_proc(fd);
	source->file_size = source->is_pipe ? 0 : (uint64_t)stat->st_size;
	if (source->file_size > file_max)
		return error_new(ERROR_LIMIT, "%s: is larger than 2^%d bytes", name, ND6_FILE_MAX_BITS);
	struct error *error = begin(source);

	if (error)
		return error;
	*ret = source;
	source = NULL;
	return NULL;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	extents_deinit(&source->covered);
	extents_deinit(&source->unsettled);
	close(source->fd);
	free(source->buffer);
	free(source->name);
	free(source);
}

bool source_seek(struct source *source, uint64_t offset)
{
	if (source->is_pipe || (source->is_flattened && offset) || offset > source->file_size)
		return false;
	uint64_t input = source->is_flattened ? FLAT_HEADER : offset, ready = source->input_at - available(source);

	/* Without reading again what lies in the buffer. */
	if (input >= ready && input <= source->input_at)
		source->start += (size_t)(input - ready);
	else
		source->start = source->end = 0;
	source->input_at = source->end ? source->input_at : input;
	source->at_end = false;
	source->position = offset;
	source->record_left = 0;
	source->is_over = false;
	source->gap_at = 0;
	if (source->is_flattened) {
		extents_deinit(&source->covered);
		extents_deinit(&source->unsettled);
		source->size = 0;
	}
	return true;
}

bool source_again(struct source *source, uint64_t offset, void *bytes, size_t length)
{
	uint8_t *to = bytes;

	if (source->is_pipe || source->is_flattened || offset > source->file_size ||
	    length > source->file_size - offset)
		return false;
	while (length) {
		ssize_t got = pread(source->fd, to, length, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		offset += (uint64_t)got;
		length -= (size_t)got;
	}
	return true;
}

bool source_is_pipe(const struct source *source)
{
	return source->is_pipe;
}

bool source_is_flattened(const struct source *source)
{
	return source->is_flattened;
}

int source_fd(const struct source *source)
{
	return source->fd;
}

uint64_t source_size(const struct source *source)
{
	return source->size;
}

void source_id(const struct source *source, uint8_t ret[16])
{
	memcpy(ret, source->id, sizeof(source->id));
}

bool source_is_kdump(const struct source *source)
{
	return source->is_kdump;
}

uint32_t source_machine(const struct source *source)
{
	return source->machine;
}
