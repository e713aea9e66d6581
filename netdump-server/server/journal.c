// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE = 1024 };

/* By which a kind of message is found for ever: never changed, never used for another kind. */
static const char *const message_ids[] = {
	[JOURNAL_READY >> 3] = "919a5947f439447393c8b18a0283e71f",
	[JOURNAL_STOPPED >> 3] = "6b3ccbdf01534f64a69d2b5327573baa",
	[JOURNAL_RELOADED >> 3] = "75593155636648ada66a20e6b0c3b9fc",
	[JOURNAL_UNCHANGED >> 3] = "37cd67349bf24b0494bebf4b32e5f1c9",
	[JOURNAL_BEGUN >> 3] = "e3cca555dc614a4f8f626f0e03e5e182",
	[JOURNAL_COMPLETE >> 3] = "a31095907dbc4414a88677c9369a6279",
	[JOURNAL_INCOMPLETE >> 3] = "d0bba653c3864fc8881eda8a0192f782",
	[JOURNAL_REFUSED >> 3] = "1bf202ccb60f411e909d1e10bb793adf",
	[JOURNAL_TROUBLE >> 3] = "94b0797b5b5e4927a2cce47586776c64",
};

/* The journal's socket, or syslog's; -1: standard error. Like the level of base/log.h pieces of state of the process
 * itself. */
static int journal_socket = -1;
static bool journal_is_syslog;

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

void journal_open(bool is_background)
{
	/* Set where standard error goes to the journal: then fields get there too (systemd.exec(5)). */
	if (!getenv("JOURNAL_STREAM") && !is_background)
		return;
	journal_socket = connect_to("/run/systemd/journal/socket");
	if (journal_socket >= 0 || !is_background)
		return;
	journal_socket = connect_to("/dev/log");
	journal_is_syslog = true;
}

/* Copies with control characters and what is not ASCII as \xNN: text comes from the network. */
static void put_printable(char *to, size_t size, const char *from)
{
	static const char digits[] = "0123456789abcdef";
	char *end = to + size - 5;

	for (; *from && to < end; from++) {
		unsigned char byte = (unsigned char)*from;

		if (byte >= ' ' && byte <= '~') {
			*to++ = *from;
			continue;
		}
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	*to = '\0';
}

static bool send_packet(enum journal_level level, const char *client, const char *text)
{
	enum { DAEMON = 3 << 3 }; /* syslog's facility */
	const char *colon = client ? ": " : "", *name = client ? client : "", *id = message_ids[level >> 3];
	int priority = level & 7;
	char packet[2 * LINE];
	int length;

	if (journal_is_syslog)
		length = snprintf(packet, sizeof(packet), "<%d>netdump-server[%d]: %s%s%s", DAEMON | priority, (int)getpid(), name,
				  colon, text);
	else
		length = snprintf(packet, sizeof(packet),
				  "MESSAGE=%s%s%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=netdump-server\n%s%s%s%s%s%s", name, colon,
				  text, priority, id ? "MESSAGE_ID=" : "", id ? id : "", id ? "\n" : "",
				  client ? "NETDUMP_CLIENT=" : "", name, client ? "\n" : "");
	return send(journal_socket, packet, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length;
}

void journal_write(enum journal_level level, const char *client, const char *format, ...)
{
	char raw[LINE], text[LINE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	put_printable(text, sizeof(text), raw);
	if (journal_socket < 0 || !send_packet(level, client, text))
		fprintf(stderr, "netdump-server: %s%s%s\n", client ? client : "", client ? ": " : "", text);
}
