// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "server/config.h"
#include "server/journal.h"

/* ---- privileges ------------------------------------------------------------------------------ */

static const char usual_user[] = "netdump";

/* Whether the process, as it is now, can do its work. */
static bool can_use_files(const struct config *config)
{
	const char *const written[] = {config->dumpdir, config->spool}, *const read[] = {config->key, config->peers};
	bool is_fine = true;

	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++)
		is_fine = is_fine && (!*written[i] || !faccessat(AT_FDCWD, written[i], W_OK | X_OK, AT_EACCESS));
	for (size_t i = 0; i < sizeof(read) / sizeof(*read); i++)
		is_fine = is_fine && (!*read[i] || !faccessat(AT_FDCWD, read[i], R_OK, AT_EACCESS));
	return is_fine;
}

/* The threads of a process have their own; there is one as yet. */
static struct error *set_capabilities(uint32_t effective, uint32_t permitted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{effective, permitted, 0}};

	return syscall(SYS_capset, &header, data) ? error_errno("giving up capabilities") : NULL;
}

/* Not zero where there is any, be it above the first 32. */
static uint32_t permitted_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capget, &header, data) ? 0 : data[0].permitted | (data[1].permitted != 0);
}

static struct error *drop_capabilities(const struct config *config)
{
	const uint32_t permitted = permitted_capabilities(), files = (1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER) & permitted;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		return error_errno("giving up capabilities");
	/* Who has none need not be allowed to ask: the systemd unit forbids it. */
	struct error *error = permitted ? set_capabilities(0, files) : NULL;

	if (error || !permitted)
		return error;
	return can_use_files(config) ? set_capabilities(0, 0) : set_capabilities(files, files);
}

/* Whether that user could do the work; this process then is root again. */
static bool could_be(const struct passwd *user, const struct config *config)
{
	const gid_t group = getegid();
	bool is_fine = !setgroups(0, NULL) && !setegid(user->pw_gid) && !seteuid(user->pw_uid) && can_use_files(config);

	return !seteuid(0) && !setegid(group) && is_fine;
}

static struct error *become(const struct passwd *user)
{
	/* setresuid() from root to another clears every set of capabilities (capabilities(7)). */
	if (setgroups(0, NULL) || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return error_errno("becoming user \"%s\"", user->pw_name);
	return NULL;
}

struct error *sandbox_drop(const struct config *config)
{
	const struct passwd *user = geteuid() ? NULL : getpwnam(*config->user ? config->user : usual_user);
	struct error *error = NULL;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_errno("giving up privileges");
	/* Not where it may not: then what it has is all there is to give up, and no exec makes it more. */
	for (int i = 0; !prctl(PR_CAPBSET_DROP, i, 0, 0, 0);)
		i++;
	if (*config->user && !geteuid() && !user)
		return error_new(ERROR_INVALID, "user: there is no user \"%s\"", config->user);
	if (user && (*config->user || could_be(user, config)))
		error = become(user);
	return error ? error : drop_capabilities(config);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const uint64_t read_only = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

/* What the kernel's Landlock can deny, newest last (Documentation/userspace-api/landlock.rst). */
static uint64_t handled_access(long abi)
{
	uint64_t access = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (abi >= 2)
		access |= LANDLOCK_ACCESS_FS_REFER;
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
	if (abi >= 3)
		access |= LANDLOCK_ACCESS_FS_TRUNCATE;
#endif
	return access;
}

/* A path that is not there needs no leave. */
static struct error *allow(int ruleset, const char *path, uint64_t access)
{
	int fd _cleanup_close_ = *path ? open(path, O_PATH | O_CLOEXEC) : -1;
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};

	if (fd < 0)
		return NULL;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		return error_errno("Landlock: %s", path);
	return NULL;
}

/* The directory in which a file is written and replaced. */
static struct error *allow_directory_of(int ruleset, const char *path, uint64_t access)
{
	char *copy _cleanup_free_ = mem_strdup(path);

	return *path ? allow(ruleset, dirname(copy), access) : NULL;
}

static struct error *bound_files(const struct config *config)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 1) {
		journal_write(JOURNAL_NOTICE, NULL, "this kernel has no Landlock: files are not fenced in");
		return NULL;
	}
	uint64_t all = handled_access(abi);
	/* Devices are never made, and nothing is executed. */
	uint64_t write = all & ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
					   LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
					   LANDLOCK_ACCESS_FS_MAKE_SOCK);
	struct landlock_ruleset_attr attributes = {.handled_access_fs = all};
	int ruleset _cleanup_close_ = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (ruleset < 0)
		return error_errno("Landlock");
	struct error *error = allow(ruleset, config->dumpdir, write);
	if (!error)
		error = allow(ruleset, config->spool, write);
	if (!error)
		error = allow_directory_of(ruleset, config->status_file, write);
	if (!error)
		error = allow_directory_of(ruleset, config->metrics_file, write);
	if (!error)
		error = allow_directory_of(ruleset, config->pidfile, write);
	/* For SIGHUP. */
	if (!error)
		error = allow(ruleset, "/etc", read_only);
	if (!error && config->file)
		error = allow_directory_of(ruleset, config->file, read_only);
	if (!error)
		error = allow_directory_of(ruleset, config->key, read_only);
	if (!error)
		error = allow_directory_of(ruleset, config->peers, read_only);
	if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0))
		error = error_errno("Landlock");
	return error;
}

/* ---- system calls ---------------------------------------------------------------------------- */

/* By name: libseccomp knows which of them an architecture has, and under which number. */
static const char *const calls[] = {
	/* datagrams and waiting; sockets for more ports: allow_udp() */
	"bind", "setsockopt", "recvmmsg", "sendmmsg", "recvfrom", "recvmsg", "sendto", "sendmsg", "shutdown", "poll", "ppoll",
	"epoll_wait", "epoll_pwait",
	"epoll_pwait2", "epoll_ctl", "epoll_create1", "eventfd2", "read", "write", "readv", "writev", "close",
	/* files below the dump directory */
	"openat", "fstat", "newfstatat", "fstatat64", "fstat64", "statx", "statfs", "fstatfs", "statfs64", "fstatfs64",
	"getdents64", "lseek", "_llseek", "pread64", "preadv", "pwrite64", "pwritev", "pwritev2", "fallocate", "ftruncate",
	"ftruncate64", "fsync", "fdatasync", "sync_file_range", "fadvise64", "copy_file_range", "renameat", "renameat2",
	"unlinkat", "unlink", "rename", "mkdirat", "symlinkat", "linkat", "readlinkat", "fchmod", "fchmodat", "fcntl", "fcntl64",
	"flock", "dup", "dup3", "faccessat", "faccessat2", "access", "open", "utimensat",
	/* memory, threads, time */
	"mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "brk", "clone", "clone3", "futex", "futex_time64",
	"set_robust_list", "rseq", "membarrier", "sched_yield", "sched_getaffinity", "clock_gettime", "clock_gettime64",
	"clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom", "prlimit64", "setpriority", "ioprio_set",
	/* the process itself */
	"exit", "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "alarm", "setitimer", "sigaltstack", "restart_syscall", "getpid",
	"gettid", "tgkill", "getuid", "geteuid", "getgid", "getegid", "wait4", "waitid", "uname", "umask", "sysinfo", "prctl",
};

/* A FreeBSD client gets a port of its own. */
static int allow_udp(scmp_filter_ctx filter)
{
	static const unsigned families[] = {AF_INET, AF_INET6};
	int status = 0;

	for (size_t i = 0; !status && i < sizeof(families) / sizeof(*families); i++) {
		const struct scmp_arg_cmp of_udp[] = {
			{.arg = 0, .op = SCMP_CMP_EQ, .datum_a = families[i]},
			{.arg = 1, .op = SCMP_CMP_EQ, .datum_a = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK},
			{.arg = 2, .op = SCMP_CMP_EQ, .datum_a = 0},
		};

		status = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3, of_udp);
	}
	return status;
}

static struct error *bound_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int status = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !status && i < sizeof(calls) / sizeof(*calls); i++) {
		int number = seccomp_syscall_resolve_name(calls[i]);

		if (number != __NR_SCMP_ERROR)
			status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	if (!status)
		status = allow_udp(filter);
	if (!status)
		status = seccomp_load(filter);
	seccomp_release(filter);
	if (status == -EINVAL || status == -ENOSYS) {
		journal_write(JOURNAL_NOTICE, NULL, "this kernel has no seccomp filters: system calls are not fenced in");
		return NULL;
	}
	errno = -status;
	return status ? error_errno("seccomp") : NULL;
}

struct error *sandbox_enter(const struct config *config)
{
	struct error *error = bound_files(config);

	return error ? error : bound_calls();
}
