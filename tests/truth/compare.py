#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compare.py KMORTEM EXPECTED VMCORE…: does each view, and the report's header, say what the guest's own /proc said?

Beside EXPECTED of a dump of the lab lies meta.txt; tests/verdicts/expected may say of its recipe or scenario that the
dump is `damaged` (what is there must be right, and a view that lacks something must say so), or that VIEWs have `moved`
since the last reading (then they must have all rows).

A file that was read twice gives its own tolerance: a number may have moved on from the second reading by as much
as it moved between the two. A file that was read once only (marked below) may differ by what reading /proc costs.
Prints a line per difference and per view, and at last 'N passed, N failed'."""

import collections
import datetime
import json
import math
import pathlib
import re
import subprocess
import sys

import expected

sys.path.append(str(pathlib.Path(__file__).parents[1] / "verdicts"))
import recipes

TESTS = pathlib.Path(__file__).parents[1]
passed = failed = 0
damaged = False
moved = set()


def view(kmortem, dump, name):
    run = subprocess.run([kmortem, "view", *dump, name, "-f", "json"], capture_output=True, text=True, check=False)
    if run.returncode not in (0, 3):
        return None, run.stderr.strip()
    result = json.loads(run.stdout)
    return result["rows"], None if result["complete"] else result.get("why", "incomplete")


def report(name, differences, compared, why=None):
    """why: what the view lacks, if it says so; only a damaged dump may lack everything."""
    global passed, failed
    for difference in differences[:12]:
        print(f"  {name}: {difference}")
    if len(differences) > 12:
        print(f"  {name}: and {len(differences) - 12} more")
    good = not differences and (compared > 0 or damaged and why is not None)
    passed, failed = passed + good, failed + (not good)
    print(f"{'ok' if good else 'FAIL'} {name}: {compared} values compared, {len(differences)} differ")


def near(first, last, value, slack):
    """Is `value` what a number can have become that was `first`, then `last`?"""
    moved = abs(last - first) + slack
    return min(first, last) - moved <= value <= max(first, last) + moved


def is_lost(row, column):
    """May this value be unknown? In a damaged dump, if the row says why."""
    return damaged and column in row.get("reasons", {})


def is_known(key):
    return None not in (key if isinstance(key, tuple) else (key,))


def may_lack(rows, why, key, missing):
    """May that many rows be missing? In a damaged dump, if the view says that it is incomplete, or has as many rows whose
    names are lost."""
    return damaged and (why or missing <= sum(not is_known(key(row)) for row in rows))


def event(key, column):
    """Is this a counter that never falls? (mem.vmstat; nr_* and the like are sizes.)"""
    return column == "value" and key.startswith(("pg", "numa_"))


def numbers(name, rows, why, key, readings, columns, slack, optional=()):
    """Compares number columns; rows are keyed by key(row). slack(key, column, value): what one reading alone may be off."""
    got = {key(row): row for row in rows if not damaged or is_known(key(row))}
    differences, compared = [], int(not readings[-1] and not got)
    first, last = readings[0], readings[-1]
    lacks = may_lack(rows, why, key, sum(row_key not in got for row_key in last))
    for row_key in last:
        if row_key not in got:
            if row_key not in optional and not lacks:
                differences.append(f"{row_key}: no such row")
            continue
        compared += name in moved
        for column in columns if name not in moved else ():
            want, have = last[row_key][column], got[row_key].get(column)
            if have is None and is_lost(got[row_key], column):
                continue
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
                if not all(isinstance(h, (int, float)) and near(b, w, h, allow) for b, w, h in pairs) or \
                   event(row_key, column) and have < want:
                    differences.append(f"{row_key} {column}: {have}, /proc said {want}")
            elif have != want:
                differences.append(f"{row_key} {column}: {have!r}, /proc said {want!r}")
    differences += [f"{row_key}: /proc has no such row" for row_key in got if row_key not in last]
    report(name, differences, compared, why)


def readings(found, part, parse):
    return [parse(text) for text in found[part]]


# After its last reading the reader still touches a few pages of its own (a page more or less of each kind: 8 pages, in KiB).
PAGES_OF_READER = 32


def once_only(key, column, value):
    """A file read once, some seconds before the crash: events go on being counted, sizes move with the reader."""
    if key.startswith(("pgalloc", "pgfree")):
        return value # each read of a file in /proc takes pages and gives them back
    return 64 + value // 20 if event(key, column) else 4096 + value // 20


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
        if why and not damaged:
            report(name, [why], 0)
            continue
        slack = once(found, part, once_only) or (lambda key, column, value: PAGES_OF_READER)
        # Computed by the kernel while the file is read, not kept in memory.
        lack = {"nr_dirty_threshold", "nr_dirty_background_threshold", "nr_unstable", "nr_memmap_pages", "nr_memmap_boot_pages",
                # A constant of the architecture; known for x86-64.
                "VmallocTotal"}
        numbers(name, rows or [], why, lambda row: row["name"], readings(found, part, parse), columns, slack, lack)
    rows, why = view(kmortem, dump, "mem.buddy")
    numbers("mem.buddy", rows or [], why, lambda row: (row["node"], row["zone"]),
            readings(found, "/proc/buddyinfo", expected.buddyinfo), ["free"], once(found, "/proc/buddyinfo", lambda key, column, value: 300))
    rows, why = view(kmortem, dump, "mem.slab")
    numbers("mem.slab", rows or [], why, lambda row: row["name"], readings(found, "/proc/slabinfo", expected.slabinfo),
            ["active_objs", "num_objs", "object_size", "slabs"],
            lambda key, column, value: slab_slack(len(found["/proc/slabinfo"]) == 1, key, column, value))


def check_system(kmortem, dump, found):
    rows, why = view(kmortem, dump, "sys.modules")
    numbers("sys.modules", rows or [], why, lambda row: row["name"], readings(found, "/proc/modules", expected.modules),
            ["size", "refcount", "state", "taint"], None)
    rows, why = view(kmortem, dump, "sys.mounts")
    counts("sys.mounts", rows or [], why, lambda row: (row["source"], row["target"], row["type"]),
           expected.mounts(found["/proc/mounts"][-1]))


def counts(name, rows, why, key, want):
    """Compares rows that have no numbers: each as often as /proc has it; as often at most where some are lost."""
    got = collections.Counter(key(row) for row in rows if not damaged or is_known(key(row)))
    lacks = may_lack(rows, why, key, sum(max(0, n["times"] - got[k]) for k, n in want.items()))
    differences = [f"{k}: {got[k]} row(s), /proc has {n['times']}" for k, n in want.items()
                   if got[k] > n["times"] or got[k] < n["times"] and not lacks]
    differences += [f"{k}: /proc has no such row" for k in got if k not in want]
    report(name, differences, len(want), why)


def check_tasks(kmortem, dump, found):
    rows, why = view(kmortem, dump, "task.list")
    got = {row["pid"]: row for row in rows or []}
    want, before = expected.tasks(found, -1), expected.tasks(found, 0)
    differences, compared = [], 0
    # The reader of /proc and what it started are gone or changed by the time of the crash; everybody else stays.
    busy = {pid for pid, task in want.items() if task["state"] == "R"}
    for pid, task in want.items():
        if pid not in got:
            if pid not in busy and not is_reader(task) and not (damaged and why):
                differences.append(f"pid {pid} ({task['comm']}): no such row")
            continue
        row = got[pid]
        row |= {column: task[column] for column in task if row[column] is None and is_lost(row, column)}
        compared += 1
        for column in ("tgid", "ppid"):
            if row[column] != task[column]:
                differences.append(f"pid {pid} {column}: {row[column]}, /proc said {task[column]}")
        # /proc adds the work a kworker does to its name.
        if not task["comm"].startswith(row["comm"]) and not ("task.list" in moved and is_reader(task)):
            differences.append(f"pid {pid} comm: {row['comm']}, /proc said {task['comm']}")
        if row["state"] not in (task["state"], before.get(pid, task)["state"]) and "R" not in (row["state"], task["state"]):
            differences.append(f"pid {pid} state: {row['state']}, /proc said {task['state']}")
        if task["state"] in "DTZ" and row["cpu"] != task["cpu"]:
            differences.append(f"pid {pid} cpu: {row['cpu']}, /proc said {task['cpu']}")
    report("task.list", differences, compared, why)


def is_between(value, least, most):
    return value is not None and least <= value <= most


def check_current(row, schedule, want):
    """What a CPU runs: its idle task, or one that may run there. The guest's reader of /proc is bound to CPU 0."""
    pid, comm = row["current_pid"], row["current_comm"]
    if pid == 0:
        return None if comm == f"swapper/{row['cpu']}" else f"CPU {row['cpu']}: pid 0 is {comm}"
    if pid not in want or not want[pid]["comm"].startswith(comm) and not is_reader(want[pid]):
        return f"CPU {row['cpu']}: pid {pid} ({comm}) is unknown to /proc"
    allowed = schedule.get(pid, {}).get("cpus")
    if allowed and row["cpu"] not in allowed:
        return f"CPU {row['cpu']}: pid {pid} ({comm}) may run on {allowed} only"
    return None


def check_scheduler(kmortem, dump, found):
    rows, why = view(kmortem, dump, "sched.runqueues")
    want, before, schedule = expected.tasks(found, -1), expected.tasks(found, 0), expected.scheduling(found["procs"][-1])
    debug = (found.get("/sys/kernel/debug/sched/debug") or found.get("/proc/sched_debug") or [""])[-1]
    differences = [] if rows or damaged and why else [why or "no rows"]
    rows = [row for row in rows or [] if not damaged or None not in row.values()]
    differences += filter(None, (check_current(row, schedule, want) for row in rows))
    # Bound to their CPU, always runnable or always asleep: nothing moves these between the readings and the crash.
    real_time = collections.Counter(task["cpu"] for pid, task in want.items()
                                    if task["state"] == "R" and schedule.get(pid, {}).get("policy") in (1, 2))
    differences += [f"CPU {row['cpu']} nr_rt: {row['nr_rt']}, /proc said {real_time[row['cpu']]}"
                    for row in rows if row["nr_rt"] != real_time[row["cpu"]]]
    # A task counts on the CPU where it fell asleep until it wakes; one that did or does so after the reading is allowed.
    asleep = dict(enumerate(map(int, re.findall(r"\.nr_uninterruptible +: (-?\d+)", debug))))
    differences += [f"CPU {row['cpu']} nr_uninterruptible: {row['nr_uninterruptible']}, /proc said {asleep[row['cpu']]}"
                    for row in rows if row["cpu"] in asleep and abs(row["nr_uninterruptible"] - asleep[row["cpu"]]) > 1]
    if not damaged:
        differences += check_sums(rows, [sum(task["state"] == "D" for task in each.values()) for each in (before, want)],
                                  [expected.loads(text)[1] for text in found["/proc/loadavg"]], sum(real_time.values()))
    report("sched.runqueues", differences, len(rows), why)


def check_sums(rows, asleep, running, real_time):
    """nr_running adds up to what /proc/loadavg counts; kernels before 6.12 leave throttled real-time tasks out."""
    total = sum(row["nr_uninterruptible"] for row in rows)
    if not near(asleep[0], asleep[-1], total, 0):
        yield f"nr_uninterruptible adds up to {total}; /proc said {asleep} tasks are in state D"
    total = sum(row["nr_running"] for row in rows)
    if not near(running[0], running[-1], total, real_time + len(rows)): # and a kernel thread woken on each CPU
        yield f"nr_running adds up to {total}, /proc said {running}"


def load_steps(last, active):
    """What a load average can be that was `last`: that, or one step of 5 seconds on (kernel/sched/loadavg.c)."""
    for value, minutes in zip(last, (1, 5, 15)):
        kept = math.exp(-5 / 60 / minutes)
        steps = [value, *(value * kept + n * (1 - kept) for n in active)]
        yield min(steps) - 0.011, max(steps) + 0.011 # /proc rounds to hundredths


def check_header(kmortem, dump, found, console):
    """The report's header. An average or a time may have moved on as far as between the two readings."""
    run = subprocess.run([kmortem, "report", *dump, "-f", "json"], capture_output=True, text=True, check=False)
    kernel = json.loads(run.stdout)["kernel"]
    hostname = found["/proc/sys/kernel/hostname"][-1].strip() or \
        re.search(r"^hostname (\S+)$", (TESTS / "lab/guest/init").read_text(), re.M)[1]
    equal = {"release": found["/proc/version"][-1].split()[2], "nodename": hostname,
             "cpus": len(re.findall(r"^cpu\d+ ", found["/proc/stat"][-1], re.M)),
             "memory_bytes": expected.meminfo(found["/proc/meminfo"][-1])["MemTotal"]["kb"] * 1024}
    differences = [f"{name}: {kernel[name]}, the guest said {want}"
                   for name, want in equal.items() if kernel[name] != want and not (damaged and kernel[name] is None)]
    taint = expected.taint(found, console)
    if taint is not None and not (damaged and kernel["taint"] is None) and set(kernel["taint"] or ()) != taint:
        differences.append(f"taint: {kernel['taint']}, the guest said {taint}")
    if "header" not in moved:
        differences += check_times(kernel, found)
    report("header", differences, len(equal) + (taint is not None) + 3)


def check_times(kernel, found):
    first, last = (float(found["/proc/uptime"][n].split()[0]) for n in (0, -1))
    if damaged and kernel["uptime_s"] is None:
        return
    if not is_between(kernel["uptime_s"], last - 0.01, last + max(last - first, 0.1)):
        yield f"uptime_s: {kernel['uptime_s']}, /proc said {first}, then {last}"
    if "realtime" in found and kernel["crash_time"]:
        # Read between the two, 0.3 s before the second; the kernel notes whole seconds.
        then, crash = float(found["realtime"][-1]), datetime.datetime.fromisoformat(kernel["crash_time"]).timestamp()
        if not is_between(crash, math.floor(then), then + kernel["uptime_s"] - first):
            yield f"crash_time: {kernel['crash_time']}, the guest's clock said {then} shortly before"
    # A step counts who runs or sleeps in D just then: as many as a reading saw, a few workers of the kernel more or less.
    readings = [expected.tasks(found, n) for n in (0, -1)]
    active = [sum(task["state"] in "RD" for task in tasks.values()) for tasks in readings]
    ranges = load_steps(expected.loads(found["/proc/loadavg"][-1])[0], (min(active) - 3, max(active) + 3))
    for name, value, (least, most) in zip(("1", "5", "15"), kernel["loadavg"], ranges):
        if not least <= value <= most:
            yield f"loadavg of {name} min: {value}, /proc said {found['/proc/loadavg'][-1].strip()}"


def is_reader(task):
    return task["comm"] in ("sh", "cat", "init", "truth", "busybox", "dd", "sleep", "awk", "grep", "ls", "tee")


def device_slack(is_once, key, column, value):
    """From outside a frame or two may come, and be answered, at any moment: 1514 bytes each."""
    if key == "lo":
        return value // 10 if is_once else 0
    return {"packets": 8 if is_once else 2, "bytes": 1024 if is_once else 2 * 1514}.get(column[3:], 0)


def check_unix_queues(rows, why, want):
    """ss was read once, before anything else. It tells of a datagram socket the size of the first message only; all of
    them are in somebody's send queue, which counts more than their bytes."""
    got = {row["inode"]: row["rx_queue"] for row in rows if row["inode"] in want and not is_lost(row, "rx_queue")}
    missing = [f"inode {inode}: no such row" for inode in want if inode not in got]
    unknown = lambda row: None if is_lost(row, "rx_queue") else row["inode"]
    differences = [] if may_lack(rows, why, unknown, len(missing)) else missing
    for inode, value in got.items():
        unread = want[inode]["unread"]
        if value < unread or (want[inode]["kind"] != "dgr" or unread == 0) and value != unread:
            differences.append(f"inode {inode} rx_queue: {value}, ss said {unread}")
    unsent = sum(row["unsent"] for row in want.values() if row["kind"] == "dgr")
    queued = sum(value for inode, value in got.items() if want[inode]["kind"] == "dgr")
    if queued > unsent:
        differences.append(f"{queued} bytes are in the queues of datagram sockets, {unsent} were sent to any")
    report("net.unix rx_queue", differences, len(got), why)


def check_summary(kmortem, dump, found):
    """net.summary counts what /proc lists."""
    rows, why = view(kmortem, dump, "net.summary")
    want = collections.Counter()
    for part in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        for state, _ in expected.inet_lines(part, found.get(f"/proc/net/{part}", [""])[-1]):
            want[part if part.startswith("raw") else f"{part} {state}"] += 1
    for (kind, state, _, _), row in expected.unix(found["/proc/net/unix"][-1]).items():
        want[f"unix {kind} {state}"] += row["times"]
    got = {row["sockets"]: row["count"] for row in rows or []}
    differences = [] if damaged and why else [f"{key}: {got.get(key, 0)}, /proc has {want[key]}"
                                              for key in got | want if got.get(key, 0) != want[key]]
    report("net.summary", differences, len(got), why)


def check_idle(row, found):
    """What the counters of two readings say of how long an interface has been idle. The dump's uptime ends the interval
    after the second reading; /proc/uptime is read after /proc/net/dev, a handful of files later, in under a second."""
    uptimes = [float(text.split()[0]) for text in found["/proc/uptime"]]
    readings = [expected.netdev(text).get(row["name"]) for text in found["/proc/net/dev"]]
    for way in ("rx", "tx"):
        idle, packets = row[f"{way}_idle_s"], [reading[f"{way}_packets"] for reading in readings]
        now = row[f"{way}_packets"]
        if idle is None or now is None:
            continue
        quiet = uptimes[-1] - uptimes[0] if now == packets[0] and len(packets) > 1 else 0
        has_sent = way == "tx" and len(packets) > 1 and now > packets[0]
        longest = uptimes[-1] + 2 - (uptimes[0] if has_sent else 0)
        # Times are kept in jiffies, of 10 ms at most.
        if not quiet - 0.01 <= idle <= longest or now == 0 and idle < uptimes[-1] - 0.01:
            yield f"{row['name']} {way}_idle_s: {idle}; {way}_packets was {packets} at {uptimes} s, is {now}"


def tcp_slack(key, _column, _value):
    """One connection of the guest talks while /proc is read, a message of 100 bytes at a time (echoclient in
    tests/lab/guest/tcp.c); all others rest."""
    return 100 if any(address.endswith(":7000") for address in key[1:3]) else 0


def check_net(kmortem, dump, found):
    for protocol in ("tcp", "udp", "raw"):
        rows, why = view(kmortem, dump, f"net.{protocol}")
        texts = [part for part in (protocol, protocol + "6") if f"/proc/net/{part}" in found]
        want = {}
        for part in texts:
            want |= expected.inet(part, found[f"/proc/net/{part}"][-1], expected.word_format(found))
        numbers(f"net.{protocol}", rows or [], why,
                lambda row: (row["proto"], row["local"], row["remote"], row["state"], row["inode"]),
                [want], ["rx_queue", "tx_queue"], tcp_slack)
    rows, why = view(kmortem, dump, "net.unix")
    counts("net.unix", rows or [], why, lambda row: (row["type"], row["state"], row["inode"], row["path"]),
           expected.unix(found["/proc/net/unix"][-1]))
    if "ss" in found:
        check_unix_queues(rows or [], why, expected.unix_queues(found["ss"][-1]))
    check_summary(kmortem, dump, found)
    rows, why = view(kmortem, dump, "net.dev")
    numbers("net.dev", rows or [], why, lambda row: row["name"], readings(found, "/proc/net/dev", expected.netdev),
            ["rx_packets", "rx_bytes", "rx_errors", "rx_dropped", "tx_packets", "tx_bytes", "tx_errors", "tx_dropped"],
            lambda key, column, value: device_slack(len(found["/proc/net/dev"]) == 1, key, column, value))
    if not damaged:
        report("net.dev idle", [difference for row in rows for difference in check_idle(row, found)], len(rows))
    want = expected.links(found["ip-addr"][-1])
    differences = []
    for row in rows or []:
        link = want.get(row["name"], {})
        have = {"ifindex": row["ifindex"], "flags": set(row["flags"]), "mtu": row["mtu"], "mac": row["mac"],
                "addresses": set(row["addresses"])}
        if is_lost(row, "addresses"):
            have["addresses"] = have["addresses"] - {None} | link.get("addresses", set())
        have = {k: value for k, value in have.items() if value is not None or not is_lost(row, k)}
        differences += [f"{row['name']} {k}: {have[k]}, ip said {link.get(k)}" for k in have if have[k] != link.get(k)]
    report("net.dev addresses", differences, len(rows or []), why)


def read_marks(folder):
    """What tests/verdicts/expected says of the dump in a folder of the lab."""
    global damaged
    lines = recipes.expectations(recipes.read_meta(folder)) if (folder / "meta.txt").exists() else None
    for words in lines or []:
        if words[0] == "damaged":
            damaged = True
        elif words[0] == "moved":
            moved.update(" ".join(words[1:]).split())


def main():
    kmortem, truth, *dump = sys.argv[1:]
    found, folder = expected.parts(truth), pathlib.Path(truth).parent
    console = folder / "console.log"
    read_marks(folder)
    for check in (check_memory, check_system, check_tasks, check_scheduler, check_net):
        check(kmortem, dump, found)
    check_header(kmortem, dump, found, console.read_text(errors="replace") if console.exists() else "")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
