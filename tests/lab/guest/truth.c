// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the truth into memory that was taken beforehand, hands it out through a port of the
 * emulator that costs the kernel nothing (or a disk), and crashes the kernel.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <sys/io.h>
#endif

#define TRUTH_SIZE (16UL << 20)
#define DEBUGCON_PORT 0xe9
#define DISK_BLOCK 4096UL
#define SETTLE_US 300000
/* The kernel refuses to read a sysctl into 4 MiB and more (fs/proc/proc_sysctl.c: KMALLOC_MAX_SIZE). */
#define READ_SIZE (1UL << 20)

/* Read once; "name=path" names the part otherwise than its file. */
static const char *const once_files[] = {
    "ip-addr=/run/truth/ip-addr", "ip-route=/run/truth/ip-route", "ip-route-all=/run/truth/ip-route-all",
    "ip-neigh=/run/truth/ip-neigh", "ip-rule=/run/truth/ip-rule",
    "ip-link=/run/truth/ip-link", "ss=/run/truth/ss",
    "qdisc=/run/truth/qdisc", "nft-ruleset=/run/truth/nft-ruleset", "nft-hooks=/run/truth/nft-hooks",
    "/proc/version", "/proc/cmdline", "/proc/pagetypeinfo", "/proc/zoneinfo", "/proc/modules", "/proc/mounts",
    "/proc/self/mountinfo", "/proc/swaps", "/proc/interrupts", "/proc/softirqs", "/proc/stat", "/proc/timer_list",
    "/proc/locks", "/proc/iomem", "/proc/filesystems", "/proc/vmallocinfo",
    "/proc/cpuinfo", "/proc/partitions", "/proc/cgroups",
    "/proc/net/route", "/proc/net/ipv6_route", "/proc/net/if_inet6", "/proc/net/arp",
    "/proc/net/protocols", "/proc/net/netlink", "/proc/net/dev_mcast", "/proc/net/igmp", "/proc/net/fib_trie",
    "/proc/net/ptype", "/proc/sched_debug", "/sys/kernel/debug/sched/debug", "/proc/sysvipc/shm",
    "/proc/sys/kernel/tainted", "/proc/sys/kernel/hostname", "/proc/sys/kernel/osrelease", "/proc/sys/kernel/panic",
    "/proc/sys/kernel/sched_rt_runtime_us", "/proc/sys/vm/min_free_kbytes", "/sys/kernel/vmcoreinfo",
};

/* Read twice, the second time as the last thing before the crash; what moves most comes last. */
static const char *const twice_files[] = {
    "/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6", "/proc/net/raw", "/proc/net/raw6",
    "/proc/net/packet", "/proc/net/unix", "/proc/net/sockstat", "/proc/net/sockstat6", "/proc/net/snmp",
    "/proc/net/snmp6", "/proc/net/netstat", "/proc/net/dev", "/proc/net/softnet_stat", "/proc/schedstat",
    "/proc/diskstats", "/proc/loadavg", "/proc/uptime", "/proc/slabinfo", "/proc/buddyinfo", "/proc/vmstat", "/proc/meminfo",
};

#define N_ONCE (sizeof(once_files) / sizeof(once_files[0]))
#define N_TWICE (sizeof(twice_files) / sizeof(twice_files[0]))

struct text {
    char *bytes;
    size_t used;
    size_t size;
};

static struct text text_new(size_t size)
{
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (bytes == MAP_FAILED)
        die("mmap");
    return (struct text){ .bytes = bytes, .size = size };
}

__attribute__((format(printf, 2, 3))) static void text_add(struct text *text, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text->bytes + text->used, text->size - text->used, format, args);
    va_end(args);
    if (n > 0 && text->used + (size_t)n < text->size)
        text->used += (size_t)n;
}

static size_t text_room(const struct text *text)
{
    size_t room = text->size - text->used - 1;

    return room < READ_SIZE ? room : READ_SIZE;
}

/* Appends what fd gives from its start; pread, so that a second round needs no second open. */
static void text_add_fd(struct text *text, int fd)
{
    off_t offset = 0;
    ssize_t n;

    while ((n = pread(fd, text->bytes + text->used, text_room(text), offset)) > 0) {
        text->used += (size_t)n;
        offset += n;
    }
    text->bytes[text->used] = '\0';
}

static int text_add_file(struct text *text, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return 0;
    text_add_fd(text, fd);
    close(fd);
    return 1;
}

static void part_add(struct text *text, const char *name, int fd)
{
    text_add(text, "@@BEGIN %s\n", name);
    if (fd >= 0)
        text_add_fd(text, fd);
    text_add(text, "\n@@END %s\n\n", name);
}

static void part_add_file(struct text *text, const char *spec)
{
    const char *equals = strchr(spec, '=');
    char name[100];
    int fd = open(equals ? equals + 1 : spec, O_RDONLY | O_CLOEXEC);

    snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - spec) : (int)strlen(spec), spec);
    if (fd < 0)
        return;
    part_add(text, name, fd);
    close(fd);
}

/* nftw() has no argument for its caller. */
static struct text *sysctl_text;

static int sysctl_add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    size_t start = sysctl_text->used;

    (void)ftw;
    /* stat_refresh is no value: who reads it waits for every CPU, and one of them may be busy for ever. */
    if (type != FTW_F || !(st->st_mode & 0444) || strstr(path, "/stat_refresh"))
        return 0;
    text_add(sysctl_text, "%s = ", path + strlen("/proc/sys/"));
    if (!text_add_file(sysctl_text, path)) {
        sysctl_text->used = start;
        return 0;
    }
    while (sysctl_text->used > start && sysctl_text->bytes[sysctl_text->used - 1] == '\n')
        sysctl_text->used--;
    text_add(sysctl_text, "\n");
    return 0;
}

static void sysctls_add(struct text *text, const char *name, const char *root)
{
    sysctl_text = text;
    text_add(text, "@@BEGIN %s\n", name);
    nftw(root, sysctl_add, 16, FTW_PHYS);
    text_add(text, "@@END %s\n\n", name);
}

/* Calls visit for each thread there is. */
static void threads_visit(struct text *text, void (*visit)(struct text *text, int pid, int tid))
{
    struct dirent *process;
    struct dirent *thread;
    char path[64];
    DIR *proc = opendir("/proc");
    DIR *tasks;

    while (proc && (process = readdir(proc))) {
        if (!isdigit((unsigned char)process->d_name[0]))
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/task", process->d_name);
        tasks = opendir(path);
        while (tasks && (thread = readdir(tasks)))
            if (isdigit((unsigned char)thread->d_name[0]))
                visit(text, atoi(process->d_name), atoi(thread->d_name));
        if (tasks)
            closedir(tasks);
    }
    if (proc)
        closedir(proc);
}

static void thread_file_add(struct text *text, int pid, int tid, const char *file)
{
    char path[100];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, file);
    text_add(text, "  %s: ", file);
    text_add_file(text, path);
    if (text->bytes[text->used - 1] != '\n')
        text_add(text, "\n");
}

/* Appends the lines of a file that begin with one of some words. */
static void thread_lines_add(struct text *text, int pid, int tid, const char *file, const char *const *words)
{
    char path[100];
    char line[256];
    FILE *stream;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, file);
    stream = fopen(path, "re");
    while (stream && fgets(line, sizeof(line), stream))
        for (const char *const *word = words; *word; word++)
            if (strncmp(line, *word, strlen(*word)) == 0)
                text_add(text, "  %s %s", file, line);
    if (stream)
        fclose(stream);
}

static void thread_command_add(struct text *text, int pid, int tid)
{
    char path[100];
    size_t start;

    text_add(text, "  cmdline: ");
    start = text->used;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/cmdline", pid, tid);
    text_add_file(text, path);
    for (size_t i = start; i < text->used; i++)
        if (text->bytes[i] == '\0')
            text->bytes[i] = ' ';
    text_add(text, "\n");
}

static void thread_fds_add(struct text *text, int pid, int tid)
{
    struct dirent *entry;
    char dir[100];
    char path[400];
    char target[300];
    DIR *fds;

    snprintf(dir, sizeof(dir), "/proc/%d/task/%d/fd", pid, tid);
    fds = opendir(dir);
    while (fds && (entry = readdir(fds))) {
        ssize_t n;

        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        n = readlink(path, target, sizeof(target) - 1);
        if (n > 0)
            text_add(text, "  fd %s -> %.*s\n", entry->d_name, (int)n, target);
    }
    if (fds)
        closedir(fds);
}

static void thread_add(struct text *text, int pid, int tid)
{
    static const char *const sched[] = { "se.sum_exec_runtime", "nr_switches", "policy", "prio", NULL };
    static const char *const status[] = { "PPid", "Uid", "VmSize", "VmRSS", "Threads", "SigQ", "SigPnd", "ShdPnd",
                                          "SigBlk", "SigIgn", "SigCgt", "Cpus_allowed_list", NULL };

    text_add(text, "## pid %d tid %d\n", pid, tid);
    thread_file_add(text, pid, tid, "stat");
    thread_file_add(text, pid, tid, "wchan");
    thread_command_add(text, pid, tid);
    thread_file_add(text, pid, tid, "stack");
    thread_lines_add(text, pid, tid, "sched", sched);
    thread_lines_add(text, pid, tid, "status", status);
    thread_fds_add(text, pid, tid);
}

/* One line per thread, quick enough for the second read: pid tgid ppid state cpu comm. */
static void thread_line_add(struct text *text, int pid, int tid)
{
    char stat[1024];
    char path[64];
    char *open_bracket;
    char *close_bracket;
    char state;
    int ppid;
    int cpu = -1;
    int fd;
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
    close(fd);
    if (n <= 0)
        return;
    stat[n] = '\0';
    open_bracket = strchr(stat, '(');
    close_bracket = strrchr(stat, ')');
    if (!open_bracket || !close_bracket || sscanf(close_bracket + 2, "%c %d", &state, &ppid) != 2)
        return;
    *close_bracket = '\0';
    /* The state is field 3 of the file, the CPU field 39. */
    char *field = close_bracket + 2;
    for (int i = 3; field && i < 39; i++)
        field = strchr(field + 1, ' ');
    if (field)
        cpu = atoi(field);
    text_add(text, "%d\t%d\t%d\t%c\t%d\t%s\n", tid, pid, ppid, state, cpu, open_bracket + 1);
}

static void tasks_add(struct text *text)
{
    text_add(text, "@@BEGIN tasks\n");
    threads_visit(text, thread_line_add);
    text_add(text, "@@END tasks\n\n");
}

static void now_add(struct text *text, const char *name)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    text_add(text, "@@BEGIN %s\n%lld.%09ld\n@@END %s\n\n", name, (long long)now.tv_sec, now.tv_nsec, name);
}

static void head_add(struct text *text)
{
    text_add(text, "### scenario log lines (LAB ...)\n");
    text_add_file(text, "/run/lab.log");
    text_add(text, "@@FACTS-START\n");
}

static void first_read(struct text *text, const int *fds)
{
    head_add(text);
    for (size_t i = 0; i < N_ONCE; i++)
        part_add_file(text, once_files[i]);
    sysctls_add(text, "sysctl-net", "/proc/sys/net");
    sysctls_add(text, "sysctl-kernel", "/proc/sys/kernel");
    sysctls_add(text, "sysctl-vm", "/proc/sys/vm");
    text_add(text, "@@BEGIN procs\n");
    threads_visit(text, thread_add);
    text_add(text, "@@END procs\n\n");
    tasks_add(text);
    for (size_t i = 0; i < N_TWICE; i++)
        if (fds[i] >= 0)
            part_add(text, twice_files[i], fds[i]);
}

/* What each CPU has counted for itself is added to what meminfo and vmstat say; else the kernel does it at a time of its own. */
static void counters_fold(void)
{
    char nothing[1];
    int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || read(fd, nothing, sizeof(nothing)) < 0)
        die("/proc/sys/vm/stat_refresh");
    close(fd);
}

static void second_read(struct text *text, const int *fds, int fold)
{
    tasks_add(text);
    now_add(text, "realtime");
    /* The files just closed are freed only after a grace period of RCU, and slabinfo counts them until then. */
    usleep(SETTLE_US);
    if (fold)
        counters_fold();
    for (size_t i = 0; i < N_TWICE; i++)
        if (fds[i] >= 0)
            part_add(text, twice_files[i], fds[i]);
}

/* The emulator's debug console takes bytes without the kernel having a part in it. */
static int port_write(const char *bytes, size_t size)
{
#if defined(__x86_64__)
    outsb(DEBUGCON_PORT, bytes, size);
    return 1;
#else
    (void)bytes;
    (void)size;
    return 0;
#endif
}

/* A disk is written past the page cache, in whole blocks; the text's memory is zero after its end. */
static void out_write(int fd, const struct text *text)
{
    size_t size = (text->used + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK;
    size_t done = 0;

    if (fd < 0) {
        port_write(text->bytes, text->used);
        return;
    }
    while (done < size) {
        ssize_t n = write(fd, text->bytes + done, size - done);

        if (n <= 0)
            die("write of the truth");
        done += (size_t)n;
    }
}

static int out_open(const char *name)
{
    int fd;

    if (strcmp(name, "port") == 0) {
#if defined(__x86_64__)
        if (ioperm(DEBUGCON_PORT, 1, 1) == 0)
            return -1;
#endif
        die("no debug console port");
    }
    fd = open(name, O_WRONLY | O_DIRECT | O_SYNC);
    if (fd < 0)
        die("%s", name);
    return fd;
}

/* Writes the command into its file, or becomes the command. */
static void crash(int trigger, const char *file, const char *command)
{
    if (trigger >= 0) {
        if (write(trigger, command, strlen(command)) < 0)
            die("%s", file);
        rest();
    }
    execlp(command, command, (char *)NULL);
    die("exec %s", command);
}

/*
 * truth OUT COMMAND-FILE|exec COMMAND [fold]: OUT is "port" or a disk; COMMAND makes the kernel crash. fold: counters are
 * folded before the last reading; not where a CPU answers nobody any more.
 */
int truth_main(int argc, char **argv)
{
    struct text first = text_new(TRUTH_SIZE);
    struct text second = text_new(TRUTH_SIZE / 4);
    int fds[N_TWICE];
    int trigger = -1;
    int out;

    int fold = argc == 5 && strcmp(argv[4], "fold") == 0;

    if (argc != 4 && !fold)
        die("usage: truth OUT COMMAND-FILE COMMAND [fold]");
    pin_to_cpu(0);
    /* Between the last reading and the crash nobody else shall have the CPU for long. */
    if (setpriority(PRIO_PROCESS, 0, -20) != 0)
        die("setpriority");
    out = out_open(argv[1]);
    if (strcmp(argv[2], "exec") != 0) {
        trigger = open(argv[2], O_WRONLY);
        if (trigger < 0)
            die("%s", argv[2]);
    }
    for (size_t i = 0; i < N_TWICE; i++)
        fds[i] = open(twice_files[i], O_RDONLY | O_CLOEXEC);
    first_read(&first, fds);
    out_write(out, &first);
    second_read(&second, fds, fold);
    text_add(&second, "@@FACTS-END\n");
    out_write(out, &second);
    crash(trigger, argv[2], argv[3]);
    return 1;
}
