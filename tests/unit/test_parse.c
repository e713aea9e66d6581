// SPDX-License-Identifier: GPL-2.0-or-later
// Texts into trees, and what is said of texts that are none.
#include "expr/lex.c"
#include "expr/message.c"
#include "expr/parse.c"
#include "expr/parse_start.c"
#include "expr/parse_type.c"
#include "expr/parse_walk.c"

#include "base/arena.h"
#include "test.h"

static void put_tree(const struct expr *expr, struct buf *buf);

static void put_type(const struct type_syntax *type, struct buf *buf)
{
	static const char *const kinds[] = {
		[TYPE_STRUCT] = "struct ", [TYPE_UNION] = "union ", [TYPE_ENUM] = "enum ",
		[TYPE_TYPEDEF] = "",	   [TYPE_INT] = "",	    [TYPE_VOID] = "",
		[TYPE_FLOAT] = "",
	};

	buf_printf(buf, "<%s%s%s%s", kinds[type->kind], type->module ? type->module : "",
		   type->module ? ":" : "", type->name);
	for (unsigned i = 0; i < type->pointers; i++)
		buf_putc(buf, '*');
	for (unsigned i = 0; i < type->dimensions; i++)
		buf_printf(buf, "[%d]", (int)type->lengths[i]);
	buf_putc(buf, '>');
}

static void put_children(const struct expr *expr, struct buf *buf)
{
	for (size_t i = 0; i < expr->count; i++) {
		buf_putc(buf, ' ');
		if (expr->kind == EXPR_RECORD)
			buf_printf(buf, "%s:", expr->names[i]);
		put_tree(expr->args[i], buf);
	}
	for (size_t i = 0; i < expr->binding_count; i++) {
		const struct binding *binding = &expr->bindings[i];

		buf_printf(buf, " [%s%s%s ", binding->key ? binding->key : "",
			   binding->key ? "," : "", binding->name);
		put_tree(binding->walk, buf);
		for (size_t j = 0; j < binding->condition_count; j++) {
			buf_puts(buf, binding->conditions[j].is_while ? " while " : " where ");
			put_tree(binding->conditions[j].expr, buf);
		}
		buf_putc(buf, ']');
	}
}

static void put_names(const struct expr *expr, struct buf *buf)
{
	for (size_t i = 0; i < expr->count; i++)
		buf_printf(buf, "%s%s", i ? "." : "", expr->names[i]);
}

static void put_head(const struct expr *expr, struct buf *buf)
{
	static const char *const words[EXPR_KIND_COUNT] = {
		[EXPR_ELEMENT] = "[]",	  [EXPR_CONDITIONAL] = "?",    [EXPR_LIST] = "list",
		[EXPR_RECORD] = "record", [EXPR_GENERATOR] = "gen",    [EXPR_CLAUSES] = "clauses",
		[EXPR_TEMPLATE] = "text", [EXPR_ALTERNATIVES] = "alt",
	};

	if (expr->kind == EXPR_UNARY || expr->kind == EXPR_BINARY)
		buf_puts(buf, token_words(expr->op));
	else if (words[expr->kind])
		buf_puts(buf, words[expr->kind]);
	else if (expr->kind == EXPR_MEMBER)
		buf_printf(buf, ".%s", expr->name);
	else
		buf_puts(buf, expr->name);
}

static void put_tree(const struct expr *expr, struct buf *buf)
{
	switch (expr->kind) {
	case EXPR_INTEGER:
	case EXPR_BOOL:
		buf_printf(buf, "%lld", (long long)expr->integer);
		return;
	case EXPR_DURATION:
		buf_printf(buf, "%lldns", (long long)expr->integer);
		return;
	case EXPR_SIZE:
		buf_printf(buf, "%lldB", (long long)expr->integer);
		return;
	case EXPR_REAL:
		buf_printf(buf, "%g", expr->real);
		return;
	case EXPR_STRING:
		buf_printf(buf, "\"%.*s\"", (int)expr->length, expr->bytes);
		return;
	case EXPR_NONE:
		buf_puts(buf, "none");
		return;
	case EXPR_NAME:
		buf_printf(buf, "%s%s%s", expr->module ? expr->module : "", expr->module ? ":" : "",
			   expr->name);
		return;
	case EXPR_TYPE:
		put_type(expr->type, buf);
		return;
	case EXPR_PATH:
	case EXPR_SIGNATURE:
		put_names(expr, buf);
		return;
	case EXPR_NEED:
		if (expr->type)
			put_type(expr->type, buf);
		else
			buf_printf(buf, "%s%s%s", expr->integer ? "module " : "",
				   expr->module ? "M:" : "", expr->name);
		put_names(expr, buf);
		return;
	default:
		break;
	}
	buf_putc(buf, '(');
	if (expr->kind == EXPR_CAST)
		put_type(expr->type, buf);
	else
		put_head(expr, buf);
	put_children(expr, buf);
	buf_putc(buf, ')');
}

/* Parses and writes the tree, or the message. */
static void check_start(enum expr_start start, const char *text, const char *want)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct expr_text source = {.file = "t", .text = text};
	struct expr *expr = NULL;
	struct error *error = expr_parse(arena, &source, start, &expr);

	if (error)
		buf_puts(&buf, error->message);
	else
		put_tree(expr, &buf);
	CHECK_STR(buf_text(&buf), want);
	error_free(error);
}

static void check(const char *text, const char *want)
{
	check_start(EXPR_START_EXPRESSION, text, want);
}

TEST(parse_literals)
{
	check("12", "12");
	check("0x1fUL", "31");
	check("0b101", "5");
	check("0755", "493");
	check("'a'", "97");
	check("'\\n'", "10");
	check("\"a\\x41\\\"b\"", "\"aA\"b\"");
	check("1.5", "1.5");
	check("2.5e3", "2500");
	check("100ns", "100ns");
	check("5us", "5000ns");
	check("1.5s", "1500000000ns");
	check("2h", "7200000000000ns");
	check("4K", "4096B");
	check("1.5G", "1610612736B");
	check("true", "1");
	check("none", "none");
	check("[1, 2,]", "(list 1 2)");
	check("{a: 1, kb: x.y}", "(record a:1 kb:(.y x))");
}

TEST(parse_precedence_is_c)
{
	check("1 + 2 * 3", "(+ 1 (* 2 3))");
	check("a - b - c", "(- (- a b) c)");
	check("a & b == c", "(& a (== b c))");
	check("a | b ^ c & d", "(| a (^ b (& c d)))");
	check("a << 1 + b", "(<< a (+ 1 b))");
	check("a or b and c", "(or a (and b c))");
	check("a || b && !c", "(or a (and b (! c)))");
	check("not a == b and c", "(and (! (== a b)) c)");
	check("a ?? b or c", "(?? a (or b c))");
	check("a ?? b ?? c", "(?? a (?? b c))");
	check("a ?? b ? c : d", "(? (?? a b) c d)");
	check("a ? b : c ? d : e", "(? a b (? c d e))");
	check("x in [1] == true", "(== (in x (list 1)) 1)");
	check("x not in l", "(! (in x l))");
	check("-a.b", "(- (.b a))");
	check("*p->a", "(* (.a p))");
	check("&a[1].b", "(& (.b ([] a 1)))");
	check("~a + -b", "(+ (~ a) (- b))");
}

TEST(parse_postfix)
{
	check("t.(__state|state)", "(alt t __state state)");
	check("t.(a|b.c|none).d", "(.d (alt t a b.c none))");
	check("t.in.for.none", "(.none (.for (.in t)))");
	check("f(a, struct list_head *, u32 *)", "(f a <struct list_head*> <u32*>)");
	check("f(pid_t)", "(f pid_t)");
	check("sizeof(unsigned long)", "(sizeof <unsigned long>)");
	check("list(h, struct sunrpc:svc_sock, a.b)", "(list h <struct sunrpc:svc_sock> (.b a))");
}

TEST(parse_casts)
{
	check("(long)x", "(<long> x)");
	check("(struct foo *)p.q", "(<struct foo*> (.q p))");
	check("(u32)(x + 1)", "(<u32> (+ x 1))");
	check("(name *)p", "(<name*> p)");
	check("(name)p", "(<name> p)");
	check("(name)(p)", "t:1:7: expected an operator or the end\n(name)(p)\n      ^");
	check("(name) - 1", "(- name 1)");
	check("(name) and p", "(and name p)");
	check("(const struct foo __rcu *)p", "(<struct foo*> p)");
	check("(unsigned long long)-1", "(<unsigned long long> (- 1))");
}

TEST(parse_module_names)
{
	check("sunrpc:svc + 1", "(+ sunrpc:svc 1)");
	check("a ? m:x : y", "t:1:9: expected an operator or the end\na ? m:x : y\n        ^");
	check("a ? (m:x) : y", "(? a m:x y)");
	check("var(m:x)", "(var m:x)");
}

TEST(parse_aggregates)
{
	check("count(t in w where t.x > 3)", "(count [t w where (> (.x t) 3)])");
	check("sum(z.present for z in w)", "(sum (.present z) [z w])");
	check("any(c for k, t in w, u in f(t) where u)", "(any c [k,t w] [u (f t) where u])");
	check("count(d in w while d != e where f)", "(count [d w while (!= d e) where f])");
	check("max(a, b, 3)", "(max a b 3)");
	check("count(w)", "(count w)");
	check("(t for p in ps, t in threads(p))", "(gen t [p ps] [t (threads p)])");
	check("union(a, (x for x in b))", "(union a (gen x [x b]))");
	check("min(k, x in w)", "(min [k,x w])");
}

TEST(parse_other_starts)
{
	check_start(EXPR_START_CLAUSES, "b in array(h, n) where b, i, sk in w",
		    "(clauses [b (array h n) where b] [i,sk w])");
	check_start(EXPR_START_SIGNATURE, "threads(p, q)", "p.q");
	check_start(EXPR_START_SIGNATURE, "threads(p, p)",
		    "t:1:12: parameter p stands there twice\nthreads(p, p)\n           ^");
	check_start(EXPR_START_MEMBER, "__sk.state", "(.state __sk)");
	check_start(EXPR_START_MEMBER, "(a.b|c|none)", "(alt this a.b c none)");
	check_start(EXPR_START_MEMBER, "(a|b) + 1", "(+ (| a b) 1)");
	check_start(EXPR_START_TYPE, "struct list_head *[4]", "<struct list_head*[4]>");
	check_start(EXPR_START_TYPE, "unsigned long[3]", "<unsigned long[3]>");
	check_start(EXPR_START_TEMPLATE, "CPU {cpu}: {{{a + 1}}}",
		    "(text \"CPU \" cpu \": {\" (+ a 1) \"}\")");
	check_start(EXPR_START_TEMPLATE, "don't {",
		    "t:1:8: expected a value, found the end\ndon't {\n       ^");
	check_start(EXPR_START_TEMPLATE, "a } b",
		    "t:1:3: } without {; a brace as text is written twice\na } b\n  ^");
	check_start(EXPR_START_NEED, "struct rq.clock", "<struct rq>clock");
	check_start(EXPR_START_NEED, "module sunrpc", "module sunrpc");
	check_start(EXPR_START_NEED, "module", "module");
}

TEST(parse_mistakes)
{
	check("", "t:1:1: expected a value, found the end\n\n^");
	check("a +", "t:1:4: expected a value, found the end\na +\n   ^");
	check("a = b", "t:1:3: = is no operator here; compare with ==\na = b\n  ^");
	check("f(a b)", "t:1:5: expected ) after the arguments of f(), found b\nf(a b)\n    ^");
	check("12x",
	      "t:1:1: unknown unit; durations end in ns us ms s m h d, sizes in K M G T\n12x\n^");
	check("\"abc", "t:1:1: text without its closing quote\n\"abc\n^");
	check("\"a\\q\"", "t:1:3: unknown escape; there are \\n \\t \\r \\0 \\\\ \\\" \\' "
			  "\\xNN\n\"a\\q\"\n  ^");
	check("'ab'", "t:1:1: '…' holds one character; texts stand in double quotes\n'ab'\n^");
	check("170141183460469231731687303715884105728",
	      "t:1:1: number is too big for 128 bits\n170141183460469231731687303715884105728\n^");
	check("count(w where x)",
	      "t:1:9: where needs a variable: count(x in … where …)\ncount(w where x)\n        ^");
	check("x.f()", "t:1:4: members cannot be called; write f(x)\nx.f()\n   ^");
	check("struct foo", "t:1:1: a type stands only in casts and arguments\nstruct foo\n^");
	check("a\n+ §", "t:2:3: unexpected byte 0xc2\n+ §\n  ^");
	check("\té §", "t:1:2: unexpected byte 0xc3\n\té §\n\t^");
	check("089", "t:1:1: a number that begins with 0 is octal and has no 8 or 9\n089\n^");
	check("{a: 1, a: 2}", "t:1:9: field a stands there twice\n{a: 1, a: 2}\n        ^");
}

static char *repeat(const char *text, size_t count)
{
	struct buf buf = {0};

	for (size_t i = 0; i < count; i++)
		buf_puts(&buf, text);
	return buf_steal(&buf);
}

/* Depth and height are bounded whatever the text nests. */
TEST(parse_limits)
{
	static const char *const pieces[] = {"(",
					     "[",
					     "-",
					     "!",
					     "f(",
					     "a?",
					     "a+",
					     "a.",
					     "not ",
					     "a ?? ",
					     "{a:",
					     "(u8)",
					     "any(a for x in ",
					     "(int *)",
					     "a[",
					     "x in "};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
		char *text _cleanup_free_ = repeat(pieces[i], 60000 / strlen(pieces[i]));
		struct expr_text source = {.file = "t", .text = text};
		struct expr *expr = NULL;
		struct error *error = expr_parse(arena, &source, EXPR_START_EXPRESSION, &expr);

		CHECK(error && error->code == ERROR_SYNTAX);
		error_free(error);
	}
	char *text _cleanup_free_ = repeat("\n", EXPR_TEXT_LIMIT + 1);

	check(text, "t:1:1: expression is longer than 65536 bytes\n\n^");
}

TEST_MAIN
