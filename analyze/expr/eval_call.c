// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of present arguments, and those that speak of absence.
#include "base/buf.h"
#include "base/cleanup.h"
#include <string.h>

#include "expr/check.h"
#include "value/format.h"

enum { ARGUMENT_LIMIT = 8 };

struct value eval_builtin(const struct code *code, struct frame *frame)
{
	const struct builtin *builtin = code->call.builtin;
	struct value args[ARGUMENT_LIMIT];
	const char *letter = builtin->parameters;

	for (size_t i = 0; i < code->count; i++) {
		letter += *letter == '|';
		args[i] = code_run(code->args[i], frame);
		if (is_missing(&args[i]) && *letter != 'v' && *letter != 'o')
			return missing(&args[i]);
		frame_spend_text(frame, &args[i]);
		letter++;
	}
	struct value result = builtin->apply(code, frame, args, code->count);

	frame_charge(frame);
	return result;
}

struct value fault_text(struct frame *frame, const struct fault *fault)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	format_fault(fault, &buf);
	const char *text = arena_strndup(frame_memory(frame), buf_text(&buf), buf.length);

	frame_charge(frame);
	return value_text(text, buf.length);
}

struct value eval_known_test(const struct code *code, struct frame *frame)
{
	struct value value = code_run(code->args[0], frame);

	return value_bool(value.kind != VALUE_ABSENT);
}

struct value eval_reason(const struct code *code, struct frame *frame)
{
	struct value value = code_run(code->args[0], frame);

	if (value.kind != VALUE_ABSENT)
		return (struct value){.kind = VALUE_NONE};
	return fault_text(frame, &value.absent);
}

struct value eval_unknown(const struct code *code, struct frame *frame)
{
	struct value why = code_run(code->args[0], frame);

	if (is_missing(&why))
		return missing(&why);
	return value_absent(ERROR_INVALID, 0,
			    arena_strndup(frame_memory(frame), why.string.data, why.string.length));
}

struct value eval_enum_name(const struct code *code, struct frame *frame)
{
	struct value number = code_run(code->args[0], frame);

	if (is_missing(&number))
		return missing(&number);
	const char *name = number.integer >= INT64_MIN && number.integer <= UINT64_MAX
				   ? type_enumerator_name(code->call.data, (int64_t)number.integer)
				   : NULL;

	return name ? value_text(name, strlen(name)) : (struct value){.kind = VALUE_NONE};
}
