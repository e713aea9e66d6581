#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""messages.py CONSOLE PLAIN EXTENDED LOG…: what a kernel said by netconsole, as the server logged it, plain and extended, and as
it stands beside the dumps that followed (LOG), against what it said on its serial console.

Where netconsole writes in a thread of its own (a console is called "legacy" on the serial console, but not netconsole's), a
panic that starts a crash kernel leaves none of them the time to say so: CON_NBCON_ATOMIC_UNSAFE in the kernel."""
import re
import sys

PANIC = 'Kernel panic - not syncing: sysrq triggered crash'


def lines_of(path):
    with open(path, encoding='utf-8', errors='surrogateescape', newline='') as file:
        return file.read().replace('\r', '').split('\n')


def from_console(path):
    """The kernel's own lines until time begins anew, in the crash kernel; what programs say may stand before one."""
    kept, latest = [], 0.0
    for line in lines_of(path):
        found = re.search(r'\[ *([0-9]+\.[0-9]{6})\] .*', line)
        if not found:
            continue
        if float(found[1]) < latest - 1:
            break
        kept.append(found[0])
        latest = max(latest, float(found[1]))
    return kept


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


def has_thread(console):
    return (any('] printk: legacy console [tty' in line for line in console) and
            any('] printk: console [netcon0] enabled' in line for line in console))


def has_panic(name, lines):
    if not any(line.endswith(PANIC) for line in lines):
        sys.exit(f'{name}: no panic')


def main(console, plain, extended, *logs):
    wanted = from_console(console)
    heard = [from_log(plain), without_extras(from_log(extended))]
    least = len(wanted)
    if has_thread(wanted):
        least = 1 + max(at for at, line in enumerate(wanted) if 'netconsole: network logging started' in line)
    else:
        has_panic(console, wanted)
    for name, lines in zip((plain, extended), heard):
        same(name, lines, wanted[:max(least, len(lines))])
    for log, source in zip(logs, (plain, extended)):
        lines, whole = from_log(log), from_log(source)
        same(log, lines, whole[-len(lines):])
        if not has_thread(wanted):
            has_panic(log, lines)
    print(f'{[len(lines) for lines in heard]} lines are the same as {len(wanted)}')


if __name__ == '__main__':
    main(*sys.argv[1:])
