#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""messages.py CONSOLE PLAIN EXTENDED LOG…: what a kernel said by netconsole, as the server logged it, plain and extended, and as
it stands beside the dumps that followed (LOG), against what it said on its serial console."""
import re
import sys

PANIC = 'Kernel panic - not syncing: sysrq triggered crash'


def lines_of(path):
    with open(path, encoding='utf-8', errors='surrogateescape', newline='') as file:
        return file.read().replace('\r', '').split('\n')


def from_console(path):
    """The kernel's own lines until it is the crash kernel's; what programs say may stand before one."""
    lines = [found[0] for found in (re.findall(r'\[ *[0-9]+\.[0-9]{6}\] .*', line) for line in lines_of(path)) if found]
    boots = [at for at, line in enumerate(lines) if '] Linux version ' in line]
    return lines[boots[0]:boots[1]]


def from_log(path):
    """Without the time at which the server heard it."""
    return [line.split(' ', 1)[1] for line in lines_of(path) if line]


def without_extras(lines):
    """Without the dictionaries of extended messages, and without the marks where the console's level held messages back."""
    return [line for line in lines if not re.match(r'\[[^]]*\]  (SUBSYSTEM|DEVICE)=|-- [0-9]+ message\(s\)', line)]


def same(name, lines, wanted):
    for at, pair in enumerate(zip(lines, wanted)):
        if pair[0] != pair[1]:
            sys.exit(f'{name}: line {at + 1} is "{pair[0]}", and "{pair[1]}" on the console')
    if len(lines) != len(wanted):
        sys.exit(f'{name}: {len(lines)} lines, and {len(wanted)} on the console')


def main(console, plain, extended, *logs):
    wanted = from_console(console)
    if not any(line.endswith(PANIC) for line in wanted):
        sys.exit(f'{console}: no panic')
    same(plain, from_log(plain), wanted)
    same(extended, without_extras(from_log(extended)), wanted)
    for log, source in zip(logs, (plain, extended)):
        lines, whole = from_log(log), from_log(source)
        if not any(line.endswith(PANIC) for line in lines):
            sys.exit(f'{log}: no panic')
        same(log, lines, whole[-len(lines):])
    print(f'{len(wanted)} lines are the same')


if __name__ == '__main__':
    main(*sys.argv[1:])
