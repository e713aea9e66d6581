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
#include <sys/stat.h>
#include <unistd.h>

#define N_MOST 3

/* Stops itself, as an administrator's kill -STOP would, or reads what comes. */
static void log_run(const char *mode, const int *sockets, int n)
{
    struct pollfd fds[N_MOST];
    char message[2048];

    for (int i = 0; i < n; i++)
        fds[i] = (struct pollfd){ .fd = sockets[i], .events = POLLIN };
    if (strcmp(mode, "stop") == 0) {
        say("stopping with SIGSTOP");
        raise(SIGSTOP);
    }
    for (;;) {
        if (poll(fds, (nfds_t)n, -1) < 0)
            die("poll");
        for (int i = 0; i < n; i++)
            if (fds[i].revents && recv(fds[i].fd, message, sizeof(message), 0) < 0)
                die("recv");
    }
}

/* syslogd serve|stop: /dev/log and UDP port 514. */
int syslogd_main(int argc, char **argv)
{
    int sockets[2] = { unix_bound(SOCK_DGRAM, "/dev/log"), udp_bound("127.0.0.1", 514) };

    say("bound /dev/log dgram fd %d, udp 514 fd %d", sockets[0], sockets[1]);
    log_run(argc > 1 ? argv[1] : "serve", sockets, 2);
    return 0;
}

/* systemd-journald serve|stop: the sockets of systemd's logger, to one of which /dev/log points. */
int journald_main(int argc, char **argv)
{
    int sockets[N_MOST];

    mkdir("/run/systemd", 0755);
    mkdir("/run/systemd/journal", 0755);
    sockets[0] = unix_bound(SOCK_DGRAM, "/run/systemd/journal/dev-log");
    sockets[1] = unix_bound(SOCK_DGRAM, "/run/systemd/journal/socket");
    sockets[2] = unix_bound(SOCK_STREAM, "/run/systemd/journal/stdout");
    if (listen(sockets[2], 16) != 0 || symlink("/run/systemd/journal/dev-log", "/dev/log") != 0)
        die("listen or symlink");
    say("bound /run/systemd/journal/{dev-log,socket,stdout} fds %d %d %d", sockets[0], sockets[1], sockets[2]);
    log_run(argc > 1 ? argv[1] : "serve", sockets, 2);
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
