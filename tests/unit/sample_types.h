// SPDX-License-Identifier: GPL-2.0-or-later
// Types of every kind a kernel has. test_dwarf.c has a compiler describe them in debug data and asks the
// compiler itself (offsetof, sizeof) what is true.
#ifndef SAMPLE_TYPES_H
#define SAMPLE_TYPES_H

typedef unsigned char sample_u8;
typedef sample_u8 sample_byte;
typedef struct sample_declared sample_declared_t;

enum sample_color { SAMPLE_RED, SAMPLE_GREEN = 5, SAMPLE_BLUE = 0x80000000u };
enum sample_cold { SAMPLE_COLD = -40, SAMPLE_WARM = 200 };
enum { SAMPLE_NAMELESS = 77 };

struct sample_bits {
	unsigned int first : 3;
	int negative : 13;
	unsigned int : 4;
	_Bool flag : 1;
	unsigned long long wide : 40;
	sample_u8 tail : 5;
	char after;
};

union sample_union {
	int number;
	char bytes[12];
	struct sample_bits bits;
};

struct sample {
	char letter;
	const volatile long *const pointer;
	union {
		int either;
		struct {
			short inner;
			short *inner_pointer;
		};
	};
	struct {
		int deep;
	} named;
	struct sample *next;
	struct sample_declared *declared;
	sample_declared_t *declared_too;
	int (*function)(struct sample *, int);
	void *nothing;
	int matrix[2][3][4];
	const char *words[4];
	sample_byte bytes[16];
	double real;
	_Bool truth;
	enum sample_color color;
	enum sample_cold cold;
	union sample_union other;
	__int128 huge;
	unsigned long long flexible[];
};

struct sample_zero {
	int count;
	int none[0];
	struct sample_bits rows[];
};

#endif
