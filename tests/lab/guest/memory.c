// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "guest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* fragger RESERVE_MB: takes free memory up to a reserve, then frees every other page. */
int fragger_main(int argc, char **argv)
{
    long reserve_kb = argc > 1 ? atol(argv[1]) * 1024 : 64 * 1024;
    long free_kb = meminfo_kb("MemFree");
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = free_kb > reserve_kb ? (size_t)(free_kb - reserve_kb) * 1024 / page * page : 0;
    char *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t freed = 0;

    if (area == MAP_FAILED)
        die("mmap %zu", size);
    madvise(area, size, MADV_NOHUGEPAGE);
    memset(area, 0x5a, size);
    for (size_t at = 0; at < size; at += 2 * page, freed++)
        madvise(area + at, page, MADV_DONTNEED);
    say("touched %zu MB of small anonymous pages (MemFree was %ld MB), then freed every other page (%zu pages)",
        size >> 20, free_kb >> 10, freed);
    rest();
}

/* memoryhog LEAVE_MB: takes memory until no more than that is free, and keeps it. */
int memoryhog_main(int argc, char **argv)
{
    long leave_kb = argc > 1 ? atol(argv[1]) * 1024 : 16 * 1024;
    size_t chunk = 1UL << 20;
    int taken = 0;

    while (meminfo_kb("MemFree") > leave_kb && taken < 4096) {
        char *area = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (area == MAP_FAILED)
            die("mmap");
        memset(area, 1, chunk);
        taken++;
    }
    say("took %d MB; MemFree is %ld kB", taken, meminfo_kb("MemFree"));
    rest();
}

/* slabeater COUNT: keeps so many open files, so that memory goes into slabs that cannot be reclaimed. */
int slabeater_main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 100000;
    struct rlimit limit = { (rlim_t)count + 100, (rlim_t)count + 100 };
    int opened = 0;

    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("setrlimit");
    while (opened < count && eventfd(0, 0) >= 0)
        opened++;
    say("%d eventfds are open", opened);
    rest();
}

/* memoryeater: takes memory until there is none. */
int memoryeater_main(int argc, char **argv)
{
    size_t chunk = 1UL << 20;

    (void)argc;
    (void)argv;
    for (;;) {
        char *area = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (area != MAP_FAILED)
            memset(area, 1, chunk);
    }
}
