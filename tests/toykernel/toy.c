// SPDX-License-Identifier: GPL-2.0-or-later
// A small kernel: the containers, tasks, clocks and log of Linux as initialised objects that point
// at each other. Nothing of it runs. With TOY_OLD it is one of before 4.20, with the members and
// formats of that time. Layouts are as in the kernel's headers, minus what nobody reads.
#define KERNEL_ADDRESS(pointer, tag) ((void *)((char *)(pointer) + (tag)))

typedef _Bool bool;
typedef signed char s8;
typedef unsigned char u8;
typedef unsigned short u16;
typedef short s16;
typedef int s32;
typedef unsigned int u32;
typedef long long s64;
typedef unsigned long long u64;
typedef int pid_t;

enum { NR_CPUS = 64, POSSIBLE_CPUS = 3 };

/* What starts a page can be left out of a dump without what stands before it. */
#define PAGE __attribute__((aligned(4096)))

/* ---- containers ---- */

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;
typedef atomic64_t atomic_long_t;

typedef struct {
	u32 raw_lock;
} spinlock_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_nulls_node {
	struct hlist_nulls_node *next, **pprev;
};

struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right, *rb_left;
} __attribute__((aligned(sizeof(long))));

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#ifdef TOY_OLD

/* A pointer with bit 0 set leads to a node, one with bit 1 set is no pointer, until 3159f943aafd
 * ("xarray: Replace exceptional entries") in 4.20. */
enum { SLOTS = 16, SLOT_BITS = 4, NODE_TAG = 1, VALUE_TAG = 2 };

struct radix_tree_root {
	u32 gfp_mask;
	struct radix_tree_node *rnode;
};

struct radix_tree_node {
	u8 shift, offset, count, exceptional;
	struct radix_tree_node *parent;
	struct radix_tree_root *root;
	struct list_head private_list;
	void *slots[SLOTS];
	unsigned long tags[3][1];
};
#define NODE radix_tree_node
#define TREE radix_tree_root
#define TREE_HEAD rnode
#else

enum { SLOTS = 64, SLOT_BITS = 6, NODE_TAG = 2, VALUE_TAG = 1 };

struct xarray {
	spinlock_t xa_lock;
	u32 xa_flags;
	void *xa_head;
};

struct xa_node {
	u8 shift, offset, count, nr_values;
	struct xa_node *parent;
	struct xarray *array;
	union {
		struct list_head private_list;
	};
	void *slots[SLOTS];
	union {
		unsigned long tags[3][1];
		unsigned long marks[3][1];
	};
};
#define NODE xa_node
#define TREE xarray
#define TREE_HEAD xa_head
#endif

struct idr {
	struct TREE idr_rt;
	unsigned int idr_base, idr_next;
};

#ifndef TOY_OLD

enum maple_type { maple_dense, maple_leaf_64, maple_range_64, maple_arange_64 };

struct maple_tree {
	union {
		spinlock_t ma_lock;
		u64 ma_external_lock;
	};
	unsigned int ma_flags;
	void *ma_root;
};

struct maple_metadata {
	u8 end, gap;
};

struct maple_range_64 {
	void *parent;
	unsigned long pivot[15];
	union {
		void *slot[16];
		struct {
			void *pad[15];
			struct maple_metadata meta;
		};
	};
};

struct maple_arange_64 {
	void *parent;
	unsigned long pivot[9];
	void *slot[10];
	unsigned long gap[10];
	struct maple_metadata meta;
};

struct maple_node {
	union {
		struct maple_range_64 mr64;
		struct maple_arange_64 ma64;
	};
} __attribute__((aligned(256)));
#endif

/* What the containers hold: item 0 first in each, and so on. Four to a page: items 4 to 7 are in
 * the second. */
struct item {
	u32 value;
	struct list_head list;
	struct hlist_node hash;
	struct hlist_nulls_node nulls;
	struct rb_node tree;
	struct item *next;
} __attribute__((aligned(1024)));

extern struct item items[8];
extern struct list_head item_list, empty_list;

#define LINK(i) \
	{ \
		(i) < 7 ? &items[((i) + 1) & 7].list : &item_list, \
		(i) > 0 ? &items[((i) + 7) & 7].list : &item_list \
	}
/* Even items in hash bucket 0, odd ones in bucket 1. */
#define HASH(i) \
	{ \
		(i) < 6 ? &items[((i) + 2) & 7].hash : 0, \
		(i) > 1 ? &items[((i) + 6) & 7].hash.next : &item_hash[(i) & 1].first \
	}
#define NULLS(i) \
	{ \
		(i) < 6 ? &items[((i) + 2) & 7].nulls : (void *)((((i) & 1) << 1) + 1), \
		(i) > 1 ? &items[((i) + 6) & 7].nulls.next : &item_nulls[(i) & 1].first \
	}
/* Item 3 is the root, 1 and 5 are below it, even ones below odd ones; 7 is red, right of 6. */
#define TREE_NODE(parent, color, left, right) \
	{ (unsigned long)(parent) + (color), right, left }
#define ITEM_NODE(i) (&items[i].tree)
#define ITEM(i, ...) \
	{ \
		.value = 100 + (i), .list = LINK(i), .hash = HASH(i), .nulls = NULLS(i), \
		.tree = TREE_NODE(__VA_ARGS__), .next = (i) < 7 ? &items[((i) + 1) & 7] : 0 \
	}

struct hlist_head item_hash[3] = {{&items[0].hash}, {&items[1].hash}, {0}};
struct hlist_nulls_head item_nulls[3] = {
	{&items[0].nulls}, {&items[1].nulls}, {(void *)((2 << 1) + 1)}};
struct item *item_chain = &items[0];
struct list_head item_list = {&items[0].list, &items[7].list};
struct list_head empty_list = {&empty_list, &empty_list};
struct rb_root item_tree = {ITEM_NODE(3)};
struct rb_root_cached item_cached = {{ITEM_NODE(3)}, ITEM_NODE(0)};
struct rb_root empty_tree = {0};
struct item items[8] PAGE = {
	ITEM(0, ITEM_NODE(1), 1, 0, 0),
	ITEM(1, ITEM_NODE(3), 1, ITEM_NODE(0), ITEM_NODE(2)),
	ITEM(2, ITEM_NODE(1), 1, 0, 0),
	ITEM(3, 0, 1, ITEM_NODE(1), ITEM_NODE(5)),
	ITEM(4, ITEM_NODE(5), 1, 0, 0),
	ITEM(5, ITEM_NODE(3), 1, ITEM_NODE(4), ITEM_NODE(6)),
	ITEM(6, ITEM_NODE(5), 1, 0, ITEM_NODE(7)),
	ITEM(7, ITEM_NODE(6), 0, 0, 0),
};

/* Items 0, 1, 2, 3 at 0, 1, SLOTS - 1, SLOTS; 4 at 3 * SLOTS + 5; values, which are no pointers,
 * at 7 and at SLOTS + 1. */
extern struct NODE item_nodes[4];
extern struct TREE item_array;
#define ARRAY_NODE(level, at, below, ...) \
	{ \
		.shift = (level) * SLOT_BITS, .offset = at, .count = 4, .parent = below, \
		.slots = {__VA_ARGS__} \
	}

struct TREE item_array PAGE = {.TREE_HEAD = KERNEL_ADDRESS(&item_nodes[0], NODE_TAG)};
struct TREE one_array = {.TREE_HEAD = (void *)&items[6]}; /* index 0 alone has no node */
struct TREE empty_array = {.TREE_HEAD = 0};
struct NODE item_nodes[4] PAGE = {
	ARRAY_NODE(1, 0, 0, [0] = KERNEL_ADDRESS(&item_nodes[1], NODE_TAG),
		   [1] = KERNEL_ADDRESS(&item_nodes[2], NODE_TAG),
		   [3] = KERNEL_ADDRESS(&item_nodes[3], NODE_TAG)),
	ARRAY_NODE(0, 0, &item_nodes[0], [0] = &items[0], [1] = &items[1],
		   [7] = (void *)(4711UL << 2 | VALUE_TAG), [SLOTS - 1] = &items[2]),
	ARRAY_NODE(0, 1, &item_nodes[0], [0] = &items[3], [1] = (void *)(4712UL << 2 | VALUE_TAG)),
	ARRAY_NODE(0, 3, &item_nodes[0], [5] = &items[4]),
};

/* Ids begin at 1: item 0 has id 1, 1 has 2. */
struct NODE idr_node PAGE = ARRAY_NODE(0, 0, 0, [0] = &items[0], [1] = &items[1]);
struct idr item_idr = {
	.idr_rt = {.TREE_HEAD = KERNEL_ADDRESS(&idr_node, NODE_TAG)}, .idr_base = 1, .idr_next = 3};

#ifndef TOY_OLD
/* Items 0 at 0x1000-0x1fff, 1 at 0x2000-0x2fff, 2 at 0x8000-0x8fff (in the second leaf), nothing
 * elsewhere. */
extern struct maple_node item_maple_nodes[3];
extern struct maple_tree item_maple;
#define MAPLE(node, type) KERNEL_ADDRESS(node, (type) << 3 | 4)
#define MAPLE_END(end) ((void *)(end)) /* as meta, which lies in the last slot */

struct maple_tree item_maple = {
	.ma_flags = 1,
	.ma_root = KERNEL_ADDRESS(&item_maple_nodes[0], maple_arange_64 << 3 | 4 | 2)};
struct maple_tree one_maple = {.ma_root = (void *)&items[6]};
struct maple_tree empty_maple = {.ma_root = 0};
struct maple_node item_maple_nodes[3] PAGE = {
	{.ma64 = {.parent = KERNEL_ADDRESS(&item_maple, 1),
		  .pivot = {0x4fff, -1UL},
		  .slot = {MAPLE(&item_maple_nodes[1], maple_leaf_64),
			   MAPLE(&item_maple_nodes[2], maple_leaf_64)},
		  .meta = {.end = 1}}},
	{.mr64 = {.parent = KERNEL_ADDRESS(&item_maple_nodes[0], 0 << 3 | 6),
		  .pivot = {0xfff, 0x1fff, 0x2fff, 0x4fff},
		  .slot = {0, &items[0], &items[1], 0, [15] = MAPLE_END(3)}}},
	{.mr64 = {.parent = KERNEL_ADDRESS(&item_maple_nodes[0], 1 << 3 | 6),
		  .pivot = {0x7fff, 0x8fff, -1UL},
		  .slot = {0, &items[2], 0, [15] = MAPLE_END(2)}}},
};
#endif

/* ---- values of every kind ---- */

enum color { RED, GREEN = 5, BLUE };
enum temperature { COLD = -40, WARM = 20 };

struct toy_bits {
	u32 low : 3;
	u32 middle : 13;
	s32 negative : 5;
	bool flag : 1;
	u64 across : 40;
};

struct toy_values {
	s8 byte;
	u8 unsigned_byte;
	s16 word;
	u16 unsigned_word;
	int number;
	unsigned int unsigned_number;
	long wide;
	unsigned long unsigned_wide;
	bool truth;
	char letter;
	double real;
	enum color color;
	enum temperature temperature;
	struct toy_bits bits;
	union {
		u32 whole;
		u8 parts[4];
	};
	const char *text;
	char name[8];
	int matrix[2][3];
	void *null;
	int (*function)(int);
	const volatile struct toy_values *self;
	int flexible[];
};

int toy_function(int number)
{
	return number + 1;
}

struct toy_values toy_values PAGE = {
	.byte = -1,
	.unsigned_byte = 255,
	.word = -2,
	.unsigned_word = 65535,
	.number = -3,
	.unsigned_number = 4294967295,
	.wide = -4,
	.unsigned_wide = -1UL,
	.truth = 1,
	.letter = 'k',
	.real = 0.5,
	.color = BLUE,
	.temperature = COLD,
	.bits = {.low = 5, .middle = 4711, .negative = -7, .flag = 1, .across = 0xabcdef0123},
	.whole = 0x04030201,
	.text = "a toy",
	.name = "unended!",
	.matrix = {{1, 2, 3}, {4, 5, 6}},
	.function = toy_function,
	.self = &toy_values,
	.flexible = {7, 8, 9},
};
static int hidden = 1; /* a second one stands in no other unit: static and found */
int *hidden_pointer = &hidden;

/* ---- tasks ---- */

#define TASK_RUNNING 0
#define TASK_INTERRUPTIBLE 1
#define TASK_UNINTERRUPTIBLE 2

struct thread_info {
	unsigned long flags;
	u32 status, cpu;
};

struct sched_info {
	unsigned long pcount;
	u64 run_delay, last_arrival, last_queued;
};

struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct list_head thread_head;
};

struct task_struct {
	struct thread_info thread_info;
#ifdef TOY_OLD
	volatile long state;
#else
	unsigned int __state;
#endif
	void *stack;
	unsigned int flags;
	int on_cpu, on_rq, prio, static_prio, normal_prio;
	unsigned int rt_priority, policy;
	struct sched_info sched_info;
	struct list_head tasks;
	void *mm;
	int exit_state;
	pid_t pid, tgid;
	struct task_struct *real_parent, *parent;
	struct list_head children, sibling;
	struct task_struct *group_leader;
	struct list_head thread_group, thread_node;
	char comm[16];
	struct signal_struct *signal;
};


extern struct task_struct init_task, task_one, task_shell, task_thread, task_stuck, task_rt;

#ifdef TOY_OLD
#define STATE .state
#else
#define STATE .__state
#endif
#define SELF(list) {&(list), &(list)}
#define SIGNAL(name, threads, first, last) \
	struct signal_struct name = { \
		.live = {threads}, .nr_threads = threads, .thread_head = {first, last}}
/* A thread of the group of `leader`; `before` and `after` are its neighbours in the list. */
#define TASK(name, id, leader, text, what, on, up, before, after, ...) \
	struct task_struct name PAGE = { \
		.thread_info = {.cpu = on}, STATE = what, .prio = 120, .static_prio = 120, \
		.normal_prio = 120, .tasks = {&after.tasks, &before.tasks}, .pid = id, \
		.tgid = leader##_id, .real_parent = &up, .parent = &up, .group_leader = &leader, \
		.comm = text, .signal = &leader##_signal, __VA_ARGS__}
/* What a task without children and without further threads has. */
#define CHILDLESS(name) .children = SELF(name.children)
#define SINGLE(name) \
	.thread_group = SELF(name.thread_group), \
	.thread_node = {&name##_signal.thread_head, &name##_signal.thread_head}

enum { init_task_id = 0, task_one_id = 1, task_shell_id = 42, task_stuck_id = 50, task_rt_id = 60 };

SIGNAL(init_task_signal, 1, &init_task.thread_node, &init_task.thread_node);
SIGNAL(task_one_signal, 1, &task_one.thread_node, &task_one.thread_node);
SIGNAL(task_shell_signal, 2, &task_shell.thread_node, &task_thread.thread_node);
SIGNAL(task_stuck_signal, 1, &task_stuck.thread_node, &task_stuck.thread_node);
SIGNAL(task_rt_signal, 1, &task_rt.thread_node, &task_rt.thread_node);

TASK(init_task, 0, init_task, "swapper/0", TASK_RUNNING, 0, init_task, task_rt, task_one,
     SINGLE(init_task), .children = SELF(task_one.sibling), .sibling = SELF(init_task.sibling));
TASK(task_one, 1, task_one, "init", TASK_INTERRUPTIBLE, 0, init_task, init_task, task_shell,
     SINGLE(task_one), .children = {&task_shell.sibling, &task_rt.sibling},
     .sibling = SELF(init_task.children));
TASK(task_shell, 42, task_shell, "sh", TASK_RUNNING, 1, task_one, task_one, task_stuck,
     CHILDLESS(task_shell), .sibling = {&task_stuck.sibling, &task_one.children}, .on_cpu = 1,
     .on_rq = 1, .thread_group = SELF(task_thread.thread_group),
     .thread_node = {&task_thread.thread_node, &task_shell_signal.thread_head});
TASK(task_thread, 43, task_shell, "sh-thread", TASK_INTERRUPTIBLE, 0, task_one, task_thread,
     task_thread, CHILDLESS(task_thread), .sibling = SELF(task_thread.sibling),
     .thread_group = SELF(task_shell.thread_group),
     .thread_node = {&task_shell_signal.thread_head, &task_shell.thread_node});
TASK(task_stuck, 50, task_stuck, "stuck", TASK_UNINTERRUPTIBLE, 1, task_one, task_shell, task_rt,
     SINGLE(task_stuck), CHILDLESS(task_stuck), .sibling = {&task_rt.sibling, &task_shell.sibling},
     .sched_info = {.last_arrival = 10000000000});
TASK(task_rt, 60, task_rt, "starver", TASK_RUNNING, 0, task_one, task_stuck, init_task,
     SINGLE(task_rt), CHILDLESS(task_rt), .sibling = {&task_one.children, &task_stuck.sibling},
     .on_cpu = 1, .on_rq = 1, .policy = 1, .rt_priority = 50, .prio = 49, .normal_prio = 49,
     .sched_info = {.last_arrival = 60000000000});

/* ---- CPUs: 0 and 1 are online, 2 is possible ---- */

typedef struct cpumask {
	unsigned long bits[NR_CPUS / 64];
} cpumask_t;

struct cpumask __cpu_possible_mask = {{(1 << POSSIBLE_CPUS) - 1}};
struct cpumask __cpu_online_mask = {{3}};
unsigned int nr_cpu_ids = POSSIBLE_CPUS;

struct rt_rq {
	unsigned int rt_nr_running;
};

struct rq {
	spinlock_t lock;
	unsigned int nr_running;
	struct rt_rq rt;
	unsigned int nr_uninterruptible;
	struct task_struct *curr, *idle;
	u64 clock;
	int cpu, online;
};

struct counts {
	unsigned long events;
};

/* The linker puts this section at address 0, so the symbols are offsets. The order is that of the
 * copies below (-fno-toplevel-reorder). */
#define PER_CPU __attribute__((section(".data..percpu"), aligned(64)))
char fixed_percpu_data[64] PER_CPU = "";
unsigned int cpu_number PER_CPU = 0;
struct rq runqueues PER_CPU = {0};
struct counts counts PER_CPU = {0};

struct percpu_copy {
	char fixed_percpu_data[64];
	unsigned int cpu_number __attribute__((aligned(64)));
	struct rq runqueues __attribute__((aligned(64)));
	struct counts counts __attribute__((aligned(64)));
} PAGE;

struct percpu_copy percpu_copies[POSSIBLE_CPUS] = {
	{.cpu_number = 0,
	 .runqueues = {.nr_running = 3, .rt = {1}, .curr = &task_rt, .idle = &init_task,
		       .clock = 90000000000, .cpu = 0, .online = 1},
	 .counts = {10}},
	{.cpu_number = 1,
	 .runqueues = {.nr_running = 1, .nr_uninterruptible = 1, .curr = &task_shell,
		       .idle = &init_task, .clock = 90000000000, .cpu = 1, .online = 1},
	 .counts = {20}},
	{.cpu_number = 2, .runqueues = {.cpu = 2, .idle = &init_task}, .counts = {40}},
};
unsigned long __per_cpu_offset[NR_CPUS] = {
	(unsigned long)&percpu_copies[0], (unsigned long)&percpu_copies[1],
	(unsigned long)&percpu_copies[2]};

/* ---- who, when, how much ---- */

struct new_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct uts_namespace {
	struct new_utsname name;
};

#ifdef TOY_OLD
#define RELEASE "4.14.0-toy"
#else
#define RELEASE "6.1.0-toy"
#endif
struct uts_namespace init_uts_ns = {
	{"Linux", "toybox", RELEASE, "#1 SMP Sat Nov 21 00:00:00 UTC 2026", "x86_64", "(none)"}};
const char linux_banner[] = "Linux version " RELEASE " (toy) #1\n";

struct clocksource {
	const char *name;
	int rating;
};

struct tk_read_base {
	struct clocksource *clock;
	u64 mask, cycle_last;
	u32 mult, shift;
	u64 xtime_nsec, base, base_real;
};

struct timekeeper {
	struct tk_read_base tkr_mono, tkr_raw;
	u64 xtime_sec;
	unsigned long ktime_sec;
	s64 offs_real, offs_boot, offs_tai;
	u64 ntp_tick;
};

/* 100 s since boot at 250 ticks per second, 5 s of them suspended; 2026-11-21 00:00:00 UTC. */
struct clocksource clocksource_toy = {"toy", 100};
struct {
	u32 seq;
	struct timekeeper timekeeper;
} tk_core = {
	.timekeeper = {.tkr_mono = {.clock = &clocksource_toy, .shift = 8, .base = 95000000000},
		       .tkr_raw = {.clock = &clocksource_toy, .shift = 8},
		       .xtime_sec = 1795219200, .offs_real = 1795219200000000000 - 95000000000,
		       .offs_boot = 5000000000, .ntp_tick = 4000000ULL << 32}};
u64 jiffies_64 = 4294967296 - 300 * 250 + 95 * 250;
unsigned long tick_nsec = 4000000;
unsigned long avenrun[3] = {2048, 1024, 512}; /* 1.00 0.50 0.25 */
atomic_long_t _totalram_pages = {262144};
atomic_long_t num_poisoned_pages = {0};
unsigned long tainted_mask = 1 << 0 | 1 << 12; /* PO */
struct list_head modules = SELF(modules); /* none is loaded, so no name can be in one */
struct module {
	struct list_head list;
	char name[56];
} *unloaded_module;

/* Page tables of four levels: six megabytes from 0xffffffff82000000 lie at 0x2000000. */
#define ENTRY(table) ((unsigned long)(table) - 0xffffffff80000000UL + 0x63)
unsigned long toy_pmd[512] PAGE = {[16] = 0x2000000 + 0xe3, 0x2200000 + 0xe3, 0x2400000 + 0xe3};
unsigned long toy_pud[512] PAGE = {[510] = ENTRY(toy_pmd)};
unsigned long swapper_pg_dir[512] PAGE = {[511] = ENTRY(toy_pud)};

/* ---- the log, and the end ---- */

#ifdef TOY_OLD
struct printk_log {
	u64 ts_nsec;
	u16 len, text_len, dict_len;
	u8 facility;
	u8 flags : 5;
	u8 level : 3;
};

/* 16 bytes of head, 48 of text. */
struct toy_record {
	struct printk_log head;
	char text[48];
};
#define RECORD(time, severity, words) \
	{{.ts_nsec = time, .len = 64, .text_len = sizeof(words) - 1, .level = severity}, words}

struct toy_record toy_log[16] = {
	RECORD(0, 5, "Linux version " RELEASE),
	RECORD(1500000000, 6, "toy: ready"),
	RECORD(90000000000, 4, "toy: about to break"),
	RECORD(95000000000, 0, "Kernel panic - not syncing: toy is broken"),
};
char *log_buf = (char *)toy_log;
u32 log_buf_len = sizeof(toy_log);
u32 log_first_idx = 0, log_next_idx = 4 * sizeof(struct toy_record);
u64 log_first_seq = 0, log_next_seq = 4;
#else
struct prb_data_blk_lpos {
	unsigned long begin, next;
};

struct prb_desc {
	atomic_long_t state_var;
	struct prb_data_blk_lpos text_blk_lpos;
};

struct printk_info {
	u64 seq, ts_nsec;
	u16 text_len;
	u8 facility;
	u8 flags : 5;
	u8 level : 3;
	u32 caller_id;
};

struct prb_data_ring {
	unsigned int size_bits;
	char *data;
	atomic_long_t head_lpos, tail_lpos;
};

struct prb_desc_ring {
	unsigned int count_bits;
	struct prb_desc *descs;
	struct printk_info *infos;
	atomic_long_t head_id, tail_id;
};

struct printk_ringbuffer {
	struct prb_desc_ring desc_ring;
	struct prb_data_ring text_data_ring;
	atomic_long_t fail;
};

/* Sixteen blocks of 64 bytes: eight of id, then text. */
struct toy_block {
	unsigned long id;
	char text[56];
};
enum { PRB_BITS = 4, DESC_FINALIZED = 2 };
#define TOY_ID(n) (1000 * 16UL + (n))
#define BLOCK(n, words) {TOY_ID(n), words}
#define DESC(n) {{(s64)(2UL << 62 | TOY_ID(n))}, {(n) * 64, ((n) + 1) * 64}}
#define INFO(n, time, severity, words) \
	{.seq = TOY_ID(n), .ts_nsec = time, .text_len = sizeof(words) - 1, .level = severity, \
	 .caller_id = 0x80000001}
#define WORDS_0 "Linux version " RELEASE
#define WORDS_1 "toy: ready"
#define WORDS_2 "toy: about to break"
#define WORDS_3 "Kernel panic - not syncing: toy is broken"

struct toy_block toy_blocks[16] = {
	BLOCK(0, WORDS_0), BLOCK(1, WORDS_1), BLOCK(2, WORDS_2), BLOCK(3, WORDS_3)};
struct prb_desc toy_descs[16] = {DESC(0), DESC(1), DESC(2), DESC(3)};
struct printk_info toy_infos[16] = {
	INFO(0, 0, 5, WORDS_0), INFO(1, 1500000000, 6, WORDS_1), INFO(2, 90000000000, 4, WORDS_2),
	INFO(3, 95000000000, 0, WORDS_3)};
struct printk_ringbuffer printk_rb_static = {
	.desc_ring = {PRB_BITS, toy_descs, toy_infos, {TOY_ID(3)}, {TOY_ID(0)}},
	.text_data_ring = {PRB_BITS + 6, (char *)toy_blocks, {4 * 64}, {0}}};
struct printk_ringbuffer *prb = &printk_rb_static;
#endif

atomic_t panic_cpu = {0};
void panic(const char *words)
{
	(void)words;
}

void schedule(void)
{
	panic("");
}
