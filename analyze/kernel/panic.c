// SPDX-License-Identifier: GPL-2.0-or-later
// How the kernel ended: the words, the CPU, the task and the place. Each is asked of the kernel's
// variables first and of the log second; the place the other way round, since only the log has the
// registers of an oops that led to a panic.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "dump/dump.h"
#include "dump/registers.h"
#include "dump/vmcoreinfo.h"
#include "kernel/dmesg.h"
#include "kernel/field.h"
#include "kernel/kernel_private.h"
#include "types/symtab.h"
#include "value/value.h"

enum {
	LINES_BEFORE = 400, /* records around the panic that may belong to it */
	LINES_AFTER = 200,
	OOPS_HEAD = 30, /* lines from an oops's first one to its registers, at most */
	STACK_LIMIT = 64 * 1024,
	CPU_LIMIT = 8192,
};

static const char panic_words[] = "Kernel panic - not syncing: ";

/* Lines of the log around the end, NUL-terminated. */
struct line {
	char *text;
	size_t record; /* of the log, that it stands in */
};

struct lines {
	struct line *items;
	size_t count, capacity;
	size_t panic; /* position of the panic's line; `count` when there is none */
};

static bool text_begins(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool record_is_panic(const struct dmesg_record *record)
{
	size_t length = sizeof(panic_words) - 1;

	return record->length >= length && !memcmp(record->text, panic_words, length);
}

static void lines_add_record(struct lines *lines, struct arena *arena, const struct dmesg *log,
			     size_t record)
{
	const char *text = log->records[record].text, *end = text + log->records[record].length;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((stop ? stop : end) - text);

		*vec_push(lines) = (struct line){arena_strndup(arena, text, length), record};
		text += length + 1;
	}
}

static void lines_collect(struct lines *lines, struct arena *arena, const struct dmesg *log)
{
	size_t panic = log->count;

	for (size_t i = log->count; i-- > 0 && panic == log->count;)
		if (record_is_panic(&log->records[i]))
			panic = i;

	size_t first = panic > LINES_BEFORE ? panic - LINES_BEFORE : 0;
	size_t end = log->count - panic > LINES_AFTER ? panic + LINES_AFTER : log->count;
	bool is_found = false;

	for (size_t i = first; i < end; i++) {
		if (i == panic) {
			lines->panic = lines->count;
			is_found = true;
		}
		lines_add_record(lines, arena, log, i);
	}
	if (!is_found)
		lines->panic = lines->count;
}

/* "sysrq_handle_crash+0x16" from "RIP: 0010:sysrq_handle_crash+0x16/0x20 [module]", from
 * " sysrq_handle_crash+0x16/0x20" and the other architectures' forms; false when the line names no
 * place, or marks it as a guess ("? "). */
static bool line_place(const char *line, char *ret, size_t size)
{
	const char *plus = strstr(line, "+0x"), *start = plus;

	if (!plus)
		return false;
	while (start > line && !strchr(" :()[]", start[-1]))
		start--;
	if (start == plus || (start - line >= 2 && start[-2] == '?'))
		return false;

	size_t length = (size_t)(plus - start) + 3 + strspn(plus + 3, "0123456789abcdef");

	return (size_t)snprintf(ret, size, "%.*s", (int)length, start) < size;
}

/* Whether the place is in `function`, or in a part of it that the compiler moved away (".cold"). */
static bool place_is(const char *place, const char *function)
{
	size_t length = strlen(function);

	return !strncmp(place, function, length) && (place[length] == '+' || place[length] == '.');
}

/* Functions between whoever gave up and the end. */
static bool place_is_panic(const char *place)
{
	static const char *const functions[] = {"panic", "vpanic", "nmi_panic"};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (place_is(place, functions[i]))
			return true;
	return false;
}

/* The line with the instruction pointer of an oops: x86, arm64, riscv, powerpc, s390. On x86 the
 * code segment tells the kernel (0010) from what user space was doing (0033). */
static bool line_is_ip(const char *line)
{
	static const char *const prefixes[] = {
		"RIP: 0010:", "EIP: ", "pc : ", "epc : ", "NIP [", "Krnl PSW : "};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (text_begins(line, prefixes[i]))
			return true;
	return false;
}

/* Position of the last oops's instruction pointer before `end`; `end` when there is none. */
static size_t lines_find_ip(const struct lines *lines, size_t end)
{
	for (size_t i = end; i-- > 0;)
		if (line_is_ip(lines->items[i].text))
			return i;
	return end;
}

/* Caller of panic() in the call trace that follows the panic's line. */
static bool lines_find_caller(const struct lines *lines, char *ret, size_t size)
{
	bool is_below = false;
	char place[256];

	for (size_t i = lines->panic; i < lines->count; i++) {
		if (!line_place(lines->items[i].text, place, sizeof(place)))
			continue;
		if (place_is_panic(place))
			is_below = true;
		else if (is_below)
			return (size_t)snprintf(ret, size, "%s", place) < size;
	}
	return false;
}

/* Whether a panic's words say that what was printed just before, an oops or a warning, is where it
 * went wrong (oops_end() and arm64's die(), check_panic_on_warn()). */
static bool panic_follows_report(const char *message)
{
	return strstr(message, "Fatal exception") || strstr(message, "panic_on_warn");
}

/* Whether they say that an oops may have come first: do_exit() of a task that the kernel cannot
 * spare. */
static bool panic_may_follow_oops(const char *message)
{
	return text_begins(message, "Attempted to kill") ||
	       text_begins(message, "Aiee, killing interrupt handler");
}

/* Position of the first line of the oops whose instruction pointer is at `ip`; `ip` when there is none. */
static size_t lines_find_oops(const struct lines *lines, size_t ip)
{
	static const char *const prefixes[] = {
		"BUG: ",
		"kernel BUG at ",
		"Oops",
		"general protection fault",
		"divide error",
		"invalid opcode",
		"stack segment",
		"double fault",
		"traps: ",
		"Unable to handle kernel",
		"Internal error: ",
		"Unhandled ",
		"Kernel stack overflow",
		"PANIC: ",
	};
	size_t head = ip;

	for (size_t i = ip; i-- > 0 && ip - i <= OOPS_HEAD;) {
		const char *text = lines->items[i].text;

		if (text_begins(text, "---[ end trace") || line_is_ip(text))
			break;
		for (size_t j = 0; j < sizeof(prefixes) / sizeof(prefixes[0]); j++)
			if (text_begins(text, prefixes[j]))
				head = i;
	}
	return head;
}

/* "CPU: 0 UID: 0 PID: 1 Comm: init Kdump: loaded Not tainted …" (dump_stack_print_info()). */
static bool line_is_task(const char *line)
{
	return text_begins(line, "CPU: ") && strstr(line, " PID: ") && strstr(line, " Comm: ");
}

/* The line that says who panicked: the first one after the panic's, else (an oops has printed its
 * own already) the last one before it; NULL. */
static const char *lines_find_task(const struct lines *lines)
{
	for (size_t i = lines->panic; i < lines->count; i++)
		if (line_is_task(lines->items[i].text))
			return lines->items[i].text;
	for (size_t i = lines->panic; i-- > 0;)
		if (line_is_task(lines->items[i].text))
			return lines->items[i].text;
	return NULL;
}

/* Takes cpu, pid and comm from the log as far as they are not known. */
static void panic_learn_log_task(struct kernel *kernel, const struct lines *lines)
{
	static const char *const ends[] = {" Kdump: ", " Not tainted", " Tainted: "};
	struct kernel_panic *panic = &kernel->panic;
	const char *line = lines_find_task(lines);

	if (!line)
		return;
	if (panic->cpu < 0)
		panic->cpu = (int32_t)strtol(line + strlen("CPU: "), NULL, 10);
	if (panic->pid >= 0)
		return;

	const char *comm = strstr(line, " Comm: ") + strlen(" Comm: ");
	size_t length = strlen(comm);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *end = strstr(comm, ends[i]);

		if (end && (size_t)(end - comm) < length)
			length = (size_t)(end - comm);
	}
	panic->pid = strtol(strstr(line, " PID: ") + strlen(" PID: "), NULL, 10);
	panic->comm = arena_strndup(kernel->arena, comm, length < 16 ? length : 15);
}

/* The CPU that panicked, or -1; *ret_is_told is false where the dump does not tell. */
static int32_t panic_find_cpu(const struct kernel *kernel, bool *ret_is_told)
{
	/* panic_cpu since 1717f2096b54 ("panic, x86: Fix re-entrance problem due to panic on
	 * NMI"), 4.5; crashing_cpu on x86 and powerpc. Both are -1 before. */
	static const char *const names[] = {"panic_cpu", "crashing_cpu"};
	uint32_t cpu;

	*ret_is_told = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!kernel_read_int(kernel, names[i], &cpu))
			continue;
		*ret_is_told = true;
		if (cpu < CPU_LIMIT)
			return (int32_t)cpu;
	}
	return -1;
}

/* A task pointer in a per-CPU variable, at `offset` in it. */
static uint64_t panic_read_percpu(const struct kernel *kernel, const char *variable,
				  uint64_t offset, uint32_t cpu)
{
	const struct symbol *symbol = kernel->symtab ? symtab_find(kernel->symtab, variable) : NULL;
	uint64_t address, task;
	struct fault fault;

	if (!symbol || !kernel_percpu(kernel, symbol->address + offset, cpu, &address) ||
	    !dump_try_read_pointer(kernel->dump, address, &task, &fault))
		return 0;
	return task;
}

/* The task on a CPU: the scheduler's, else x86's own idea of `current` (a variable of its own
 * before 6.2 and since 6.15, a member of pcpu_hot between). */
static uint64_t panic_find_task(const struct kernel *kernel, uint32_t cpu)
{
	struct field field;
	uint64_t task = 0;

	if (field_find(kernel, "rq", "curr", &field))
		task = panic_read_percpu(kernel, "runqueues", field.offset, cpu);
	if (!task && field_find(kernel, "pcpu_hot", "current_task", &field))
		task = panic_read_percpu(kernel, "pcpu_hot", field.offset, cpu);
	if (!task)
		task = panic_read_percpu(kernel, "current_task", 0, cpu);
	return task;
}

static void panic_learn_task(struct kernel *kernel)
{
	struct kernel_panic *panic = &kernel->panic;
	struct field comm;
	uint64_t pid;

	if (panic->cpu < 0)
		return;
	panic->task = panic_find_task(kernel, (uint32_t)panic->cpu);
	if (!panic->task || !field_get(kernel, panic->task, "task_struct", "pid", &pid) ||
	    !field_find(kernel, "task_struct", "comm", &comm) || !comm.type)
		return;

	struct value text = value_char_array(kernel->dump, kernel->arena,
					     value_object(comm.type, panic->task + comm.offset));

	if (text.kind != VALUE_STRING)
		return;
	panic->pid = (int32_t)pid;
	panic->comm = arena_strndup(kernel->arena, text.string.data, text.string.length);
}

/* `back` is 1 for a return address: after a call of panic(), which does not return, the next
 * function may begin. */
static char *panic_place(const struct kernel *kernel, uint64_t address, unsigned back)
{
	uint64_t offset;
	const struct symbol *symbol =
		kernel->symtab ? symtab_symbolize(kernel->symtab, address - back, &offset) : NULL;

	if (symbol)
		return arena_printf(kernel->arena, "%s+0x%llx", symbol->name,
				    (unsigned long long)offset + back);
	return arena_printf(kernel->arena, "0x%llx", (unsigned long long)address);
}

/* Whether `address` follows an instruction that calls `function`. */
static bool panic_is_call(const struct kernel *kernel, uint64_t address, uint64_t function)
{
	const char *arch = dump_arch(kernel->dump)->name;
	bool is_x86 = !strcmp(arch, "x86_64");
	uint64_t word;
	struct fault fault;

	if (!is_x86 && strcmp(arch, "aarch64"))
		return false;
	if (!dump_try_read_number(kernel->dump, address - 4, 4, &word, &fault))
		return false;
	if (!is_x86) /* bl: 26 bits of distance in instructions, from the bl itself */
		return word >> 26 == 0x25 &&
		       address - 4 + (uint64_t)((int64_t)(word << 38) >> 36) == function;

	uint64_t opcode; /* call rel32, from the instruction that follows */

	return address + (uint64_t)(int64_t)(int32_t)word == function &&
	       dump_try_read_number(kernel->dump, address - 5, 1, &opcode, &fault) &&
	       opcode == 0xe8;
}

/* Return address into the caller of panic(), from the stack of the CPU that called it;
 * 0 unknown. */
static uint64_t panic_find_return(const struct kernel *kernel, const struct registers *registers)
{
	uint64_t panic = kernel_symbol(kernel, "panic");
	unsigned word = dump_arch(kernel->dump)->pointer_size;
	uint64_t text = kernel_symbol(kernel, "_stext");

	for (uint64_t at = 0; panic && at < STACK_LIMIT; at += word) {
		uint64_t address;
		struct fault fault;

		if (!dump_try_read_pointer(kernel->dump, registers->sp + at, &address, &fault))
			break;
		if (address >= text && panic_is_call(kernel, address, panic))
			return address;
	}
	return 0;
}

/* Where it went wrong, when the log does not tell. */
static void panic_learn_register_ip(struct kernel *kernel)
{
	struct kernel_panic *panic = &kernel->panic;
	struct registers registers;

	if (panic->cpu < 0 || !dump_registers(kernel->dump, (size_t)panic->cpu, &registers))
		return;

	uint64_t address = panic_find_return(kernel, &registers);

	/* crash_kexec() saves the registers of the oops itself, and its own after a panic(). */
	panic->ip =
		address ? panic_place(kernel, address, 1) : panic_place(kernel, registers.ip, 0);
}

/* The instruction pointer of the last oops before the panic, or of the last one of all. */
static bool lines_find_oops_place(const struct lines *lines, char *ret, size_t size)
{
	size_t ip = lines_find_ip(lines, lines->panic);

	return ip < lines->panic && line_place(lines->items[ip].text, ret, size);
}

/* Caller of panic() as the log has it. arm64 prints return addresses as they are: where the call of
 * panic() ends a function, that is the start of the next one, "sysrq_reset_seq_param_set+0x0" for
 * sysrq_handle_crash+0x24. */
static bool panic_find_caller(const struct kernel *kernel, const struct lines *lines, char *ret,
			      size_t size)
{
	char *plus;

	if (!lines_find_caller(lines, ret, size))
		return false;
	plus = strchr(ret, '+');
	if (strcmp(plus, "+0x0") != 0 || !kernel->symtab)
		return true;
	*plus = '\0';

	const struct symbol *next = symtab_find(kernel->symtab, ret);

	*plus = '+';
	return !next || (size_t)snprintf(ret, size, "%s", panic_place(kernel, next->address, 1)) < size;
}

static void panic_learn_ip(struct kernel *kernel, const struct lines *lines)
{
	struct kernel_panic *panic = &kernel->panic;
	bool has_panic = lines->panic < lines->count;
	char place[256];

	if (((!has_panic || panic_follows_report(panic->message)) &&
	     lines_find_oops_place(lines, place, sizeof(place))) ||
	    (has_panic && panic_find_caller(kernel, lines, place, sizeof(place))) ||
	    (panic_may_follow_oops(panic->message) &&
	     lines_find_oops_place(lines, place, sizeof(place))))
		panic->ip = arena_strdup(kernel->arena, place);
	else
		panic_learn_register_ip(kernel);
}

/* What was said at the end, and where the log begins to tell of it. */
static void panic_learn_message(struct kernel *kernel, const struct lines *lines)
{
	struct kernel_panic *panic = &kernel->panic;
	bool has_panic = lines->panic < lines->count;
	size_t ip = lines_find_ip(lines, lines->panic);
	size_t oops = ip < lines->panic ? lines_find_oops(lines, ip) : ip;
	const char *words = has_panic ? lines->items[lines->panic].text + sizeof(panic_words) - 1
			    : oops < ip ? lines->items[oops].text
					: "";

	panic->message = arena_strdup(kernel->arena, words);
	if (has_panic && !panic_follows_report(words) && !panic_may_follow_oops(words))
		oops = lines->panic;
	if (oops < lines->count)
		panic->log_record = lines->items[oops].record;
}

void kernel_learn_panic(struct kernel *kernel)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct kernel_panic *panic = &kernel->panic;
	struct lines lines = {0};
	struct dmesg log = {0};
	bool is_told;

	panic->pid = -1;
	panic->log_record = SIZE_MAX;
	panic->message = panic->comm = panic->ip = arena_strdup(kernel->arena, "");
	panic->cpu = panic_find_cpu(kernel, &is_told);
	/* CRASHTIME is written by crash_save_vmcoreinfo(), on the way into the crash
	 * kernel only. */
	panic->happened =
		panic->cpu >= 0 || vmcoreinfo_get(dump_vmcoreinfo(kernel->dump), "CRASHTIME");

	error_free(dmesg_read(kernel, arena, &log)); /* without a log, `log` is empty */
	lines_collect(&lines, arena, &log);
	/* Of a dump that tells nothing, not even a log, it is not said that all was well. */
	if (!panic->happened && !is_told)
		panic->happened = lines.panic < lines.count || !log.count;
	if (panic->happened) {
		panic_learn_message(kernel, &lines);
		panic_learn_task(kernel);
		panic_learn_log_task(kernel, &lines);
		panic_learn_ip(kernel, &lines);
	}
	free(lines.items);
}
