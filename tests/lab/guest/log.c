// SPDX-License-Identifier: GPL-2.0-or-later
/* The system logger, well or stopped, and programs that log. */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void log_serve(int local, int udp)
{
    struct pollfd fds[2] = { { .fd = local, .events = POLLIN }, { .fd = udp, .events = POLLIN } };
    char message[2048];

    for (;;) {
        if (poll(fds, 2, -1) < 0)
            die("poll");
        for (int i = 0; i < 2; i++)
            if (fds[i].revents && recv(fds[i].fd, message, sizeof(message), 0) < 0)
                die("recv");
    }
}

/* syslogd serve|stop: binds /dev/log and UDP port 514, then reads them or stops itself. */
int syslogd_main(int argc, char **argv)
{
    int local = unix_bound(SOCK_DGRAM, "/dev/log");
    int udp = udp_bound("127.0.0.1", 514);

    if (argc > 1 && strcmp(argv[1], "stop") == 0) {
        say("bound /dev/log dgram fd %d, udp 514 fd %d, stopping with SIGSTOP", local, udp);
        raise(SIGSTOP);
    }
    say("bound /dev/log dgram fd %d, udp 514 fd %d, reading", local, udp);
    log_serve(local, udp);
    return 0;
}

static const char message[] = "<14>lab: a line that the logger ought to read";

/* logclient block: writes until the queue is full, then blocks; logclient slow: a line a second. */
int logclient_main(int argc, char **argv)
{
    int fd = unix_connected(SOCK_DGRAM, "/dev/log");
    int sent = 0;

    if (argc > 1 && strcmp(argv[1], "slow") == 0) {
        say("logging a line a second");
        for (;; sleep(1))
            if (send(fd, message, sizeof(message), 0) < 0)
                die("send");
    }
    while (send(fd, message, sizeof(message), MSG_DONTWAIT) > 0)
        sent++;
    if (errno != EAGAIN)
        die("send");
    say("queue full after %d messages of mine; blocking in sendto now", sent);
    while (send(fd, message, sizeof(message), 0) > 0)
        say("a blocked message went through");
    die("send");
}
