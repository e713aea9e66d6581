// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel locks that are held for ever, without a kernel module: the kernel faults on memory that
 * user space has promised to fill (userfaultfd) and never does, while it holds the lock of a pipe
 * (a mutex) or of an inode (a read-write semaphore).
 */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AREA_SIZE 65536UL

/* Memory on which every first access blocks for ever. */
static char *stuck_memory(void)
{
    struct uffdio_api api = { .api = UFFD_API };
    struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    char *area = mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (fd < 0 || area == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) != 0)
        die("userfaultfd");
    range.range.start = (unsigned long)area;
    range.range.len = AREA_SIZE;
    if (ioctl(fd, UFFDIO_REGISTER, &range) != 0)
        die("UFFDIO_REGISTER");
    return area;
}

/* A child of the given name that writes to fd: from stuck memory as the holder, else as a waiter. */
static void writer_start(const char *name, int fd, int holder)
{
    static char fine[8] = "fine";
    int pid = fork();

    if (pid < 0)
        die("fork");
    if (pid > 0)
        return;
    prctl(PR_SET_NAME, name);
    if (write(fd, holder ? stuck_memory() : fine, sizeof(fine)) != (ssize_t)sizeof(fine))
        die("write");
    say("a write went through, which it must not");
    rest();
}

/* lockholder: a mutex and a read-write semaphore, each with a holder that hangs and a waiter in D state. */
int lockholder_main(int argc, char **argv)
{
    int pipes[2];
    int file = open("/tmp/lock-file", O_WRONLY | O_CREAT, 0600);

    (void)argc;
    (void)argv;
    if (pipe(pipes) != 0 || file < 0)
        die("pipe or file");
    writer_start("mutex-holder", pipes[1], 1);
    writer_start("rwsem-holder", file, 1);
    usleep(500000);
    writer_start("mutex-waiter", pipes[1], 0);
    writer_start("rwsem-waiter", file, 0);
    say("mutex-waiter waits for the mutex of a pipe that mutex-holder holds; rwsem-waiter for the inode rwsem that rwsem-holder holds");
    rest();
}
