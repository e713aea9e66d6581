#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py KMORTEM VMCORE [--vmlinux FILE] [--big VMCORE] [--list VMCORE]: times kmortem beside crash and drgn.

Every line is one whole process, run a few times in one go: least and median wall time, peak resident memory.
crash and drgn need the kernel's debug file; without --vmlinux, or where they are not installed, they are left out and
the line says so. Nothing here decides pass or fail."""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).parent


def measure(command, runs, stdin=subprocess.DEVNULL):
    """Wall times and the peak memory of the worst run, in seconds and MiB; None where the command fails."""
    times, peak = [], 0
    for _ in range(runs):
        with tempfile.TemporaryFile() as output:
            start = time.monotonic()
            process = subprocess.Popen(command, stdin=stdin, stdout=output, stderr=output)
            _, status, usage = os.wait4(process.pid, 0)
            times.append(time.monotonic() - start)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode not in (0, 1, 3):
                output.seek(0)
                return None, output.read()[-300:].decode(errors="replace").strip()
            peak = max(peak, usage.ru_maxrss / 1024)
    return times, peak


def line(label, command, runs=7):
    times, peak = measure(command, runs)
    if times is None:
        print(f"{label:<44} failed: {peak.splitlines()[-1] if peak else ''}")
        return None
    print(f"{label:<44} {min(times) * 1000:8.0f} ms {statistics.median(times) * 1000:8.0f} ms {peak:7.0f} MB", flush=True)
    return statistics.median(times)


def peers(options):
    """crash up to its prompt, and drgn running a script that lists what a report's views hold."""
    if not options.vmlinux:
        print("crash, drgn: left out, no --vmlinux")
        return
    if shutil.which("crash"):
        with tempfile.NamedTemporaryFile("w", suffix=".crash") as commands:
            commands.write("q\n")
            commands.flush()
            line("crash, to its prompt", ["crash", "-s", "-i", commands.name, options.vmlinux, options.vmcore], 3)
    else:
        print("crash: left out, not installed")
    if shutil.which("drgn"):
        line("drgn, lists tasks, runqueues, TCP, pages",
             ["drgn", "-q", "-c", options.vmcore, "-s", options.vmlinux, str(HERE / "drgn_lists.py")], 3)
    else:
        print("drgn: left out, not installed")


def listing(tool, vmcore):
    """A directory of 300 dumps, each the beginning of this one with its reports; no more is read."""
    with tempfile.TemporaryDirectory() as root:
        first = pathlib.Path(root, "host-000")
        first.mkdir()
        subprocess.run([tool, "report", vmcore, "-o", first], check=False)
        with open(vmcore, "rb") as dump:
            (first / "vmcore").write_bytes(dump.read(1 << 20))
        for number in range(1, 300):
            shutil.copytree(first, pathlib.Path(root, f"host-{number:03}"))
        line("kmortem list, 300 dumps with reports", [tool, "list", root])
        for report in pathlib.Path(root).glob("*/report.*"):
            report.unlink()
        line("kmortem list, 300 dumps without", [tool, "list", root])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kmortem")
    parser.add_argument("vmcore")
    parser.add_argument("--vmlinux")
    parser.add_argument("--big")
    parser.add_argument("--list", help="dump of the toy kernel of list.c")
    options = parser.parse_args()
    tool = options.kmortem
    print(f"{'':<44} {'least':>11} {'median':>11} {'peak':>10}")
    line("kmortem info", [tool, "info", options.vmcore])
    line("kmortem report (all rules, all views)", [tool, "report", options.vmcore])
    line("kmortem report -f json", [tool, "report", "-f", "json", options.vmcore])
    line("kmortem view net.tcp", [tool, "view", options.vmcore, "net.tcp"])
    if options.big:
        line("kmortem report, larger guest", [tool, "report", options.big])
    if options.vmlinux:
        line("kmortem report -k vmlinux --dwarf", [tool, "report", "--dwarf", "-k", options.vmlinux, options.vmcore], 3)
    listing(tool, options.vmcore)
    if options.list:
        # Ten walks of a list of 100,000; what is left after the plain "1" is the walking.
        walk = "count(i in list(long_list, struct long_item, node) where i.value > 3)"
        walking = line("kmortem eval, a million list elements", [tool, "eval", options.list, f"sum({walk} for n in range(0, 10))"])
        opening = line("  the same dump, no walk", [tool, "eval", options.list, "1"])
        if walking and opening:
            print(f"  {1 / (walking - opening):.1f} million elements per second")
    peers(options)


main()
