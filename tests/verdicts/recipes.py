# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands in expected/ about a dump of the lab."""

import pathlib

EXPECTED = pathlib.Path(__file__).resolve().parent / "expected"


def read_meta(directory):
    lines = (directory / "meta.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def expectations(meta):
    """The lines of the most special file there is, split into words; None when there is none."""
    keys = [meta["recipe"], meta["scenario"]]
    if meta["crash"] not in ("sysrq-c", "none"):
        keys.insert(1, meta["crash"])
    for key in keys:
        if (EXPECTED / key).is_file():
            lines = (line.split("#")[0].split(maxsplit=2) for line in (EXPECTED / key).read_text().splitlines())
            return [words for words in lines if words]
    return None
