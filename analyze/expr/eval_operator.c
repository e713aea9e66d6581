// SPDX-License-Identifier: GPL-2.0-or-later
// Operators. Integers are mathematical: what does not fit into 128 bits is absent.
#include <math.h>
#include <string.h>

#include "dump/dump.h"
#include "expr/check.h"

enum { TEXT_LIMIT = 64 * 1024, LIST_LIMIT = 10 * 1000 * 1000 };

static struct value overflow(void)
{
	return value_absent(ERROR_INVALID, 0, "number too big for 128 bits");
}

static struct value value_of_kind(enum value_kind kind, __int128 integer)
{
	return (struct value){.kind = kind, .integer = integer};
}

static struct value value_real(double real)
{
	return (struct value){.kind = VALUE_REAL, .real = real};
}

static double as_real(const struct value *value)
{
	return value->kind == VALUE_REAL ? value->real : (double)value->integer;
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

static struct value divide(const struct code *code, __int128 a, __int128 b)
{
	if (!b)
		return value_absent(ERROR_INVALID, 0, "division by zero");
	if (b == -1) /* the one quotient that does not fit is -2^127 / -1 */
		return __builtin_sub_overflow((__int128)0, a, &b)
			       ? overflow()
			       : value_of_kind(code->op.kind, code->op.op == TOKEN_SLASH ? b : 0);
	return value_of_kind(code->op.kind, code->op.op == TOKEN_SLASH ? a / b : a % b);
}

static struct value shift_left(enum value_kind kind, __int128 number, __int128 count)
{
	if (count < 0 || count > 126)
		return value_absent(ERROR_INVALID, 0, "shift by less than 0 or more than 126 bits");
	__int128 result = (__int128)((unsigned __int128)number << count);

	if (result >> count != number)
		return overflow();
	return value_of_kind(kind, result);
}

static struct value shift_right(enum value_kind kind, __int128 number, __int128 count)
{
	if (count < 0)
		return value_absent(ERROR_INVALID, 0, "shift by less than 0 bits");
	return value_of_kind(kind, number >> (count > 127 ? 127 : count));
}

struct value eval_integer(const struct code *code, struct frame *frame)
{
	struct value left = code_run(code->args[0], frame);
	struct value right = code_run(code->args[1], frame);
	enum value_kind kind = code->op.kind;
	__int128 result;
	bool overflows = false;

	if (is_missing(&left))
		return missing(&left);
	if (is_missing(&right))
		return missing(&right);
	switch (code->op.op) {
	case TOKEN_PLUS:
		overflows = __builtin_add_overflow(left.integer, right.integer, &result);
		break;
	case TOKEN_MINUS:
		overflows = __builtin_sub_overflow(left.integer, right.integer, &result);
		break;
	case TOKEN_STAR:
		overflows = __builtin_mul_overflow(left.integer, right.integer, &result);
		break;
	case TOKEN_AMPERSAND:
		result = left.integer & right.integer;
		break;
	case TOKEN_BAR:
		result = left.integer | right.integer;
		break;
	case TOKEN_CARET:
		result = left.integer ^ right.integer;
		break;
	case TOKEN_SHIFT_LEFT:
		return shift_left(kind, left.integer, right.integer);
	case TOKEN_SHIFT_RIGHT:
		return shift_right(kind, left.integer, right.integer);
	default:
		return divide(code, left.integer, right.integer);
	}
	return overflows ? overflow() : value_of_kind(kind, result);
}

static struct value value_finite(double real)
{
	return isfinite(real) ? value_real(real)
			      : value_absent(ERROR_INVALID, 0, "no finite number");
}

struct value eval_real(const struct code *code, struct frame *frame)
{
	struct value left = code_run(code->args[0], frame);
	struct value right = code_run(code->args[1], frame);

	if (is_missing(&left))
		return missing(&left);
	if (is_missing(&right))
		return missing(&right);
	double a = as_real(&left), b = as_real(&right);

	switch (code->op.op) {
	case TOKEN_PLUS:
		return value_finite(a + b);
	case TOKEN_MINUS:
		return value_finite(a - b);
	case TOKEN_STAR:
		return value_finite(a * b);
	case TOKEN_SLASH:
		return b == 0 ? value_absent(ERROR_INVALID, 0, "division by zero")
			      : value_finite(a / b);
	default:
		return b == 0 ? value_absent(ERROR_INVALID, 0, "division by zero")
			      : value_finite(fmod(a, b));
	}
}

static struct value rounded(enum value_kind kind, double real)
{
	if (!isfinite(real) || fabs(real) >= 0x1p126)
		return overflow();
	return value_of_kind(kind, (__int128)(real < 0 ? real - 0.5 : real + 0.5));
}

/* A duration or size times or by a real number. */
struct value eval_scale(const struct code *code, struct frame *frame)
{
	struct value result = eval_real(code, frame);

	return result.kind == VALUE_REAL ? rounded(code->op.kind, result.real) : result;
}

struct value eval_negate(const struct code *code, struct frame *frame)
{
	struct value operand = code_run(code->args[0], frame);
	__int128 result;

	if (is_missing(&operand))
		return missing(&operand);
	if (operand.kind == VALUE_REAL)
		return value_real(-operand.real);
	if (__builtin_sub_overflow((__int128)0, operand.integer, &result))
		return overflow();
	return value_of_kind(code->op.kind, result);
}

struct value eval_complement(const struct code *code, struct frame *frame)
{
	struct value operand = code_run(code->args[0], frame);

	return is_missing(&operand) ? missing(&operand) : value_int(~operand.integer);
}

struct value eval_pointer_add(const struct code *code, struct frame *frame)
{
	struct value pointer = code_run(code->args[0], frame);
	struct value count = code_run(code->args[1], frame);

	if (is_missing(&pointer))
		return missing(&pointer);
	if (is_missing(&count))
		return missing(&count);
	uint64_t bytes = (uint64_t)count.integer * (uint64_t)code->op.unit;
	uint64_t address = (uint64_t)pointer.integer;

	address = code->op.op == TOKEN_MINUS ? address - bytes : address + bytes;
	pointer.integer = code->op.is_32 ? (uint32_t)address : address;
	return pointer;
}

struct value eval_pointer_difference(const struct code *code, struct frame *frame)
{
	struct value left = code_run(code->args[0], frame);
	struct value right = code_run(code->args[1], frame);

	if (is_missing(&left))
		return missing(&left);
	if (is_missing(&right))
		return missing(&right);
	return value_int((left.integer - right.integer) / code->op.unit);
}

/* ---- conversions ---------------------------------------------------------------------------- */

static struct value whole(const struct value *value)
{
	if (value->kind != VALUE_REAL)
		return value_int(value->integer);
	if (!isfinite(value->real) || fabs(value->real) >= 0x1p126)
		return overflow();
	return value_int((__int128)value->real);
}

struct value eval_cast_integer(const struct code *code, struct frame *frame)
{
	struct value operand = code_run(code->args[0], frame);
	unsigned bits = code->cast.bits;

	if (is_missing(&operand))
		return operand;
	struct value result = whole(&operand);

	if (is_missing(&result))
		return result;
	if (code->cast.is_bool) {
		result = value_bool(result.integer != 0);
	} else if (bits && bits < 128) {
		unsigned __int128 mask = ((unsigned __int128)1 << bits) - 1;
		unsigned __int128 number = (unsigned __int128)result.integer & mask;

		if (code->cast.is_signed && number >> (bits - 1))
			number |= ~mask;
		result.integer = (__int128)number;
	}
	result.type = code->cast.type;
	return result;
}

struct value eval_cast_pointer(const struct code *code, struct frame *frame)
{
	struct value operand = code_run(code->args[0], frame);

	if (is_missing(&operand))
		return operand;
	uint64_t address = operand.kind == VALUE_OBJECT ? operand.object.address
							: (uint64_t)operand.integer;

	if (code->cast.bits == 32)
		address = (uint32_t)address;
	return (struct value){.kind = VALUE_POINTER, .type = code->cast.type, .integer = address};
}

struct value eval_to_real(const struct code *code, struct frame *frame)
{
	struct value operand = code_run(code->args[0], frame);

	return is_missing(&operand) ? operand : value_real(as_real(&operand));
}

struct value eval_to_integer(const struct code *code, struct frame *frame)
{
	struct value operand = code_run(code->args[0], frame);

	return is_missing(&operand) ? operand : value_int(operand.integer);
}

/* ---- comparisons ---------------------------------------------------------------------------- */

static __int128 identity(const struct value *value)
{
	return value->kind == VALUE_OBJECT ? (__int128)value->object.address : value->integer;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_NONE || b->kind == VALUE_NONE)
		return a->kind == b->kind;
	if (a->kind == VALUE_STRING || b->kind == VALUE_STRING || a->kind == VALUE_REAL ||
	    b->kind == VALUE_REAL)
		return (a->kind == VALUE_STRING) == (b->kind == VALUE_STRING) &&
		       value_compare(a, b) == 0;
	return identity(a) == identity(b);
}

static bool compare_holds(enum token_kind op, int order)
{
	switch (op) {
	case TOKEN_EQUAL:
		return order == 0;
	case TOKEN_NOT_EQUAL:
		return order != 0;
	case TOKEN_LESS:
		return order < 0;
	case TOKEN_LESS_EQUAL:
		return order <= 0;
	case TOKEN_GREATER:
		return order > 0;
	default:
		return order >= 0;
	}
}

struct value eval_compare_integers(const struct code *code, struct frame *frame)
{
	struct value left = code_run(code->args[0], frame);
	struct value right = code_run(code->args[1], frame);

	if (is_missing(&left))
		return missing(&left);
	if (is_missing(&right))
		return missing(&right);
	return value_bool(compare_holds(
		code->op.op, left.integer < right.integer ? -1 : left.integer > right.integer));
}

/* A count or length, perhaps by way of a name: more elements would make it greater. Of anything
 * computed from one nothing is known. */
static bool grows(const struct code *code)
{
	while (code->eval == eval_let || code->eval == eval_argument ||
	       code->eval == eval_arguments || code->eval == eval_shared)
		code = code->eval == eval_shared ? code->shared->code : code->args[0];
	return code->eval == eval_count ||
	       (code->eval == eval_builtin && !strcmp(code->call.builtin->help.name, "len"));
}

/* Which way a comparison may still turn when more elements would be found. */
static bool may_turn(const struct code *code, bool is_true, bool left_partial, bool right_partial)
{
	bool left_grows = left_partial && grows(code->args[0]);
	bool right_grows = right_partial && grows(code->args[1]);

	if (left_partial != left_grows || right_partial != right_grows || left_grows == right_grows)
		return true;
	switch (code->op.op) {
	case TOKEN_GREATER:
	case TOKEN_GREATER_EQUAL:
		return is_true != left_grows;
	case TOKEN_LESS:
	case TOKEN_LESS_EQUAL:
		return is_true != right_grows;
	default:
		return true;
	}
}

/* == and != of a count stand when it has already gone past the other number. */
static bool is_past(const struct code *code, const struct value *left, const struct value *right,
		    bool left_partial, bool right_partial)
{
	if (code->op.op != TOKEN_EQUAL && code->op.op != TOKEN_NOT_EQUAL)
		return false;
	if (left_partial && !right_partial && grows(code->args[0]))
		return value_compare(left, right) > 0;
	if (right_partial && !left_partial && grows(code->args[1]))
		return value_compare(left, right) < 0;
	return false;
}

/* A comparison whose operands may come from a walk that broke off: it takes that into account, so
 * its result is no longer partial. */
static struct value compare_partial(const struct code *code, struct frame *frame, bool is_equality)
{
	uint64_t before = frame->partials;
	struct value left = code_run(code->args[0], frame);
	bool left_partial = frame->partials != before;

	frame->partials = before;
	struct value right = code_run(code->args[1], frame);
	bool right_partial = frame->partials != before;

	frame->partials = before;
	if (left.kind == VALUE_ABSENT || right.kind == VALUE_ABSENT)
		return left.kind == VALUE_ABSENT ? left : right;
	if (!is_equality && (left.kind == VALUE_NONE || right.kind == VALUE_NONE))
		return missing(left.kind == VALUE_NONE ? &left : &right);
	frame_spend_text(frame, &left);
	bool is_true = is_equality ? value_equal(&left, &right) == (code->op.op == TOKEN_EQUAL)
				   : compare_holds(code->op.op, value_compare(&left, &right));

	if ((left_partial || right_partial) &&
	    may_turn(code, is_true, left_partial, right_partial) &&
	    !is_past(code, &left, &right, left_partial, right_partial))
		return value_of_fault(&frame->partial_fault);
	return value_bool(is_true);
}

struct value eval_compare(const struct code *code, struct frame *frame)
{
	return compare_partial(code, frame, false);
}

struct value eval_equal(const struct code *code, struct frame *frame)
{
	return compare_partial(code, frame, true);
}

struct in_list {
	struct sink sink;
	struct value wanted;
	struct value result;
};

static bool in_list_element(struct sink *sink, struct frame *frame, const struct value *value,
			    uint64_t key)
{
	struct in_list *in = (struct in_list *)sink;
	struct value element = *value;

	(void)key;
	if (element.kind == VALUE_OBJECT && frame->dump && type_is_scalar(element.type))
		element = value_load(frame->dump, element);
	if (element.kind == VALUE_ABSENT) {
		if (in->result.kind != VALUE_ABSENT)
			in->result = frame_keep(frame, &element, sink->depth);
		return true;
	}
	frame_spend_text(frame, &element);
	if (!value_equal(&in->wanted, &element))
		return true;
	in->result = value_bool(true);
	return false;
}

struct value eval_in_list(const struct code *code, struct frame *frame)
{
	struct in_list in = {.sink = sink_new(frame, in_list_element), .result = value_bool(false)};

	in.wanted = code_run(code->args[0], frame);
	if (in.wanted.kind == VALUE_ABSENT)
		return in.wanted;
	code_walk(code->args[1], frame, &in.sink);
	if (in.result.kind == VALUE_BOOL && !in.result.integer && in.sink.fault.code != ERROR_COUNT)
		return value_of_fault(&in.sink.fault);
	return in.result;
}

/* ---- logic: three-valued -------------------------------------------------------------------- */

struct value eval_truth(const struct code *code, struct frame *frame)
{
	struct value operand = code_run(code->args[0], frame);

	return operand.kind == VALUE_ABSENT ? operand : value_bool(value_truth(&operand));
}

struct value eval_not(const struct code *code, struct frame *frame)
{
	struct value operand = code_run(code->args[0], frame);

	return operand.kind == VALUE_ABSENT ? operand : value_bool(!value_truth(&operand));
}

/* The operand that decides is `decides`; with none of them, an absent one leaves it open. */
static struct value logic(const struct code *code, struct frame *frame, bool decides)
{
	struct value left = code_run(code->args[0], frame);

	if (left.kind != VALUE_ABSENT && value_truth(&left) == decides)
		return value_bool(decides);
	struct value right = code_run(code->args[1], frame);

	if (right.kind != VALUE_ABSENT && value_truth(&right) == decides)
		return value_bool(decides);
	if (left.kind == VALUE_ABSENT)
		return left;
	return right.kind == VALUE_ABSENT ? right : value_bool(!decides);
}

struct value eval_and(const struct code *code, struct frame *frame)
{
	return logic(code, frame, false);
}

struct value eval_or(const struct code *code, struct frame *frame)
{
	return logic(code, frame, true);
}

struct value eval_known(const struct code *code, struct frame *frame)
{
	struct value left = code_run(code->args[0], frame);

	return left.kind == VALUE_ABSENT ? code_run(code->args[1], frame) : left;
}

struct value eval_conditional(const struct code *code, struct frame *frame)
{
	struct value condition = code_run(code->args[0], frame);

	if (condition.kind == VALUE_ABSENT)
		return condition;
	return code_run(code->args[value_truth(&condition) ? 1 : 2], frame);
}

bool each_conditional(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct value condition = code_run(code->args[0], frame);

	if (condition.kind == VALUE_ABSENT) {
		sink_break(sink, frame, &condition.absent);
		return true;
	}
	return code_walk(code->args[value_truth(&condition) ? 1 : 2], frame, sink);
}

/* ---- strings, lists, records ------------------------------------------------------------------
 */

struct value eval_join_texts(const struct code *code, struct frame *frame)
{
	struct value left = code_run(code->args[0], frame);
	struct value right = code_run(code->args[1], frame);

	if (is_missing(&left))
		return missing(&left);
	if (is_missing(&right))
		return missing(&right);
	size_t length = left.string.length + right.string.length;

	if (length > TEXT_LIMIT)
		return value_absent(ERROR_LIMIT, 0, "text longer than 64 KiB");
	char *text = arena_zero(frame_memory(frame), length);

	if (left.string.length)
		memcpy(text, left.string.data, left.string.length);
	if (right.string.length)
		memcpy(text + left.string.length, right.string.data, right.string.length);
	frame_charge(frame);
	frame_spend(frame, length / 64);
	return value_text(text, length);
}

static struct value value_of_list(const struct value_list *list)
{
	return (struct value){.kind = VALUE_LIST, .list = list};
}

struct value eval_join_lists(const struct code *code, struct frame *frame)
{
	struct value left = code_run(code->args[0], frame);
	struct value right = code_run(code->args[1], frame);

	if (is_missing(&left))
		return missing(&left);
	if (is_missing(&right))
		return missing(&right);
	struct value_list *list = ARENA_NEW(frame_memory(frame), struct value_list);

	*list = left.list->is_partial ? *left.list : *right.list;
	list->count = left.list->count + right.list->count;
	if (list->count > LIST_LIMIT || list->count * sizeof(struct value) > frame->left.bytes)
		return frame_exhaust(frame, "memory of an evaluation");
	frame_spend(frame, list->count);
	list->items = ARENA_ARRAY(frame_memory(frame), list->count, struct value);
	if (left.list->count)
		memcpy(list->items, left.list->items, left.list->count * sizeof(struct value));
	if (right.list->count)
		memcpy(list->items + left.list->count, right.list->items,
		       right.list->count * sizeof(struct value));
	frame_charge(frame);
	return value_of_list(list);
}

struct value eval_list(const struct code *code, struct frame *frame)
{
	struct value_list *list = ARENA_NEW(frame_memory(frame), struct value_list);

	list->count = code->count;
	list->items = ARENA_ARRAY(frame_memory(frame), code->count, struct value);
	for (size_t i = 0; i < code->count; i++)
		list->items[i] = code_run(code->args[i], frame);
	frame_charge(frame);
	return value_of_list(list);
}

struct value eval_list_element(const struct code *code, struct frame *frame)
{
	struct value list = code_run(code->args[0], frame);
	struct value index = code_run(code->args[1], frame);

	if (is_missing(&list))
		return missing(&list);
	if (is_missing(&index))
		return missing(&index);
	if (index.integer < 0 || index.integer >= (__int128)list.list->count)
		return value_absent(ERROR_INVALID, 0, "index beyond the end of a list");
	return list.list->items[(size_t)index.integer];
}

struct value eval_record(const struct code *code, struct frame *frame)
{
	struct value_record *record = ARENA_NEW(frame_memory(frame), struct value_record);
	struct value *values = ARENA_ARRAY(frame_memory(frame), code->count, struct value);

	for (size_t i = 0; i < code->count; i++)
		values[i] = code_run(code->args[i], frame);
	record->names = code->stype.fields->names;
	record->values = values;
	record->count = code->count;
	frame_charge(frame);
	return (struct value){.kind = VALUE_RECORD, .record = record};
}

struct value eval_field(const struct code *code, struct frame *frame)
{
	struct value record = code_run(code->args[0], frame);

	return is_missing(&record) ? missing(&record) : record.record->values[code->call.number];
}
