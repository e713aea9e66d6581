// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd.h"
#include "expr/expr.h"
#include "options.h"
#include "rule/rule.h"
#include "session.h"
#include "types/symtab.h"
#include "value/format.h"

DEFINE_CLEANUP(struct frame *, frame_free)

/* Elements of an array or list that are shown without -v. */
enum { EVAL_ELEMENTS = 64 };

struct printer {
	const struct session *session;
	unsigned elements;
	struct buf *buf;
	struct fault *unread; /* the first part of what was printed that is not there */
};

static void put_line(const struct printer *printer, const struct value *value, unsigned depth)
{
	const struct format_options format = {
		.dump = printer->session->dump,
		.symtab = printer->session->symtab,
		.with_type = true,
		.depth = depth,
		.elements = printer->elements,
		.unread = printer->unread,
	};

	format_value(value, &format, printer->buf);
	buf_putc(printer->buf, '\n');
}

/* One line: of what is not a number, a text or a record, the place. */
static void put_element(const struct printer *printer, struct value element)
{
	const struct type *type = element.kind == VALUE_OBJECT ? type_strip(element.type) : NULL;

	if (type && (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION))
		element = (struct value){
			.kind = VALUE_POINTER,
			.type = symtab_pointer_to(printer->session->symtab, element.type),
			.integer = element.object.address,
		};
	put_line(printer, &element, 1);
}

static void put_value(const struct printer *printer, const struct value *value, bool is_walk)
{
	if (!is_walk || value->kind != VALUE_LIST) {
		put_line(printer, value, 3);
		return;
	}
	for (size_t i = 0; i < value->list->count; i++)
		put_element(printer, value->list->items[i]);
}

/* Whether the value is all there is; says why it is not. */
static bool tell_completeness(const struct value *value, const struct frame *frame,
			      const struct fault *unread)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct fault fault;

	if (value->kind == VALUE_ABSENT)
		fault = value->absent;
	else if (value->kind == VALUE_LIST && value->list->is_partial)
		fault = value->list->fault;
	else if (!frame_is_partial(frame, &fault))
		fault = *unread;
	if (fault.code == ERROR_COUNT)
		return true;
	format_fault(&fault, &buf);
	log_warning("%s%s",
		    value->kind == VALUE_ABSENT ? "unknown: " : "incomplete: ", buf_text(&buf));
	return false;
}

static struct error *evaluate(struct session *session, const struct options *options,
			      const struct expr *expr, int *ret_status)
{
	struct scope *scope = scope_new(session->program);
	struct budget budget = BUDGET_DEFAULT;
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct code *code;
	struct error *error = expr_check(session->program, scope, expr, &code);

	if (error)
		return error;
	struct frame *frame _cleanup_(frame_free_cleanup) = frame_new(session->program, scope,
								      &budget);
	struct value value = code_eval(code, frame);
	if (options->verbose) {
		code_print_type(code, &buf);
		buf_putc(&buf, '\n');
	}
	bool is_walk = code_shape(code) == CODE_WALK || code_shape(code) == CODE_RECORD_WALK;
	struct fault unread = {.code = ERROR_COUNT};
	const struct printer printer = {
		.session = session,
		.unread = &unread,
		.elements = options->verbose ? UINT_MAX : EVAL_ELEMENTS,
		.buf = &buf,
	};

	put_value(&printer, &value, is_walk);
	*ret_status = tell_completeness(&value, frame, &unread) ? EXIT_DONE : EXIT_INCOMPLETE;
	return output_print(&buf);
}

struct error *cmd_eval(struct session *session, const struct options *options, int *ret_status)
{
	const struct strings *words = &options->words;
	struct expr *expr;

	if (words->count < 2)
		return error_new(ERROR_INVALID, "eval: want a dump and an expression");
	const struct expr_text text = {.file = "expression",
				       .text = words->items[words->count - 1]};
	struct error *error = session_load_rules(session, options);
	if (error)
		return error;
	session_tell_problems(session);
	error = expr_parse(rule_set_arena(session->rules), &text, EXPR_START_EXPRESSION, &expr);
	if (!error)
		error = session_open(session, options, words->items, words->count - 1);
	if (!error)
		error = evaluate(session, options, expr, ret_status);
	return error;
}
