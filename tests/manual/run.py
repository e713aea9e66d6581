#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py KMORTEM VMCORE: runs every example of man/kmortem-rules.7.

A block after the comment `.\\" eval` holds lines `EXPRESSION  =>  VALUE`, or an expression alone, which must
evaluate to something known; a block after `.\\" rules` is a rule file that `rules check` must accept. Last line:
'N passed, N failed'."""

import pathlib
import re
import subprocess
import sys
import tempfile

MANUAL = pathlib.Path(__file__).parents[2] / "man" / "kmortem-rules.7"


def plain(line):
    """Undoes the escapes of roff that the manual uses."""
    return line.replace("\\-", "-").replace("\\&", "").replace("\\(dq", '"').replace("\\e", "\\")


def blocks():
    kind, lines = None, None
    for line in MANUAL.read_text(encoding="utf-8").splitlines():
        if (mark := re.match(r'\.\\" (eval|rules)$', line)):
            kind = mark[1]
        elif line == ".EX" and kind:
            lines = []
        elif line == ".EE" and lines is not None:
            yield kind, lines
            kind, lines = None, None
        elif lines is not None:
            lines.append(plain(line))


def evaluate(kmortem, dump, line):
    """None, or what is wrong with an example."""
    expression, _, want = (part.strip() for part in line.partition("  =>  "))
    run = subprocess.run([kmortem, "eval", dump, expression], capture_output=True, text=True, check=False)
    got = run.stdout.strip()
    # 3: it is unknown, which may be what an example is to show.
    if run.returncode not in ((0, 3) if want else (0,)):
        return run.stderr.strip() or f"exit status {run.returncode}"
    # `eval` prints "(type) value"; the manual shows the value.
    value = re.sub(r"^\([^()]*(?:\([^()]*\)[^()]*)*\) ", "", got)
    return None if not want or value == want else f"got {got!r}, the manual says {want!r}"


def check(kmortem, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        run = subprocess.run([kmortem, "rules", "check", file.name], capture_output=True, text=True, check=False)
    return None if run.returncode == 0 else run.stderr.strip() or f"exit status {run.returncode}"


def main():
    kmortem, dump = sys.argv[1:]
    passed = failed = 0
    for kind, lines in blocks():
        examples = [(lines[0], check(kmortem, lines))] if kind == "rules" else \
                   [(line, evaluate(kmortem, dump, line)) for line in lines if line.strip()]
        for example, wrong in examples:
            passed, failed = passed + (wrong is None), failed + (wrong is not None)
            if wrong is not None:
                print(f"FAIL {example}\n  {wrong}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or passed == 0


sys.exit(main())
