// SPDX-License-Identifier: GPL-2.0-or-later
// Red Hat sessions: by script, against hostile values, and over a network that loses, doubles and reorders packets,
// with a
// client that is written from the kernel's side (redhat_model.h).
#include "session/redhat.c"

#include "redhat_host.h"
#include "redhat_model.h"
#include "test.h"

#define MS (MODEL_SECOND / 1000)

/* ---- by script ------------------------------------------------------------------------------- */

static struct session *session;
static struct host host;
static uint64_t now;

static void client_says(uint32_t nr, uint32_t code, uint32_t info, const void *data, size_t length)
{
	uint8_t packet[2048] = {5};

	model_u32(packet + 1, nr);
	model_u32(packet + 5, code);
	model_u32(packet + 9, info);
	if (length)
		memcpy(packet + 13, data, length);
	session->ops->packet(session, packet, 13 + length, now);
}

static size_t make_start(uint8_t *packet, uint32_t machine, uint64_t magic)
{
	int length = sprintf((char *)packet + 13,
			     "task_struct:0xc1234000 page_offset:0xc0000000 netdump_magic:0x%" PRIx64 "\n", magic);

	packet[0] = 4;
	model_u32(packet + 1, machine);
	model_u32(packet + 5, 8);
	model_u32(packet + 9, 5);
	return 13 + (size_t)length;
}

static void client_starts(uint64_t magic)
{
	uint8_t packet[256];
	size_t length = make_start(packet, 3, magic);

	session->ops->packet(session, packet, length, now);
}

static void crash(const struct redhat_options *options)
{
	uint8_t packet[256];

	host_init(&host);
	now = MODEL_SECOND;
	session = redhat_new(&host.base, options, packet, make_start(packet, 3, 0x1122334455667788), now);
}

static void bury(void)
{
	if (session)
		session->ops->free(session);
	host_deinit(&host);
}

/* The `back`th last request: its command, number, page. */
static uint32_t asked(size_t back)
{
	return model_read(host.sends[(host.sent - 1 - back) % HOST_SENDS].bytes + 12);
}

static uint32_t asked_nr(size_t back)
{
	return model_read(host.sends[(host.sent - 1 - back) % HOST_SENDS].bytes + 8);
}

static uint32_t asked_from(size_t back)
{
	return model_read(host.sends[(host.sent - 1 - back) % HOST_SENDS].bytes + 16);
}

static void wait_ms(uint64_t ms)
{
	uint64_t end = now + ms * MS;

	while (session->deadline <= end && !session->is_over) {
		now = session->deadline > now ? session->deadline : now + 1;
		session->ops->tick(session, now);
	}
	now = end;
}

static unsigned count_asked(size_t since, uint32_t command)
{
	unsigned count = 0;

	for (size_t i = 0; i < host.sent - since && i < HOST_SENDS; i++)
		count += asked(i) == command;
	return count;
}

static void answer_hello(void)
{
	client_says(asked_nr(0), 5, 4, "Hello, this is netdump version 0.04\n", 36);
}

static void answer_regs(void)
{
	uint8_t text[23 + 68 + 1] = "Sending register info.\n";

	memset(text + 23, 0x10, 69);
	client_says(asked_nr(0), 10, 64000, text, sizeof(text));
}

/* To where the first pages are asked for. */
static void reach_memory(uint32_t nr_pages)
{
	crash(&(struct redhat_options){0});
	answer_hello();
	client_says(asked_nr(0), 7, 4096, NULL, 0);
	client_says(asked_nr(0), 6, nr_pages, NULL, 0);
	answer_regs();
}

static void send_page(uint32_t nr, uint8_t fill)
{
	uint8_t chunk[1024];

	memset(chunk, fill, sizeof(chunk));
	for (uint32_t at = 0; at < 4096; at += 1024)
		client_says(nr, 3, at, chunk, sizeof(chunk));
}

TEST(redhat_asks_in_order)
{
	crash(&(struct redhat_options){0});
	CHECK(session && host.sent == 2);
	CHECK(asked(1) == 7 && asked_from(1) == 5 && asked(0) == 4);
	CHECK(!memcmp(host.sends[0].bytes, "\x11\x22\x33\x44\x55\x66\x77\x88", 8));
	CHECK(!session->is_proven);
	answer_hello();
	CHECK(session->is_proven && asked(0) == 6);
	client_says(asked_nr(0), 7, 4096, "PAGE_SIZE: 4096\n", 16);
	CHECK(asked(0) == 5 && host.meta.page_size == 4096);
	client_says(asked_nr(0), 6, 6, "Number of pages: 6\n", 19);
	CHECK(asked(0) == 8 && !host.begins && host.meta.expected == 7 * 4096);
	answer_regs();
	CHECK(host.begins == 1 && host.expected == 7 * 4096);
	CHECK_STR(buf_text(&host.scripts), "crash ");
	CHECK(count_asked(5, 1) == 4 && asked_from(3) == 0 && asked_from(0) == 3);
	CHECK(host.vmcore && !memcmp(host.vmcore, "\177ELF\1", 5) && host.vmcore[0xcc] == 0x10);
	/* START's text holds the shared secret. */
	CHECK(!*host.meta.panic && host.meta.machine == 3);
	for (uint32_t pfn = 0; pfn < 6; pfn++) {
		for (size_t back = 0; back < 8; back++) {
			if (asked(back) == 1 && asked_from(back) == pfn) {
				send_page(asked_nr(back), (uint8_t)(pfn + 1));
				break;
			}
		}
	}
	CHECK(host.finishes == 1 && host.end == SESSION_COMPLETE && asked(0) == 9);
	for (uint32_t pfn = 0; pfn < 6; pfn++)
		CHECK(host.vmcore[4096 + pfn * 4096] == pfn + 1 && host.vmcore[8191 + pfn * 4096] == pfn + 1);
	client_says(asked_nr(0), 12, 0, "old text", 8);
	CHECK(asked(0) == 9);
	session->ops->finished(session, true, now);
	CHECK(asked(0) == 3);
	CHECK_STR(buf_text(&host.scripts), "crash reboot ");
	CHECK(host.meta.pages_sent == 6 && !host.meta.pages_skipped && !host.meta.pages_missing);
	CHECK(host.meta.holes_of && host.meta.holes_of->count == 1 && host.meta.holes_of->bytes == 7 * 4096);
	bury();
}

TEST(redhat_start_that_nobody_answers_costs_ten_hellos)
{
	crash(&(struct redhat_options){0});
	wait_ms(600000);
	CHECK(session->is_over && host.sent == 11 && !host.begins && !host.finishes);
	CHECK(strstr(buf_text(&host.notes), "does not answer"));
	bury();
}

TEST(redhat_start_repeated_is_acknowledged_again)
{
	crash(&(struct redhat_options){0});
	wait_ms(60);
	client_starts(0x1122334455667788);
	CHECK(asked(0) == 7 && asked_from(0) == 5);
	size_t sent = host.sent;

	client_starts(0x1122334455667788);
	CHECK(host.sent == sent);
	wait_ms(500);
	CHECK(asked(0) == 4);
	answer_hello();
	CHECK(asked(0) == 6);
	/* The second acknowledgement finds the client in its main loop. */
	client_says(asked_nr(1), 1, 7, "Got unknown command code 7!\n", 28);
	CHECK(asked(0) == 6 && !host.finishes);
	bury();
}

TEST(redhat_forged_replies_prove_nothing)
{
	crash(&(struct redhat_options){0});
	for (uint32_t nr = 0; nr < 100; nr++)
		client_says(nr * 1000 + 5000, 5, 4, "Hello", 5);
	CHECK(!session->is_proven && asked(0) == 4);
	bury();
}

TEST(redhat_secure_wants_the_magic)
{
	struct redhat_options unknown = {.is_secure = true};
	struct redhat_options wrong = {.is_secure = true, .has_magic = true, .magic = 1};
	struct redhat_options right = {.is_secure = true, .has_magic = true, .magic = 0x1122334455667788};
	struct redhat_options open = {.has_magic = true, .magic = 1};

	crash(&unknown);
	CHECK(!session && !host.sent && strstr(buf_text(&host.notes), "no magic file"));
	bury();
	crash(&wrong);
	CHECK(!session && !host.sent && strstr(buf_text(&host.notes), "does not name the magic"));
	bury();
	crash(&right);
	CHECK(session && session->is_proven && host.sent == 2);
	bury();
	crash(&open);
	CHECK(session && !session->is_proven);
	CHECK(!memcmp(host.sends[0].bytes, "\0\0\0\0\0\0\0\1", 8));
	bury();
}

TEST(redhat_too_many_dumps_means_log_and_reboot)
{
	crash(&(struct redhat_options){.just_reboot = true});
	answer_hello();
	CHECK(asked(0) == 9 && host.finishes == 1 && host.end == SESSION_REFUSED && !host.begins);
	client_says(asked_nr(0), 12, 0, NULL, 0);
	CHECK(asked(0) == 3);
	bury();
}

TEST(redhat_no_room_means_no_memory)
{
	crash(&(struct redhat_options){0});
	host.has_room = false;
	answer_hello();
	client_says(asked_nr(0), 7, 4096, NULL, 0);
	client_says(asked_nr(0), 6, 100, NULL, 0);
	answer_regs();
	CHECK(host.begins == 1 && host.end == SESSION_REFUSED && asked(0) == 9 && !host.writes);
	CHECK(host.meta.pages_missing == 100);
	CHECK_STR(host.meta.reason, "no room for the dump");
	CHECK_STR(host.meta.protocol, "redhat");
	bury();
}

/* An answer to each HELLO meanwhile. */
static void wait_for_room(unsigned seconds)
{
	for (; seconds; seconds--) {
		CHECK(asked(0) == 4);
		answer_hello();
		CHECK(host.begins && !host.finishes && !host.scripts.length);
		wait_ms(1000);
	}
}

TEST(redhat_waits_while_room_is_made)
{
	crash(&(struct redhat_options){0});
	host.waits = 200;
	answer_hello();
	client_says(asked_nr(0), 7, 4096, NULL, 0);
	client_says(asked_nr(0), 6, 7, NULL, 0);
	answer_regs();
	CHECK(host.begins == 1);
	wait_for_room(199); /* longer than a client may be silent */
	CHECK(host.begins == 200 && asked(0) == 4);
	wait_ms(1000);
	CHECK(host.begins == 201 && asked(0) == 1 && asked_from(0) == 3);
	CHECK_STR(buf_text(&host.scripts), "crash ");
	bury();
}

TEST(redhat_waits_in_vain)
{
	crash(&(struct redhat_options){0});
	host.waits = 3;
	host.has_room = false;
	answer_hello();
	client_says(asked_nr(0), 7, 4096, NULL, 0);
	client_says(asked_nr(0), 6, 7, NULL, 0);
	client_says(asked_nr(0), 1, 8, NULL, 0); /* ERROR about GET_REGS */
	CHECK(host.begins == 1 && !session->is_over);
	wait_for_room(3);
	CHECK(host.begins == 4 && host.finishes == 1 && host.end == SESSION_REFUSED && asked(0) == 9);
	bury();
}

TEST(redhat_that_falls_silent_while_it_waits_is_given_up)
{
	crash(&(struct redhat_options){0});
	host.waits = 1000;
	answer_hello();
	client_says(asked_nr(0), 7, 4096, NULL, 0);
	client_says(asked_nr(0), 6, 7, NULL, 0);
	answer_regs();
	wait_ms(179000);
	CHECK(!host.finishes);
	wait_ms(1000);
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE && host.begins <= 181);
	bury();
}

TEST(redhat_reboot_outlasts_a_deaf_client)
{
	reach_memory(1);
	send_page(asked_nr(0), 1);
	session->ops->finished(session, true, now);
	client_says(asked_nr(0), 12, 0, NULL, 0);
	for (unsigned i = 0; i < 300; i++) { /* prints for five minutes after its answer */
		size_t sent = host.sent;

		client_says(0, 2, i * 10, "task state", 10);
		wait_ms(1000);
		CHECK(i % 5 || count_asked(sent - (sent > 5 ? 5 : 0), 3));
	}
	CHECK(!session->is_over && asked(0) == 3);
	wait_ms(58000);
	CHECK(!session->is_over);
	wait_ms(10000);
	CHECK(session->is_over);
	CHECK(strlen(buf_text(&host.log)) == 3000);
	bury();
}

TEST(redhat_reboot_goes_on_without_a_log)
{
	reach_memory(1);
	send_page(asked_nr(0), 1);
	session->ops->finished(session, true, now);
	client_says(asked_nr(0), 12, 0, NULL, 0);
	wait_ms(590000);
	CHECK(!session->is_over && count_asked(host.sent - 5, 3) == 5);
	wait_ms(30000);
	CHECK(session->is_over);
	bury();
}

TEST(redhat_client_that_is_up_again_is_left_alone)
{
	static const char text[] = "[...network console startup...]\n";

	reach_memory(1);
	send_page(asked_nr(0), 1);
	session->ops->finished(session, true, now);
	client_says(asked_nr(0), 12, 0, NULL, 0);
	client_says(0, 2, 900, "more state\n", 11);
	CHECK(!session->is_over);
	client_says(0, 2, 0, text, sizeof(text) - 1);
	CHECK(session->is_over && host.end == SESSION_COMPLETE && host.finishes == 1);
	bury();
}

TEST(redhat_log_counts_as_life_while_the_state_is_printed)
{
	reach_memory(1);
	send_page(asked_nr(0), 1);
	session->ops->finished(session, true, now);
	CHECK(asked(0) == 9);
	size_t sent = host.sent;

	for (unsigned i = 0; i < 30; i++) { /* the answer comes last; ten minutes */
		wait_ms(20000);
		client_says(0, 2, i * 10, "task state", 10);
	}
	CHECK(count_asked(sent, 9) == 0 && count_asked(sent, 3) == 0 && count_asked(sent, 4) > 100);
	client_says(asked_nr(0), 12, 0, NULL, 0);
	CHECK(asked(0) == 3);
	bury();
}

TEST(redhat_lost_show_state_is_asked_again)
{
	reach_memory(1);
	send_page(asked_nr(0), 1);
	session->ops->finished(session, true, now);
	wait_ms(2500);
	CHECK(asked(0) == 4);
	answer_hello();
	CHECK(asked(0) == 9);
	client_says(0, 2, 0, "state\n", 6); /* heard this time, but its answer is lost */
	wait_ms(2500);
	CHECK(asked(0) == 4);
	answer_hello();
	CHECK(asked(0) == 3);
	bury();
}

TEST(redhat_old_kernel_without_show_state)
{
	reach_memory(1);
	send_page(asked_nr(0), 1);
	session->ops->finished(session, true, now);
	client_says(asked_nr(0), 1, 9, "Got unknown command code 9!\n", 28);
	CHECK(asked(0) == 3);
	bury();
}

TEST(redhat_reboot_waits_for_the_disk)
{
	reach_memory(1);
	send_page(asked_nr(0), 1);
	client_says(asked_nr(0), 12, 0, NULL, 0);
	size_t sent = host.sent;

	wait_ms(30000);
	CHECK(!count_asked(sent, 3) && count_asked(sent, 4) >= 14); /* RHEL 3's idle_timeout */
	session->ops->finished(session, true, now);
	CHECK(asked(0) == 3);
	bury();
}

TEST(redhat_reserved_skips_forward_only)
{
	reach_memory(1000);
	uint32_t nr = asked_nr(3); /* page 0 */

	client_says(nr, 4, 500, NULL, 0);
	CHECK(host.meta.pages_skipped == 500 && asked(0) == 1 && asked_from(0) == 503 && asked_from(3) == 500);
	nr = asked_nr(3);
	client_says(nr, 4, 500, NULL, 0); /* not further */
	client_says(nr, 4, 3, NULL, 0);   /* back */
	CHECK(host.meta.pages_skipped == 500 && host.meta.packets_dropped == 2);
	client_says(asked_nr(0), 4, 1001, NULL, 0); /* beyond the end */
	CHECK(host.meta.packets_dropped == 3 && host.meta.pages_skipped == 500);
	client_says(nr, 4, 0xffffffff, NULL, 0); /* the third: page 500 is given up */
	CHECK(asked_from(0) == 504);
	client_says(asked_nr(0), 4, 0, NULL, 0); /* none after 504 */
	CHECK(host.meta.pages_skipped == 500 + 1000 - 504 && !host.finishes);
	for (size_t back = 1; back < 5; back++) {
		if (asked_from(back) > 500)
			send_page(asked_nr(back), 7);
	}
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE && host.meta.pages_missing == 1);
	CHECK_STR(host.meta.reason, "the client did not send all of its pages");
	bury();
}

TEST(redhat_reserved_of_version_4_means_one_page)
{
	uint8_t packet[256];
	size_t length = make_start(packet, 3, 0);

	host_init(&host);
	now = MODEL_SECOND;
	model_u32(packet + 9, 0);
	session = redhat_new(&host.base, &(struct redhat_options){0}, packet, length, now);
	answer_hello();
	client_says(asked_nr(0), 7, 4096, NULL, 0);
	client_says(asked_nr(0), 6, 10, NULL, 0);
	answer_regs();
	for (unsigned i = 0; i < 10; i++) {
		CHECK(host.meta.pages_skipped == i);
		for (size_t back = 0; back < 14; back++) {
			if (asked(back) == 1 && asked_from(back) == i)
				client_says(asked_nr(back), 4, 0, NULL, 0);
		}
	}
	CHECK(host.finishes == 1 && host.end == SESSION_COMPLETE);
	bury();
}

TEST(redhat_hostile_page_sizes)
{
	static const uint32_t sizes[] = {0, 3, 512, 4097, 2 << 20, 0x80000000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		crash(&(struct redhat_options){0});
		answer_hello();
		for (unsigned times = 0; times < 5; times++) {
			CHECK(asked(0) == 6 && !host.finishes);
			client_says(asked_nr(0), 7, sizes[i], NULL, 0);
		}
		CHECK(host.end == SESSION_REFUSED && asked(0) == 9 && host.meta.packets_dropped == 5);
		bury();
	}
}

TEST(redhat_hostile_page_counts)
{
	crash(&(struct redhat_options){.memory_max = UINT64_C(1) << 40});
	answer_hello();
	client_says(asked_nr(0), 7, 1 << 20, NULL, 0);
	client_says(asked_nr(0), 6, 0, NULL, 0);
	CHECK(asked(0) == 5);
	client_says(asked_nr(0), 6, 0xffffffff, NULL, 0);
	CHECK(host.end == SESSION_REFUSED && !host.begins && asked(0) == 9);
	bury();
	reach_memory(0xffffffff); /* no limit of ours: the host says that there is no room for 16 TB */
	CHECK(host.begins == 1 && host.expected == 4096 + UINT64_C(0xffffffff) * 4096 && host.end == SESSION_REFUSED);
	bury();
}

TEST(redhat_hostile_chunks)
{
	uint8_t bytes[2000] = {0};

	reach_memory(8);
	uint32_t nr = asked_nr(3);

	client_says(nr, 3, 0, bytes, 1023);
	client_says(nr, 3, 1, bytes, 1024);
	CHECK(host.meta.packets_dropped == 2);
	client_says(nr + 1, 3, 4096, bytes, 1024);
	client_says(nr + 1, 3, 0xfffffc00, bytes, 1024);
	client_says(nr + 2, 3, 0, bytes, 0);
	CHECK(host.meta.packets_dropped == 5 && host.writes == 1);
	client_says(nr + 1000, 3, 0, bytes, 1024); /* nothing of ours */
	client_says(nr - 1, 3, 0, bytes, 1024);    /* the registers' question */
	CHECK(host.meta.packets_dropped == 6 && host.writes == 1 && !host.writes_outside);
	bury();
}

TEST(redhat_short_registers_do_not_stop_the_dump)
{
	crash(&(struct redhat_options){0});
	answer_hello();
	client_says(asked_nr(0), 7, 4096, NULL, 0);
	client_says(asked_nr(0), 6, 2, NULL, 0);
	for (unsigned times = 0; times < 5; times++)
		client_says(asked_nr(0), 10, 0, "Sending register info.\nabc", 26);
	CHECK(host.begins == 1 && asked(0) == 1 && host.vmcore && host.vmcore[0xcc] == 0);
	bury();
}

TEST(redhat_lost_pages_are_asked_again)
{
	reach_memory(4);
	uint32_t first = asked_nr(3);

	wait_ms(49);
	CHECK(asked_nr(0) == first + 3);
	wait_ms(250);
	CHECK(host.meta.retransmissions >= 4 && asked(0) == 1);
	send_page(first, 1);     /* late answers to the first requests are as good */
	send_page(first + 1, 2);
	send_page(first + 1, 2); /* and surplus ones do no harm */
	CHECK(host.meta.pages_sent == 2);
	bury();
}

TEST(redhat_chunks_of_two_requests_make_one_page)
{
	uint8_t chunk[1024] = {9};

	reach_memory(1);
	uint32_t first = asked_nr(0);

	client_says(first, 3, 0, chunk, 1024);
	client_says(first, 3, 3072, chunk, 1024);
	wait_ms(300);
	CHECK(asked(0) == 1 && asked_nr(0) != first);
	client_says(asked_nr(0), 3, 1024, chunk, 1024);
	client_says(first, 3, 2048, chunk, 1024);
	CHECK(host.meta.pages_sent == 1 && host.end == SESSION_COMPLETE);
	bury();
}

TEST(redhat_full_queue_stops_asking)
{
	reach_memory(100);
	size_t sent = host.sent;

	host.refuse_writes = 1000000;
	for (size_t back = 4; back-- > 0;)
		send_page(asked_nr(back), 1);
	CHECK(host.sent == sent && host.meta.pages_sent == 0);
	wait_ms(10000);
	CHECK(host.sent - sent >= 4 && count_asked(sent, 4) == host.sent - sent); /* only signs of life */
	host.refuse_writes = 0;
	wait_ms(100);
	CHECK(host.meta.pages_sent == 4 && asked(0) == 1);
	bury();
}

TEST(redhat_head_waits_for_room_too)
{
	crash(&(struct redhat_options){0});
	host.refuse_writes = 3;
	answer_hello();
	client_says(asked_nr(0), 7, 4096, NULL, 0);
	client_says(asked_nr(0), 6, 10, NULL, 0);
	answer_regs();
	CHECK(asked(0) == 8);
	wait_ms(200);
	CHECK(asked(0) == 1 && !memcmp(host.vmcore, "\177ELF", 4));
	bury();
}

TEST(redhat_disk_that_never_comes_back)
{
	reach_memory(100);
	host.refuse_writes = SIZE_MAX;
	send_page(asked_nr(0), 1);
	for (unsigned i = 0; i < 400 && !host.finishes; i++) {
		wait_ms(1000);
		client_says(asked_nr(0), 5, 4, "Hello", 5);
	}
	CHECK(host.end == SESSION_INCOMPLETE && host.meta.pages_missing == 100);
	CHECK_STR(host.meta.reason, "the dump could not be written");
	bury();
}

TEST(redhat_silence_ends_the_dump)
{
	reach_memory(100);
	send_page(asked_nr(3), 1);
	wait_ms(170000);
	CHECK(!host.finishes);
	wait_ms(20000);
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE && host.meta.pages_missing == 99);
	CHECK_STR(host.meta.reason, "the client fell silent");
	session->ops->finished(session, true, now);
	CHECK(asked(0) == 3);
	bury();
}

TEST(redhat_forged_starts_do_not_end_a_running_dump)
{
	reach_memory(1000);
	for (unsigned i = 0; i < 200; i++) {
		client_starts(0x1122334455667788);
		client_starts(99);
		wait_ms(100);
		if (i % 10 == 0)
			send_page(asked_nr(0), 1);
	}
	CHECK(!host.finishes && !session->is_over);
	bury();
}

TEST(redhat_crash_during_the_dump)
{
	reach_memory(1000);
	for (unsigned i = 0; i < 4; i++) {
		client_starts(0x99); /* the magic is made anew at each boot */
		wait_ms(1000);
	}
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE && !session->is_over);
	size_t sent = host.sent;

	session->ops->finished(session, true, now);
	CHECK(session->is_over && host.sent == sent && strstr(host.meta.reason, "crashed again"));
	bury();
}

TEST(redhat_crash_during_the_farewell)
{
	reach_memory(1);
	send_page(asked_nr(0), 1);
	session->ops->finished(session, true, now);
	client_says(asked_nr(0), 12, 0, NULL, 0);
	for (unsigned i = 0; i < 19; i++) {
		client_starts(0x99);
		wait_ms(1000);
	}
	CHECK(!session->is_over && asked(0) == 3); /* it may as well be deaf, and the STARTs forged */
	for (unsigned i = 0; i < 3; i++) {
		client_starts(0x99);
		wait_ms(1000);
	}
	CHECK(session->is_over && host.finishes == 1 && host.end == SESSION_COMPLETE && !*host.meta.reason);
	bury();
}

TEST(redhat_greeting_heeds_only_admitted_starts)
{
	crash(&(struct redhat_options){.is_secure = true, .has_magic = true, .magic = 0x1122334455667788});
	wait_ms(60);
	size_t sent = host.sent;

	client_starts(99);
	CHECK(host.sent == sent);
	client_starts(0x1122334455667788);
	CHECK(host.sent == sent + 1 && asked(0) == 7);
	bury();
}

TEST(redhat_stop_reboots_and_leaves)
{
	reach_memory(1000);
	size_t sent = host.sent;

	session->ops->stop(session, now);
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE && asked(0) == 3);
	wait_ms(1500);
	CHECK(host.sent - sent == 4 && !session->is_over);
	session->ops->finished(session, true, now);
	CHECK(session->is_over);
	bury();
	crash(&(struct redhat_options){0});
	session->ops->stop(session, now);
	CHECK(session->is_over && !host.finishes); /* goes on asking for a server */
	bury();
}

/* ---- the next server ------------------------------------------------------------------------- */

/* Three of eight pages come, one of them behind a page that does not, and the server is stopped; or it is killed. */
static void leave_in_the_middle(struct extents *have, struct meta *meta, char **state, bool is_killed)
{
	reach_memory(8);
	size_t first = host.sent - 4;
	for (size_t i = 0; i < 4; i++)
		if (i != 2)
			send_page(model_read(host.sends[first + i].bytes + 8), (uint8_t)('a' + i));
	*state = mem_strdup(host.meta.state);
	extents_copy(host.meta.holes_of, have);
	if (!is_killed) {
		size_t before = host.sent;

		CHECK(redhat_suspend(session) && !redhat_suspend(session));
		CHECK(host.sent == before && host.end == SESSION_INCOMPLETE && host.finishes == 1 && host.meta.state);
		session->ops->finished(session, true, now);
		CHECK(session->is_over && host.sent == before);
	}
	*meta = host.meta;
	meta->state = *state;
	meta->reason[0] = '\0';
	free(host.vmcore);
	host.vmcore = NULL;
	bury();
	session = NULL;
}

static void next_server(const struct redhat_options *options, struct extents *have, const struct meta *meta)
{
	host_init(&host);
	host.meta = *meta;
	host.expected = meta->expected;
	host.vmcore = mem_zero(meta->expected);
	now += 10 * MODEL_SECOND;
	session = redhat_resume(&host.base, options, have, now);
}

TEST(redhat_next_server_asks_for_what_is_missing)
{
	for (int is_killed = 0; is_killed < 2; is_killed++) {
		struct extents have = {0};
		struct meta meta;
		char *state;

		leave_in_the_middle(&have, &meta, &state, is_killed);
		next_server(&(struct redhat_options){0}, &have, &meta);
		CHECK(session && !session->is_proven && redhat_is_returning(session));
		CHECK(host.sent == 1 && asked(0) == 4 && !memcmp(host.sends[0].bytes, "\x11\x22\x33\x44\x55\x66\x77\x88", 8));
		CHECK(host.meta.pages_sent == 3 && !host.meta.pages_skipped);
		answer_hello();
		CHECK(session->is_proven && redhat_is_returning(session) && asked(0) == 6);
		client_says(asked_nr(0), 7, 4096, NULL, 0);
		client_says(asked_nr(0), 6, 8, NULL, 0);
		answer_regs();
		CHECK(!redhat_is_returning(session) && !host.begins && !host.scripts.length);
		CHECK(asked(0) == 1 && asked_from(3) == 2 && asked_from(2) == 4 && asked_from(0) == 6);
		size_t first = host.sent - 4;
		for (size_t i = 0; i < 4; i++)
			send_page(model_read(host.sends[first + i].bytes + 8), (uint8_t)('k' + i));
		CHECK(asked(0) == 1 && asked_from(0) == 7);
		client_says(asked_nr(0), 4, 0, NULL, 0); /* no memory */
		CHECK(host.finishes == 1 && host.end == SESSION_COMPLETE && !host.meta.state);
		CHECK(host.meta.pages_sent == 7 && host.meta.pages_skipped == 1 && host.vmcore[4096 + 2 * 4096] == 'k');
		CHECK(!host.vmcore[4096] && !host.writes_outside);
		extents_deinit(&have);
		bury();
		free(state);
	}
}

/* `size`, `pages`, `fill` of registers: what the client says now; 0: nothing to HELLO, but START. */
static const char *come_back(uint32_t size, uint32_t pages, uint8_t fill)
{
	static char reason[256];
	struct extents have = {0};
	struct meta meta;
	char *state;

	leave_in_the_middle(&have, &meta, &state, true);
	next_server(&(struct redhat_options){0}, &have, &meta);
	if (!size) {
		for (int i = 0; i < 4; i++) {
			client_starts(1);
			wait_ms(1000);
		}
	} else {
		uint8_t text[23 + 68 + 1] = "Sending register info.\n";

		memset(text + 23, fill, 69);
		answer_hello();
		client_says(asked_nr(0), 7, size, NULL, 0);
		client_says(asked_nr(0), 6, pages, NULL, 0);
		client_says(asked_nr(0), 10, 64000, text, sizeof(text));
	}
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE && !host.meta.state && !count_asked(0, 3));
	size_t before = host.sent;
	session->ops->finished(session, true, now);
	CHECK(session->is_over && host.sent == before);
	snprintf(reason, sizeof(reason), "%s", host.meta.reason);
	bury();
	free(state);
	return reason;
}

TEST(redhat_next_server_goes_on_with_the_same_crash_only)
{
	CHECK_STR(come_back(4096, 8, 0x11), OTHER_CRASH);
	CHECK_STR(come_back(4096, 9, 0x10), OTHER_CRASH);
	CHECK_STR(come_back(8192, 8, 0x10), OTHER_CRASH);
	CHECK(strstr(come_back(0, 0, 0), "crashed again"));
}

TEST(redhat_next_server_gives_up_who_is_silent)
{
	struct extents have = {0};
	struct meta meta;
	char *state;

	leave_in_the_middle(&have, &meta, &state, true);
	next_server(&(struct redhat_options){0}, &have, &meta);
	wait_ms(50000);
	CHECK(!host.finishes);
	client_says(asked_nr(0) + 1, 5, 4, "Hello", 5); /* a number that was not given */
	wait_ms(20000);
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE && host.sent == 60 && !count_asked(0, 3));
	bury();
	free(state);
}

TEST(redhat_next_server_takes_only_what_fits)
{
	static const char *const states[] = {
		"", "1 2 3 8", "1 2 3 8 1", "1 2 3 0 1 ", "1 2 3 8 2 ", "1 2 3 9 1 ", "1 2 3 100000008 1 ", "1 2 3 8 1 00", "x 2 3 8 1 ",
		"1 2 3 8 1 \n",
	};
	const struct redhat_options secure = {.is_secure = true, .has_magic = true, .magic = 1};
	struct extents have = {0};
	struct meta meta;
	char *state;

	leave_in_the_middle(&have, &meta, &state, true);
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		struct extents copy;

		extents_copy(&have, &copy);
		meta.state = states[i];
		next_server(&(struct redhat_options){0}, &copy, &meta);
		CHECK(!session);
		bury();
	}
	meta.state = state;
	next_server(&secure, &have, &meta);
	CHECK(!session); /* the magic is another one now */
	bury();
	/* Parts of pages, and what is behind the end. */
	for (uint64_t end = 4097; end; end = end == 4097 ? 10 * 4096 : 0) {
		struct extents wrong = {0};

		CHECK(extents_add(&wrong, 0, end));
		next_server(&(struct redhat_options){0}, &wrong, &meta);
		CHECK(!session);
		bury();
	}
	free(state);
}

TEST(redhat_log_gaps_are_marked)
{
	crash(&(struct redhat_options){0});
	client_says(0, 2, 100, "abc\n", 4);
	client_says(0, 2, 104, "def\n", 4);
	client_says(0, 2, 120, "ghi\n", 4);
	client_says(0, 2, 108, "late", 4);
	CHECK_STR(buf_text(&host.log), "abc\ndef\n\n[12 bytes of the log were lost]\nghi\nlate");
	bury();
}

TEST(redhat_unknown_machine_is_rebooted)
{
	uint8_t packet[256];

	host_init(&host);
	now = MODEL_SECOND;
	session = redhat_new(&host.base, &(struct redhat_options){0}, packet, make_start(packet, 0, 0), now);
	answer_hello();
	CHECK(host.end == SESSION_REFUSED && asked(0) == 9);
	bury();
}

TEST(redhat_what_is_no_start)
{
	uint8_t packet[256] = {0};
	size_t length = make_start(packet, 3, 0);

	host_init(&host);
	CHECK(!redhat_new(&host.base, &(struct redhat_options){0}, packet, 12, 0));
	/* The answers would be longer. */
	CHECK(!redhat_new(&host.base, &(struct redhat_options){0}, packet, 13 + 23, 0));
	model_u32(packet + 5, 5);
	CHECK(!redhat_new(&host.base, &(struct redhat_options){0}, packet, length, 0));
	CHECK(!host.sent);
	host_deinit(&host);
}

/* ---- a network ------------------------------------------------------------------------------- */

enum { FLIGHT_MAX = 4096, NET_PAGES = 300, NET_PAGE = 4096 };

struct network {
	struct host host;
	struct model model;
	struct session *session;
	uint64_t now, random;
	unsigned loss, twice; /* per 1000 */
	uint64_t delay, jitter;
	struct {
		uint64_t when, order;
		bool to_client;
		size_t length;
		uint8_t bytes[1100];
	} flight[FLIGHT_MAX];
	size_t flying;
	uint64_t flown;
	bool was_finished;
	uint64_t finish_at;
};

static struct network net;

static unsigned chance(unsigned most)
{
	net.random = net.random * 6364136223846793005 + 1442695040888963407;
	return (unsigned)(net.random >> 33) % most;
}

static void fly_once(bool to_client, const uint8_t *head, size_t head_length, const void *data, size_t length)
{
	size_t place = net.flying;

	if (chance(1000) < net.loss || net.flying == FLIGHT_MAX || head_length + length > sizeof(net.flight->bytes))
		return;
	net.flying++;
	net.flight[place].when = net.now + net.delay + (net.jitter ? chance((unsigned)net.jitter) : 0);
	net.flight[place].order = net.flown++;
	net.flight[place].to_client = to_client;
	net.flight[place].length = head_length + length;
	memcpy(net.flight[place].bytes, head, head_length);
	if (length)
		memcpy(net.flight[place].bytes + head_length, data, length);
}

static void fly(bool to_client, const uint8_t *head, size_t head_length, const void *data, size_t length)
{
	fly_once(to_client, head, head_length, data, length);
	if (chance(1000) < net.twice)
		fly_once(to_client, head, head_length, data, length);
}

static void net_server_sends(struct host *from, const void *bytes, size_t length)
{
	(void)from;
	fly(true, bytes, length, NULL, 0);
}

static void net_client_sends(struct model *model, const uint8_t *head, size_t head_length, const void *data,
			     size_t length)
{
	(void)model;
	fly(false, head, head_length, data, length);
}

static void net_arrives(size_t place)
{
	uint8_t bytes[1100];
	size_t length = net.flight[place].length;
	bool to_client = net.flight[place].to_client;

	memcpy(bytes, net.flight[place].bytes, length);
	net.flight[place] = net.flight[--net.flying];
	if (to_client)
		model_packet(&net.model, bytes, length, net.now);
	else if (net.session)
		net.session->ops->packet(net.session, bytes, length, net.now);
	else
		net.session = redhat_new(&net.host.base, &(struct redhat_options){0}, bytes, length, net.now);
}

static size_t net_first(void)
{
	size_t first = 0;

	for (size_t i = 1; i < net.flying; i++) {
		uint64_t when = net.flight[i].when, earliest = net.flight[first].when;

		if (when < earliest || (when == earliest && net.flight[i].order < net.flight[first].order))
			first = i;
	}
	return first;
}

/* One step: the earliest of what arrives and of the two clocks. False when nothing will ever happen. */
static bool net_step(void)
{
	uint64_t flight = net.flying ? net.flight[net_first()].when : UINT64_MAX;
	uint64_t client = model_due(&net.model), server = net.session ? net.session->deadline : UINT64_MAX;
	uint64_t next = flight < client ? flight : client;

	next = next < server ? next : server;
	if (net.host.finishes && !net.was_finished && net.finish_at < next)
		next = net.finish_at;
	if (next == UINT64_MAX)
		return false;
	net.now = next > net.now ? next : net.now;
	if (net.host.finishes && !net.was_finished && net.finish_at <= net.now) {
		net.was_finished = true;
		net.session->ops->finished(net.session, true, net.now);
	} else if (flight <= net.now) {
		net_arrives(net_first());
	} else if (client <= net.now) {
		model_tick(&net.model, net.now);
	} else {
		net.session->ops->tick(net.session, net.now);
	}
	if (net.host.finishes && !net.finish_at)
		net.finish_at = net.now + 300 * MS;
	if (net.session && net.session->is_over && !net.host.finishes) { /* was never heard: the server starts over */
		net.session->ops->free(net.session);
		net.session = NULL;
	}
	return true;
}

/* Memory without two equal pages, with holes. */
static uint8_t *net_memory(void)
{
	static uint8_t memory[NET_PAGES * NET_PAGE];

	for (size_t i = 0; i < sizeof(memory); i += 4) {
		uint32_t word = (uint32_t)(i * 2654435761);

		memcpy(memory + i, &word, 4);
	}
	return memory;
}

static bool net_is_ram(const struct model *model, uint32_t pfn)
{
	(void)model;
	return (pfn < 160 || pfn >= 200) && pfn < 290 && pfn != 17;
}

static void net_open(uint64_t seed)
{
	net = (struct network){.random = seed, .now = MODEL_SECOND, .delay = MS};
	host_init(&net.host);
	net.host.on_send = net_server_sends;
	net.model = (struct model){
		.machine = 3,
		.version = 5,
		.has_netlog = true,
		.state_lines = 20,
		.state_time = 3 * MODEL_SECOND,
		.task_struct = 0xc1234000,
		.page_offset = 0xc0000000,
		.page_size = NET_PAGE,
		.nr_pages = NET_PAGES,
		.memory = net_memory(),
		.is_ram = net_is_ram,
		.registers_length = 68,
		.emit = net_client_sends,
	};
	memset(net.model.registers, 0x42, sizeof(net.model.registers));
}

static void net_run(void)
{
	unsigned steps = 0;

	model_begin(&net.model, net.now);
	while (steps++ < 2000000 && !(net.session && net.session->is_over)) {
		if (!net_step())
			break;
	}
}

/* What arrived is what was there: every page of RAM, zeros for the holes. */
static void net_check_equal(void)
{
	static const uint8_t zeros[NET_PAGE];
	unsigned wrong = 0;

	CHECK(net.host.vmcore && net.host.expected == (NET_PAGES + 1) * NET_PAGE);
	if (!net.host.vmcore)
		return;
	for (uint32_t pfn = 0; pfn < NET_PAGES; pfn++) {
		const uint8_t *page = net.host.vmcore + (size_t)(pfn + 1) * NET_PAGE;
		const uint8_t *want = net_is_ram(NULL, pfn) ? net.model.memory + (size_t)pfn * NET_PAGE : zeros;

		wrong += !!memcmp(page, want, NET_PAGE);
	}
	CHECK(!wrong);
	CHECK(net.host.end == SESSION_COMPLETE && net.host.finishes == 1 && !net.host.writes_outside);
	CHECK(net.host.meta.pages_sent == 300 - 40 - 10 - 1 && net.host.meta.pages_skipped == 51);
	CHECK(net.model.state == MODEL_REBOOTED);
}

static void net_close(void)
{
	if (net.session)
		net.session->ops->free(net.session);
	host_deinit(&net.host);
}

TEST(redhat_dump_over_a_good_network)
{
	net_open(1);
	net_run();
	net_check_equal();
	CHECK(!net.host.meta.retransmissions && net.model.pages_asked <= NET_PAGES);
	CHECK(strstr(buf_text(&net.host.log), "task 1:") && strstr(buf_text(&net.host.log), "task 20:"));
	net_close();
}

TEST(redhat_dump_over_a_network_that_loses_a_fifth)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		net_open(seed);
		net.loss = 200;
		net.twice = 50;
		net.jitter = 3 * MS;
		net.model.answers_last = seed % 2;
		net.model.is_rhel3 = seed % 3 == 0;
		net.model.idle_timeout = seed % 3 ? 0 : 20 * MODEL_SECOND;
		net_run();
		net_check_equal();
		net_close();
	}
}

TEST(redhat_dump_with_loss_alone_keeps_its_pace)
{
	net_open(7);
	net.loss = 10;
	net.delay = 10 * MS;
	net_run();
	net_check_equal();
	/* 249 pages over 20 ms there and back, begun at 1 s, synced for 300 ms: a packet in a hundred neither shrinks
	 * the window nor costs one repetition timer after the other. */
	CHECK(net.finish_at < 1700 * MS);
	net_close();
}

TEST(redhat_dump_of_a_version_4_client)
{
	net_open(3);
	net.model.version = 0;
	net.model.hides_next = true;
	net_run();
	net_check_equal();
	net_close();
}

TEST(redhat_dump_of_a_client_without_netlog)
{
	net_open(4);
	net.model.has_netlog = false;
	net.model.state_time = 100 * MODEL_SECOND;
	net_run();
	net_check_equal();
	net_close();
}

TEST(redhat_dump_of_a_client_that_answers_show_state_late)
{
	net_open(5);
	net.model.answers_last = true;
	net.model.state_time = 400 * MODEL_SECOND;
	net_run();
	net_check_equal();
	net_close();
}

TEST_MAIN
