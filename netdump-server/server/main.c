// SPDX-License-Identifier: GPL-2.0-or-later
// netdump-server: options, and the order of things.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/mem.h"
#include "seal/seal.h"
#include "server/config.h"
#include "server/journal.h"
#include "server/server.h"
#include "server/status.h"

enum action { ACTION_SERVE, ACTION_STATUS, ACTION_KEYGEN, ACTION_HELP, ACTION_VERSION };

struct setting {
	const char *key;
	char *value;
};

struct arguments {
	enum action action;
	const char *config_file, *keygen;
	bool as_json;
	struct setting *settings; /* in the order given; applied over the file, again at each reload */
	size_t count;
};

/* What signal handlers' descendants need: reload() is called from the loop. */
static const struct arguments *main_arguments;
static struct config main_configs[2]; /* the other one is the one before: threads may still look at it */
static struct config *main_config = main_configs;
static struct status *main_status;

static const char usage[] =
	"usage: netdump-server [--config=FILE] [--SETTING=VALUE]...\n"
	"       netdump-server --status [-f json]\n"
	"       netdump-server --keygen=FILE\n"
	"\n"
	"Collects dumps of crashed kernels (Red Hat netdump, FreeBSD netdump, netdump-send) and logs (netconsole).\n"
	"Settings are those of netdump.conf(5), among them:\n"
	"  --port=N --freebsd-port=N --netconsole-port=N   UDP ports; 0: do not listen (6666, 20023, 0)\n"
	"  --addr=ADDRESS                                  listen at this address only\n"
	"  --dumpdir=DIR                                   where dumps go (/var/crash)\n"
	"  --concurrent=N                                  dumps at a time (4)\n"
	"  --secure=0|1|2                                  anybody; magic files (the default); keys\n"
	"  --daemon --pidfile=FILE                         go to the background\n"
	"Exit status: 0 stopped by a signal, 2 could not run.\n";

/* ---- options --------------------------------------------------------------------------------- */

/* The original's letters. */
static const struct {
	char letter;
	const char *name;
} letters[] = {{'a', "addr"},	{'c', "concurrent"}, {'d', "daemon"}, {'p', "port"},	{'P', "pidfile"}, {'s', "secure"},
	       {'S', "space_check"}, {'C', "dumpdir"},	 {'D', "debug"},  {'v', "verbose"}, {'f', "format"}};

static const char *name_of_letter(char letter)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (letters[i].letter == letter)
			return letters[i].name;
	return NULL;
}

static void add_setting(struct arguments *arguments, const char *key, const char *value)
{
	arguments->settings = mem_resize(arguments->settings, arguments->count + 1, sizeof(*arguments->settings));
	arguments->settings[arguments->count].key = key;
	arguments->settings[arguments->count++].value = mem_strdup(value);
}

/* What is no setting. False where there is no such option. */
static bool take_command(struct arguments *arguments, const char *name, const char *value)
{
	if (!strcmp(name, "status"))
		arguments->action = ACTION_STATUS;
	else if (!strcmp(name, "help"))
		arguments->action = ACTION_HELP;
	else if (!strcmp(name, "version"))
		arguments->action = ACTION_VERSION;
	else if (!strcmp(name, "config") && value)
		arguments->config_file = value;
	else if (!strcmp(name, "keygen") && value)
		arguments->keygen = value, arguments->action = ACTION_KEYGEN;
	else
		return false;
	return true;
}

/* An option's name and value, wherever they stand; advances *at over a value that is a word of its own. */
static struct error *take_option(struct arguments *arguments, char *name, const char *value, char **words, int *at)
{
	bool is_flag = false;
	const char *key = config_option_key(name, &is_flag);
	bool is_command = !strcmp(name, "config") || !strcmp(name, "keygen");

	if (!value && !is_flag && (key || is_command)) {
		if (!words[*at + 1])
			return error_new(ERROR_INVALID, "--%s: a value is missing", name);
		value = words[++*at];
	}
	if (key)
		add_setting(arguments, key, value ? value : "true");
	else if (!take_command(arguments, name, value))
		return error_new(ERROR_INVALID, "--%s: no such option; see netdump-server --help", name);
	return NULL;
}

static struct error *take_word(struct arguments *arguments, char **words, int *at)
{
	char *word = words[*at], *equals = strchr(word, '=');
	const char *name;

	if (word[0] != '-' || !word[1])
		return error_new(ERROR_INVALID, "\"%s\": netdump-server takes options only", word);
	if (word[1] == '-') {
		if (equals)
			*equals++ = '\0';
		return take_option(arguments, word + 2, equals, words, at);
	}
	name = word[1] == 'h' ? "help" : name_of_letter(word[1]);
	if (!name)
		return error_new(ERROR_INVALID, "-%c: no such option; see netdump-server --help", word[1]);
	return take_option(arguments, (char *)name, word[2] ? word + 2 : NULL, words, at);
}

/* With --status, wherever that stands, -f is how to show it and no setting: another one goes into its place. */
static struct error *take_status_format(struct arguments *arguments)
{
	for (size_t i = arguments->count; i--;) {
		struct setting *setting = &arguments->settings[i];

		if (strcmp(setting->key, "format"))
			continue;
		if (strcmp(setting->value, "json"))
			return error_new(ERROR_INVALID, "--status -f: only json");
		arguments->as_json = true;
		free(setting->value);
		arguments->count--;
		memmove(setting, setting + 1, (arguments->count - i) * sizeof(*setting));
	}
	return NULL;
}

static struct error *read_arguments(struct arguments *arguments, char **words)
{
	struct error *error = NULL;

	for (int at = 1; !error && words[at]; at++)
		error = take_word(arguments, words, &at);
	return error || arguments->action != ACTION_STATUS ? error : take_status_format(arguments);
}

static struct error *read_config(const struct arguments *arguments, struct config *ret)
{
	config_init(ret);
	struct error *error = config_read(ret, arguments->config_file ? arguments->config_file : CONFIG_FILE,
					  arguments->config_file);
	for (size_t i = 0; !error && i < arguments->count; i++)
		error = config_set(ret, arguments->settings[i].key, arguments->settings[i].value);
	return error ? error : config_check(ret);
}

/* ---- serving --------------------------------------------------------------------------------- */

/* All of it, or nothing where something is wrong. */
static void reload(struct server *server)
{
	struct config *fresh = main_config == main_configs ? main_configs + 1 : main_configs;

	config_deinit(fresh);
	struct error *error = read_config(main_arguments, fresh);
	const char *changed = error ? NULL : config_keep(fresh, main_config);

	if (!error)
		error = server_reload(server, fresh);
	if (error) {
		journal_write(JOURNAL_UNCHANGED, NULL, "reloading: %s; what was read before stays", error->message);
		error_free(error);
		return;
	}
	main_config = fresh;
	if (changed)
		journal_write(JOURNAL_WARNING, NULL, "reloading: %s stays as it is until a restart", changed);
	journal_write(JOURNAL_RELOADED, NULL, "the configuration was read again");
}

static void each_second(struct server *server)
{
	status_write(main_status, server);
}

/* Held by a lock as long as the server runs: what another one wrote is not touched. -1 where none is wanted. */
static struct error *open_pidfile(const char *path, int *ret)
{
	int fd = *path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;
	struct error *error = NULL;

	if (*path && fd < 0)
		return error_errno("%s", path);
	if (*path && flock(fd, LOCK_EX | LOCK_NB)) {
		error = errno == EWOULDBLOCK ? error_new(ERROR_LIMIT, "%s: a server that runs has it", path)
					     : error_errno("%s", path);
		close(fd);
		return error;
	}
	*ret = fd;
	return NULL;
}

static struct error *write_pidfile(int fd, const char *path)
{
	if (fd >= 0 && (ftruncate(fd, 0) || dprintf(fd, "%d\n", (int)getpid()) < 0))
		return error_errno("%s", path);
	return NULL;
}

/* Another user may have no right to remove what root made. */
static void close_pidfile(int fd, const char *path)
{
	if (fd < 0)
		return;
	if (unlink(path) && ftruncate(fd, 0))
		journal_write(JOURNAL_DEBUG, NULL, "%s stays", path);
	close(fd);
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void note_ignored(const struct config *config)
{
	if (config->verbose || config->debug || !config->skip_zero)
		journal_write(JOURNAL_NOTICE, NULL, "verbose, debug and skip_zero are read for the original's sake, and change nothing");
}

static struct error *start(struct server **ret_server, int *ret_pidfile)
{
	struct error *error = open_pidfile(main_config->pidfile, ret_pidfile);

	if (!error)
		error = server_open(main_config, ret_server);
	if (!error)
		error = write_pidfile(*ret_pidfile, main_config->pidfile);
	if (!error)
		journal_write(JOURNAL_READY, NULL, "ready: UDP ports %u (netdump) and %u (FreeBSD), dumps go to %s",
			      (unsigned)main_config->port, (unsigned)main_config->freebsd_port, main_config->dumpdir);
	return error;
}

/* What the process that stays in the foreground is told: nothing but a NUL where the server is ready. */
static void tell_parent(int parent, const struct error *error)
{
	const char *text = error ? error->message : "";

	if (parent >= 0 && write(parent, text, strlen(text) + 1) < 0)
		journal_write(JOURNAL_DEBUG, NULL, "nobody waits for the start");
	if (parent >= 0)
		close(parent);
}

/* Waits for what the server in the background says of its start. */
static struct error *await_start(int child)
{
	char text[4096];
	ssize_t length = read(child, text, sizeof(text) - 1);

	close(child);
	if (length <= 0)
		return error_new(ERROR_INVALID, "the server ended while it started");
	text[length] = '\0';
	return *text ? error_new(ERROR_INVALID, "%s", text) : NULL;
}

/* *ret: in the server's process, whom to tell of the start; -1 in the one that was in the foreground, where this returns
 * when the server has started, or could not. */
static struct error *go_to_background(int *ret)
{
	int ends[2], null;

	*ret = -1;
	if (pipe2(ends, O_CLOEXEC))
		return error_errno("going to the background");
	pid_t pid = fork();
	if (pid) {
		close(ends[1]);
		if (pid > 0)
			return await_start(ends[0]);
		close(ends[0]);
		return error_errno("going to the background");
	}
	close(ends[0]);
	*ret = ends[1];
	setsid();
	null = open("/dev/null", O_RDWR);
	if (null >= 0)
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	return NULL;
}

static struct error *serve(int parent)
{
	struct server *server = NULL;
	int signals = block_signals(), pidfile = -1;

	journal_open(main_config->daemon);
	note_ignored(main_config);
	struct error *error = signals < 0 ? error_errno("signalfd") : start(&server, &pidfile);
	tell_parent(parent, error);
	if (!error) {
		main_status = status_open(main_config);
		error = server_run(server, signals, reload, each_second);
		status_remove(main_status);
		status_close(main_status);
	}
	bool is_closed = server_close(server);

	if (!error)
		journal_write(JOURNAL_STOPPED, NULL, "stopped");
	close_pidfile(pidfile, main_config->pidfile);
	close(signals);
	/* Nothing may be freed at which a thread still looks. */
	if (!is_closed)
		_exit(error ? 2 : 0);
	return error;
}

static struct error *serve_in_place(void)
{
	int parent = -1;
	struct error *error = main_config->daemon ? go_to_background(&parent) : NULL;

	return error || (main_config->daemon && parent < 0) ? error : serve(parent);
}

static struct error *act(const struct arguments *arguments)
{
	struct error *error;

	switch (arguments->action) {
	case ACTION_HELP:
		return fputs(usage, stdout) < 0 || fflush(stdout) ? error_errno("standard output") : NULL;
	case ACTION_VERSION:
		return printf("netdump-server %s\n", KMORTEM_VERSION) < 0 || fflush(stdout) ? error_errno("standard output")
											     : NULL;
	case ACTION_KEYGEN:
		return seal_keygen(arguments->keygen);
	default:
		break;
	}
	error = read_config(arguments, main_config);
	if (error)
		return error;
	return arguments->action == ACTION_STATUS ? status_show(main_config, arguments->as_json) : serve_in_place();
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct error *error = seal_start(true);

	(void)argc;
	main_arguments = &arguments;
	if (!error)
		error = read_arguments(&arguments, argv);
	if (!error)
		error = act(&arguments);
	config_deinit(main_configs);
	config_deinit(main_configs + 1);
	for (size_t i = 0; i < arguments.count; i++)
		free(arguments.settings[i].value);
	free(arguments.settings);
	if (!error)
		return 0;
	fprintf(stderr, "netdump-server: %s\n", error->message);
	error_free(error);
	return 2;
}
