// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOG_PATH "/run/lab.log"

static void log_line(const char *line)
{
    static const char *const paths[] = { LOG_PATH, "/dev/console" };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int fd = open(paths[i], O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0644);

        if (fd < 0)
            continue;
        if (write(fd, line, strlen(line)) < 0)
            perror(paths[i]);
        close(fd);
    }
}

static void say_list(const char *suffix, const char *format, va_list args)
{
    char text[600];
    char line[800];

    vsnprintf(text, sizeof(text), format, args);
    snprintf(line, sizeof(line), "LAB %s[%d]: %s%s\n", program_invocation_short_name,
             (int)getpid(), text, suffix);
    log_line(line);
}

void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_list("", format, args);
    va_end(args);
}

void die(const char *format, ...)
{
    char suffix[100];
    va_list args;

    snprintf(suffix, sizeof(suffix), ": FAILED: %s", strerror(errno));
    va_start(args, format);
    say_list(suffix, format, args);
    va_end(args);
    exit(1);
}

void rest(void)
{
    for (;;)
        pause();
}

struct sockaddr *address_of(const char *address, int port, unsigned int *size)
{
    static struct sockaddr_in in;
    static struct sockaddr_in6 in6;

    memset(&in, 0, sizeof(in));
    memset(&in6, 0, sizeof(in6));
    if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        *size = sizeof(in);
        return (struct sockaddr *)&in;
    }
    if (inet_pton(AF_INET6, address, &in6.sin6_addr) != 1)
        die("bad address %s", address);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    *size = sizeof(in6);
    return (struct sockaddr *)&in6;
}

/* Returns a static address; one that begins with '@' is abstract. */
static struct sockaddr *unix_address(const char *path, socklen_t *size)
{
    static struct sockaddr_un un;

    memset(&un, 0, sizeof(un));
    un.sun_family = AF_UNIX;
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
    *size = sizeof(un);
    if (path[0] == '@') {
        un.sun_path[0] = '\0';
        *size = offsetof(struct sockaddr_un, sun_path) + strlen(path);
    }
    return (struct sockaddr *)&un;
}

int unix_bound(int type, const char *path)
{
    socklen_t size;
    struct sockaddr *sa = unix_address(path, &size);
    int fd = socket(AF_UNIX, type, 0);

    unlink(path);
    if (fd < 0 || bind(fd, sa, size) != 0)
        die("bind %s", path);
    return fd;
}

int unix_connected(int type, const char *path)
{
    socklen_t size;
    struct sockaddr *sa = unix_address(path, &size);
    int fd = socket(AF_UNIX, type, 0);

    for (int tries = 0; connect(fd, sa, size) != 0; tries++) {
        if (tries > 100)
            die("connect to %s", path);
        usleep(50000);
    }
    return fd;
}

int udp_bound(const char *address, int port)
{
    unsigned int size;
    struct sockaddr *sa = address_of(address, port, &size);
    int fd = socket(sa->sa_family, SOCK_DGRAM, 0);

    if (fd < 0 || bind(fd, sa, size) != 0)
        die("bind udp %s port %d", address, port);
    return fd;
}

int tcp_listen(const char *address, int port, int backlog, int only6)
{
    unsigned int size;
    struct sockaddr *sa = address_of(address, port, &size);
    int one = 1;
    int fd = socket(sa->sa_family, SOCK_STREAM, 0);

    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (sa->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof(only6));
    if (bind(fd, sa, size) != 0 || listen(fd, backlog) != 0)
        die("listen on %s port %d", address, port);
    say("%s listen %s port %d backlog %d v6only %d fd %d",
        sa->sa_family == AF_INET6 ? "tcp6" : "tcp4", address, port, backlog, only6, fd);
    return fd;
}

int tcp_connect(const char *address, int port, int nonblocking)
{
    unsigned int size;
    struct sockaddr *sa = address_of(address, port, &size);
    int fd = socket(sa->sa_family, SOCK_STREAM | (nonblocking ? SOCK_NONBLOCK : 0), 0);

    if (fd < 0)
        die("socket");
    if (connect(fd, sa, size) != 0 && errno != EINPROGRESS)
        die("connect to %s port %d", address, port);
    return fd;
}

int local_port(int fd)
{
    struct sockaddr_in6 in6;
    socklen_t size = sizeof(in6);

    memset(&in6, 0, sizeof(in6));
    if (getsockname(fd, (struct sockaddr *)&in6, &size) != 0)
        die("getsockname");
    /* The port lies at the same place in both families. */
    return ntohs(in6.sin6_port);
}

void pin_to_cpu(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        say("cannot run on CPU %d only: %s", cpu, strerror(errno));
}

long meminfo_kb(const char *name)
{
    char line[200];
    long kb = 0;
    FILE *file = fopen("/proc/meminfo", "r");

    if (!file)
        die("/proc/meminfo");
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            kb = atol(line + strlen(name) + 1);
    fclose(file);
    return kb;
}
