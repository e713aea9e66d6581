/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs of the lab's guest share: one static binary, called by many names,
 * each of which makes one known state that the truth file tells of.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>

/* Tells the console and the truth file, as a line "LAB program[pid]: ...". */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* Like say(), with FAILED and the text of errno, by which the lab knows; ends the program with status 1. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

/* Sleeps for ever: what most programs do once their state is made. */
__attribute__((noreturn)) void rest(void);

/* A TCP socket that listens on address:port; with only6, an IPv6 one takes no IPv4. */
int tcp_listen(const char *address, int port, int backlog, int only6);

/* A TCP socket connected to address:port; with nonblocking, perhaps still connecting. */
int tcp_connect(const char *address, int port, int nonblocking);

/* The local port of an IPv4 or IPv6 socket. */
int local_port(int fd);

/* A socket address for text in either family; its length goes to size. */
struct sockaddr *address_of(const char *address, int port, unsigned int *size);

/* A UDP socket bound to address:port. */
int udp_bound(const char *address, int port);

/* A UNIX socket bound to a path, of which a leading '@' makes an abstract name. */
int unix_bound(int type, const char *path);

/* A UNIX socket connected to a path; waits a few seconds for one that is not there yet. */
int unix_connected(int type, const char *path);

/* Runs the calling process on one CPU only. */
void pin_to_cpu(int cpu);

/* The number that /proc/meminfo has for a name, in kB; 0 if it has none. */
long meminfo_kb(const char *name);

int fragger_main(int argc, char **argv);
int memoryhog_main(int argc, char **argv);
int slabeater_main(int argc, char **argv);
int memoryeater_main(int argc, char **argv);
int syslogd_main(int argc, char **argv);
int journald_main(int argc, char **argv);
int logclient_main(int argc, char **argv);
int rtspin_main(int argc, char **argv);
int hog_main(int argc, char **argv);
int vforkparent_main(int argc, char **argv);
int frozenwriter_main(int argc, char **argv);
int diskwriter_main(int argc, char **argv);
int tunholder_main(int argc, char **argv);
int zombieparent_main(int argc, char **argv);
int tcplisten_main(int argc, char **argv);
int tcpserver_main(int argc, char **argv);
int tcpclient_main(int argc, char **argv);
int timewait_main(int argc, char **argv);
int echod_main(int argc, char **argv);
int echoclient_main(int argc, char **argv);
int udpd_main(int argc, char **argv);
int unixd_main(int argc, char **argv);
int rawd_main(int argc, char **argv);
int filesd_main(int argc, char **argv);
int threadproc_main(int argc, char **argv);
int lockholder_main(int argc, char **argv);
int truth_main(int argc, char **argv);

#endif
