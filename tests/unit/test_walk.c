// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "fake_dump.h"

#include "kernel/walk.c"
#include "kernel/walk_list.c"
#include "kernel/walk_maple.c"
#include "kernel/walk_tree.c"
#include "kernel/walk_xarray.c"

#define RESOLVED .is_resolved = true, .is_complete = true
static const struct type element = {.kind = TYPE_STRUCT, .name = "element", .size = 64, RESOLVED};

/* What a walk delivered. */
struct walked {
	uint64_t addresses[64], keys[64];
	size_t count;
	const struct fault *fault;
};

static struct arena *arena;
static struct kernel kernel;

static void begin(uint8_t pointer_size, bool big_endian)
{
	arena_free(arena);
	arena = arena_new();
	fake_reset(pointer_size, big_endian);
	fake_alloc(FAKE_PAGE, 1); /* no node at the very start */
	kernel = fake_kernel(arena);
}

static struct walked walk_all(struct walk *walk)
{
	struct walked walked = {0};
	struct value value;
	uint64_t key;

	while (walk_next(walk, &value, &key) && walked.count < 64) {
		walked.addresses[walked.count] =
			value.kind == VALUE_OBJECT ? value.object.address : (uint64_t)value.integer;
		walked.keys[walked.count++] = key;
	}
	CHECK(!walk_next(walk, &value, &key)); /* the end is the end */
	walked.fault = walk_fault(walk);
	return walked;
}

static const char *printed(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	const char *text = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return text;
}
#define HEX(number) (unsigned long long)(number)

/* ---- lists ---- */

static void link_list(uint64_t a, uint64_t b)
{
	fake_put_pointer(a, b);
	fake_put_pointer(b + fake_dump.arch.pointer_size, a);
}

/* A head and `count` nodes 16 bytes into elements of 64 bytes; returns the head, the elements follow. */
static uint64_t make_list(unsigned count)
{
	uint64_t head = fake_alloc(64, 64), last = head;

	for (unsigned i = 0; i < count; i++) {
		uint64_t node = fake_alloc(64, 64) + 16;

		link_list(last, node);
		last = node;
	}
	link_list(last, head);
	return head;
}

TEST(list_delivers_elements_in_order)
{
	for (int kind = 0; kind < 4; kind++) {
		begin(kind & 1 ? 4 : 8, kind & 2);
		uint64_t head = make_list(3);
		struct walked walked = walk_all(walk_list(&kernel, arena, head, &element, 16));

		CHECK(walked.count == 3 && !walked.fault);
		for (unsigned i = 0; i < 3; i++) {
			CHECK(walked.addresses[i] == head + 64 * (i + 1));
			CHECK(walked.keys[i] == i);
		}
		head = make_list(0);
		walked = walk_all(walk_list(&kernel, arena, head, &element, 16));
		CHECK(walked.count == 0 && !walked.fault);
	}
}

TEST(list_names_both_nodes_where_prev_is_wrong)
{
	begin(8, false);
	uint64_t head = make_list(4), second = head + 128 + 16, third = head + 192 + 16;

	fake_put(third + 8, 8, 0xdead000000000122);
	struct walked walked = walk_all(walk_list(&kernel, arena, head, &element, 16));

	CHECK(walked.count == 2);
	CHECK(walked.fault && walked.fault->code == ERROR_CORRUPT && walked.fault->address == third);
	CHECK_STR(walked.fault->what,
		  printed("next of list node 0x%llx is 0x%llx, whose prev is 0xdead000000000122 "
			  "(LIST_POISON2: deleted from its list) instead",
			  HEX(second), HEX(third)));
}

TEST(list_ends_at_a_cycle_before_it_repeats)
{
	begin(8, false);
	uint64_t head = make_list(5), second = head + 128 + 16, fifth = head + 320 + 16;

	fake_put(fifth, 8, second);
	struct walked walked = walk_all(walk_list(&kernel, arena, head, &element, 16));

	CHECK(walked.count == 5 && walked.fault->code == ERROR_CORRUPT);
	CHECK(walked.fault->address == second);
}

TEST(list_knows_poison_and_wild_pointers)
{
	begin(8, false);
	uint64_t head = make_list(2), second = head + 128 + 16;

	fake_put(second, 8, 0xdead000000000100);
	struct walked walked = walk_all(walk_list(&kernel, arena, head, &element, 16));

	CHECK(walked.count == 2 && walked.fault->code == ERROR_CORRUPT);
	CHECK_STR(walked.fault->what, printed("next of list node 0x%llx is 0xdead000000000100 "
					      "(LIST_POISON1: deleted from its list)",
					      HEX(second)));
	fake_put(second, 8, 0);
	walked = walk_all(walk_list(&kernel, arena, head, &element, 16));
	CHECK(walked.count == 2 && walked.fault->code == ERROR_CORRUPT);
}

TEST(list_tells_a_hole_from_damage)
{
	begin(8, false);
	uint64_t head = make_list(1), far = fake_alloc(FAKE_PAGE, FAKE_PAGE);

	link_list(head + 64 + 16, far);
	link_list(far, head);
	fake_hole(far);
	struct walked walked = walk_all(walk_list(&kernel, arena, head, &element, 16));

	CHECK(walked.count == 1 && walked.fault->code == ERROR_NOT_SAVED);
	CHECK(walked.fault->address == far);
	fake_hole(head);
	walked = walk_all(walk_list(&kernel, arena, head, &element, 16));
	CHECK(walked.count == 0 && walked.fault->code == ERROR_NOT_SAVED);
}

/* An hlist of `count` nodes with `end` as last next; returns the head. */
static uint64_t make_hlist(unsigned count, uint64_t end)
{
	uint64_t head = fake_alloc(64, 64), link = head;

	for (unsigned i = 0; i < count; i++) {
		uint64_t node = fake_alloc(64, 64) + 8;

		fake_put_pointer(link, node);
		fake_put_pointer(node + fake_dump.arch.pointer_size, link);
		link = node;
	}
	fake_put_pointer(link, end);
	return head;
}

TEST(hlist_and_nulls_end_where_they_end)
{
	begin(8, false);
	uint64_t head = make_hlist(3, 0);
	struct walked walked = walk_all(walk_hlist(&kernel, arena, head, &element, 8));

	CHECK(walked.count == 3 && !walked.fault && walked.addresses[2] == head + 192);
	head = make_hlist(2, 0x123 << 1 | 1);
	walked = walk_all(walk_hlist_nulls(&kernel, arena, head, &element, 8));
	CHECK(walked.count == 2 && !walked.fault && walked.addresses[0] == head + 64);
	head = make_hlist(0, 1);
	CHECK(walk_all(walk_hlist_nulls(&kernel, arena, head, &element, 8)).count == 0);
	/* NULL does not end a nulls list */
	head = make_hlist(1, 0);
	walked = walk_all(walk_hlist_nulls(&kernel, arena, head, &element, 8));
	CHECK(walked.count == 1 && walked.fault && walked.fault->code == ERROR_CORRUPT);
}

TEST(hlist_checks_pprev)
{
	begin(8, false);
	uint64_t head = make_hlist(3, 0), third = head + 192 + 8;

	fake_put(head + 192 + 8, 8, head + 64 + 8); /* third leads back to the first */
	struct walked walked = walk_all(walk_hlist(&kernel, arena, head, &element, 8));

	CHECK(walked.count == 3 && walked.fault->code == ERROR_CORRUPT);
	CHECK_STR(walked.fault->what,
		  printed("the pointer at 0x%llx leads to hlist node 0x%llx, whose pprev is 0x%llx instead",
			  HEX(third), HEX(head + 64 + 8), HEX(head)));
}

TEST(chain_ends_at_null_and_in_a_cycle)
{
	begin(8, false);
	uint64_t first = fake_alloc(64 * 7, 64);

	for (unsigned i = 0; i < 6; i++)
		fake_put(first + 64 * i + 24, 8, first + 64 * (i + 1));
	struct walked walked = walk_all(walk_chain(&kernel, arena, first, &element, 24));

	CHECK(walked.count == 7 && !walked.fault && walked.addresses[6] == first + 64 * 6);
	CHECK(walk_all(walk_chain(&kernel, arena, 0, &element, 24)).count == 0);
	fake_put(first + 64 * 6 + 24, 8, first + 64 * 6); /* the last leads to itself */
	walked = walk_all(walk_chain(&kernel, arena, first, &element, 24));
	CHECK(walked.count == 7 && !walked.fault);
	for (unsigned back = 0; back < 6; back++) {
		fake_put(first + 64 * 6 + 24, 8, first + 64 * back);
		walked = walk_all(walk_chain(&kernel, arena, first, &element, 24));
		CHECK(walked.count >= 7 && walked.count < 30);
		CHECK(walked.fault && walked.fault->code == ERROR_CORRUPT);
	}
}

/* ---- red-black tree ---- */

static uint64_t tree_nodes;

static uint64_t tree_node(unsigned number)
{
	return tree_nodes + 64 * number;
}

/* Links the nodes low…high-1 into a balanced tree below `parent`; returns its top, 0 when empty. */
static uint64_t make_tree(unsigned low, unsigned high, uint64_t parent)
{
	unsigned middle = (low + high) / 2;
	uint64_t node = tree_node(middle);
	unsigned size = fake_dump.arch.pointer_size;

	if (low == high)
		return 0;
	fake_put_pointer(node, parent | 1); /* black */
	fake_put_pointer(node + size, make_tree(middle + 1, high, node));
	fake_put_pointer(node + 2 * size, make_tree(low, middle, node));
	return node;
}

TEST(rbtree_is_walked_in_order)
{
	for (int kind = 0; kind < 4; kind++) {
		begin(kind & 1 ? 4 : 8, kind & 2);
		uint64_t root = fake_alloc(16, 16);

		tree_nodes = fake_alloc(64 * 50, 64);
		fake_put_pointer(root, make_tree(0, 50, 0));
		struct walked walked = walk_all(walk_rbtree(&kernel, arena, root, &element, 0));

		CHECK(walked.count == 50 && !walked.fault);
		for (unsigned i = 0; i < 50; i++)
			CHECK(walked.addresses[i] == tree_node(i));
		fake_put_pointer(root, 0);
		CHECK(walk_all(walk_rbtree(&kernel, arena, root, &element, 0)).count == 0);
	}
}

TEST(rbtree_with_a_wrong_parent_or_a_cycle_breaks_off)
{
	begin(8, false);
	uint64_t root = fake_alloc(16, 16);

	tree_nodes = fake_alloc(64 * 7, 64);
	fake_put_pointer(root, make_tree(0, 7, 0));
	/* 3 is the top, 5 and 1 below it, 6 is right of 5: make 6's right child the top */
	fake_put(tree_node(6) + 8, 8, tree_node(3));
	struct walked walked = walk_all(walk_rbtree(&kernel, arena, root, &element, 0));

	CHECK(walked.count == 7 && walked.fault->code == ERROR_CORRUPT);
	CHECK_STR(walked.fault->what,
		  printed("rb-tree node 0x%llx has child 0x%llx, whose parent is 0x0 instead",
			  HEX(tree_node(6)), HEX(tree_node(3))));
	/* its own left child */
	fake_put(tree_node(0) + 16, 8, tree_node(0));
	walked = walk_all(walk_rbtree(&kernel, arena, root, &element, 0));
	CHECK(walked.count == 0 && walked.fault->code == ERROR_CORRUPT);
}

TEST(rbtree_as_deep_as_no_tree_can_be_breaks_off)
{
	begin(8, false);
	uint64_t root = fake_alloc(16, 16);

	tree_nodes = fake_alloc(64 * 200, 64);
	fake_put(root, 8, tree_node(0));
	for (unsigned i = 0; i < 199; i++) {
		fake_put(tree_node(i) + 16, 8, tree_node(i + 1));
		fake_put(tree_node(i + 1), 8, tree_node(i));
	}
	struct walked walked = walk_all(walk_rbtree(&kernel, arena, root, &element, 0));

	CHECK(walked.count == 0 && walked.fault->code == ERROR_CORRUPT);
}

/* ---- xarray, radix tree, idr: nodes of 16 slots behind 16 bytes, as with CONFIG_BASE_SMALL ---- */

static const struct type u8_type = {.kind = TYPE_INT, .name = "unsigned char", .size = 1, RESOLVED};
static const struct type u32_type = {.kind = TYPE_INT, .name = "unsigned int", .size = 4, RESOLVED};
static const struct type void_pointer = {.kind = TYPE_POINTER, .size = 8, RESOLVED};
static const struct type slots_type = {.kind = TYPE_ARRAY, .size = 128, .length = 16,
				       .target = &void_pointer, RESOLVED};
static const struct type_member node_members[] = {{"shift", &u8_type, 0, 0},
						  {"slots", &slots_type, 128, 0}};
static const struct type xa_node_type = {.kind = TYPE_STRUCT, .name = "xa_node", .size = 144,
					 .member_count = 2, .members = node_members, RESOLVED};
static const struct type radix_node_type = {.kind = TYPE_STRUCT, .name = "radix_tree_node", .size = 144,
					    .member_count = 2, .members = node_members, RESOLVED};
static const struct type_member xarray_members[] = {{"xa_head", &void_pointer, 64, 0}};
static const struct type xarray_type = {.kind = TYPE_STRUCT, .name = "xarray", .size = 16,
					.member_count = 1, .members = xarray_members, RESOLVED};
static const struct type_member radix_members[] = {{"rnode", &void_pointer, 64, 0}};
static const struct type radix_type = {.kind = TYPE_STRUCT, .name = "radix_tree_root", .size = 16,
				       .member_count = 1, .members = radix_members, RESOLVED};
static const struct type_member idr_members[] = {{"idr_rt", &xarray_type, 0, 0},
						 {"idr_base", &u32_type, 128, 0}};
static const struct type idr_type = {.kind = TYPE_STRUCT, .name = "idr", .size = 24,
				     .member_count = 2, .members = idr_members, RESOLVED};

static void begin_xarray(void)
{
	begin(8, false);
	fake_symtab.types[0] = &xa_node_type;
	fake_symtab.types[1] = &xarray_type;
	fake_symtab.types[2] = &idr_type;
}

static uint64_t make_node(unsigned shift)
{
	uint64_t node = fake_alloc(144, 64);

	fake_put(node, 1, shift);
	return node;
}

static void put_slot(uint64_t node, unsigned slot, uint64_t entry)
{
	fake_put(node + 16 + 8 * slot, 8, entry);
}

TEST(xarray_delivers_pointers_with_their_index)
{
	begin_xarray();
	uint64_t root = fake_alloc(32, 8), top = make_node(4), low = make_node(0), high = make_node(0);

	fake_put(root + 8, 8, top | 2);
	put_slot(top, 0, low | 2);
	put_slot(top, 3, high | 2);
	put_slot(top, 5, 0x9000); /* a multi-index entry: 80 to 95 */
	put_slot(top, 6, 5 << 2 | 2); /* its sibling */
	put_slot(low, 1, 0x1000);
	put_slot(low, 2, 17 << 1 | 1); /* value */
	put_slot(low, 3, 256 << 2 | 2); /* retry */
	put_slot(low, 4, 257 << 2 | 2); /* zero */
	put_slot(low, 15, 0x2000);
	put_slot(high, 2, 0x3000);
	struct walked walked = walk_all(walk_xarray(&kernel, arena, root, &element));

	static const uint64_t keys[] = {1, 15, 50, 80}, entries[] = {0x1000, 0x2000, 0x3000, 0x9000};
	CHECK(walked.count == 4 && !walked.fault);
	for (unsigned i = 0; i < 4; i++)
		CHECK(walked.keys[i] == keys[i] && walked.addresses[i] == entries[i]);

	fake_put(root + 16, 4, 7); /* idr_base */
	walked = walk_all(walk_idr(&kernel, arena, root, &element));
	CHECK(walked.count == 4 && walked.keys[0] == 8);
	fake_put(root + 8, 8, 0x1000); /* the only entry is at index 0, without a node */
	walked = walk_all(walk_xarray(&kernel, arena, root, &element));
	CHECK(walked.count == 1 && walked.keys[0] == 0 && walked.addresses[0] == 0x1000);
	fake_put(root + 8, 8, 0);
	walked = walk_all(walk_xarray(&kernel, arena, root, &element));
	CHECK(walked.count == 0 && !walked.fault);
}

TEST(xarray_cycle_and_wrong_shift_break_off)
{
	begin_xarray();
	uint64_t root = fake_alloc(32, 8), top = make_node(8), low = make_node(0);

	fake_put(root + 8, 8, top | 2);
	put_slot(top, 0, top | 2);
	struct walked walked = walk_all(walk_xarray(&kernel, arena, root, &element));

	CHECK(walked.count == 0 && walked.fault->code == ERROR_CORRUPT);
	put_slot(top, 0, low | 2);
	walked = walk_all(walk_xarray(&kernel, arena, root, &element));
	CHECK(walked.fault->code == ERROR_CORRUPT);
	CHECK_STR(walked.fault->what, printed("shift of xarray node 0x%llx is 0, below node 0x%llx of shift 8",
					      HEX(low), HEX(top)));
	fake_put(top, 1, 200);
	CHECK(walk_all(walk_xarray(&kernel, arena, root, &element)).fault->code == ERROR_CORRUPT);
}

TEST(xarray_keeps_what_came_before_a_hole)
{
	begin_xarray();
	uint64_t root = fake_alloc(32, 8), top = make_node(4), low = make_node(0);
	uint64_t lost = fake_alloc(FAKE_PAGE, FAKE_PAGE);

	fake_put(root + 8, 8, top | 2);
	put_slot(top, 0, low | 2);
	put_slot(low, 0, 0x1000);
	put_slot(top, 1, lost | 2);
	fake_hole(lost);
	struct walked walked = walk_all(walk_xarray(&kernel, arena, root, &element));

	CHECK(walked.count == 1 && walked.fault->code == ERROR_NOT_SAVED);
}

TEST(radix_tree_of_older_kernels)
{
	begin(8, false);
	fake_symtab.types[0] = &radix_node_type;
	fake_symtab.types[1] = &radix_type;
	uint64_t root = fake_alloc(32, 8), top = make_node(4), low = make_node(0);

	fake_put(root + 8, 8, top | 1);
	put_slot(top, 1, low | 1);
	put_slot(top, 2, 0x9000);
	put_slot(top, 3, (top + 16 + 8 * 2) | 1); /* sibling: points to slot 2 */
	put_slot(low, 2, 0x1000);
	put_slot(low, 3, 0x1232); /* exceptional */
	struct walked walked = walk_all(walk_xarray(&kernel, arena, root, &element));

	CHECK(walked.count == 2 && !walked.fault);
	CHECK(walked.keys[0] == 18 && walked.addresses[0] == 0x1000);
	CHECK(walked.keys[1] == 32 && walked.addresses[1] == 0x9000);
}

TEST(walks_without_the_types_they_need_say_so)
{
	begin(8, false);
	struct walked walked = walk_all(walk_xarray(&kernel, arena, FAKE_BASE, &element));

	CHECK(walked.count == 0 && walked.fault->code == ERROR_NO_SOURCE);
	CHECK(walk_all(walk_idr(&kernel, arena, FAKE_BASE, &element)).fault->code == ERROR_NO_SOURCE);
	CHECK(walk_all(walk_maple(&kernel, arena, FAKE_BASE, &element)).fault->code == ERROR_NO_SOURCE);
	CHECK(walk_all(walk_percpu(&kernel, arena, 0, &element)).fault->code == ERROR_NO_SOURCE);
}

/* ---- maple tree, laid out as on 64 bits ---- */

static const struct type pivot15 = {.kind = TYPE_ARRAY, .size = 120, .length = 15, RESOLVED};
static const struct type slot16 = {.kind = TYPE_ARRAY, .size = 128, .length = 16, RESOLVED};
static const struct type pivot9 = {.kind = TYPE_ARRAY, .size = 72, .length = 9, RESOLVED};
static const struct type slot10 = {.kind = TYPE_ARRAY, .size = 80, .length = 10, RESOLVED};
static const struct type_member range_members[] = {{"pivot", &pivot15, 8 * 8, 0},
						   {"slot", &slot16, 128 * 8, 0}};
static const struct type_member arange_members[] = {{"pivot", &pivot9, 8 * 8, 0},
						    {"slot", &slot10, 80 * 8, 0}};
static const struct type range_type = {.kind = TYPE_STRUCT, .name = "maple_range_64", .size = 256,
				       .member_count = 2, .members = range_members, RESOLVED};
static const struct type arange_type = {.kind = TYPE_STRUCT, .name = "maple_arange_64", .size = 256,
					.member_count = 2, .members = arange_members, RESOLVED};
static const struct type_member maple_members[] = {{"ma_root", &void_pointer, 64, 0}};
static const struct type maple_type = {.kind = TYPE_STRUCT, .name = "maple_tree", .size = 16,
				       .member_count = 1, .members = maple_members, RESOLVED};
static const struct type_enumerator maple_types[] = {
	{"maple_dense", 0}, {"maple_leaf_64", 1}, {"maple_range_64", 2}, {"maple_arange_64", 3}};
static const struct type maple_enum = {.kind = TYPE_ENUM, .name = "maple_type", .size = 4,
				       .member_count = 4, .enumerators = maple_types, RESOLVED};

static void begin_maple(void)
{
	begin(8, false);
	fake_symtab.types[0] = &range_type;
	fake_symtab.types[1] = &arange_type;
	fake_symtab.types[2] = &maple_type;
	fake_symtab.enumeration = &maple_enum;
}

/* A pointer to a maple node of that type, as its parent holds it. */
static uint64_t maple_entry(uint64_t node, unsigned type)
{
	return node | type << 3 | 4;
}

static void put_range(uint64_t node, unsigned slot, uint64_t pivot, uint64_t entry)
{
	if (slot < 15)
		fake_put(node + 8 + 8 * slot, 8, pivot);
	fake_put(node + 128 + 8 * slot, 8, entry);
}

static void put_arange(uint64_t node, unsigned slot, uint64_t pivot, uint64_t entry)
{
	if (slot < 9)
		fake_put(node + 8 + 8 * slot, 8, pivot);
	fake_put(node + 80 + 8 * slot, 8, entry);
}

/* Two leaves below an arange node: 0x1000 at 0-4, 0x2000 at 5-9, a hole at 10-19, 0x3000 at 20-29 and
 * 0x4000 from 30 to the end. Returns the tree; the nodes are top, low and high. */
static uint64_t make_maple(uint64_t *ret_top, uint64_t *ret_low, uint64_t *ret_high)
{
	uint64_t tree = fake_alloc(16, 16), top = fake_alloc(256, 256);
	uint64_t low = fake_alloc(256, 256), high = fake_alloc(256, 256);

	fake_put(tree + 8, 8, top | 3 << 3 | 2);
	put_arange(top, 0, 19, maple_entry(low, 1));
	put_arange(top, 1, UINT64_MAX, maple_entry(high, 1));
	put_range(low, 0, 4, 0x1000);
	put_range(low, 1, 9, 0x2000);
	put_range(low, 2, 19, 0);
	put_range(high, 0, 29, 0x3000);
	put_range(high, 1, UINT64_MAX, 0x4000);
	*ret_top = top;
	*ret_low = low;
	*ret_high = high;
	return tree;
}

TEST(maple_delivers_ranges)
{
	begin_maple();
	uint64_t top, low, high, tree = make_maple(&top, &low, &high);
	struct walked walked = walk_all(walk_maple(&kernel, arena, tree, &element));

	static const uint64_t keys[] = {0, 5, 20, 30}, entries[] = {0x1000, 0x2000, 0x3000, 0x4000};
	CHECK(walked.count == 4 && !walked.fault);
	for (unsigned i = 0; i < 4; i++)
		CHECK(walked.keys[i] == keys[i] && walked.addresses[i] == entries[i]);
	/* a pivot of 0 behind the data means the end of the node; XA_ZERO_ENTRY is no element */
	fake_put(high + 8 + 8, 8, 0);
	put_range(low, 0, 4, 257 << 2 | 2);
	walked = walk_all(walk_maple(&kernel, arena, tree, &element));
	CHECK(walked.count == 3 && !walked.fault && walked.keys[2] == 30);
}

TEST(maple_full_leaf_has_a_slot_more_than_pivots)
{
	begin_maple();
	uint64_t tree = fake_alloc(16, 16), leaf = fake_alloc(256, 256);

	fake_put(tree + 8, 8, leaf | 1 << 3 | 2);
	for (unsigned i = 0; i < 16; i++)
		put_range(leaf, i, i, 0x1000 * (i + 1));
	struct walked walked = walk_all(walk_maple(&kernel, arena, tree, &element));

	CHECK(walked.count == 16 && !walked.fault && walked.keys[15] == 15);
}

TEST(maple_root_may_be_an_entry_or_nothing)
{
	begin_maple();
	uint64_t tree = fake_alloc(16, 16);

	CHECK(walk_all(walk_maple(&kernel, arena, tree, &element)).count == 0);
	fake_put(tree + 8, 8, 0x7000);
	struct walked walked = walk_all(walk_maple(&kernel, arena, tree, &element));

	CHECK(walked.count == 1 && walked.keys[0] == 0 && walked.addresses[0] == 0x7000);
}

TEST(maple_damage_breaks_off)
{
	begin_maple();
	uint64_t top, low, high, tree = make_maple(&top, &low, &high);
	struct walked walked;

	fake_put(high, 8, high); /* its own parent */
	walked = walk_all(walk_maple(&kernel, arena, tree, &element));
	CHECK(walked.count == 2 && walked.fault->code == ERROR_CORRUPT);
	CHECK_STR(walked.fault->what, printed("maple node 0x%llx is dead", HEX(high)));

	tree = make_maple(&top, &low, &high);
	put_range(low, 1, 300, 0x2000);
	walked = walk_all(walk_maple(&kernel, arena, tree, &element));
	CHECK(walked.count == 1 && walked.fault->code == ERROR_CORRUPT);
	CHECK_STR(walked.fault->what,
		  printed("pivot 1 of maple node 0x%llx is 0x12c, not in 0x5-0x13", HEX(low)));

	tree = make_maple(&top, &low, &high);
	put_arange(top, 1, UINT64_MAX, maple_entry(top, 3));
	walked = walk_all(walk_maple(&kernel, arena, tree, &element));
	CHECK(walked.fault->code == ERROR_CORRUPT);

	tree = make_maple(&top, &low, &high);
	put_arange(top, 1, UINT64_MAX, maple_entry(high, 9));
	walked = walk_all(walk_maple(&kernel, arena, tree, &element));
	CHECK(walked.count == 2 && walked.fault->code == ERROR_CORRUPT);
}

/* ---- arrays, per-CPU, bits ---- */

TEST(array_counts_and_ends_at_the_limit)
{
	begin(8, false);
	struct walked walked = walk_all(walk_array(&kernel, arena, FAKE_BASE, &element, 3));
	struct walk *endless = walk_array(&kernel, arena, FAKE_BASE, &element, UINT64_MAX);
	struct value value;
	uint64_t count = 0;

	CHECK(walked.count == 3 && walked.addresses[2] == FAKE_BASE + 128 && walked.keys[2] == 2);
	while (walk_next(endless, &value, NULL))
		count++;
	CHECK(count == WALK_LIMIT && walk_fault(endless)->code == ERROR_LIMIT);
}

TEST(percpu_visits_possible_cpus)
{
	uint32_t cpus[] = {0, 2};
	uint64_t offsets[] = {0x1000, 0, 0x3000};

	begin(8, false);
	kernel.possible_cpus = cpus;
	kernel.possible_count = 2;
	kernel.percpu_offsets = offsets;
	kernel.percpu_count = 3;
	struct walked walked = walk_all(walk_percpu(&kernel, arena, 0x80, &element));

	CHECK(walked.count == 2 && !walked.fault);
	CHECK(walked.keys[1] == 2 && walked.addresses[1] == 0x3080);
}

TEST(bits_are_numbered_as_the_kernel_does)
{
	for (int kind = 0; kind < 4; kind++) {
		unsigned width = kind & 1 ? 32 : 64;

		begin(kind & 1 ? 4 : 8, kind & 2);
		uint64_t mask = fake_alloc(32, 8);

		/* as longs: bits 0 and 9 of the first, 1 of the second, 5 of the third */
		fake_put_pointer(mask, 1 << 9 | 1);
		fake_put_pointer(mask + width / 8, 2);
		fake_put_pointer(mask + 2 * width / 8, 1 << 5);
		struct walked walked = walk_all(walk_bits(&kernel, arena, mask, 2 * width + 5));

		CHECK(walked.count == 3 && !walked.fault);
		CHECK(walked.addresses[1] == 9 && walked.addresses[2] == width + 1);
	}
	fake_hole(fake_dump.base);
	CHECK(walk_all(walk_bits(&kernel, arena, fake_dump.base, 64)).fault->code == ERROR_NOT_SAVED);
	CHECK(walk_all(walk_bits(&kernel, arena, fake_dump.base + FAKE_PAGE, UINT64_MAX)).fault);
}

TEST_MAIN
