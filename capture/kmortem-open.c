// SPDX-License-Identifier: GPL-2.0-or-later
// kmortem-open LINK: opens the dump that LINK names and leaves it with systemd, which hands it to the ExecStart= of the
// unit as descriptor 3 (FileDescriptorStoreMax=). Whoever owns the directory of a dump may put anything there under any
// name, at any time: no link is followed, and the dump is opened with the owner's rights, so that it is one of his.
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { FAILED = 2, ANSWER_MILLISECONDS = 5000 };

/* A name may be anything; what is told is a line. */
static char *without_controls(const char *path)
{
	char *shown = strdup(path);

	for (char *byte = shown; byte && *byte; byte++) {
		if (iscntrl((unsigned char)*byte))
			*byte = '?';
	}
	if (!shown)
		err(FAILED, NULL);
	return shown;
}

/* The directory of `path`, which is cut to pieces, and whose last word goes to ret_name. */
static int open_directory(char *path, const char *shown, char **ret_name)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *rest = path + 1, *slash;

	if (*path != '/')
		errx(FAILED, "%s: not an absolute path", shown);
	for (; fd >= 0 && (slash = strchr(rest, '/')); rest = slash + 1) {
		int parent = fd;

		*slash = '\0';
		fd = openat(parent, rest, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(parent);
		if (fd < 0)
			err(FAILED, "the way to %s", shown);
	}
	*ret_name = rest;
	return fd;
}

/* Takes the rights of whom the directory belongs to. */
static void become_owner(int directory, const char *shown)
{
	struct stat status;

	if (fstat(directory, &status))
		err(FAILED, "%s", shown);
	if (!status.st_uid && status.st_mode & (S_IWGRP | S_IWOTH))
		errx(FAILED, "%s: its directory is root's, but others may write to it. To do: chmod go-w", shown);
	if (status.st_uid != geteuid() &&
	    (setgroups(0, NULL) || setegid(status.st_gid) || seteuid(status.st_uid)))
		err(FAILED, "%s: cannot take its owner's rights", shown);
}

static int open_dump(char *path, const char *shown)
{
	struct stat status;
	char *name;
	int directory = open_directory(path, shown, &name), fd;

	become_owner(directory, shown);
	/* Nothing is waited for: it may be a pipe. */
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status))
		err(FAILED, "%s", shown);
	if (!S_ISREG(status.st_mode))
		errx(FAILED, "%s: not a file", shown);
	if (seteuid(getuid()) || setegid(getgid()))
		err(FAILED, "cannot give up the rights of the owner of %s", shown);
	close(directory);
	return fd;
}

/* sd_notify(3), with one descriptor. */
static void notify(const struct sockaddr_un *address, socklen_t length, const char *words, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(fd))];
	} control = {0};
	struct iovec data = {.iov_base = (char *)words, .iov_len = strlen(words)};
	struct msghdr message = {
		.msg_name = (void *)address,
		.msg_namelen = length,
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	int unix_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	control.header = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(fd))};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (unix_socket < 0 || sendmsg(unix_socket, &message, MSG_NOSIGNAL) < 0)
		err(FAILED, "systemd cannot be told");
	close(unix_socket);
}

/* Returns when systemd has it, which knows whom a message is from for as long as that runs. */
static void leave(int fd)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path ? path : ""));
	int answer[2];

	if (!path || !*path || length > sizeof(address) || pipe2(answer, O_CLOEXEC))
		errx(FAILED, "wants to be run by a unit with NotifyAccess=exec");
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	notify(&address, length, "FDSTORE=1\nFDNAME=dump", fd);
	notify(&address, length, "BARRIER=1", answer[1]);
	close(answer[1]);
	if (poll(&(struct pollfd){.fd = answer[0]}, 1, ANSWER_MILLISECONDS) != 1)
		errx(FAILED, "systemd has not taken the dump");
}

int main(int count, char **words)
{
	char path[PATH_MAX];
	ssize_t length;

	if (count != 2)
		errx(FAILED, "want: kmortem-open LINK");
	length = readlink(words[1], path, sizeof(path) - 1);
	if (length < 0)
		err(FAILED, "%s", words[1]);
	path[length] = '\0';
	char *shown = without_controls(path);
	leave(open_dump(path, shown));
	/* For the journal: the unit's name does not say it. */
	puts(shown);
	free(shown);
	return 0;
}
