// SPDX-License-Identifier: GPL-2.0-or-later
// redhat_client [OPTION…] ADDRESS[:PORT] IMAGE: a Red Hat kernel that has crashed and serves IMAGE as its memory,
// until the
// server lets it go. The socket is connected: as RHEL 3 does, it takes requests from the server's own port only.
// Exit status: 0 REBOOT, 1 EXIT, 2 an error, 3 rebooted by its idle_timeout, 4 rebooted because the server named no
// version,
// 5 the time is over, 6 gone without a word (--vanish).
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "program.h"
#include "redhat_model.h"

enum { BATCH = 256, DATAGRAM_MAX = 1500, RANGES_MAX = 64, LOG_PORT_SAME = 65536 };

struct range {
	uint32_t first, last;
};

struct client {
	struct model model;
	int socket, log_socket; /* RHEL 4 sends LOG from a port of its own */
	uint64_t limit;         /* when the test gives up */
	uint64_t vanish, crash_again; /* after so many pages; 0: never */
	uint64_t queue;         /* requests beyond so many waiting ones are dropped */
	struct range holes[RANGES_MAX];
	unsigned hole_count;
	unsigned filled;        /* of the batch that goes out together */
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH][2];
	uint8_t bytes[BATCH][DATAGRAM_MAX];
};

static struct client client;

/* ---- sending --------------------------------------------------------------------------------- */

/* A port that nobody listens on yet is no reason to stop asking. */
static void flush(void)
{
	unsigned sent = 0;

	while (sent < client.filled) {
		int count = sendmmsg(client.socket, client.messages + sent, client.filled - sent, 0);

		if (count > 0)
			sent += (unsigned)count;
		else if (errno != ECONNREFUSED && errno != EINTR)
			sent++; /* lost, as a packet may be */
	}
	client.filled = 0;
}

static void send_log(const uint8_t *head, size_t head_length, const void *data, size_t length)
{
	struct iovec parts[2] = {{(void *)(uintptr_t)head, head_length}, {(void *)(uintptr_t)data, length}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (sendmsg(client.log_socket, &message, 0) < 0 && errno == ECONNREFUSED)
		(void)!sendmsg(client.log_socket, &message, 0); /* that was the answer to an earlier one */
}

/* Pages go out from where they lie; texts change before the batch is sent. */
static void emit(struct model *model, const uint8_t *head, size_t head_length, const void *data, size_t length)
{
	unsigned place;
	bool is_page = model_read(head + 5) == 3;

	if (model_read(head + 5) == 2) {
		send_log(head, head_length, data, length);
		return;
	}
	if (client.filled == BATCH)
		flush();
	place = client.filled++;
	memcpy(client.bytes[place], head, head_length);
	client.parts[place][0] = (struct iovec){client.bytes[place], head_length};
	client.parts[place][1] = (struct iovec){(void *)(uintptr_t)data, length};
	if (!is_page && length) {
		length = length < DATAGRAM_MAX - head_length ? length : DATAGRAM_MAX - head_length;
		memcpy(client.bytes[place] + head_length, data, length);
		client.parts[place][1] = (struct iovec){client.bytes[place] + head_length, length};
	}
	client.messages[place].msg_hdr = (struct msghdr){.msg_iov = client.parts[place], .msg_iovlen = 2};
	(void)model;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void crash_again(uint64_t now)
{
	if (!client.crash_again || client.model.pages_asked < client.crash_again)
		return;
	client.crash_again = 0;
	model_begin(&client.model, now);
}

static void receive(uint64_t now)
{
	static uint8_t bytes[BATCH][64];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	int count;

	for (unsigned i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	count = recvmmsg(client.socket, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count && (uint64_t)i < client.queue; i++) {
		model_packet(&client.model, bytes[i], messages[i].msg_len, now);
		crash_again(now);
		if (client.vanish && client.model.pages_asked >= client.vanish)
			return;
	}
}

static int poll_time(uint64_t now)
{
	uint64_t due = model_due(&client.model), end = due < client.limit ? due : client.limit;

	return end <= now ? 0 : (int)((end - now) / 1000000 < 1000 ? (end - now) / 1000000 + 1 : 1000);
}

static bool is_running(uint64_t now)
{
	return client.model.state <= MODEL_DEAF && now < client.limit &&
	       !(client.vanish && client.model.pages_asked >= client.vanish);
}

static int run(void)
{
	static const struct {
		int status;
		const char *text;
	} ends[] = {
		[MODEL_REBOOTED] = {0, "rebooted"},
		[MODEL_EXITED] = {1, "left by EXIT"},
		[MODEL_UNSUPPORTED] = {4, "rebooted: the server named no version"},
		[MODEL_IDLE] = {3, "rebooted: idle_timeout"},
	};
	uint64_t begin = clock_now(), now = begin;

	client.limit += begin;
	for (model_begin(&client.model, now); is_running(now); now = clock_now()) {
		struct pollfd event = {client.socket, POLLIN, 0};

		flush();
		if (poll(&event, 1, poll_time(now)) > 0)
			receive(clock_now());
		model_tick(&client.model, clock_now());
	}
	flush();
	printf("%s; %" PRIu64 " pages asked for, %" PRIu64 " STARTs, %.3f s\n",
	       client.model.state > MODEL_DEAF ? ends[client.model.state].text : "still running",
	       client.model.pages_asked, client.model.starts_sent, (double)(now - begin) / 1e9);
	if (client.model.state > MODEL_DEAF)
		return ends[client.model.state].status;
	return now >= client.limit ? 5 : 6;
}

/* ---- options --------------------------------------------------------------------------------- */

static const struct machine {
	const char *name;
	uint32_t machine, page_size;
	unsigned registers, word; /* bytes */
	uint64_t page_offset, task_struct;
	bool is_big_endian;
} machines[] = {
	{"i386", 3, 4096, 68, 4, 0xc0000000, 0xc1234000, false},
	{"x86_64", 62, 4096, 216, 8, 0x10000000000, 0x10001234000, false},
	{"ia64", 50, 16384, 448, 8, 0xe000000000000000, 0xe000000001234000, false},
	{"ppc64", 21, 4096, 384, 8, 0xc000000000000000, 0xc000000001234000, true},
};

/* Registers 0x10, 0x11, … in the machine's own byte order. */
static void set_machine(const char *name)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		const struct machine *machine = &machines[i];

		if (strcmp(name, machine->name))
			continue;
		client.model.machine = machine->machine;
		client.model.page_size = machine->page_size;
		client.model.page_offset = machine->page_offset;
		client.model.task_struct = machine->task_struct;
		client.model.registers_length = machine->registers;
		memset(client.model.registers, 0, sizeof(client.model.registers));
		for (size_t at = 0; at < machine->registers; at += machine->word)
			client.model.registers[at + (machine->is_big_endian ? machine->word - 1 : 0)] =
				(uint8_t)(0x10 + at / machine->word);
		return;
	}
	errno = 0;
	fail("--machine is i386, x86_64, ia64 or ppc64");
}

static bool is_ram(const struct model *model, uint32_t pfn)
{
	(void)model;
	for (unsigned i = 0; i < client.hole_count; i++) {
		if (pfn >= client.holes[i].first && pfn <= client.holes[i].last)
			return false;
	}
	return true;
}

/* FIRST-LAST[,FIRST-LAST…]: pages without memory. */
static void set_holes(const char *text)
{
	struct range range;
	int length;

	while (client.hole_count < RANGES_MAX && sscanf(text, "%u-%u%n", &range.first, &range.last, &length) == 2) {
		client.holes[client.hole_count++] = range;
		text += length;
		text += *text == ',';
	}
	errno = 0;
	if (*text)
		fail("--holes is FIRST-LAST,…");
}

static void open_image(const char *path)
{
	struct stat status;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0 || fstat(file, &status) < 0)
		fail(path);
	client.model.nr_pages = (uint32_t)(status.st_size / client.model.page_size);
	if (!client.model.nr_pages)
		fail("the image holds not a single page");
	client.model.memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	if (client.model.memory == MAP_FAILED)
		fail(path);
	close(file);
}

static struct sockaddr_in address_of(const char *text, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	char host[64];
	unsigned given;
	int fields = sscanf(text, "%63[0-9.]:%u", host, &given);

	errno = 0;
	if (fields < 1 || !inet_pton(AF_INET, host, &address.sin_addr))
		fail("no IPv4 address");
	if (fields == 2)
		address.sin_port = htons((uint16_t)given);
	return address;
}

static int open_socket(const struct sockaddr_in *from, const struct sockaddr_in *server)
{
	int size = 8 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)from, sizeof(*from)) < 0 ||
	    connect(fd, (const struct sockaddr *)server, sizeof(*server)) < 0)
		fail("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

static struct {
	uint64_t version, magic, port, log_port, state_lines, state_ms, idle_s, limit_s, task, page_offset, page_size;
	const char *machine, *from, *holes;
} given = {.version = 5, .state_lines = 20, .state_ms = 300, .limit_s = 60, .machine = "i386", .from = "0.0.0.0",
	 .log_port = LOG_PORT_SAME};

/* One of the three pointers: what the option sets. */
static const struct option_line {
	const char *name;
	const char **text;
	uint64_t *number;
	bool *flag;
} options[] = {
	{"machine", &given.machine, NULL, NULL},
	{"bind", &given.from, NULL, NULL},
	{"holes", &given.holes, NULL, NULL},
	{"version", NULL, &given.version, NULL},         /* in START; 0 or 4: an old one */
	{"magic", NULL, &given.magic, NULL},
	{"port", NULL, &given.port, NULL},               /* of the client; 0: any */
	{"log-port", NULL, &given.log_port, NULL},       /* 0: any of its own; else LOG comes from the same */
	{"state-lines", NULL, &given.state_lines, NULL}, /* that SHOW_STATE prints */
	{"state-ms", NULL, &given.state_ms, NULL},       /* how long that takes: it is deaf meanwhile */
	{"idle-s", NULL, &given.idle_s, NULL},           /* RHEL 3's idle_timeout; 0: none */
	{"limit-s", NULL, &given.limit_s, NULL},
	{"task", NULL, &given.task, NULL},
	{"page-offset", NULL, &given.page_offset, NULL},
	{"page-size", NULL, &given.page_size, NULL},
	{"queue", NULL, &client.queue, NULL},
	{"vanish", NULL, &client.vanish, NULL},
	{"crash-again", NULL, &client.crash_again, NULL},
	{"rhel3", NULL, NULL, &client.model.is_rhel3},
	{"answers-last", NULL, NULL, &client.model.answers_last}, /* SHOW_STATE, since 2.6.9-67.EL */
	{"netlog", NULL, NULL, &client.model.has_netlog},
	{"hides-next", NULL, NULL, &client.model.hides_next},     /* RESERVED says 0 */
};

static void set_option(const char *word)
{
	size_t length = strcspn(word, "=");
	const char *value = word[length] ? word + length + 1 : NULL;
	char *end = NULL;

	errno = 0;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct option_line *line = &options[i];

		if (strlen(line->name) != length || memcmp(line->name, word, length) || !value != !!line->flag)
			continue;
		if (line->flag)
			*line->flag = true;
		else if (line->text)
			*line->text = value;
		else
			*line->number = strtoull(value, &end, 0);
		if (end && (*end || end == value))
			break;
		return;
	}
	fprintf(stderr, "redhat_client: cannot use --%s\n", word);
	exit(2);
}

static void set_model(const char *image)
{
	struct model *model = &client.model;

	set_machine(given.machine);
	model->version = (unsigned)given.version;
	model->magic = given.magic;
	model->state_lines = (unsigned)given.state_lines;
	model->state_time = given.state_ms * (MODEL_SECOND / 1000);
	model->idle_timeout = given.idle_s * MODEL_SECOND;
	if (given.task)
		model->task_struct = given.task;
	if (given.page_offset)
		model->page_offset = given.page_offset;
	if (given.page_size)
		model->page_size = (uint32_t)given.page_size;
	if (given.holes)
		set_holes(given.holes);
	model->is_ram = is_ram;
	model->emit = emit;
	client.limit = given.limit_s * MODEL_SECOND;
	open_image(image);
}

static void open_sockets(const char *server)
{
	struct sockaddr_in to = address_of(server, 6666);
	struct sockaddr_in from = address_of(given.from, (uint16_t)given.port);
	struct sockaddr_in log_from = address_of(given.from, (uint16_t)given.log_port);

	client.socket = open_socket(&from, &to);
	client.log_socket = given.log_port != LOG_PORT_SAME ? open_socket(&log_from, &to) : client.socket;
}

int main(int argc, char **argv)
{
	int at = 1;

	client.queue = BATCH;
	for (; at < argc && !strncmp(argv[at], "--", 2); at++)
		set_option(argv[at] + 2);
	if (argc - at != 2) {
		fputs("usage: redhat_client [--OPTION[=VALUE]…] ADDRESS[:PORT] IMAGE (options: see its source)\n", stderr);
		return 2;
	}
	set_model(argv[at + 1]);
	open_sockets(argv[at]);
	return run();
}
