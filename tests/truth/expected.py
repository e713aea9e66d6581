# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads expected.txt: what the guest's own /proc said just before the crash.

Every parser returns a mapping from the key of a row to a mapping of its columns, named as the
columns of kmortem's views."""

import ipaddress
import re
import struct

TCP_STATES = ["", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
              "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV"]
UNIX_TYPES = {1: "STREAM", 2: "DGRAM", 5: "SEQPACKET"}
UNIX_STATES = {1: "UNCONNECTED", 2: "CONNECTING", 3: "CONNECTED", 4: "DISCONNECTING"}
MODULE_TAINT = re.compile(r"\(([A-Z]+)\)$")


def parts(path):
    """name -> the texts of the part of that name, oldest first."""
    found, name, lines = {}, None, []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("@@BEGIN "):
                name, lines = line[8:].strip(), []
            elif line.startswith("@@END ") and name == line[6:].strip():
                found.setdefault(name, []).append("".join(lines))
                name = None
            elif name:
                lines.append(line)
    return found


def meminfo(text):
    return {m[1]: {"kb": int(m[2])} for m in re.finditer(r"^([^:\n]+): +(\d+)", text, re.M)}


def vmstat(text):
    return {name: {"value": int(value)} for name, value in (line.split() for line in text.splitlines() if line)}


def buddyinfo(text):
    rows = {}
    for match in re.finditer(r"^Node (\d+), zone +(\S+)((?: +\d+)+)", text, re.M):
        rows[int(match[1]), match[2]] = {"free": [int(n) for n in match[3].split()]}
    return rows


def slabinfo(text):
    rows = {}
    for line in text.splitlines():
        match = re.match(r"(\S+(?: \S+)*?) +(\d+) +(\d+) +(\d+) .*: slabdata +\d+ +(\d+)", line)
        if match:
            rows[match[1]] = dict(zip(("active_objs", "num_objs", "object_size", "slabs"), map(int, match.groups()[1:])))
    return rows


def modules(text):
    rows = {}
    for fields in (line.split() for line in text.splitlines() if line):
        taint = MODULE_TAINT.search(fields[-1])
        rows[fields[0]] = {"size": int(fields[1]), "refcount": int(fields[2]) if fields[2] != "-" else None,
                           "state": fields[4], "taint": taint[1] if taint else ""}
    return rows


def mounts(text):
    unescape = lambda word: re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), word)
    rows = {}
    for source, target, kind in (line.split()[:3] for line in text.splitlines() if line):
        key = (unescape(source), unescape(target), kind)
        rows[key] = {"times": rows.get(key, {"times": 0})["times"] + 1}
    return rows


def word_format(found):
    """Of a 32-bit word of the machine: s390x is the one of them whose first byte is the highest."""
    return ">I" if "s390x" in found["/proc/version"][0] else "<I"


def address(word, form):
    """0100007F:1F90 or its IPv6 form, as /proc/net/tcp writes it: 32-bit words in the byte order of the machine."""
    host, port = word.split(":")
    raw = b"".join(struct.pack(form, int(host[i:i + 8], 16)) for i in range(0, len(host), 8))
    text = str(ipaddress.ip_address(raw))
    mapped = len(raw) == 16 and ipaddress.IPv6Address(raw).ipv4_mapped
    if mapped:
        text = f"::ffff:{mapped}"
    return f"[{text}]:{int(port, 16)}" if len(raw) == 16 else f"{text}:{int(port, 16)}"


def inet_lines(protocol, text):
    """The name of the state, and all fields, of each line."""
    for fields in (line.split() for line in text.splitlines()):
        if len(fields) >= 10 and ":" in fields[1]:
            state = int(fields[3], 16)
            yield TCP_STATES[state] if protocol.startswith("tcp") else "ESTABLISHED" if state == 1 else "UNCONN", fields


def inet(protocol, text, form):
    rows = {}
    for state, fields in inet_lines(protocol, text):
        tx, rx = fields[4].split(":")
        key = (protocol, address(fields[1], form), address(fields[2], form), state, int(fields[9]))
        rows[key] = {"rx_queue": int(rx, 16), "tx_queue": int(tx, 16)}
    return rows


def unix(text):
    rows = {}
    for fields in (line.split() for line in text.splitlines()):
        if len(fields) < 7 or not fields[0].endswith(":"):
            continue
        kind, state = UNIX_TYPES[int(fields[4], 16)], UNIX_STATES[int(fields[5], 16)]
        if int(fields[3], 16) & 0x10000:
            state = "LISTENING"
        key = (kind, state, int(fields[6]), fields[7] if len(fields) > 7 else "")
        rows[key] = {"times": rows.get(key, {"times": 0})["times"] + 1}
    return rows


def netdev(text):
    rows = {}
    for match in re.finditer(r"^ *([^:\s]+):((?: +\d+){16})", text, re.M):
        n = [int(word) for word in match[2].split()]
        rows[match[1]] = {"rx_bytes": n[0], "rx_packets": n[1], "rx_errors": n[2], "rx_dropped": n[3],
                          "tx_bytes": n[8], "tx_packets": n[9], "tx_errors": n[10], "tx_dropped": n[11]}
    return rows


unnamed_flags = {"400": ",MASTER", "800": ",SLAVE", "c00": ",MASTER,SLAVE"}


def links(text):
    """What `ip addr` printed: ifindex, flags, mtu, mac and addresses of each interface."""
    rows, row = {}, None
    for line in text.splitlines():
        head = re.match(r"(\d+): ([^:@]+)(?:@\S+)?: <([^>]*)> mtu (\d+)", line)
        if head:
            # busybox adds flags that it has no name for as a number, and ip says M-DOWN of the other end of a pair.
            names = re.sub(r"(?<=[A-Z])(400|800|c00)$", lambda number: unnamed_flags[number[1]], head[3])
            flags = set(names.split(",")) - {"M-DOWN"}
            row = rows[head[2]] = {"ifindex": int(head[1]), "flags": flags, "mtu": int(head[4]),
                                   "mac": "", "addresses": set()}
        elif row is not None and (mac := re.match(r" +link/\w+ ([0-9a-f:]+)", line)):
            row["mac"] = mac[1]
        elif row is not None and (ip := re.match(r" +inet6? (\S+)", line)):
            row["addresses"].add(ip[1])
    return rows


def loads(text):
    """The three load averages, and how many threads run or wait for a CPU."""
    words = text.split()
    return [float(word) for word in words[:3]], int(words[3].split("/")[0])


def scheduling(text):
    """pid -> policy and allowed CPUs, from `procs`."""
    rows, row = {}, None
    for line in text.splitlines():
        if (stat := re.match(r"  stat: (\d+) \(.*\) (\S .*)", line)):
            row = rows[int(stat[1])] = {"policy": int(stat[2].split()[38]), "cpus": set()}
        elif row and (allowed := re.match(r"  status Cpus_allowed_list:\s*(\S+)", line)):
            spans = (span.split("-") for span in allowed[1].split(","))
            row["cpus"] = {cpu for span in spans for cpu in range(int(span[0]), int(span[-1]) + 1)}
    return rows


def unix_queues(text):
    """inode -> kind, state and queues of UNIX sockets, from `ss`."""
    lines = re.finditer(r"^u_(\w+) +(\S+) +(\d+) +(\d+) .*? (\d+) +\* \d+ ", text, re.M)
    return {int(m[5]): {"kind": m[1], "state": m[2], "unread": int(m[3]), "unsent": int(m[4])} for m in lines}


# Letters of /proc/sys/kernel/tainted, lowest bit first (kernel/panic.c).
TAINT_LETTERS = "PFSRMBUDAWCIOELKXTNJ"


def taint(found, console):
    """Letters of the kernel's taint: what it said when it crashed, which may have tainted it, else its number before that;
    None when neither is there."""
    said = re.findall(r"PID: \d+ .*?(Not tainted|Tainted: [A-Z ]+?)  ?[0-9]", console)
    if said:
        return set(re.sub(r"Not tainted|Tainted:|[G ]", "", said[-1]))
    number = found.get("/proc/sys/kernel/tainted", [""])[-1].strip()
    return {letter for bit, letter in enumerate(TAINT_LETTERS) if int(number) >> bit & 1} if number else None


def tasks(found, reading):
    """pid -> tgid, ppid, comm, state, cpu; from a reading of `tasks`, else from the stat lines of `procs`."""
    rows = {}
    if "tasks" in found:
        for fields in (line.split("\t", 5) for line in found["tasks"][reading].splitlines() if line.count("\t") >= 5):
            pid, tgid, ppid, state, cpu, comm = fields
            rows[int(pid)] = {"tgid": int(tgid), "ppid": int(ppid), "state": state, "cpu": int(cpu), "comm": comm}
        return rows
    tgid = None
    for line in found["procs"][-1].splitlines():
        if (head := re.match(r"## pid (\d+) tid (\d+)", line)):
            tgid = int(head[1])
        elif (stat := re.match(r"  stat: (\d+) \((.*)\) (\S) (\d+) (.*)", line)):
            rest = stat[5].split()
            rows[int(stat[1])] = {"tgid": tgid, "ppid": int(stat[4]), "state": stat[3], "cpu": int(rest[34]),
                                  "comm": stat[2]}
    return rows
