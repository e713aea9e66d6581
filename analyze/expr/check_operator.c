// SPDX-License-Identifier: GPL-2.0-or-later
// Operators: which kinds of values they join, and what to say when they do not.
#include "expr/check.h"

/* ---- unary ---------------------------------------------------------------------------------- */

static bool is_numeric(enum stype_kind kind)
{
	return kind == STYPE_BOOL || kind == STYPE_INT || kind == STYPE_REAL ||
	       kind == STYPE_DURATION || kind == STYPE_SIZE;
}

static bool is_void(const struct code *code)
{
	return code->stype.kind == STYPE_UNKNOWN || code->stype.kind == STYPE_NONE;
}

static const struct code *check_negate(struct checker *checker, const struct expr *expr)
{
	const struct code *operand = check_value(checker, expr->args[0]);

	if (!operand)
		return NULL;
	if (!is_numeric(operand->stype.kind) && !is_void(operand))
		return check_fail(checker, expr, ERROR_SYNTAX, "%s has no negative",
				  check_words(checker, &operand->stype));
	if (expr->op == TOKEN_PLUS)
		return operand;
	if (code_is_constant(operand) && operand->stype.kind == STYPE_INT)
		return code_integer(checker, -operand->constant.integer);
	enum stype_kind kind = operand->stype.kind == STYPE_BOOL ? STYPE_INT : operand->stype.kind;
	struct code *code = code_new(checker, kind, eval_negate);

	code->op.kind = stype_value_kind(&code->stype);
	code_add(checker, code, operand);
	return code;
}

static const struct code *check_complement(struct checker *checker, const struct expr *expr)
{
	const struct code *operand = check_int(checker, expr->args[0]);
	struct code *code = code_new(checker, STYPE_INT, eval_complement);

	code_add(checker, code, operand);
	return operand ? code : NULL;
}

static const struct code *constant_truth(struct checker *checker, bool truth)
{
	return code_constant(checker, value_bool(truth));
}

/* A condition that is known without a dump: 1 or 0; else -1. */
static int known_truth(const struct code *code)
{
	if (!code_is_constant(code) || code->constant.kind == VALUE_ABSENT)
		return -1;
	return value_truth(&code->constant);
}

static const struct code *check_not(struct checker *checker, const struct expr *expr)
{
	const struct code *operand = check_condition(checker, expr->args[0]);

	if (!operand)
		return NULL;
	if (known_truth(operand) >= 0)
		return constant_truth(checker, !known_truth(operand));
	struct code *code = code_new(checker, STYPE_BOOL, eval_not);

	code_add(checker, code, operand);
	return code;
}

static const struct code *check_dereference(struct checker *checker, const struct expr *expr)
{
	const struct code *code = check(checker, expr->args[0]);

	if (!code)
		return NULL;
	if (code->stype.kind == STYPE_OBJECT && type_strip(code->stype.type)->kind != TYPE_POINTER)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "%s is no pointer; it can be used as it is",
				  check_words(checker, &code->stype));
	return code_object(checker, expr, code);
}

static const struct code *check_address_of(struct checker *checker, const struct expr *expr)
{
	bool is_name = expr->args[0]->kind == EXPR_NAME;
	const struct code *code = is_name ? check_name_of_address(checker, expr->args[0])
					  : check(checker, expr->args[0]);

	if (!code)
		return NULL;
	/* &function is the function. */
	if (code->stype.kind == STYPE_POINTER && code_is_constant(code))
		return code;
	if (code->stype.kind != STYPE_OBJECT)
		return check_fail(checker, expr, ERROR_SYNTAX, "%s has no address",
				  check_words(checker, &code->stype));
	return code_address(checker, expr, code);
}

const struct code *check_unary(struct checker *checker, const struct expr *expr)
{
	switch (expr->op) {
	case TOKEN_BANG:
		return check_not(checker, expr);
	case TOKEN_TILDE:
		return check_complement(checker, expr);
	case TOKEN_AMPERSAND:
		return check_address_of(checker, expr);
	case TOKEN_STAR:
		return check_dereference(checker, expr);
	default:
		return check_negate(checker, expr);
	}
}

/* ---- mistakes ------------------------------------------------------------------------------- */

static bool is_comparison(const struct expr *expr)
{
	if (expr->kind != EXPR_BINARY || expr->in_parentheses)
		return false;
	switch (expr->op) {
	case TOKEN_EQUAL:
	case TOKEN_NOT_EQUAL:
	case TOKEN_LESS:
	case TOKEN_LESS_EQUAL:
	case TOKEN_GREATER:
	case TOKEN_GREATER_EQUAL:
		return true;
	default:
		return false;
	}
}

/* Points at bytes, or at an array of them. */
static bool points_to_bytes(const struct stype *stype)
{
	const struct type *target;

	if (stype->kind != STYPE_POINTER)
		return false;
	target = type_strip(type_target(type_strip(stype->type)));
	if (target->kind == TYPE_ARRAY)
		target = type_strip(type_target(target));
	return target->kind == TYPE_INT && target->size == 1;
}

/* How to say what was meant, or "". */
static const char *hint_for(const struct stype *a, const struct stype *b)
{
	const struct stype *low = a->kind < b->kind ? a : b, *high = a->kind < b->kind ? b : a;

	if (low->kind == STYPE_INT && high->kind == STYPE_DURATION)
		return "; say what the integer is: 10s, ns(x), us(x), ms(x) or jiffies(x)";
	if (low->kind == STYPE_INT && high->kind == STYPE_SIZE)
		return "; say what the integer is: 4K, pages(x), kb(x) or x * 1K";
	if (low->kind == STYPE_STRING && points_to_bytes(high))
		return "; say string(p) for the text a pointer points at";
	if (low->kind == STYPE_INT && high->kind == STYPE_STRING)
		return "; say string_of(x) for a number as text";
	return "";
}

static const void *mismatch(struct checker *checker, const struct expr *expr,
			    const struct code *left, const struct code *right)
{
	const char *a = check_words(checker, &left->stype),
		   *b = check_words(checker, &right->stype);

	if (expr->op == TOKEN_LESS || expr->op == TOKEN_GREATER || expr->op == TOKEN_LESS_EQUAL ||
	    expr->op == TOKEN_GREATER_EQUAL || expr->op == TOKEN_EQUAL ||
	    expr->op == TOKEN_NOT_EQUAL)
		return check_fail(checker, expr, ERROR_SYNTAX, "%s cannot be compared with %s%s", a,
				  b, hint_for(&left->stype, &right->stype));
	return check_fail(checker, expr, ERROR_SYNTAX, "%s %s %s is not possible%s", a,
			  token_words(expr->op), b, hint_for(&left->stype, &right->stype));
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

static struct code *binary(struct checker *checker, const struct expr *expr, enum stype_kind kind,
			   evaluator *eval, const struct code *left, const struct code *right)
{
	struct code *code = code_new(checker, kind, eval);

	code->op.op = expr->op;
	code->op.kind = stype_value_kind(&code->stype);
	code_add(checker, code, left);
	code_add(checker, code, right);
	return code;
}

/* Kind of the result of + - * / %, STYPE_NONE when there is none. *ret_eval computes it. */
static enum stype_kind arithmetic_kind(enum token_kind op, enum stype_kind a, enum stype_kind b,
				       evaluator **ret_eval)
{
	bool adds = op == TOKEN_PLUS || op == TOKEN_MINUS;
	bool a_is_unit = a == STYPE_DURATION || a == STYPE_SIZE;
	bool b_is_unit = b == STYPE_DURATION || b == STYPE_SIZE;

	*ret_eval = eval_integer;
	if (a == STYPE_INT && b == STYPE_INT)
		return STYPE_INT;
	if ((a == STYPE_INT || a == STYPE_REAL) && (b == STYPE_INT || b == STYPE_REAL)) {
		*ret_eval = eval_real;
		return STYPE_REAL;
	}
	if (a == STYPE_TIME && b == STYPE_TIME && op == TOKEN_MINUS)
		return STYPE_DURATION;
	if (adds && ((a == STYPE_TIME && b == STYPE_DURATION) ||
		     (a == STYPE_DURATION && b == STYPE_TIME && op == TOKEN_PLUS)))
		return STYPE_TIME;
	if (a_is_unit && a == b && (adds || op == TOKEN_PERCENT))
		return a;
	if (a_is_unit && a == b && op == TOKEN_SLASH) {
		*ret_eval = eval_real;
		return STYPE_REAL;
	}
	if (op != TOKEN_STAR && (op != TOKEN_SLASH || !a_is_unit))
		return STYPE_NONE;
	if ((a_is_unit && b == STYPE_REAL) || (a == STYPE_REAL && b_is_unit))
		*ret_eval = eval_scale;
	else if (!(a_is_unit && b == STYPE_INT) && !(a == STYPE_INT && b_is_unit))
		return STYPE_NONE;
	return a_is_unit ? a : b;
}

static enum stype_kind numeric_kind(const struct code *code)
{
	return code->stype.kind == STYPE_BOOL ? STYPE_INT : code->stype.kind;
}

/* Arrays stand for the address of their first element. */
static const struct code *decayed(struct checker *checker, const struct expr *expr,
				  const struct code *code)
{
	if (code->stype.kind != STYPE_OBJECT || type_strip(code->stype.type)->kind != TYPE_ARRAY)
		return code;
	struct code *pointer = code_new(checker, STYPE_POINTER, eval_address);

	(void)expr;
	pointer->stype.type = pointer_to(checker, type_target(type_strip(code->stype.type)));
	pointer->stype.is_percpu = code->stype.is_percpu;
	code_add(checker, pointer, code);
	return pointer;
}

static uint64_t pointed_size(const struct code *pointer)
{
	uint64_t size = type_strip(type_target(type_strip(pointer->stype.type)))->size;

	return size ? size : 1; /* void *, as gcc counts */
}

static const struct code *check_pointer_arithmetic(struct checker *checker, const struct expr *expr,
						   const struct code *left,
						   const struct code *right)
{
	if (expr->op == TOKEN_PLUS && right->stype.kind == STYPE_POINTER) {
		const struct code *swapped = left;

		left = right;
		right = swapped;
	}
	if (left->stype.kind != STYPE_POINTER)
		return mismatch(checker, expr, left, right);
	bool is_difference = expr->op == TOKEN_MINUS && right->stype.kind == STYPE_POINTER;

	if (!is_difference && (numeric_kind(right) != STYPE_INT ||
			       (expr->op != TOKEN_PLUS && expr->op != TOKEN_MINUS)))
		return mismatch(checker, expr, left, right);
	struct code *code = binary(checker, expr, is_difference ? STYPE_INT : STYPE_POINTER,
				   is_difference ? eval_pointer_difference : eval_pointer_add, left,
				   right);

	if (!is_difference) {
		code->stype = left->stype;
		code->stype.or_none = false;
	}
	code->op.unit = pointed_size(left);
	code->op.is_32 = type_strip(left->stype.type)->size == 4;
	return code;
}

static const struct code *check_join(struct checker *checker, const struct expr *expr,
				     const struct code *left, const struct code *right)
{
	struct stype joined;

	if (!stype_join(&left->stype, &right->stype, checker->arena, &joined))
		return mismatch(checker, expr, left, right);
	struct code *code = binary(checker, expr, joined.kind,
				   joined.kind == STYPE_LIST ? eval_join_lists : eval_join_texts,
				   code_convert(checker, left, &joined),
				   code_convert(checker, right, &joined));

	code->stype = joined;
	code->stype.type = NULL;
	code->stype.or_none = false;
	return code;
}

static const struct code *check_arithmetic(struct checker *checker, const struct expr *expr)
{
	const struct code *left = check_value(checker, expr->args[0]);
	const struct code *right = check_value(checker, expr->args[1]);
	evaluator *eval;

	if (!left || !right)
		return NULL;
	if (expr->op == TOKEN_PLUS && left->stype.kind == right->stype.kind &&
	    (left->stype.kind == STYPE_STRING || left->stype.kind == STYPE_LIST))
		return check_join(checker, expr, left, right);
	left = decayed(checker, expr, left);
	right = decayed(checker, expr, right);
	if (is_void(left) || is_void(right)) {
		struct code *code = binary(checker, expr, STYPE_UNKNOWN, eval_integer, left, right);

		code->stype.kind = is_void(left) ? right->stype.kind : left->stype.kind;
		if (!is_numeric(code->stype.kind))
			code->stype.kind = STYPE_UNKNOWN;
		return code;
	}
	if (left->stype.kind == STYPE_POINTER || right->stype.kind == STYPE_POINTER)
		return check_pointer_arithmetic(checker, expr, left, right);
	enum stype_kind kind =
		arithmetic_kind(expr->op, numeric_kind(left), numeric_kind(right), &eval);

	if (kind == STYPE_NONE)
		return mismatch(checker, expr, left, right);
	return binary(checker, expr, kind, eval, left, right);
}

static const struct code *check_bits(struct checker *checker, const struct expr *expr)
{
	for (int i = 0; i < 2; i++) {
		if (is_comparison(expr->args[i]))
			return check_fail(checker, expr, ERROR_SYNTAX,
					  "%s binds weaker than the comparison beside it (as in "
					  "C); write (a %s b) == c",
					  token_words(expr->op), token_words(expr->op));
	}
	const struct code *left = check_value(checker, expr->args[0]);
	const struct code *right = check_value(checker, expr->args[1]);

	if (!left || !right)
		return NULL;
	if ((numeric_kind(left) != STYPE_INT && !is_void(left)) ||
	    (numeric_kind(right) != STYPE_INT && !is_void(right)))
		return mismatch(checker, expr, left, right);
	return binary(checker, expr, STYPE_INT, eval_integer, left, right);
}

/* ---- comparisons ---------------------------------------------------------------------------- */

/* Structs and arrays that are no text stand for their address: a walk's element is == the pointer
 * to it. */
static const struct code *comparable(struct checker *checker, const struct expr *expr,
				     const struct code *code)
{
	return code && code->stype.kind == STYPE_OBJECT ? code_address(checker, expr, code) : code;
}

/* But not in an order, and not with a number: who writes "usage > 5" means what is in the struct. */
static bool is_address_misused(const struct code *code, const struct code *other, bool for_order)
{
	return code->stype.kind == STYPE_OBJECT && !type_is_text(code->stype.type) &&
	       (for_order || other->stype.kind == STYPE_INT);
}

static bool can_compare(const struct stype *a, const struct stype *b, bool for_order)
{
	enum stype_kind low = a->kind < b->kind ? a->kind : b->kind;
	enum stype_kind high = a->kind < b->kind ? b->kind : a->kind;

	if (low == STYPE_UNKNOWN)
		return true;
	if (low == STYPE_NONE)
		return !for_order || high == STYPE_NONE;
	if (low == STYPE_BOOL && high == STYPE_BOOL)
		return !for_order;
	if (low == STYPE_LIST || high == STYPE_LIST || low == STYPE_RECORD || high == STYPE_RECORD)
		return false;
	if (low == high)
		return true;
	return (low == STYPE_BOOL && high == STYPE_INT && !for_order) ||
	       (low == STYPE_INT && (high == STYPE_REAL || high == STYPE_POINTER));
}

static bool is_integral(const struct stype *stype)
{
	switch (stype->kind) {
	case STYPE_BOOL:
	case STYPE_INT:
	case STYPE_DURATION:
	case STYPE_SIZE:
	case STYPE_TIME:
	case STYPE_POINTER:
		return !stype->or_none;
	default:
		return false;
	}
}

/* "rx_idle_s > 30": the heading says what the number counts. */
static const struct code *in_seconds_of(struct checker *checker, const struct expr *expr,
					const struct code *number, const struct code *column)
{
	bool is_number = (number->stype.kind == STYPE_INT || number->stype.kind == STYPE_REAL) &&
			 !number->stype.or_none;
	struct value second = {.kind = VALUE_DURATION, .integer = 1000 * 1000 * 1000};

	if (!column->stype.is_seconds || !is_number)
		return number;
	struct code *product = binary(checker, expr, STYPE_DURATION,
				      number->stype.kind == STYPE_INT ? eval_integer : eval_scale,
				      number, code_constant(checker, second));

	product->op.op = TOKEN_STAR;
	return product;
}

static const struct code *check_comparison(struct checker *checker, const struct expr *expr)
{
	bool for_order = expr->op != TOKEN_EQUAL && expr->op != TOKEN_NOT_EQUAL;

	if (for_order && is_comparison(expr->args[0]))
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "comparisons do not chain; say a < b and b < c");
	const struct code *left = check_value(checker, expr->args[0]);
	const struct code *right = check_value(checker, expr->args[1]);

	if (!left || !right)
		return NULL;
	if (is_address_misused(left, right, for_order) || is_address_misused(right, left, for_order))
		return mismatch(checker, expr, left, right);
	left = comparable(checker, expr->args[0], left);
	right = comparable(checker, expr->args[1], right);
	if (!left || !right)
		return NULL;
	const struct code *column = left;

	left = in_seconds_of(checker, expr, left, right);
	right = in_seconds_of(checker, expr, right, column);
	if (!can_compare(&left->stype, &right->stype, for_order))
		return mismatch(checker, expr, left, right);
	/* x == none where x is never none, or always: known without a dump. */
	if (left->stype.kind == STYPE_NONE && right->stype.kind == STYPE_NONE)
		return constant_truth(checker, expr->op == TOKEN_EQUAL);
	bool integral = is_integral(&left->stype) && is_integral(&right->stype) &&
			!left->may_be_partial && !right->may_be_partial;

	return binary(checker, expr, STYPE_BOOL,
		      integral	  ? eval_compare_integers
		      : for_order ? eval_compare
				  : eval_equal,
		      left, right);
}

static const struct code *check_in(struct checker *checker, const struct expr *expr)
{
	const struct code *left =
		comparable(checker, expr->args[0], check_value(checker, expr->args[0]));
	const struct code *list = check_walk(checker, expr->args[1]);

	if (!left || !list)
		return NULL;
	struct stype element = *list->stype.element;

	if (element.kind == STYPE_OBJECT && type_is_text(element.type)) {
		struct stype texts = list->stype, text = {.kind = STYPE_STRING};

		texts.element = arena_copy(checker->arena, &text, sizeof(text));
		list = code_convert(checker, list, &texts);
		element = text;
	}
	if (element.kind == STYPE_OBJECT) {
		bool is_pointer = type_strip(element.type)->kind == TYPE_POINTER;

		element.kind = is_pointer || !type_is_scalar(element.type) ? STYPE_POINTER
									   : STYPE_INT;
	}
	if (!can_compare(&left->stype, &element, false))
		return check_fail(checker, expr, ERROR_SYNTAX, "%s is never an element of %s",
				  check_words(checker, &left->stype),
				  check_words(checker, &list->stype));
	return binary(checker, expr, STYPE_BOOL, eval_in_list, left, list);
}

/* ---- logic ---------------------------------------------------------------------------------- */

static const struct code *as_truth(struct checker *checker, const struct code *code)
{
	if (code->stype.kind == STYPE_BOOL)
		return code;
	struct code *truth = code_new(checker, STYPE_BOOL, eval_truth);

	code_add(checker, truth, code);
	return truth;
}

static const struct code *check_logic(struct checker *checker, const struct expr *expr)
{
	bool is_and = expr->op == TOKEN_AND;
	const struct code *left = check_condition(checker, expr->args[0]);

	if (!left)
		return NULL;
	int known = known_truth(left);

	/* What cannot matter on this kernel is not checked: has(t.x) and t.x > 3. */
	if (known >= 0 && known != is_and)
		return constant_truth(checker, !is_and);
	const struct code *right = check_condition(checker, expr->args[1]);

	if (!right)
		return NULL;
	if (known >= 0)
		return as_truth(checker, right);
	return binary(checker, expr, STYPE_BOOL, is_and ? eval_and : eval_or, left, right);
}

static const struct code *joined_branches(struct checker *checker, const struct expr *expr,
					  const struct code *left, const struct code *right,
					  struct stype *ret, const struct code **ret_left,
					  const struct code **ret_right)
{
	if (!left || !right)
		return NULL;
	if (!stype_join(&left->stype, &right->stype, checker->arena, ret))
		return check_fail(
			checker, expr, ERROR_SYNTAX, "both results need one type: %s is not %s%s",
			check_words(checker, &left->stype), check_words(checker, &right->stype),
			hint_for(&left->stype, &right->stype));
	*ret_left = code_convert(checker, left, ret);
	*ret_right = code_convert(checker, right, ret);
	return *ret_left;
}

static const struct code *check_known_or(struct checker *checker, const struct expr *expr)
{
	const struct code *left = code_load(checker, expr->args[0], check(checker, expr->args[0]));
	const struct code *right = code_load(checker, expr->args[1], check(checker, expr->args[1]));
	struct stype joined;

	if (left && left->stype.kind == STYPE_WALK)
		left = code_value(checker, expr->args[0], left);
	if (right && right->stype.kind == STYPE_WALK)
		right = code_value(checker, expr->args[1], right);
	if (!joined_branches(checker, expr, left, right, &joined, &left, &right))
		return NULL;
	struct code *code = binary(checker, expr, joined.kind, eval_known, left, right);

	code->stype = joined;
	return code;
}

const struct code *check_conditional(struct checker *checker, const struct expr *expr)
{
	const struct code *condition = check_condition(checker, expr->args[0]);
	struct stype joined;

	if (!condition)
		return NULL;
	/* The branch that is never taken on this kernel is not checked. */
	if (known_truth(condition) >= 0)
		return check(checker, expr->args[known_truth(condition) ? 1 : 2]);
	const struct code *left = code_load(checker, expr->args[1], check(checker, expr->args[1]));
	const struct code *right = code_load(checker, expr->args[2], check(checker, expr->args[2]));

	if (!joined_branches(checker, expr, left, right, &joined, &left, &right))
		return NULL;
	struct code *code = code_new(checker, joined.kind, eval_conditional);

	code->stype = joined;
	code_add(checker, code, condition);
	code_add(checker, code, left);
	code_add(checker, code, right);
	if (joined.kind == STYPE_WALK) {
		code->eval = eval_collect;
		code->each = each_conditional;
	}
	return code;
}

const struct code *check_binary(struct checker *checker, const struct expr *expr)
{
	switch (expr->op) {
	case TOKEN_AND:
	case TOKEN_OR:
		return check_logic(checker, expr);
	case TOKEN_KNOWN:
		return check_known_or(checker, expr);
	case TOKEN_IN:
		return check_in(checker, expr);
	case TOKEN_AMPERSAND:
	case TOKEN_BAR:
	case TOKEN_CARET:
	case TOKEN_SHIFT_LEFT:
	case TOKEN_SHIFT_RIGHT:
		return check_bits(checker, expr);
	case TOKEN_PLUS:
	case TOKEN_MINUS:
	case TOKEN_STAR:
	case TOKEN_SLASH:
	case TOKEN_PERCENT:
		return check_arithmetic(checker, expr);
	default:
		return check_comparison(checker, expr);
	}
}
