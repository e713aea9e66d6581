// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated kernel (freebsd_client.py) against a session, over loopback. Which datagrams get lost the test says.
#include "session/freebsd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "freebsd_host.h"
#include "session/extents.h"
#include "test.h"
#include "wire/freebsd.h"

enum { DATAGRAM_MAX = 65507, FILE_BYTES = 200000 };

static struct {
	struct freebsd_host host; /* first: what it is asked to send goes over the network */
	struct session_host_ops ops;
	struct session *session;
	int socket;
	struct sockaddr_in client;
	uint32_t lost_data, lost_ack;   /* number of the message that never arrives; whose first ACK does not */
	bool is_deaf;
	bool was_acknowledged;
	int status;                     /* of the client */
	char said[512];
} run;

static char path[] = "/tmp/freebsd-client-XXXXXX";
static uint8_t content[FILE_BYTES];

static void send_over_network(struct session_host *host, const void *bytes, size_t length)
{
	freebsd_host_send(host, bytes, length);
	if (wire_u32(bytes) == run.lost_ack && !run.was_acknowledged) {
		run.was_acknowledged = true;
		return;
	}
	CHECK(sendto(run.socket, bytes, length, 0, (struct sockaddr *)&run.client, sizeof(run.client)) == (ssize_t)length);
}

static void open_server(char *address, size_t size)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(name);
	int bytes = 4 << 20;

	run.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(!bind(run.socket, (struct sockaddr *)&name, sizeof(name)));
	CHECK(!getsockname(run.socket, (struct sockaddr *)&name, &length));
	setsockopt(run.socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	snprintf(address, size, "127.0.0.1:%u", ntohs(name.sin_port));
}

/* Its port is always the same, so it has an address of its own: those of 127/8 are all this machine's. */
static pid_t start_client(const char *server, const char *const *options, int *ret_output)
{
	char bind_to[32];
	const char *arguments[24] = {"tests/netdump/freebsd_client.py", path, server, "--bind", bind_to};
	unsigned count = 5;
	int ends[2];

	snprintf(bind_to, sizeof(bind_to), "127.1%02d.%d.%d", getpid() >> 16 & 63, getpid() >> 8 & 255, getpid() & 255);
	for (; *options; options++)
		arguments[count++] = *options;
	CHECK(!pipe2(ends, O_CLOEXEC));
	pid_t child = fork();

	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		execv(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	close(ends[1]);
	*ret_output = ends[0];
	return child;
}

static void take_datagram(const struct freebsd_options *options)
{
	static uint8_t bytes[DATAGRAM_MAX];
	socklen_t size = sizeof(run.client);
	ssize_t length = recvfrom(run.socket, bytes, sizeof(bytes), 0, (struct sockaddr *)&run.client, &size);

	if (length < FREEBSD_HEADER || run.is_deaf || wire_u32(bytes + 4) == run.lost_data)
		return;
	if (run.session)
		run.session->ops->packet(run.session, bytes, (size_t)length, SESSION_SECOND);
	else
		run.session = freebsd_new(&run.host.host, options, bytes, (size_t)length, SESSION_SECOND);
}

/* Serves until the client has gone. */
static void serve(const struct freebsd_options *options, int output)
{
	struct pollfd files[] = {{.fd = run.socket, .events = POLLIN}, {.fd = output, .events = POLLIN}};
	size_t said = 0;

	for (;;) {
		poll(files, 2, -1);
		if (files[0].revents)
			take_datagram(options);
		if (!files[1].revents)
			continue;
		ssize_t length = read(output, run.said + said, sizeof(run.said) - 1 - said);

		if (length <= 0)
			return;
		said += (size_t)length;
	}
}

static void send_dump(const char *const *arguments)
{
	const struct freebsd_options options = {0};
	char server[32];
	int output;

	freebsd_host_init(&run.host);
	run.ops = freebsd_host_ops;
	run.ops.send = send_over_network;
	run.host.host.ops = &run.ops;
	run.session = NULL;
	memset(run.said, 0, sizeof(run.said));
	open_server(server, sizeof(server));
	pid_t child = start_client(server, arguments, &output);

	serve(&options, output);
	CHECK(waitpid(child, &run.status, 0) == child && WIFEXITED(run.status));
	close(output);
	close(run.socket);
	CHECK(!run.host.is_wrong);
}

static void end(void)
{
	if (run.session)
		run.session->ops->free(run.session);
	run.session = NULL;
	run.lost_data = run.lost_ack = 0;
	run.is_deaf = run.was_acknowledged = false;
}

static bool has_said(const char *words)
{
	return strstr(run.said, words) != NULL;
}

#define SEND(...) send_dump((const char *const[]){"--scale", "0.2", __VA_ARGS__ __VA_OPT__(,) NULL})

TEST(freebsd_client_has_a_file_to_send)
{
	int file = mkstemp(path);

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 2654435761u >> 13);
	CHECK(file >= 0 && write(file, content, sizeof(content)) == sizeof(content) && !close(file));
}

TEST(freebsd_client_sends_a_dump)
{
	/* The last makes batches of more than 64 packets: the kernel ignores some acknowledgements, others speak for them. */
	static const char *const mtus[] = {"1500", "9000", "65535", "600"};

	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		SEND("--mtu", mtus[i], "--path", "lab");
		CHECK(WEXITSTATUS(run.status) == 0 && has_said("200000 sent"));
		CHECK(run.host.finishes == 1 && run.host.end == SESSION_COMPLETE);
		CHECK(!memcmp(run.host.core, content, sizeof(content)));
		CHECK_STR(run.host.meta.path, "lab");
		CHECK(run.host.meta.expected == sizeof(content));
		end();
	}
}

TEST(freebsd_client_sends_again_what_is_not_acknowledged)
{
	run.lost_ack = 12;
	SEND();
	CHECK(WEXITSTATUS(run.status) == 0 && run.host.end == SESSION_COMPLETE && run.was_acknowledged);
	CHECK(!memcmp(run.host.core, content, sizeof(content)));
	/* Its partner, 32 packets on, speaks for it, or does not where the kernel has no bug. */
	CHECK(has_said(", 1 never acknowledged"));
	end();
	run.lost_ack = 12;
	SEND("--no-shift-bug");
	CHECK(WEXITSTATUS(run.status) == 0 && run.host.end == SESSION_COMPLETE);
	CHECK(has_said(", 0 never acknowledged") && run.host.meta.retransmissions >= 1);
	end();
	run.lost_ack = 25; /* which has no partner: a batch has 46 packets */
	SEND();
	CHECK(has_said(", 0 never acknowledged") && run.host.meta.retransmissions >= 1);
	end();
}

/* Packet 40 of the first batch has number 2 + 40, and 8 speaks for it. */
TEST(freebsd_client_leaves_the_holes_of_its_bug)
{
	struct extent hole = {0};

	run.lost_data = 42;
	SEND();
	CHECK(WEXITSTATUS(run.status) == 0 && has_said(", 1 never acknowledged"));
	CHECK(run.host.finishes == 1 && run.host.end == SESSION_INCOMPLETE);
	CHECK_STR(run.host.meta.reason, "1448 bytes in 1 place(s) never arrived");
	CHECK(extents_hole(run.host.meta.holes_of, 0, sizeof(content), &hole));
	CHECK(hole.start == 40 * 1448 && hole.end == 41 * 1448);
	end();
	run.lost_data = 42;
	SEND("--no-shift-bug", "--retries", "1");
	CHECK(WEXITSTATUS(run.status) == 1 && !run.host.finishes);
	end();
}

TEST(freebsd_client_says_what_the_file_is)
{
	SEND("--encrypted", "--compressed", "zstd", "--panic", "page fault");
	CHECK(WEXITSTATUS(run.status) == 0 && run.host.end == SESSION_COMPLETE);
	CHECK(!memcmp(run.host.core, content, sizeof(content)) && run.host.meta.size == sizeof(content));
	CHECK(run.host.furthest == 200704 && run.host.meta.is_core_encrypted && run.host.key[0] == 2);
	CHECK_STR(run.host.meta.core_suffix, ".zst");
	CHECK_STR(run.host.meta.panic, "page fault");
	CHECK(strstr(run.host.info, "Compression: zstd\n") && strstr(run.host.info, "Header Parity Check: Pass\n"));
	end();
	SEND("--encrypted", "--header-first");
	CHECK(WEXITSTATUS(run.status) == 0 && run.host.end == SESSION_COMPLETE && run.host.expected == sizeof(content));
	CHECK(!run.host.meta.size && run.host.meta.is_core_encrypted);
	end();
}

TEST(freebsd_client_gives_up)
{
	run.is_deaf = true;
	SEND("--retries", "2");
	CHECK(WEXITSTATUS(run.status) == 1 && !run.session && has_said("given up"));
	end();
	SEND("--stop-after", "70000");
	CHECK(WEXITSTATUS(run.status) == 3 && !run.host.finishes && run.host.meta.received == 65536);
	run.session->ops->tick(run.session, run.session->deadline);
	CHECK(run.host.end == SESSION_INCOMPLETE && run.host.finishes == 1);
	end();
	CHECK(!unlink(path));
}

TEST_MAIN
