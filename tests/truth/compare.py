#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compare.py KMORTEM EXPECTED VMCORE…: does each view say what the guest's own /proc said?

A file that was read twice gives its own tolerance: a number may have moved on from the second reading by as much
as it moved between the two. A file that was read once only (marked below) may differ by what reading /proc costs.
Prints a line per difference and per view, and at last 'N passed, N failed'."""

import json
import subprocess
import sys

import expected

passed = failed = 0


def view(kmortem, dump, name):
    run = subprocess.run([kmortem, "view", *dump, name, "-f", "json"], capture_output=True, text=True, check=False)
    if run.returncode not in (0, 3):
        return None, run.stderr.strip()
    result = json.loads(run.stdout)
    return result["rows"], None if result["complete"] else result.get("why", "incomplete")


def report(name, differences, compared):
    global passed, failed
    for difference in differences[:12]:
        print(f"  {name}: {difference}")
    if len(differences) > 12:
        print(f"  {name}: and {len(differences) - 12} more")
    good = not differences and compared > 0
    passed, failed = passed + good, failed + (not good)
    print(f"{'ok' if good else 'FAIL'} {name}: {compared} values compared, {len(differences)} differ")


def near(first, last, value, slack):
    """Is `value` what a number can have become that was `first`, then `last`?"""
    moved = abs(last - first) + slack
    return min(first, last) - moved <= value <= max(first, last) + moved


def numbers(name, rows, key, readings, columns, slack, may_lack=(), extra=False):
    """Compares number columns; rows are keyed by key(row). slack(key, column, value): what one reading alone may be off."""
    got = {key(row): row for row in rows}
    differences, compared = [], 0
    first, last = readings[0], readings[-1]
    for row_key in last:
        if row_key not in got:
            if row_key not in may_lack:
                differences.append(f"{row_key}: no such row")
            continue
        for column in columns:
            want, have = last[row_key][column], got[row_key].get(column)
            # Kernels before 5.11 keep no types of modules, and so no driver's own counters.
            if want is None or "driver's types are not in" in got[row_key].get("reasons", {}).get(column, ""):
                continue
            compared += 1
            before = first.get(row_key, last[row_key])[column]
            allow = slack(row_key, column, want) if slack else 0
            pairs = zip(before, want, have or [None] * len(want)) if isinstance(want, list) else [(before, want, have)]
            if isinstance(want, list) and (not isinstance(have, list) or len(have) != len(want)):
                differences.append(f"{row_key} {column}: {have}, /proc said {want}")
            elif isinstance(want, (int, list)):
                if not all(isinstance(h, (int, float)) and near(b, w, h, allow) for b, w, h in pairs):
                    differences.append(f"{row_key} {column}: {have}, /proc said {want}")
            elif have != want:
                differences.append(f"{row_key} {column}: {have!r}, /proc said {want!r}")
    if not extra:
        differences += [f"{row_key}: /proc has no such row" for row_key in got if row_key not in last]
    report(name, differences, compared)


def readings(found, part, parse):
    return [parse(text) for text in found[part]]


# After its last reading the reader still touches a few pages of its own (a page more or less of each kind: 8 pages, in KiB).
PAGES_OF_READER = 32


def once_only(key, column, value):
    """A file read once, some seconds before the crash: events go on being counted, sizes move with the reader."""
    is_event = key.startswith(("pg", "numa_")) and not key.startswith("pgsteal")
    return value if is_event else 4096 + value // 20


def slab_slack(is_once, key, column, value):
    """Open files are freed by RCU some time after they were closed, by the slab; a reader of all of /proc (files read once)
    fills the caches of its inodes and names."""
    if column == "object_size":
        return 0
    if key == "filp":
        return 512
    if is_once and key in ("proc_inode_cache", "dentry", "lsm_inode_cache", "inode_cache"):
        return 16384
    return 200 + value // 10 if is_once else 0


def once(found, part, allow):
    """The slack for a part that was read once only, else none."""
    return allow if len(found[part]) == 1 else None


def check_memory(kmortem, dump, found):
    # One reading: the reader itself grew and other tasks went on; a percent of the value or 4 MiB is what was seen.
    for name, part, parse, columns in (("mem.info", "/proc/meminfo", expected.meminfo, ["kb"]),
                                       ("mem.vmstat", "/proc/vmstat", expected.vmstat, ["value"])):
        rows, why = view(kmortem, dump, name)
        if why:
            report(name, [why], 0)
            continue
        slack = once(found, part, once_only) or (lambda key, column, value: PAGES_OF_READER)
        # Computed by the kernel while the file is read, not kept in memory.
        lack = {"nr_dirty_threshold", "nr_dirty_background_threshold", "nr_unstable", "nr_memmap_pages", "nr_memmap_boot_pages",
                # A constant of the architecture; known for x86-64.
                "VmallocTotal"}
        numbers(name, rows, lambda row: row["name"], readings(found, part, parse), columns, slack, lack)
    rows, why = view(kmortem, dump, "mem.buddy")
    numbers("mem.buddy", rows or [], lambda row: (row["node"], row["zone"]), readings(found, "/proc/buddyinfo", expected.buddyinfo),
            ["free"], once(found, "/proc/buddyinfo", lambda key, column, value: 300))
    rows, why = view(kmortem, dump, "mem.slab")
    numbers("mem.slab", rows or [], lambda row: row["name"], readings(found, "/proc/slabinfo", expected.slabinfo),
            ["active_objs", "num_objs", "object_size", "slabs"],
            lambda key, column, value: slab_slack(len(found["/proc/slabinfo"]) == 1, key, column, value))


def check_system(kmortem, dump, found):
    rows, why = view(kmortem, dump, "sys.modules")
    numbers("sys.modules", rows or [], lambda row: row["name"], readings(found, "/proc/modules", expected.modules),
            ["size", "refcount", "state", "taint"], None)
    rows, why = view(kmortem, dump, "sys.mounts")
    counts("sys.mounts", rows or [], lambda row: (row["source"], row["target"], row["type"]),
           expected.mounts(found["/proc/mounts"][-1]))


def counts(name, rows, key, want):
    """Compares rows that have no numbers: each as often as /proc has it."""
    got = {}
    for row in rows:
        got[key(row)] = got.get(key(row), 0) + 1
    differences = [f"{k}: {got.get(k, 0)} row(s), /proc has {n['times']}" for k, n in want.items() if got.get(k, 0) != n["times"]]
    differences += [f"{k}: /proc has no such row" for k in got if k not in want]
    report(name, differences, len(want))


def check_tasks(kmortem, dump, found):
    rows, why = view(kmortem, dump, "task.list")
    got = {row["pid"]: row for row in rows or []}
    want, before = expected.tasks(found, -1), expected.tasks(found, 0)
    differences, compared = [], 0
    # The reader of /proc and what it started are gone or changed by the time of the crash; everybody else stays.
    busy = {pid for pid, task in want.items() if task["state"] == "R"}
    for pid, task in want.items():
        if pid not in got:
            if pid not in busy and not is_reader(task):
                differences.append(f"pid {pid} ({task['comm']}): no such row")
            continue
        row = got[pid]
        compared += 1
        for column in ("tgid", "ppid"):
            if row[column] != task[column]:
                differences.append(f"pid {pid} {column}: {row[column]}, /proc said {task[column]}")
        # /proc adds the work a kworker does to its name.
        if not task["comm"].startswith(row["comm"]):
            differences.append(f"pid {pid} comm: {row['comm']}, /proc said {task['comm']}")
        if row["state"] not in (task["state"], before.get(pid, task)["state"]) and "R" not in (row["state"], task["state"]):
            differences.append(f"pid {pid} state: {row['state']}, /proc said {task['state']}")
        if task["state"] in "DTZ" and row["cpu"] != task["cpu"]:
            differences.append(f"pid {pid} cpu: {row['cpu']}, /proc said {task['cpu']}")
    report("task.list", differences, compared)

    rows, why = view(kmortem, dump, "sched.runqueues")
    asleep = sum(row["state"] == "D" for row in got.values())
    differences = [] if rows else [why or "no rows"]
    total = sum(row["nr_uninterruptible"] for row in rows or [])
    if total != asleep:
        differences.append(f"nr_uninterruptible adds up to {total}, {asleep} tasks are in state D")
    report("sched.runqueues", differences, len(rows or []))


def is_reader(task):
    return task["comm"] in ("sh", "cat", "init", "truth", "busybox", "dd", "sleep", "awk", "grep", "ls", "tee")


def check_net(kmortem, dump, found):
    for protocol in ("tcp", "udp", "raw"):
        rows, why = view(kmortem, dump, f"net.{protocol}")
        texts = [part for part in (protocol, protocol + "6") if f"/proc/net/{part}" in found]
        want = {}
        for part in texts:
            want |= expected.inet(part, found[f"/proc/net/{part}"][-1], expected.word_format(found))
        numbers(f"net.{protocol}", rows or [], lambda row: (row["proto"], row["local"], row["remote"], row["state"], row["inode"]),
                [want], ["rx_queue", "tx_queue"], None)
    rows, why = view(kmortem, dump, "net.unix")
    counts("net.unix", rows or [], lambda row: (row["type"], row["state"], row["inode"], row["path"]),
           expected.unix(found["/proc/net/unix"][-1]))
    rows, why = view(kmortem, dump, "net.dev")
    numbers("net.dev", rows or [], lambda row: row["name"], readings(found, "/proc/net/dev", expected.netdev),
            ["rx_packets", "rx_bytes", "rx_errors", "rx_dropped", "tx_packets", "tx_bytes", "tx_errors", "tx_dropped"],
            once(found, "/proc/net/dev", lambda key, column, value: value // 10 if key == "lo" else 8 if "packets" in column else 1024 if "bytes" in column else 0))
    want = expected.links(found["ip-addr"][-1])
    differences = []
    for row in rows or []:
        link = want.get(row["name"], {})
        have = {"ifindex": row["ifindex"], "flags": set(row["flags"]), "mtu": row["mtu"], "mac": row["mac"],
                "addresses": set(row["addresses"])}
        differences += [f"{row['name']} {k}: {have[k]}, ip said {link.get(k)}" for k in have if have[k] != link.get(k)]
    report("net.dev addresses", differences, len(want))


def main():
    kmortem, truth, *dump = sys.argv[1:]
    found = expected.parts(truth)
    for check in (check_memory, check_system, check_tasks, check_net):
        check(kmortem, dump, found)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
