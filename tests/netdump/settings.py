#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""settings.py MANUAL CONFIG.C EXAMPLE: the manual, as man(1) prints it, explains each setting of the server's table,
with its default, and whether SIGHUP changes it; and nothing else. The example agrees in what it mentions."""

import re
import sys

ROW = re.compile(r'^\t\{"(\w+)", .*?, SETTING_\w+, (true|false), .*?, ("([^"]*)"|NULL), ("[^"]*"|NULL)\},$', re.M)
# Of the original; they change nothing.
IGNORED = {"verbose", "debug", "skip_zero"}


def read_manual(path):
    """{name: (is reloaded, text)} of what stands at the indentation of settings."""
    found, names, inside = {}, [], False
    with open(path, encoding="utf-8") as manual:
        lines = manual.read().splitlines()
    for line in lines:
        if re.match(r"\S", line):
            inside = line == "SETTINGS"
        elif inside and (head := re.match(r"( {7})((\w+, )*\w+)( \(reload\))?( +\S.*)?$", line)):
            names = re.findall(r"\w+", head[2])
            found.update({name: [bool(head[4]), head[5] or ""] for name in names})
        elif inside and re.match(r" {8,}", line):
            for name in names:
                found[name][1] += " " + line.strip()
    return found


def faults(manual, table, example):
    for name, (is_live, default) in table.items():
        if name not in manual:
            yield f"{name} is not in the manual"
            continue
        is_reloaded, text = manual[name]
        if is_reloaded != is_live:
            yield f"{name}: the manual is wrong about SIGHUP"
        if name not in IGNORED and not re.search(rf"(?<![\w/]){re.escape(default)}(?!\w)", text):
            yield f"{name}: the manual does not give the default {default}"
    yield from (f"{name} is no setting" for name in manual if name not in table)
    for name, value in re.findall(r'^#(\w+)="?([^"\n]*)"?$', example, re.M):
        if name not in table:
            yield f"the example has {name}, which is no setting"
        elif table[name][1] not in ("", value) and value:
            yield f"the example says that {name} is {value}"


def main():
    table = {}
    with open(sys.argv[2], encoding="utf-8") as source, open(sys.argv[3], encoding="utf-8") as example:
        for row in ROW.finditer(source.read()):
            table[row[1]] = (row[2] == "true", row[4] or "")
        found = list(faults(read_manual(sys.argv[1]), table, example.read()))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(table)} settings")
    return bool(found) or not table


if __name__ == "__main__":
    sys.exit(main())
