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

/* Of all our messages, to find them by: journalctl MESSAGE_ID=…. */
#define JOURNAL_ID "c7d1a0b4e5f24bbd9f0c6a1e3d8b7542"

/* The journal's socket; -1: standard error. Like the level of base/log.h a piece of state of the process itself. */
static int journal_socket = -1;

void journal_open(void)
{
	static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};

	/* Set where standard error goes to the journal: then fields get there too (systemd.exec(5)). */
	if (!getenv("JOURNAL_STREAM"))
		return;
	journal_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (journal_socket >= 0 && connect(journal_socket, (const struct sockaddr *)&address, sizeof(address))) {
		close(journal_socket);
		journal_socket = -1;
	}
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

void journal_write(enum journal_level level, const char *client, const char *format, ...)
{
	char raw[LINE], text[LINE], packet[2 * LINE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	put_printable(text, sizeof(text), raw);
	if (journal_socket >= 0) {
		int length = snprintf(packet, sizeof(packet),
				      "MESSAGE=%s%s%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=netdump-server\nMESSAGE_ID=%s\n%s%s%s",
				      client ? client : "", client ? ": " : "", text, level, JOURNAL_ID,
				      client ? "NETDUMP_CLIENT=" : "", client ? client : "", client ? "\n" : "");

		if (send(journal_socket, packet, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length)
			return;
	}
	fprintf(stderr, "netdump-server: %s%s%s\n", client ? client : "", client ? ": " : "", text);
}
