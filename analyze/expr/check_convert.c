// SPDX-License-Identifier: GPL-2.0-or-later
// From what stands there to what is needed: loading, addresses, walks of lists.
#include "expr/check.h"
#include "kernel/walk.h"

static const struct code *percpu_mistake(struct checker *checker, const struct expr *expr)
{
	return check_fail(
		checker, expr, ERROR_SYNTAX,
		"this variable exists once per CPU; say percpu(x), or percpu_ptr(&x, cpu)");
}

static evaluator *load_function(const struct type *type, uint32_t bit_size)
{
	bool is_plain = type->kind != TYPE_FLOAT && !bit_size &&
			(type->size == 1 || type->size == 2 || type->size == 4 || type->size == 8);

	return is_plain ? eval_load : eval_load_any;
}

/* A scalar object loaded. What the object is `memory.offset` bytes behind becomes the operand, so
 * that a chain of members costs one addition. */
static const struct code *load_scalar(struct checker *checker, const struct code *object)
{
	const struct type *type = type_strip(object->stype.type);
	bool is_member = object->eval == eval_member;
	uint32_t bit_size = is_member ? object->memory.bit_size : 0;
	struct code *code = code_new(checker, STYPE_INT, load_function(type, bit_size));

	code->memory.type = object->stype.type;
	code->memory.offset = is_member ? object->memory.offset : 0;
	code->memory.bit_offset = is_member ? object->memory.bit_offset : 0;
	code->memory.bit_size = bit_size;
	code->memory.size = (uint32_t)type->size;
	code->memory.is_signed = type->is_signed;
	code->memory.kind = VALUE_INT;
	code->stype.type = object->stype.type;
	code->stype.or_none = object->stype.or_none;
	if (type->kind == TYPE_POINTER) {
		code->memory.kind = VALUE_POINTER;
		code->memory.is_signed = false;
		code->stype.kind = STYPE_POINTER;
	} else if (type->kind == TYPE_FLOAT) {
		code->memory.kind = VALUE_REAL;
		code->stype.kind = STYPE_REAL;
	} else if (type->is_bool) {
		code->memory.kind = VALUE_BOOL;
		code->stype.kind = STYPE_BOOL;
	}
	code_add(checker, code, is_member ? object->args[0] : object);
	return code;
}

const struct code *code_load(struct checker *checker, const struct expr *expr,
			     const struct code *code)
{
	if (!code)
		return NULL;
	if (code->stype.kind != STYPE_OBJECT)
		return code;
	if (code->stype.is_percpu)
		return percpu_mistake(checker, expr);
	if (!type_is_scalar(code->stype.type))
		return code;
	return load_scalar(checker, code);
}

const struct code *code_value(struct checker *checker, const struct expr *expr,
			      const struct code *code)
{
	code = code_load(checker, expr, code);
	if (!code)
		return NULL;
	if (code->stype.kind == STYPE_WALK) {
		struct code *list = code_new(checker, STYPE_LIST, eval_collect);

		list->stype.element = code->stype.element;
		list->stype.or_none = code->stype.or_none;
		code_add(checker, list, code);
		return list;
	}
	if (code->stype.kind != STYPE_OBJECT || !type_is_text(code->stype.type))
		return code;
	struct code *text = code_new(checker, STYPE_STRING, eval_text);

	text->stype.type = code->stype.type;
	text->stype.or_none = code->stype.or_none;
	code_add(checker, text, code);
	return text;
}

const struct code *code_address(struct checker *checker, const struct expr *expr,
				const struct code *code)
{
	if (!code)
		return NULL;
	if (code->stype.kind == STYPE_POINTER)
		return code;
	if (code->stype.kind != STYPE_OBJECT)
		return check_fail(checker, expr, ERROR_SYNTAX, "%s has no address",
				  check_words(checker, &code->stype));
	if (code->eval == eval_member && code->memory.bit_size)
		return check_fail(checker, expr, ERROR_SYNTAX, "a bit-field has no address");
	const struct type *type = pointer_to(checker, code->stype.type);

	if (code_is_constant(code)) {
		struct value value = {.kind = VALUE_POINTER,
				      .type = type,
				      .integer = code->constant.object.address};
		struct code *pointer = code_constant(checker, value);

		pointer->stype.is_percpu = code->stype.is_percpu;
		return pointer;
	}
	struct code *pointer = code_new(checker, STYPE_POINTER, eval_address);

	pointer->stype.type = type;
	pointer->stype.is_percpu = code->stype.is_percpu;
	pointer->stype.or_none = code->stype.or_none;
	code_add(checker, pointer, code);
	return pointer;
}

const struct code *code_object(struct checker *checker, const struct expr *expr,
			       const struct code *code)
{
	if (code && code->stype.kind == STYPE_OBJECT &&
	    type_strip(code->stype.type)->kind == TYPE_POINTER)
		code = code_load(checker, expr, code);
	if (!code || code->stype.kind == STYPE_OBJECT)
		return code;
	if (code->stype.kind != STYPE_POINTER)
		return check_fail(checker, expr, ERROR_SYNTAX, "%s is no pointer",
				  check_words(checker, &code->stype));
	const struct type *target =
		check_complete(checker, type_target(type_strip(code->stype.type)));
	const struct type *bare = type_strip(target);

	if (bare->kind == TYPE_VOID || bare->kind == TYPE_FUNCTION)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "%s points at nothing that has a type; cast it first",
				  check_words(checker, &code->stype));
	struct code *object = code_new(checker, STYPE_OBJECT, eval_dereference);

	object->stype.type = target;
	object->stype.is_percpu = code->stype.is_percpu;
	object->memory.type = target;
	object->is_cheap = false;
	code_add(checker, object, code);
	return object;
}

/* A list or walk whose elements become `element` on the way. */
static const struct code *convert_elements(struct checker *checker, const struct code *code,
					   const struct stype *wanted)
{
	struct stype current = *code->stype.element;
	uint32_t slot = scope_slot(checker->scope);
	const struct code *from = code_slot(checker, slot, &current);
	const struct code *element = code_convert(checker, from, wanted->element);

	if (element == from && code->stype.kind == wanted->kind)
		return code;
	struct code *converted = code_new(checker, wanted->kind, eval_collect);

	converted->stype = *wanted;
	converted->each = each_converted;
	converted->slot = slot;
	code_add(checker, converted, code_walkable(checker, NULL, code));
	code_add(checker, converted, element);
	return converted;
}

const struct code *code_convert(struct checker *checker, const struct code *code,
				const struct stype *wanted)
{
	struct code *result;

	if (!code)
		return NULL;
	enum stype_kind kind = code->stype.kind;

	if (kind == STYPE_NONE || kind == STYPE_UNKNOWN)
		return code;
	if (kind == STYPE_LIST || kind == STYPE_WALK)
		return convert_elements(checker, code, wanted);
	if (kind == wanted->kind)
		return code;
	if (kind == STYPE_OBJECT && wanted->kind == STYPE_POINTER)
		return code_address(checker, NULL, code);
	if (wanted->kind == STYPE_REAL)
		result = code_new(checker, STYPE_REAL, eval_to_real);
	else if (wanted->kind == STYPE_INT)
		result = code_new(checker, STYPE_INT, eval_to_integer);
	else if (wanted->kind == STYPE_STRING)
		result = code_new(checker, STYPE_STRING, eval_text);
	else
		return code;
	result->stype.or_none = code->stype.or_none;
	code_add(checker, result, code);
	return result;
}

static const struct code *walk_of_array(struct checker *checker, const struct expr *expr,
					const struct code *array)
{
	const struct type *type = type_strip(array->stype.type);

	if (array->stype.is_percpu)
		return percpu_mistake(checker, expr);
	if (!type->length)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "the length of this array is not known; say array(p, n)");
	struct code *walk = code_new(checker, STYPE_WALK, eval_collect);
	struct stype *element = ARENA_NEW(checker->arena, struct stype);

	element->kind = STYPE_OBJECT;
	element->type = type_target(type);
	walk->stype.element = element;
	walk->each = each_kernel;
	walk->walk.type = element->type;
	walk->walk.open = walk_array;
	walk->walk.offset = type->length;
	code_add(checker, walk, array);
	return walk;
}

const struct code *code_walkable(struct checker *checker, const struct expr *expr,
				 const struct code *code)
{
	if (!code || code->stype.kind == STYPE_WALK)
		return code;
	if (code->stype.kind == STYPE_OBJECT && type_strip(code->stype.type)->kind == TYPE_ARRAY)
		return walk_of_array(checker, expr, code);
	if (code->stype.kind != STYPE_LIST && code->stype.kind != STYPE_NONE &&
	    code->stype.kind != STYPE_UNKNOWN)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "%s cannot be walked; walks are list(…), array(…), percpu(…)…, "
				  "definitions and lists",
				  check_words(checker, &code->stype));
	if (code->each)
		return code;
	if (code->eval == eval_collect) /* a walk that had become a list */
		return code->args[0];
	static const struct stype unknown = {.kind = STYPE_UNKNOWN};
	struct code *walk = code_new(checker, STYPE_WALK, eval_collect);

	walk->stype.element = code->stype.element ? code->stype.element : &unknown;
	walk->each = each_list;
	code_add(checker, walk, code);
	return walk;
}
