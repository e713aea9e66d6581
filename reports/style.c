// SPDX-License-Identifier: GPL-2.0-or-later
// The style sheet as it lies in the source tree, so that the program needs no file when it runs.
// The path is as seen from the top of the tree, where make compiles.
#include "reports/style.h"

__asm__(".pushsection .rodata\n"
	".globl report_css\n"
	"report_css:\n"
	".incbin \"reports/report.css\"\n"
	".byte 0\n"
	".popsection\n");
