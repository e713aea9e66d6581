// SPDX-License-Identifier: GPL-2.0-or-later
// What came with this executable: it lies where the executable does, wherever that was moved to.
#ifndef ANALYZE_INSTALLED_H
#define ANALYZE_INSTALLED_H

/* The first of `places`, which end with NULL and are as seen from the executable's folder ("rules",
 * "../share/kmortem/rules"), that may be read and run or looked into; free() it. NULL: none of them. */
char *installed_find(const char *const *places);

#endif
