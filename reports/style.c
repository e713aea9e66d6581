// SPDX-License-Identifier: GPL-2.0-or-later
// The style sheets as they lie in the source tree, so that the program needs no file when it runs.
// The paths are as seen from the top of the tree, where make compiles.
#include "reports/style.h"

__asm__(".pushsection .rodata\n"
	".globl report_css\n"
	"report_css:\n"
	".incbin \"reports/report.css\"\n"
	".byte 0\n"
	".globl list_css\n"
	"list_css:\n"
	".incbin \"reports/list.css\"\n"
	".byte 0\n"
	".popsection\n");
