// SPDX-License-Identifier: GPL-2.0-or-later
/* TCP connections in every state and with every queue that a listing must show. */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More clients than the accept queue of port 7777 has room for: the last ones stay in SYN_SENT. */
static void fill_accept_queue(void)
{
    tcp_listen("127.0.0.1", 7777, 2, 0);
    for (int i = 0; i < 6; i++) {
        int fd = tcp_connect("127.0.0.1", 7777, 1);

        usleep(100000);
        say("backlog client %d to 127.0.0.1:7777 from port %d fd %d", i, local_port(fd), fd);
    }
}

/* A connection that the server holds back until data comes: SYN_RECV there, established here. */
static void defer_accept(void)
{
    int seconds = 120;
    int listener = tcp_listen("127.0.0.1", 7778, 4, 0);

    if (setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)) != 0)
        die("TCP_DEFER_ACCEPT");
    say("deferred: SYN_RECV 127.0.0.1:7778 <- port %d", local_port(tcp_connect("127.0.0.1", 7778, 1)));
}

/* tcplisten full|idle: listeners in both families; full adds one whose accept queue is full, and stranger ones. */
int tcplisten_main(int argc, char **argv)
{
    tcp_listen("0.0.0.0", 8080, 128, 0);
    tcp_listen("127.0.0.1", 8081, 16, 0);
    tcp_listen("::", 8443, 64, 0);
    tcp_listen("::1", 9090, 5, 1);
    if (argc > 1 && strcmp(argv[1], "full") == 0) {
        fill_accept_queue();
        defer_accept();
        say("IPv4 on an IPv6 socket: port %d -> 8443, not accepted", local_port(tcp_connect("127.0.0.1", 8443, 0)));
    }
    rest();
}

static int accept_one(int listener)
{
    int fd = accept(listener, NULL, NULL);

    if (fd < 0)
        die("accept");
    return fd;
}

/* Fills the send queue of a connection whose other end never reads. */
static size_t stuff(int fd)
{
    static char block[65536];
    size_t total = 0;
    int quiet = 0;

    while (quiet < 10) {
        ssize_t n = send(fd, block, sizeof(block), MSG_DONTWAIT);

        if (n > 0) {
            total += (size_t)n;
            quiet = 0;
        } else {
            quiet++;
            usleep(100000);
        }
    }
    return total;
}

/* Two connections that end with data nobody reads: FIN_WAIT1, and LAST_ACK where the client ended first. */
static void serve_unfinished(int listener)
{
    for (int i = 0; i < 2; i++) {
        int fd = accept_one(listener);
        size_t bytes = stuff(fd);

        close(fd);
        say("port 5005: closed with %zu bytes on the way: %s", bytes, i == 0 ? "FIN_WAIT1" : "LAST_ACK");
    }
}

/* tcpserver: accepts what tcpclient opens, and reads nothing of it. */
int tcpserver_main(int argc, char **argv)
{
    int buffer = 2 * 1024 * 1024;
    int unfinished = tcp_listen("127.0.0.1", 5005, 8, 0);
    int listeners[4];
    int fds[5];

    (void)argc;
    (void)argv;
    listeners[0] = tcp_listen("127.0.0.1", 5001, 8, 0);
    listeners[1] = tcp_listen("127.0.0.1", 5002, 8, 0);
    listeners[2] = tcp_listen("::1", 5003, 8, 1);
    listeners[3] = tcp_listen("127.0.0.1", 5004, 8, 0);
    for (int i = 0; i < 5; i++)
        fds[i] = accept_one(listeners[i < 4 ? i : 3]);
    say("accepted fds %d %d %d %d %d", fds[0], fds[1], fds[2], fds[3], fds[4]);
    setsockopt(fds[4], SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
    say("stuffed %zu bytes into fd %d, whose client never reads: zero window, send queue",
        stuff(fds[4]), fds[4]);
    serve_unfinished(unfinished);
    rest();
}

/* tcpclient: unread bytes at the server, an IPv6 connection, one closed, one never read, one SYN_SENT. */
int tcpclient_main(int argc, char **argv)
{
    static char bytes[12345];
    int one = 1;
    int fd[8];

    (void)argc;
    (void)argv;
    fd[0] = tcp_connect("127.0.0.1", 5001, 0);
    if (write(fd[0], bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
        die("write");
    fd[1] = tcp_connect("127.0.0.1", 5002, 0);
    setsockopt(fd[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd[1], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    fd[2] = tcp_connect("::1", 5003, 0);
    if (write(fd[2], bytes, 10) != 10)
        die("write");
    fd[3] = tcp_connect("127.0.0.1", 5004, 0);
    usleep(300000);
    close(fd[3]);
    fd[4] = tcp_connect("127.0.0.1", 5004, 0);
    fd[5] = tcp_connect("192.0.2.55", 4321, 1);
    fd[6] = tcp_connect("127.0.0.1", 5005, 0);
    fd[7] = tcp_connect("127.0.0.1", 5005, 0);
    shutdown(fd[7], SHUT_WR);
    say("port %d -> 5001 with 12345 unread bytes; port %d -> 5002 TCP_NODELAY and keepalive; v6 port %d -> 5003 with 10 bytes; "
        "one closed to 5004 (CLOSE_WAIT there); port %d -> 5004 never read; SYN_SENT port %d -> 192.0.2.55:4321",
        local_port(fd[0]), local_port(fd[1]), local_port(fd[2]), local_port(fd[4]), local_port(fd[5]));
    say("ports %d and %d -> 5005 never read; the second has ended its half (FIN_WAIT2)", local_port(fd[6]), local_port(fd[7]));
    rest();
}

/* timewait COUNT: connections that this end closes first. */
int timewait_main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 4;
    int listener = tcp_listen("127.0.0.1", 6000, 16, 0);
    char byte;

    for (int i = 0; i < count; i++) {
        int client = tcp_connect("127.0.0.1", 6000, 0);
        int server = accept_one(listener);
        int port = local_port(client);

        shutdown(client, SHUT_WR);
        if (read(server, &byte, 1) != 0)
            die("read of the end");
        close(server);
        close(client);
        say("TIME_WAIT made: 127.0.0.1:%d -> 127.0.0.1:6000", port);
    }
    rest();
}

/* echod: a server that works. */
int echod_main(int argc, char **argv)
{
    int listener = tcp_listen("127.0.0.1", 7000, 16, 0);
    char bytes[512];

    (void)argc;
    (void)argv;
    for (;;) {
        int fd = accept_one(listener);
        ssize_t n;

        while ((n = read(fd, bytes, sizeof(bytes))) > 0)
            if (write(fd, bytes, (size_t)n) != n)
                break;
        close(fd);
    }
}

/* echoclient: keeps one connection to echod and talks over it four times a second. */
int echoclient_main(int argc, char **argv)
{
    int fd = tcp_connect("127.0.0.1", 7000, 0);
    char bytes[100] = "hello";

    (void)argc;
    (void)argv;
    say("port %d -> 7000, talking", local_port(fd));
    for (;; usleep(250000))
        if (write(fd, bytes, sizeof(bytes)) < 0 || read(fd, bytes, sizeof(bytes)) <= 0)
            die("echo");
}
