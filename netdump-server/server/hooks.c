// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/hooks.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/journal.h"

/* Anybody can have netdump-start run: what waits and runs of it leaves places for the others. */
enum { RUNNING_MAX = 16, STARTS_MAX = 4, CLIENT_MAX = 64 };

/* What goes to the helper; texts are NUL-terminated. */
struct hook_request {
	uint64_t id;
	uint32_t hook;
	char client[CLIENT_MAX];
	char dir[PATH_MAX];
};

struct hooks {
	int socket;
	pid_t helper;
	unsigned timeout;
	unsigned starts; /* HOOK_STARTs that have not come back */
	time_t started;  /* when the last one was asked for */
};

/* ---- the helper ------------------------------------------------------------------------------ */

struct running {
	pid_t pid; /* and process group; 0: free */
	uint64_t id;
	enum hook hook;
	time_t deadline;
};

struct helper {
	const char *dumpdir;
	unsigned timeout;
	int socket, signals;
	bool is_over; /* the server asks for nothing more */
	struct running running[RUNNING_MAX];
};

static const char *const hook_names[] = {
	[HOOK_START] = "start",	  [HOOK_CRASH] = "crash",   [HOOK_NOSPACE] = "nospace",
	[HOOK_REBOOT] = "reboot", [HOOK_FINISH] = "finish",
};
static_assert(sizeof(hook_names) / sizeof(*hook_names) == HOOKS, "each hook has a name");

static time_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void helper_tell(const struct helper *helper, uint64_t id, enum hook hook, int status)
{
	const struct hook_result result = {id, hook, status};

	/* A server that is gone or does not read needs no answer. */
	if (send(helper->socket, &result, sizeof(result), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

/* An address and nothing else; the dump directory, or one below it. */
static bool is_sound(const struct helper *helper, const struct hook_request *request)
{
	size_t root = strlen(helper->dumpdir);

	if (request->hook >= HOOKS || !memchr(request->client, '\0', sizeof(request->client)) ||
	    !memchr(request->dir, '\0', sizeof(request->dir)))
		return false;
	if (!*request->client || request->client[strspn(request->client, "0123456789abcdefABCDEF.:")])
		return false;
	return !*request->dir || !strcmp(request->dir, helper->dumpdir) ||
	       (!strncmp(request->dir, helper->dumpdir, root) && request->dir[root] == '/' &&
		!strstr(request->dir, "/../"));
}

static void run_script(const struct helper *helper, const struct hook_request *request, const char *path)
{
	const char *const arguments[] = {path, request->client, *request->dir ? request->dir : NULL, NULL};
	static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || chdir(helper->dumpdir))
		_exit(126);
	execve(path, (char *const *)arguments, (char *const *)environment);
	_exit(127);
}

static void helper_start(struct helper *helper, const struct hook_request *request)
{
	struct running *place = helper->running;
	char path[PATH_MAX];

	while (place->pid)
		place++;
	int length = is_sound(helper, request) ? snprintf(path, sizeof(path), "%s/scripts/netdump-%s", helper->dumpdir,
							   hook_names[request->hook])
					       : -1;
	if (length < 0 || (size_t)length >= sizeof(path) || access(path, X_OK)) {
		if (length > 0 && errno != ENOENT)
			journal_write(JOURNAL_WARNING, NULL, "%s: %s", path, strerror(errno));
		helper_tell(helper, request->id, request->hook, -1);
		return;
	}
	pid_t pid = fork();
	if (!pid)
		run_script(helper, request, path);
	if (pid < 0) {
		helper_tell(helper, request->id, request->hook, -1);
		return;
	}
	setpgid(pid, pid);
	*place = (struct running){pid, request->id, request->hook, now_seconds() + (time_t)helper->timeout};
}

static void helper_reap(struct helper *helper)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	if (read(helper->signals, &info, sizeof(info)) < 0 && errno != EAGAIN)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < RUNNING_MAX; i++) {
			if (helper->running[i].pid != pid)
				continue;
			helper->running[i].pid = 0;
			helper_tell(helper, helper->running[i].id, helper->running[i].hook,
				    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		}
	}
}

/* Kills what has run too long, or everything; returns how many still run. */
static size_t helper_kill(struct helper *helper, bool all)
{
	size_t count = 0;

	for (size_t i = 0; i < RUNNING_MAX; i++) {
		struct running *running = &helper->running[i];

		if (running->pid && (all || running->deadline <= now_seconds()))
			kill(-running->pid, SIGKILL);
		if (running->pid && all)
			journal_write(JOURNAL_WARNING, NULL, "the script netdump-%s is killed: the server stops",
				      hook_names[running->hook]);
		count += running->pid != 0;
	}
	return count;
}

/* The next request, if there is one; notices when the last one has come. */
static bool helper_receive(struct helper *helper, struct hook_request *ret)
{
	ssize_t length = recv(helper->socket, ret, sizeof(*ret), MSG_DONTWAIT);

	helper->is_over |= !length || (length < 0 && errno != EINTR && errno != EAGAIN);
	return length == sizeof(*ret);
}

/* Requests wait in the socket while as many scripts run as may. Returns when the server is gone, or has asked for
 * nothing more and every script has ended. */
static void helper_loop(struct helper *helper)
{
	struct hook_request request;

	for (;;) {
		size_t running = helper_kill(helper, false);
		short events = running < RUNNING_MAX && !helper->is_over ? POLLIN : 0;
		/* That the other end is closed is told whatever is asked for. */
		struct pollfd ready[] = {{helper->signals, POLLIN, 0}, {helper->socket, events, 0}};

		if (helper->is_over && !running)
			return;
		if ((poll(ready, 2, running ? 1000 : -1) < 0 && errno != EINTR) || ready[1].revents & POLLHUP)
			return;
		if (ready[0].revents)
			helper_reap(helper);
		if (ready[1].revents & POLLIN && helper_receive(helper, &request))
			helper_start(helper, &request);
	}
}

/* What still runs or waits when there is no time left. */
static void helper_end(struct helper *helper)
{
	struct hook_request request;

	helper_kill(helper, true);
	while (helper_receive(helper, &request))
		if (is_sound(helper, &request))
			journal_write(JOURNAL_WARNING, request.client, "the script netdump-%s is not run: the server stops",
				      hook_names[request.hook]);
}

static void helper_main(const char *dumpdir, unsigned timeout, int socket)
{
	struct helper helper = {.dumpdir = dumpdir, .timeout = timeout, .socket = socket};
	sigset_t children;

	/* The server decides when this ends: a Ctrl-C or a stop of the unit must not cut a script short before. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	helper.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (helper.signals >= 0)
		helper_loop(&helper);
	helper_end(&helper);
	_exit(0);
}

/* ---- the server's side ----------------------------------------------------------------------- */

const char *hook_name(enum hook hook)
{
	return hook_names[hook];
}

struct error *hooks_start(const char *dumpdir, unsigned timeout, struct hooks **ret)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return error_errno("a socket for scripts");
	pid_t pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return error_errno("a process for scripts");
	}
	if (!pid) {
		close(pair[0]);
		prctl(PR_SET_NAME, "netdump-scripts");
		helper_main(dumpdir, timeout, pair[1]);
	}
	close(pair[1]);
	*ret = mem_zero(sizeof(**ret));
	**ret = (struct hooks){.socket = pair[0], .helper = pid, .timeout = timeout};
	return NULL;
}

/* Waits until the helper's end of the socket is closed; what it still tells is nobody's any more. */
static void await_helper(const struct hooks *hooks, unsigned milliseconds)
{
	struct pollfd ready = {hooks->socket, 0, 0};
	struct hook_result result;

	while (poll(&ready, 1, (int)milliseconds) < 0 && errno == EINTR)
		continue;
	while (recv(hooks->socket, &result, sizeof(result), MSG_DONTWAIT) > 0)
		continue;
}

void hooks_stop(struct hooks *hooks, unsigned milliseconds)
{
	enum { TRIES = 20, PAUSE_MS = 10 };

	if (!hooks)
		return;
	shutdown(hooks->socket, SHUT_WR);
	await_helper(hooks, milliseconds);
	close(hooks->socket);
	/* It looks for scripts in the dump directory, which may hang; nobody waits for that. */
	for (int i = 0; i < TRIES && !waitpid(hooks->helper, NULL, WNOHANG); i++)
		poll(NULL, 0, PAUSE_MS);
	free(hooks);
}

static bool may_start(struct hooks *hooks)
{
	/* None can run that long: whatever became of the word that it has ended. */
	if (hooks->starts && now_seconds() - hooks->started > (time_t)hooks->timeout + 1)
		hooks->starts = 0;
	if (hooks->starts == STARTS_MAX)
		return false;
	hooks->starts++;
	hooks->started = now_seconds();
	return true;
}

bool hooks_run(struct hooks *hooks, enum hook hook, const char *client, const char *dir, uint64_t id)
{
	struct hook_request request = {.id = id, .hook = hook};

	if (strlen(client) >= sizeof(request.client) || (dir && strlen(dir) >= sizeof(request.dir)))
		return false;
	if (hook == HOOK_START && !may_start(hooks))
		return false;
	memcpy(request.client, client, strlen(client));
	if (dir)
		memcpy(request.dir, dir, strlen(dir));
	return send(hooks->socket, &request, sizeof(request), MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(request);
}

int hooks_event(const struct hooks *hooks)
{
	return hooks->socket;
}

bool hooks_result(struct hooks *hooks, struct hook_result *ret)
{
	if (recv(hooks->socket, ret, sizeof(*ret), MSG_DONTWAIT) != sizeof(*ret))
		return false;
	hooks->starts -= ret->hook == HOOK_START && hooks->starts;
	return true;
}
