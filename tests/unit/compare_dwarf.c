// SPDX-License-Identifier: GPL-2.0-or-later
// compare_dwarf VMLINUX: whether the types of its DWARF and those of its BTF are the same. Two readers, two
// formats and two programs that wrote them (the compiler and pahole) have to agree. Known to differ, by
// pahole's doing: BTF makes one dimension of several, and has types that are local to a function.
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "types/source.h"
#include "types/src_btf.h"
#include "types/src_dwarf.h"
#include "types/src_elfsym.h"

enum { LIST_LIMIT = 40 }; /* differences shown */

struct comparison {
	struct type_provider *btf, *dwarf;
	struct map seen;
	unsigned same, different, local, ambiguous;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const char *text_of(const char *name)
{
	return name ? name : "";
}

static bool differ(const char *path, const char *what, uint64_t btf, uint64_t dwarf)
{
	static int shown;

	if (shown++ < LIST_LIMIT)
		printf("%s: %s: BTF %llu, DWARF %llu\n", path, what, (unsigned long long)btf,
		       (unsigned long long)dwarf);
	return false;
}

/* The element behind all dimensions, and how many there are. */
static const struct type *flat_array(const struct type *type, uint64_t *ret_count)
{
	*ret_count = 1;
	while (type->kind == TYPE_ARRAY) {
		*ret_count *= type->length;
		type = type_target(type);
	}
	return type;
}

static bool compare_types(const struct type *btf, const struct type *dwarf, const char *path, int depth);

static bool compare_members(const struct type *btf, const struct type *dwarf, const char *path, int depth)
{
	size_t count, other;
	const struct type_member *a = type_members(btf, &count), *b = type_members(dwarf, &other);
	bool is_same = true;

	if (count != other)
		return differ(path, "members", count, other);
	for (size_t i = 0; i < count; i++) {
		char *inner _cleanup_free_ = mem_printf("%s.%s", path, text_of(a[i].name));

		if (strcmp(text_of(a[i].name), text_of(b[i].name)) != 0)
			is_same = differ(inner, "name of member", i, i);
		if (a[i].bit_offset != b[i].bit_offset)
			is_same = differ(inner, "offset", a[i].bit_offset, b[i].bit_offset);
		if (a[i].bit_size != b[i].bit_size)
			is_same = differ(inner, "bits", a[i].bit_size, b[i].bit_size);
		is_same &= compare_types(a[i].type, b[i].type, inner, depth + 1);
	}
	return is_same;
}

static bool compare_enumerators(const struct type *btf, const struct type *dwarf, const char *path)
{
	size_t count, other;
	const struct type_enumerator *a = type_enumerators(btf, &count);
	const struct type_enumerator *b = type_enumerators(dwarf, &other);

	if (count != other)
		return differ(path, "enumerators", count, other);
	for (size_t i = 0; i < count; i++) {
		if (a[i].value != b[i].value || strcmp(a[i].name, b[i].name) != 0)
			return differ(a[i].name, "value", (uint64_t)a[i].value, (uint64_t)b[i].value);
	}
	return true;
}

/* Named types are compared where they come up by their names; nameless ones here. */
static bool compare_types(const struct type *btf, const struct type *dwarf, const char *path, int depth)
{
	uint64_t count = 1, other = 1;

	if (btf->kind == TYPE_ARRAY || dwarf->kind == TYPE_ARRAY) {
		btf = flat_array(btf, &count);
		dwarf = flat_array(dwarf, &other);
	}
	if (count != other)
		return differ(path, "elements", count, other);
	if (btf->kind != dwarf->kind)
		return differ(path, "kind", btf->kind, dwarf->kind);
	if (strcmp(text_of(btf->name), text_of(dwarf->name)) != 0)
		return differ(path, "name of type", 0, 0);
	/* What is ambiguous stays declared in DWARF, while pahole takes one of several. */
	if (!dwarf->is_complete)
		return true;
	if (btf->size != dwarf->size)
		return differ(path, "size", btf->size, dwarf->size);
	if (btf->is_signed != dwarf->is_signed || btf->is_bool != dwarf->is_bool)
		return differ(path, "sign", btf->is_signed, dwarf->is_signed);
	if ((depth && btf->name) || depth > 16)
		return true;
	if (btf->kind == TYPE_TYPEDEF)
		return compare_types(type_strip(btf), type_strip(dwarf), path, depth + 1);
	if (btf->kind == TYPE_POINTER || btf->kind == TYPE_FUNCTION)
		return compare_types(type_target(btf), type_target(dwarf), path, depth + 1);
	if (btf->kind == TYPE_ENUM)
		return compare_enumerators(btf, dwarf, path);
	return compare_members(btf, dwarf, path, depth);
}

static void compare_name(struct comparison *all, enum type_kind kind, const char *name)
{
	const struct type *btf[2], *dwarf[2];
	size_t count = all->btf->ops->find(all->btf, kind, name, btf, 2);
	size_t other = all->dwarf->ops->find(all->dwarf, kind, name, dwarf, 2);

	if (!count && !other)
		return;
	if (count && !other)
		all->local++;
	else if (count > 1 || other > 1)
		all->ambiguous++;
	else if (!count)
		all->different += !differ(name, "types", count, other);
	else if (compare_types(btf[0], dwarf[0], name, 0))
		all->same++;
	else
		all->different++;
}

static bool compare_visit(void *context, const char *name)
{
	static const enum type_kind kinds[] = {TYPE_STRUCT,  TYPE_UNION, TYPE_ENUM,
					       TYPE_TYPEDEF, TYPE_INT,   TYPE_FLOAT};
	struct comparison *all = context;
	struct enumerator_found btf, dwarf;

	if (map_put(&all->seen, name, all))
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		compare_name(all, kinds[i], name);
	if (all->btf->ops->enumerator(all->btf, name, &btf, 1) == 1 &&
	    all->dwarf->ops->enumerator(all->dwarf, name, &dwarf, 1) == 1 && btf.value != dwarf.value)
		all->different += !differ(name, "value", (uint64_t)btf.value, (uint64_t)dwarf.value);
	return true;
}

static struct error *compare(const char *path, struct comparison *all)
{
	struct btf_origin origin = {.description = "BTF"};
	struct rusage usage;
	void *bytes;
	size_t size;
	double start = now();
	struct error *error = src_dwarf_open(path, 0, NULL, &all->dwarf);

	if (error)
		return error;
	getrusage(RUSAGE_SELF, &usage);
	printf("%s: index of DWARF in %.2f s, %ld MB\n", path, now() - start, usage.ru_maxrss / 1024);
	error = elf_section_read(path, ".BTF", &bytes, &size);
	if (!error)
		error = src_btf_new(bytes, size, &origin, &all->btf);
	if (error)
		return error;
	all->btf->ops->names(all->btf, compare_visit, all);
	all->dwarf->ops->names(all->dwarf, compare_visit, all);
	return NULL;
}

int main(int argc, char **argv)
{
	struct comparison all = {0};
	struct error *error _cleanup_(error_cleanup) = NULL;

	if (argc != 2)
		return 2;
	error = compare(argv[1], &all);
	if (error)
		printf("%s\n", error->message);
	printf("%u alike, %u different, %u ambiguous, %u local to a function\n", all.same, all.different,
	       all.ambiguous, all.local);
	bool is_good = !error && !all.different && all.same > 1000 && all.local * 100 < all.same;

	printf("%s types of %s\n", is_good ? "ok" : "FAIL", argv[1]);
	type_provider_free(all.btf);
	type_provider_free(all.dwarf);
	map_deinit(&all.seen);
	return !is_good;
}
