// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/csv.c"

#include "sample_report.h"
#include "test.h"

TEST(csv_quotes_what_needs_it_and_keeps_numbers_whole)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	view_csv(&sample_views[1], &buf);
	CHECK_STR(buf_text(&buf), "name,value\n"
				  "u64_max,18446744073709551615\n"
				  "s64_min,-9223372036854775808\n"
				  "s128_max,170141183460469231731687303715884105727\n"
				  "s128_min,-170141183460469231731687303715884105728\n"
				  "sum,2.84\n"
				  "whole,12.0\n"
				  "nan,?\n"
				  "none,\n"
				  "truth,false\n"
				  "nested,\"1, [first=x y, second=true]\"\n"
				  "bidi \\u{202e} c1 \\u{9b},\"=1+1, \"\"quoted\"\"\"\n");
}

TEST(csv_of_a_list_has_its_items_in_one_field)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	view_csv(&sample_views[0], &buf);
	CHECK_STR(buf_text(&buf), "node,zone,free\n0,DMA,0 1 3\n0,DMA32,13175 ? 17\n");
}

TEST_MAIN
