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
    pin_to_cpu(atoi(argv[2]));
    say("SCHED_FIFO priority %d on CPU %s", param.sched_priority, argv[2]);
    if (sched_setscheduler(0, SCHED_FIFO, &param) != 0)
        die("sched_setscheduler");
    spin();
    return 0;
}

/* hog: a normal task that never sleeps. */
int hog_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    say("spinning");
    spin();
    return 0;
}
