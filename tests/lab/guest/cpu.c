// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs that keep CPUs busy. */
#define _GNU_SOURCE
#include "guest.h"

#include <sched.h>
#include <stdlib.h>

static void spin(void)
{
    for (volatile unsigned long i = 0;; i++)
        ;
}

/* rtspin PRIORITY CPU: a SCHED_FIFO task that never sleeps. */
int rtspin_main(int argc, char **argv)
{
    struct sched_param param = { 0 };

    if (argc != 3)
        die("usage: rtspin PRIORITY CPU");
    param.sched_priority = atoi(argv[1]);
    say("SCHED_FIFO priority %d on CPU %s", param.sched_priority, argv[2]);
    /* In this order: on a CPU that another one spins on already, it would never come to the second step. */
    if (sched_setscheduler(0, SCHED_FIFO, &param) != 0)
        die("sched_setscheduler");
    pin_to_cpu(atoi(argv[2]));
    spin();
    return 0;
}

/* hog [CPU]: a normal task that never sleeps. */
int hog_main(int argc, char **argv)
{
    if (argc > 1)
        pin_to_cpu(atoi(argv[1]));
    say("spinning on %s", argc > 1 ? argv[1] : "any CPU");
    spin();
    return 0;
}
