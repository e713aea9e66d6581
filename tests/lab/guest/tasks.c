// SPDX-License-Identifier: GPL-2.0-or-later
/* Tasks in states that a healthy machine does not show for long. */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* vforkparent: sleeps uninterruptibly for as long as its child neither ends nor executes. */
int vforkparent_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    say("about to vfork; the parent is in D state while the child sleeps");
    if (vfork() == 0)
        rest();
    return 0;
}

/* frozenwriter DIR: freezes the file system of DIR and writes to it from a child. */
int frozenwriter_main(int argc, char **argv)
{
    int fd;
    int dir = open(argc > 1 ? argv[1] : "/mnt/fz", O_RDONLY | O_DIRECTORY);

    if (dir < 0)
        die("open directory");
    fd = openat(dir, "file", O_WRONLY | O_CREAT, 0644);
    if (fd < 0 || write(fd, "before", 6) != 6)
        die("write before the freeze");
    if (ioctl(dir, FIFREEZE, 0) != 0)
        die("FIFREEZE");
    say("froze %s; now writing: blocks in D state", argc > 1 ? argv[1] : "/mnt/fz");
    if (write(fd, "after", 5) != 5)
        die("write after the freeze");
    say("the write went through, which it must not");
    rest();
}

/* diskwriter PATH direct|buffered: writes for ever to a disk that takes next to nothing. */
int diskwriter_main(int argc, char **argv)
{
    static char block[1 << 20] __attribute__((aligned(4096)));
    int direct = argc > 2 && strcmp(argv[2], "direct") == 0;
    int fd = argc > 1 ? open(argv[1], O_WRONLY | O_CREAT | (direct ? O_DIRECT : 0), 0600) : -1;

    if (fd < 0)
        die("open");
    say("writing to %s, which is stuck: blocks in D state with requests in flight", argv[1]);
    for (;;)
        if (pwrite(fd, block, sizeof(block), 0) < 0 || fsync(fd) != 0)
            die("write to %s", argv[1]);
}

/*
 * tunholder FIFO: has a file of a driver that is then taken away by force, and reads that file
 * once something is written to FIFO: the kernel jumps to where the driver was.
 */
int tunholder_main(int argc, char **argv)
{
    const char *fifo = argc > 1 ? argv[1] : "/run/oops";
    int fd = open("/dev/net/tun", O_RDWR);
    int wake;
    char byte;

    if (fd < 0 || mkfifo(fifo, 0600) != 0)
        die("tun or fifo");
    if (syscall(SYS_delete_module, "tun", O_NONBLOCK | O_TRUNC) != 0)
        die("delete_module");
    say("fd %d is of the module tun, which was unloaded by force; reading it when %s is written", fd, fifo);
    wake = open(fifo, O_RDWR);
    if (read(wake, &byte, 1) == 1 && read(fd, &byte, 1) != 1)
        say("the read came back, which it must not");
    rest();
}

/* zombieparent COUNT: never waits for its children, which end at once. */
int zombieparent_main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 3;

    for (int i = 0; i < count; i++)
        if (fork() == 0)
            _exit(i);
    say("%d zombie children", count);
    rest();
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *worker(void *arg)
{
    char name[16] = "worker-?";
    int number = (int)(intptr_t)arg;
    struct timespec hour = { .tv_sec = 3600 };

    name[7] = (char)('0' + number);
    prctl(PR_SET_NAME, name);
    if (number == 4)
        nanosleep(&hour, NULL);
    pthread_mutex_lock(&mutex);
    rest();
}

/* threadproc: five threads, one holding a user-space mutex for which others wait. */
int threadproc_main(int argc, char **argv)
{
    pthread_t thread;

    (void)argc;
    (void)argv;
    for (intptr_t i = 1; i <= 5; i++) {
        if (pthread_create(&thread, NULL, worker, (void *)i) != 0)
            die("pthread_create");
        usleep(50000);
    }
    say("5 worker threads: worker-1 holds a mutex (pause), 2, 3 and 5 wait in futex, 4 in nanosleep");
    rest();
}
