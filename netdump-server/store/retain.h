// SPDX-License-Identifier: GPL-2.0-or-later
// Which dumps lie in the dump directory, and which of them may go to make room.
#ifndef STORE_RETAIN_H
#define STORE_RETAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A dump of ours on the disk: a directory CLIENT-TIME, or FreeBSD's files of one number, with a meta.json unless it is not
 * closed yet. Whatever else lies there is not touched. */
struct held {
	char *place;  /* directory that it lies in, below the dump directory: "" or "sub/" */
	char *name;   /* of the directory, or "CLIENT.NUMBER" */
	char *client;
	bool is_directory;
	bool may_resume; /* a directory that has a list to go on by */
	bool is_running; /* being written: never removed */
	bool is_newest;  /* of its client: never removed, so that no forged dump costs a client its last true one */
	bool is_going;   /* the caller's: held_remove() takes it */
	uint64_t bytes;  /* on the disk */
	int64_t time;    /* of the last change */
};

struct held_list {
	struct held *items;
	size_t count, capacity;
	uint64_t bytes; /* of everything, other files too */
};

/* Looks through the directory. `is_running` says whether a dump is being written. */
void held_scan(int directory, bool (*is_running)(const void *context, const char *place, const char *name),
	       const void *context, struct held_list *ret);
void held_deinit(struct held_list *list);
/* By where it lies; NULL where there is none. */
struct held *held_find(const struct held_list *list, const char *place, const char *name);
/* Another one; the client's name are the first bytes of its name. */
struct held *held_add(struct held_list *list, const char *place, const char *name, size_t client_length);
/* Of the dumps of a client that are not being written. */
uint64_t held_bytes(const struct held_list *list, const char *client);
size_t held_count(const struct held_list *list, const char *client);
/* The oldest dump of `client`, or, where that is NULL, of anybody, which may go and is not going; or NULL. */
struct held *held_oldest(const struct held_list *list, const char *client);
/* Removes those that are going from the disk; returns how many. */
size_t held_remove(int directory, const struct held_list *list);

#endif
