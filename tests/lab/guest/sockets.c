// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets other than TCP, and files of every other kind. */
#define _GNU_SOURCE
#include "guest.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int udp_send(const char *address, int port, size_t bytes, int times)
{
    static char block[1024];
    unsigned int size;
    struct sockaddr *sa = address_of(address, port, &size);
    int fd = socket(sa->sa_family, SOCK_DGRAM, 0);

    for (int i = 0; i < times; i++)
        if (sendto(fd, block, bytes, 0, sa, size) < 0)
            die("sendto %s port %d", address, port);
    return local_port(fd);
}

static int udp_connected(const char *address, int port)
{
    unsigned int size;
    struct sockaddr *sa = address_of(address, port, &size);
    int fd = socket(sa->sa_family, SOCK_DGRAM, 0);

    if (fd < 0 || connect(fd, sa, size) != 0)
        die("connect udp %s port %d", address, port);
    return local_port(fd);
}

/* udpd: UDP sockets, two of them with datagrams that nobody reads. */
int udpd_main(int argc, char **argv)
{
    struct ip_mreq group = { 0 };
    int any;
    int from4;
    int from6;

    (void)argc;
    (void)argv;
    udp_bound("127.0.0.1", 9999);
    any = udp_bound("0.0.0.0", 1812);
    inet_pton(AF_INET, "239.1.2.3", &group.imr_multiaddr);
    if (setsockopt(any, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
        say("no multicast membership");
    udp_bound("::", 546);
    from4 = udp_send("127.0.0.1", 9999, 100, 5);
    from6 = udp_send("::1", 546, 60, 1);
    say("udp 127.0.0.1:9999 5 unread x 100 bytes (from port %d); udp 0.0.0.0:1812 (group 239.1.2.3); "
        "udp6 [::]:546 1 unread (from port %d); connected: port %d -> 10.0.2.3:53", from4, from6, udp_connected("10.0.2.3", 53));
    rest();
}

/* unixd [unread]: UNIX sockets of all kinds; unread leaves bytes and a connection waiting. */
int unixd_main(int argc, char **argv)
{
    static char bytes[777];
    int pair[2];
    int listener = unix_bound(SOCK_STREAM, "/run/lab.stream");
    int abstract = unix_bound(SOCK_STREAM, "@lab-abstract");
    int seqpacket = unix_bound(SOCK_SEQPACKET, "/run/lab.seq");
    int client;
    int server;

    if (listen(listener, 4) != 0 || listen(abstract, 4) != 0 || listen(seqpacket, 4) != 0)
        die("listen");
    client = unix_connected(SOCK_STREAM, "/run/lab.stream");
    server = accept(listener, NULL, NULL);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
        die("socketpair");
    say("/run/lab.stream listener fd %d, client %d accepted %d; @lab-abstract fd %d; seqpacket /run/lab.seq fd %d; dgram pair %d %d",
        listener, client, server, abstract, seqpacket, pair[0], pair[1]);
    if (argc > 1 && strcmp(argv[1], "unread") == 0) {
        if (write(client, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) || write(pair[0], bytes, 5) != 5)
            die("write");
        say("accepted %d has 777 unread, dgram pair 5 bytes, and client %d waits to be accepted", server,
            unix_connected(SOCK_STREAM, "/run/lab.stream"));
    }
    rest();
}

/* rawd: raw, packet and netlink sockets; that of ARP is bound to eth0. */
int rawd_main(int argc, char **argv)
{
    struct sockaddr_ll link = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP) };
    struct sockaddr_nl netlink = { .nl_family = AF_NETLINK };
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    int raw6 = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    int all = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    int arp = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ARP));
    int route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

    (void)argc;
    (void)argv;
    link.sll_ifindex = (int)if_nametoindex("eth0");
    if (bind(arp, (struct sockaddr *)&link, sizeof(link)) != 0)
        die("bind packet socket");
    if (bind(route, (struct sockaddr *)&netlink, sizeof(netlink)) != 0)
        die("bind netlink socket");
    say("raw icmp fd %d, raw6 fd %d, packet raw ALL fd %d, packet dgram ARP eth0 fd %d, netlink route fd %d", raw, raw6,
        all, arp, route);
    rest();
}

/* filesd: an open file of every kind, one of them deleted. */
int filesd_main(int argc, char **argv)
{
    struct itimerspec hour = { .it_value.tv_sec = 3600 };
    int pipes[2];
    int deleted = open("/tmp/deleted-file", O_RDWR | O_CREAT, 0600);
    int event = eventfd(3, 0);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    int epoll = epoll_create1(0);
    int inotify = inotify_init1(0);
    int memfd = memfd_create("lab-memfd", 0);
    struct epoll_event want = { .events = EPOLLIN };

    (void)argc;
    (void)argv;
    unlink("/tmp/deleted-file");
    if (pipe(pipes) != 0 || write(pipes[1], "nine-byte", 9) != 9)
        die("pipe");
    timerfd_settime(timer, 0, &hour, NULL);
    epoll_ctl(epoll, EPOLL_CTL_ADD, event, &want);
    inotify_add_watch(inotify, "/tmp", IN_CREATE);
    say("deleted /tmp/deleted-file fd %d, pipe %d/%d 9 bytes, eventfd %d, timerfd %d, epoll %d, inotify %d, memfd %d",
        deleted, pipes[0], pipes[1], event, timer, epoll, inotify, memfd);
    rest();
}
