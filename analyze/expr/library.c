// SPDX-License-Identifier: GPL-2.0-or-later
#include "expr/library.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "expr/syntax.h"

enum { LIBRARY_BUCKETS = 1024 };

struct library {
	struct arena *arena;
	struct declaration *buckets[LIBRARY_BUCKETS];
	size_t count;
	const char *gap;
	struct redefined *redefined, **last_redefined;
};

struct redefined {
	struct redefinition redefinition;
	struct redefined *next;
};

struct library *library_new(struct arena *arena)
{
	struct library *library = ARENA_NEW(arena, struct library);

	library->arena = arena;
	library->last_redefined = &library->redefined;
	return library;
}

static size_t bucket_of(enum declaration_kind kind, const char *name)
{
	size_t hash = 5381 + kind;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash % LIBRARY_BUCKETS;
}

static struct declaration *find(const struct library *library, enum declaration_kind kind,
				const char *name)
{
	struct declaration *declaration = library->buckets[bucket_of(kind, name)];

	while (declaration && (declaration->kind != kind || strcmp(declaration->name, name) != 0))
		declaration = declaration->next;
	return declaration;
}

const struct declaration *library_find(const struct library *library, enum declaration_kind kind,
				       const char *name)
{
	return find(library, kind, name);
}

static bool is_same_text(const struct expr *a, const struct expr *b)
{
	return a == b || (a && b && !strcmp(a->text->text, b->text->text));
}

static void note_redefinition(struct library *library, const struct declaration *before,
			      const struct declaration *after)
{
	static const char *const words[] = {
		[DECLARATION_DEFINITION] = "definition",
		[DECLARATION_MEMBER] = "member",
		[DECLARATION_VARIABLE] = "variable",
		[DECLARATION_INDEX] = "index",
	};
	static_assert(sizeof(words) / sizeof(*words) == DECLARATION_KINDS, "a word for each kind");

	if (is_same_text(before->signature, after->signature) &&
	    is_same_text(before->body, after->body) &&
	    is_same_text(before->clauses, after->clauses) && is_same_text(before->key, after->key))
		return;
	struct redefined *redefined = ARENA_NEW(library->arena, struct redefined);
	redefined->redefinition = (struct redefinition){
		.words = arena_printf(library->arena, "%s %s", words[after->kind], after->name),
		.before = expr_place(before->body, library->arena),
		.after = expr_place(after->body, library->arena),
	};
	*library->last_redefined = redefined;
	library->last_redefined = &redefined->next;
}

bool library_redefined(const struct library *library, size_t position, struct redefinition *ret)
{
	const struct redefined *redefined = library->redefined;

	while (redefined && position--)
		redefined = redefined->next;
	if (redefined)
		*ret = redefined->redefinition;
	return redefined;
}

static bool declare(struct library *library, const struct declaration *wanted)
{
	struct declaration *declaration = find(library, wanted->kind, wanted->name);

	if (!declaration) {
		struct declaration **bucket =
			&library->buckets[bucket_of(wanted->kind, wanted->name)];

		declaration = ARENA_NEW(library->arena, struct declaration);
		*declaration = *wanted;
		declaration->name = arena_strdup(library->arena, wanted->name);
		declaration->serial = library->count++;
		declaration->next = *bucket;
		*bucket = declaration;
		return true;
	}
	bool is_same_file = !strcmp(declaration->body->text->file, wanted->body->text->file);

	if (is_same_file)
		return false;
	note_redefinition(library, declaration, wanted);
	declaration->signature = wanted->signature;
	declaration->body = wanted->body;
	declaration->clauses = wanted->clauses;
	declaration->key = wanted->key;
	return true;
}

bool library_define(struct library *library, const struct expr *signature, const struct expr *body)
{
	return declare(library, &(struct declaration){.kind = DECLARATION_DEFINITION,
						      .name = signature->name,
						      .signature = signature,
						      .body = body});
}

bool library_member(struct library *library, const struct expr *type, const char *name,
		    const struct expr *path)
{
	static const char *const tags[] = {
		[TYPE_STRUCT] = "struct ", [TYPE_UNION] = "union ", [TYPE_ENUM] = "enum ",
		[TYPE_TYPEDEF] = "",	   [TYPE_INT] = "",	    [TYPE_VOID] = "",
		[TYPE_FLOAT] = "",
	};
	const char *full = arena_printf(library->arena, "%s%s.%s", tags[type->type->kind],
					type->type->name, name);

	return declare(library, &(struct declaration){
					.kind = DECLARATION_MEMBER, .name = full, .body = path});
}

bool library_variable(struct library *library, const char *name, const struct expr *type)
{
	return declare(library, &(struct declaration){
					.kind = DECLARATION_VARIABLE, .name = name, .body = type});
}

bool library_index(struct library *library, const char *name, const struct expr *clauses,
		   const struct expr *key, const struct expr *value)
{
	return declare(library, &(struct declaration){.kind = DECLARATION_INDEX,
						      .name = name,
						      .clauses = clauses,
						      .key = key,
						      .body = value});
}

void library_names(const struct library *library, enum declaration_kind kind,
		   void (*visit)(void *context, const char *name), void *context)
{
	for (size_t i = 0; i < LIBRARY_BUCKETS; i++) {
		for (const struct declaration *d = library->buckets[i]; d; d = d->next) {
			if (d->kind == kind)
				visit(context, d->name);
		}
	}
}

void library_add_gap(struct library *library, const char *file)
{
	if (!library->gap)
		library->gap = arena_strdup(library->arena, file);
}

const char *library_gap(const struct library *library)
{
	return library->gap;
}

size_t library_serials(const struct library *library)
{
	return library->count;
}
