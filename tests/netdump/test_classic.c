// SPDX-License-Identifier: GPL-2.0-or-later
// The original netdump's client over ELF dumps of several machines, asked as a server asks.
#include "send/classic.c"

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "send/source.h"
#include "test.h"
#include "wire/bytes.h"

enum { PAGE = 4096, LOADS_AT = 0x3000, REGISTERS = 68 };

/* A dump of i386: pages 0 and 1 but for the last half, page 3, and page 1 again; two processors, of which the second
 * has a process and is in the kernel. Page P is full of P + 1. */
static size_t make_i386(uint8_t *bytes)
{
	static const struct {
		uint32_t address, size;
	} loads[] = {{0, PAGE + PAGE / 2}, {3 * PAGE, PAGE}, {PAGE, 100}};
	Elf32_Ehdr *header = (Elf32_Ehdr *)bytes;
	Elf32_Phdr *programs = (Elf32_Phdr *)(bytes + sizeof(*header));
	uint32_t at = LOADS_AT;

	*header = (Elf32_Ehdr){.e_ident = {127, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1},
			       .e_type = ET_CORE, .e_machine = EM_386, .e_phoff = sizeof(*header), .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 4};
	for (size_t i = 0; i < 3; i++) {
		programs[i] = (Elf32_Phdr){PT_LOAD, at, 0xc0000000 + loads[i].address, loads[i].address, loads[i].size,
					   loads[i].size, 7, 0};
		for (uint32_t j = 0; j < loads[i].size; j++)
			bytes[at + j] = (uint8_t)((loads[i].address + j) / PAGE + 1);
		at += 2 * PAGE;
	}
	programs[3] = (Elf32_Phdr){PT_NOTE, 0x1000, 0, 0, 2 * (20 + 144), 0, 0, 0};
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t *note = bytes + 0x1000 + (size_t)i * (20 + 144), *status = note + 20;
		const uint32_t words[] = {5, 144, NT_PRSTATUS};

		memcpy(note, words, sizeof(words));
		memcpy(note + 12, "CORE", 4);
		status[24] = i ? 77 : 0;              /* pr_pid */
		memset(status + 72, (int)(0x10 + i), REGISTERS);
		status[72 + 13 * 4] = i ? 0x60 : 0x73; /* CS: of the kernel, of a program */
	}
	return at;
}

/* A dump of ppc64, big-endian: one page of 64 KB, of 'p'. */
static size_t make_ppc64(uint8_t *bytes)
{
	static const char info[] = "PAGESIZE=65536\n";
	uint8_t *load = bytes + 64, *note = load + 56, *content = bytes + 0x1000;

	memcpy(bytes, (uint8_t[]){127, 'E', 'L', 'F', ELFCLASS64, ELFDATA2MSB, 1}, 7);
	wire_put_u16(bytes + 18, EM_PPC64);
	wire_put_u64(bytes + 32, 64);
	wire_put_u16(bytes + 54, 56);
	wire_put_u16(bytes + 56, 2);
	wire_put_u32(load, PT_LOAD);
	wire_put_u64(load + 8, 0x10000);
	wire_put_u64(load + 16, 0xc000000000010000);
	wire_put_u64(load + 24, 0x10000);
	wire_put_u64(load + 32, 0x10000);
	wire_put_u32(note, PT_NOTE);
	wire_put_u64(note + 8, 0x1000);
	wire_put_u64(note + 32, 12 + 12 + sizeof(info));
	wire_put_u32(content, 11);
	wire_put_u32(content + 4, sizeof(info));
	memcpy(content + 12, "VMCOREINFO", 11);
	memcpy(content + 24, info, sizeof(info));
	memset(bytes + 0x10000, 'p', 0x10000);
	return 0x20000;
}

/* A client of a dump that `make` puts together; NULL where it is none. */
struct host {
	struct source *source;
	struct memory *memory;
	struct classic *classic;
	uint8_t bytes[CLASSIC_DATAGRAM];
	size_t length;
};

static struct error *host_open(struct host *host, const uint8_t *bytes, size_t length)
{
	int fd = memfd_create("dump", 0);

	*host = (struct host){0};
	CHECK(write(fd, bytes, length) == (ssize_t)length);
	struct error *error = source_open(fd, "dump", &host->source);

	CHECK(!error);
	error = error ? error : memory_open(host->source, &host->memory);
	if (!error)
		host->classic = classic_new(host->memory, 0x1122334455667788, 60 * second, 0);
	return error;
}

static void host_close(struct host *host)
{
	classic_free(host->classic);
	memory_close(host->memory);
	source_close(host->source);
}

static void host_make(struct host *host, size_t (*make)(uint8_t *))
{
	uint8_t *bytes = mem_zero(1 << 20);
	struct error *error = host_open(host, bytes, make(bytes));

	CHECK(!error);
	error_free(error);
	free(bytes);
}

static void request(struct host *host, uint32_t nr, uint32_t command, uint32_t from)
{
	uint8_t bytes[24] = {0};

	wire_put_u32(bytes + 8, nr);
	wire_put_u32(bytes + 12, command);
	wire_put_u32(bytes + 16, from);
	classic_packet(host->classic, bytes, sizeof(bytes), 0);
}

static bool next(struct host *host)
{
	host->length = classic_next(host->classic, host->bytes, 0);
	return host->length;
}

/* The reply that comes now. */
static bool is_reply(struct host *host, uint8_t version, uint32_t nr, uint32_t code, uint32_t info, size_t length)
{
	if (!next(host))
		return false;
	const uint8_t *bytes = host->bytes;
	bool is_same = bytes[0] == version && wire_u32(bytes + 1) == nr && wire_u32(bytes + 5) == code &&
		       wire_u32(bytes + 9) == info && host->length == 13 + length;

	if (!is_same)
		printf("version %u, nr %u, code %u, info %u, %zu bytes\n", bytes[0], wire_u32(bytes + 1), wire_u32(bytes + 5),
		       wire_u32(bytes + 9), host->length - 13);
	return is_same;
}

static bool has_text(const struct host *host, const char *text)
{
	return host->length == 13 + strlen(text) && !memcmp(host->bytes + 13, text, host->length - 13);
}

static bool is_page(struct host *host, uint32_t nr, uint32_t size, uint8_t first, uint8_t last)
{
	bool is_same = true;

	for (uint32_t at = 0; at < size; at += 1024) {
		uint8_t want = at < size / 2 ? first : last;

		is_same = is_same && is_reply(host, 5, nr, 3, at, 1024) && host->bytes[13] == want && host->bytes[1036] == want;
	}
	return is_same;
}

TEST(classic_starts_until_it_is_heard)
{
	struct host host;

	host_make(&host, make_i386);
	CHECK(is_reply(&host, 4, 3, 8, 5, 72));
	CHECK(has_text(&host, "task_struct:0x0 page_offset:0xc0000000 netdump_magic:0x1122334455667788\n"));
	CHECK(!next(&host));
	request(&host, 1, REDHAT_HELLO, 0); /* anything but START_ACK is dropped */
	CHECK(!next(&host));
	CHECK(classic_next(host.classic, host.bytes, second));
	request(&host, 1, REDHAT_START_ACK, 256); /* 0, when it is cut to eight bits: i386 goes on with version 4 */
	request(&host, 2, REDHAT_HELLO, 0);
	CHECK(is_reply(&host, 4, 2, 5, 4, 36));
	CHECK(has_text(&host, "Hello, this is netdump version 0.04\n"));
	host_close(&host);
}

TEST(classic_answers_like_a_kernel)
{
	struct host host;

	host_make(&host, make_i386);
	request(&host, 1, REDHAT_START_ACK, 7);
	request(&host, 2, REDHAT_GET_PAGE_SIZE, 0);
	request(&host, 3, REDHAT_GET_NR_PAGES, 0);
	request(&host, 4, REDHAT_GET_REGS, 0);
	request(&host, 5, REDHAT_SHOW_STATE, 0);
	request(&host, 6, REDHAT_START_ACK, 5);
	CHECK(is_reply(&host, 5, 2, 7, PAGE, 16) && has_text(&host, "PAGE_SIZE: 4096\n"));
	CHECK(is_reply(&host, 5, 3, 6, 4, 19) && has_text(&host, "Number of pages: 4\n"));
	CHECK(is_reply(&host, 5, 4, 10, 3, 23 + REGISTERS));
	CHECK(!memcmp(host.bytes + 13, "Sending register info.\n", 23));
	CHECK(host.bytes[13 + 23] == 0x11 && host.bytes[13 + 23 + 13 * 4] == 0x60 && host.bytes[13 + 22 + REGISTERS] == 0x11);
	CHECK(is_reply(&host, 5, 5, 12, 0, 0));
	CHECK(is_reply(&host, 5, 6, 1, 7, 28) && has_text(&host, "Got unknown command code 7!\n"));
	CHECK(!next(&host));
	request(&host, 9, REDHAT_EXIT, 0);
	CHECK(is_reply(&host, 5, 0, 9, 0, 13) && has_text(&host, "NETDUMP end.\n"));
	CHECK(classic_state(host.classic) == CLASSIC_OVER && classic_served(host.classic) == 0);
	host_close(&host);
}

TEST(classic_serves_memory)
{
	struct host host;

	host_make(&host, make_i386);
	CHECK(memory_ram_pages(host.memory) == 3);
	request(&host, 1, REDHAT_START_ACK, 5);
	for (uint32_t pfn = 0; pfn < 5; pfn++)
		request(&host, 10 + pfn, REDHAT_SEND_MEM, pfn);
	CHECK(is_page(&host, 10, PAGE, 1, 1));
	CHECK(is_page(&host, 11, PAGE, 2, 0));
	CHECK(is_reply(&host, 5, 12, 4, 3, 0));
	CHECK(classic_served(host.classic) == 2);
	CHECK(is_page(&host, 13, PAGE, 4, 4));
	CHECK(is_reply(&host, 5, 14, 1, 0, 50) && has_text(&host, "page 00000004 is bigger than max page # 00000004!\n"));
	request(&host, 20, REDHAT_SEND_MEM, 0);
	CHECK(is_page(&host, 20, PAGE, 1, 1));
	CHECK(classic_served(host.classic) == 3);
	request(&host, 21, REDHAT_REBOOT, 0);
	CHECK(!next(&host) && classic_state(host.classic) == CLASSIC_OVER);
	host_close(&host);
}

/* Not RESERVED, with which the server would call the dump complete. */
TEST(classic_says_what_it_cannot_read)
{
	struct host host;

	host_make(&host, make_i386);
	CHECK(!ftruncate(source_fd(host.source), LOADS_AT + 2 * PAGE));
	request(&host, 1, REDHAT_START_ACK, 5);
	for (uint32_t pfn = 0; pfn < 4; pfn += 3)
		request(&host, 10 + pfn, REDHAT_SEND_MEM, pfn);
	request(&host, 20, REDHAT_REBOOT, 0);
	CHECK(is_page(&host, 10, PAGE, 1, 1));
	CHECK(is_reply(&host, 5, 13, 1, 0, 21) && has_text(&host, "page cannot be read!\n"));
	CHECK(!next(&host) && classic_state(host.classic) == CLASSIC_OVER && classic_served(host.classic) == 1);
	CHECK(classic_error(host.classic) && strstr(classic_error(host.classic), "page 0x3 "));
	host_close(&host);
}

TEST(classic_has_other_machines)
{
	struct host host;

	host_make(&host, make_ppc64);
	CHECK(is_reply(&host, 4, EM_PPC64, 8, 5, 80));
	request(&host, 1, REDHAT_START_ACK, 4);
	request(&host, 2, REDHAT_GET_PAGE_SIZE, 0);
	request(&host, 3, REDHAT_SEND_MEM, 0);
	request(&host, 4, REDHAT_SEND_MEM, 1);
	CHECK(is_reply(&host, 4, 2, 7, 65536, 17));
	CHECK(is_reply(&host, 4, 3, 4, 1, 0));
	CHECK(is_reply(&host, 4, 4, 3, 0, 1024) && host.bytes[13] == 'p');
	host_close(&host);

	host_make(&host, make_ppc64);
	request(&host, 1, REDHAT_START_ACK, 0); /* reboots */
	CHECK(classic_state(host.classic) == CLASSIC_FAILED && classic_error(host.classic));
	host_close(&host);
}

TEST(classic_loses_its_patience)
{
	struct host host;

	host_make(&host, make_i386);
	CHECK(classic_deadline(host.classic) == 0);
	CHECK(classic_next(host.classic, host.bytes, 0) && classic_deadline(host.classic) == second);
	CHECK(!classic_next(host.classic, host.bytes, 61 * second) && classic_state(host.classic) == CLASSIC_FAILED);
	host_close(&host);
}

/* A damaged head is an error, or another dump: never more. */
TEST(classic_survives_damage)
{
	uint8_t *bytes = mem_zero(1 << 20), *damaged = mem_zero(1 << 20);
	size_t length = make_i386(bytes);
	uint64_t random = 1;
	unsigned opened = 0;

	for (unsigned i = 0; i < 3000; i++) {
		struct host host;

		memcpy(damaged, bytes, length);
		for (unsigned j = 0; j <= i % 3; j++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			damaged[4 + (random >> 33) % (52 + 4 * 32)] = (uint8_t)(random >> 56);
		}
		struct error *error = host_open(&host, damaged, i % 5 ? length : 0x1100);

		for (uint32_t pfn = 0; !error && pfn < 8; pfn++)
			(void)memory_page(host.memory, pfn);
		opened += !error;
		error_free(error);
		host_close(&host);
	}
	CHECK(opened > 100 && opened < 2900);
	free(bytes);
	free(damaged);
}

TEST_MAIN
