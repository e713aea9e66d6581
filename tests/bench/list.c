// SPDX-License-Identifier: GPL-2.0-or-later
// The toy kernel with a list of 100,000 elements, to measure walks with: long_list, struct long_item.
#include "../toykernel/toy.c"

enum { LONG_LIST = 100000 };

struct long_item {
	struct list_head node;
	long value;
};

extern struct long_item long_items[LONG_LIST];
struct list_head long_list = {&long_items[0].node, &long_items[LONG_LIST - 1].node};

/* __COUNTER__ is expanded once, before it is passed on; each use of LONG_1() takes the next number. */
#define LONG_NODE(n)                                                                               \
	{{(n) + 1 < LONG_LIST ? &long_items[(n) + 1].node : &long_list,                            \
	  (n) ? &long_items[(n) - 1].node : &long_list},                                           \
	 (n) % 10},
#define LONG_NEXT(n) LONG_NODE(n)
#define LONG_1() LONG_NEXT(__COUNTER__)
#define LONG_TIMES(x) x() x() x() x() x() x() x() x() x() x()
#define LONG_10() LONG_1() LONG_1() LONG_1() LONG_1() LONG_1() LONG_1() LONG_1() LONG_1() LONG_1() LONG_1()
#define LONG_100() LONG_10() LONG_10() LONG_10() LONG_10() LONG_10() LONG_10() LONG_10() LONG_10() LONG_10() LONG_10()
#define LONG_1000() LONG_100() LONG_100() LONG_100() LONG_100() LONG_100() LONG_100() LONG_100() LONG_100() LONG_100() LONG_100()
#define LONG_10000() LONG_1000() LONG_1000() LONG_1000() LONG_1000() LONG_1000() LONG_1000() LONG_1000() LONG_1000() LONG_1000() LONG_1000()

struct long_item long_items[LONG_LIST] = {LONG_TIMES(LONG_10000)};
