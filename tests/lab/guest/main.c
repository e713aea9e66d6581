// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.h"

#include <stdio.h>
#include <string.h>

static const struct program {
    const char *name;
    int (*main)(int argc, char **argv);
} programs[] = {
    { "fragger", fragger_main },
    { "memoryhog", memoryhog_main },
    { "slabeater", slabeater_main },
    { "memoryeater", memoryeater_main },
    { "syslogd", syslogd_main },
    { "systemd-journald", journald_main },
    { "logclient", logclient_main },
    { "rtspin", rtspin_main },
    { "hog", hog_main },
    { "vforkparent", vforkparent_main },
    { "frozenwriter", frozenwriter_main },
    { "diskwriter", diskwriter_main },
    { "tunholder", tunholder_main },
    { "zombieparent", zombieparent_main },
    { "tcplisten", tcplisten_main },
    { "tcpserver", tcpserver_main },
    { "tcpclient", tcpclient_main },
    { "timewait", timewait_main },
    { "echod", echod_main },
    { "echoclient", echoclient_main },
    { "udpd", udpd_main },
    { "unixd", unixd_main },
    { "rawd", rawd_main },
    { "filesd", filesd_main },
    { "threadproc", threadproc_main },
    { "lockholder", lockholder_main },
    { "truth", truth_main },
};

#define N_PROGRAMS (sizeof(programs) / sizeof(programs[0]))

static const struct program *program_find(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < N_PROGRAMS; i++)
        if (strcmp(programs[i].name, name) == 0)
            return &programs[i];
    return NULL;
}

/* Called by a name of its own it lists the names, so that the initramfs can link them. */
int main(int argc, char **argv)
{
    const struct program *program = program_find(argv[0]);

    if (program)
        return program->main(argc, argv);
    for (size_t i = 0; i < N_PROGRAMS; i++)
        puts(programs[i].name);
    return 0;
}
