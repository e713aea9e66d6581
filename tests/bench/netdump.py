#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""netdump.py BUILD [OPTION…]: how fast dumps travel, beside scp, nc and socat over the same paths in the same run.

Every row sends a file from one process to another, both on this machine: over loopback; between two network namespaces
joined by virtual Ethernet with an MTU of 1500; and over a path of 1 Gbit/s with 10 ms of delay each way, without and
with a hundredth of the packets lost (tests/netdump/path.c). The rate is the file's size over the time until it is
complete, a MB being a million bytes; netdump-server has synced it by then, the others sync nothing. Seconds of CPU are
those of the programs themselves, with what the kernel does in their name. Nothing here decides pass or fail."""

import argparse
import contextlib
import ctypes
import dataclasses
import getpass
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "netdump"))
import core  # noqa: E402

PAGE = 4096
GIGABIT = 125000000
PATH = (f"--rate={GIGABIT}", "--delay=10", "--queue=1000")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TCP = "/proc/sys/net/ipv4/tcp"
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 12  # seconds for a row over the path
DUMPS = 200


@dataclasses.dataclass
class Usage:
    """What a process has used: seconds of CPU, and memory at its worst in bytes (0: not known)."""
    cpu: float
    memory: int = 0


@dataclasses.dataclass
class Sent:
    """What became of sending a file."""
    size: int
    seconds: float
    client: Usage
    server: Usage


class Failed(Exception):
    """A row cannot be measured: why."""


@dataclasses.dataclass
class End:
    """Where a program runs: the words that run it there, and its address."""
    words: list
    address: str


# ---- processes -----------------------------------------------------------------------------------------------------

def start(command, **streams):
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | streams
    return subprocess.Popen([str(word) for word in command], **streams)


def end(process, kind=signal.SIGTERM):
    """Ends it, or waits for its end: None; and says what it and its children have used."""
    if kind:
        os.kill(process.pid, kind)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # Not ru_maxrss: that is at least what this process had when it started the other one.
    return Usage(usage.ru_utime + usage.ru_stime)


@contextlib.contextmanager
def nothing_stays():
    """Whatever is started meanwhile ends, children of children too: orphans become ours."""
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    try:
        yield
    finally:
        for kind in SIGNALS:
            signal.signal(kind, signal.SIG_IGN)
        with contextlib.suppress(ChildProcessError):
            while True:
                for pid in children_of(os.getpid()):
                    os.kill(int(pid), signal.SIGKILL)
                os.wait()


def has_ended(process):
    """Whether it has, without taking its usage away."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)


def usage_now(pid):
    """What a process that still runs has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return Usage((int(fields[11]) + int(fields[12])) / TICKS, int(peak.split()[1]) * 1024)


def wait_for(process, what, is_there):
    late = time.monotonic() + 60
    while has_ended(process) or not is_there():
        if has_ended(process) or time.monotonic() > late:
            sys.exit(f"netdump.py: {what}: in vain; {' '.join(process.args)}")
        time.sleep(0.005)


def wait_for_tcp(process, port):
    """Until somebody listens there, in the network namespace of the process."""
    def is_there():
        lines = pathlib.Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in lines)
    wait_for(process, f"port {port}", is_there)


def children_of(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- what is sent --------------------------------------------------------------------------------------------------

def write_core(path, size, zeros, seed=1):
    """A vmcore, with stretches like text, stretches like noise, and a share of zero pages."""
    chance = random.Random(seed)
    text = b" ".join(chance.choice(core.__doc__.encode().split()) for _ in range(1 << 17))
    text, noise = text[:1 << 19], chance.randbytes(1 << 21)
    with open(path, "wb") as file:
        file.write(core.head([(0x100000, size, core.BASE + 0x100000)]))
        while size:
            length = min(size, PAGE * chance.randint(1, 100))
            kind = chance.random()
            source = bytes(length) if kind < zeros else noise if kind < zeros + (1 - zeros) / 2 else text
            at = chance.randrange(len(source) - length + 1)
            # No two stretches are the same, as in memory.
            file.write(source[at:at + length - 8] + (bytes(8) if kind < zeros else chance.randbytes(8)))
            size -= length


def write_flat(path, source):
    """As `makedumpfile -F` sends it: pieces of 64 KiB, each with its place."""
    with open(path, "wb") as out, open(source, "rb") as file:
        out.write((b"makedumpfile".ljust(16, b"\0") + core.struct.pack(">qq", 1, 1)).ljust(4096, b"\0"))
        at = 0
        while piece := file.read(1 << 16):
            out.write(core.struct.pack(">qq", at, len(piece)) + piece)
            at += len(piece)
        out.write(core.struct.pack(">qq", -1, -1))


# ---- networks ------------------------------------------------------------------------------------------------------

class Network:
    """Two network namespaces, joined by virtual Ethernet and, for a while, by paths."""

    def __init__(self):
        here = os.readlink("/proc/self/ns/net")
        self.holders = [start(["unshare", "-n", "sleep", "infinity"]) for _ in range(2)]
        for holder in self.holders:
            wait_for(holder, "a namespace", lambda pid=holder.pid: os.readlink(f"/proc/{pid}/ns/net") != here)
        self.words = [["nsenter", "-t", str(holder.pid), "-n"] for holder in self.holders]
        self.run(0, "link add ether type veth peer name ether netns", str(self.holders[1].pid))
        for side in range(2):
            self.run(side, "link set lo up")
            self.run(side, f"address add 10.9.1.{side + 1}/24 dev ether")
            self.run(side, "link set ether up")
            # Only whole systems have another default.
            self.run(side, "route change 10.9.1.0/24 dev ether congctl cubic")
            self.run(side, "route change table local local 127.0.0.1 dev lo src 127.0.0.1 congctl cubic")

    def run(self, side, command, *more):
        subprocess.run([*self.words[side], "ip", *command.split(), *more], check=True, stdout=subprocess.PIPE)

    def add_addresses(self, count):
        """10.9.3.N are the server's, and who sends to one does so from 10.9.4.N."""
        def batch(side, *lines):
            subprocess.run([*self.words[side], "ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)

        numbers = range(1, count + 1)
        batch(1, *(f"address add 10.9.3.{i}/32 dev ether" for i in numbers), "route add 10.9.4.0/24 via 10.9.1.1")
        batch(0, *(f"address add 10.9.4.{i}/32 dev lo" for i in numbers),
              *(f"route add 10.9.3.{i} via 10.9.1.2 src 10.9.4.{i}" for i in numbers))

    def ends(self, net):
        """The client's end and the server's."""
        return [End(self.words[side], f"10.9.{net}.{side + 1}") for side in range(2)]

    @contextlib.contextmanager
    def path(self, program, said, congestion, *options):
        """A path while it is used; `said` gets what it says at its end. TCP avoids congestion on it as is told."""
        process = start([program, *options, *(holder.pid for holder in self.holders)],
                                       stdout=subprocess.PIPE)
        process.stdout.readline()
        for side in range(2):
            self.run(side, "link set path up mtu 1500 txqueuelen 20000")
            self.run(side, f"address add 10.9.2.{side + 1} dev path")
            self.run(side, f"route add 10.9.2.{2 - side} dev path congctl {congestion}")
        yield self.ends(2)
        for side in range(2):
            text = subprocess.run([*self.words[side], "ip", "-s", "-j", "link", "show", "path"], check=True,
                                  stdout=subprocess.PIPE).stdout
            said.append(json.loads(text)[0]["stats64"]["tx"]["dropped"])
        end(process)
        said += [[int(line.split(word)[0].split()[-1]) for word in ("passed", "lost by", "lost for")]
                 for line in process.stdout.read().decode().splitlines()]


# ---- senders -------------------------------------------------------------------------------------------------------

class Senders:
    """Each method sends a file from one end to the other and measures that."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.dumps = folder / "dumps"
        self.server = build / "netdump-server/netdump-server"
        self.send = build / "netdump-send"
        self.freebsd_send = build / "tests/netdump/freebsd_send"
        for name in ("server", "client"):
            subprocess.run([self.server, f"--keygen={folder / name}.key"], check=True, stdout=subprocess.PIPE)
        (folder / "peers").write_text("client " + (folder / "client.key.pub").read_text())
        (folder / "peers").chmod(0o600)

    @contextlib.contextmanager
    def running_server(self, place, *options):
        """netdump-server at an end: the process and its ports. What it has stored goes with it."""
        ports = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
        self.dumps.mkdir()
        log = self.folder / "server.log"
        with open(log, "wb") as stderr:
            process = start(
                [*place.words, self.server, "--config=/dev/null", f"--addr={place.address}", f"--port={ports[0]}",
                 f"--freebsd-port={ports[1]}", f"--dumpdir={self.dumps}", "--secure=0", "--min-free=0",
                 f"--key={self.folder}/server.key", f"--peers={self.folder}/peers", "--status-file=", *options],
                stderr=stderr)
        wait_for(process, "netdump-server", lambda: b" ready: " in log.read_bytes())
        try:
            yield process, *ports
        finally:
            end(process)
            shutil.rmtree(self.dumps)

    def watch(self, command, server, size, patience, stdin=subprocess.DEVNULL):
        """Runs a client of netdump-server; one that takes too long is judged by what has arrived."""
        began = time.monotonic()
        client = start(command, stdin=stdin, stderr=subprocess.PIPE)
        is_late = self.is_late(client, patience)
        if is_late:
            size = max((file.stat().st_blocks * 512 for file in self.dumps.rglob("vmcore*")), default=0)
        used = end(client, signal.SIGKILL if is_late else None)
        seconds = time.monotonic() - began
        if client.returncode and not is_late:
            raise Failed(client.stderr.read().decode())
        return Sent(size, seconds, used, usage_now(server.pid))

    @staticmethod
    def is_late(process, patience):
        """Waits for its end, as long as there is patience."""
        late = time.monotonic() + patience
        while not has_ended(process):
            if time.monotonic() > late:
                return True
            time.sleep(0.002)
        return False

    def netdump(self, ends, file, *options, patience=600, server_options=()):
        with self.running_server(ends[1], *server_options) as (server, port, _):
            command = [*ends[0].words, self.send, "-p", port, *options, "-f", file, ends[1].address]
            sent = self.watch(command, server, file.stat().st_size, patience)
            self.check(file, sent)
        return sent

    def digest(self, ends, file):
        """Seconds of CPU for the digest, which the server makes when the client has gone already."""
        with self.running_server(ends[1]) as (server, port, _):
            sent = self.watch([*ends[0].words, self.send, "-p", port, "-f", file, ends[1].address], server, 0, 600)
            meta, = self.dumps.glob("*/meta.json")
            wait_for(server, "a digest", lambda: json.loads(meta.read_text())["sha256"])
            return usage_now(server.pid).cpu - sent.server.cpu

    def sealed(self, ends, file, *options, patience=600):
        return self.netdump(ends, file, f"--server-key={self.folder}/server.key.pub", f"--key={self.folder}/client.key",
                            *options, patience=patience, server_options=("--secure=2",))

    def stream(self, ends, file, flat):
        """A flattened dump through a pipe."""
        with self.running_server(ends[1]) as (server, port, _):
            reader = start(["cat", flat], stdout=subprocess.PIPE)
            command = [*ends[0].words, self.send, "-p", port, ends[1].address]
            sent = self.watch(command, server, file.stat().st_size, 600, reader.stdout)
            end(reader, None)
            self.check(file, sent)
        return sent

    def freebsd(self, ends, file):
        with self.running_server(ends[1]) as (server, _, port):
            command = [*ends[0].words, self.freebsd_send, file, f"{ends[1].address}:{port}"]
            sent = self.watch(command, server, file.stat().st_size, 600)
            self.check(file, sent)
        return sent

    def freebsd_alone(self, ends, file):
        """The same client, and a server that does nothing but acknowledge."""
        to = f"{ends[1].address}:{free_port(socket.SOCK_DGRAM)}"
        server = start([*ends[1].words, self.freebsd_send, "--acknowledge", to])
        sent = self.watch([*ends[0].words, self.freebsd_send, file, to], server, file.stat().st_size, 600)
        end(server)
        return sent

    def check(self, file, sent):
        """What has arrived is what was sent; the heads of classic dumps are the server's own."""
        size = file.stat().st_size
        found = [path for path in self.dumps.rglob("vmcore*") if not path.is_symlink()]
        if sent.size < size:
            return
        head = f"--ignore-initial={core.HEAD}:{found[0].stat().st_size - (size - core.HEAD)}"
        if len(found) != 1 or subprocess.run(["cmp", "-s", head, file, found[0]], check=False).returncode:
            raise Failed("what has arrived is not what was sent")

    # ---- others ----

    def tcp(self, ends, file, listen, connect, patience):
        """Programs that take the words of `listen` and `connect`, with the port's number for PORT."""
        port, out = free_port(), self.folder / "out"
        words = {"PORT": str(port), "ADDRESS": ends[1].address, "FILE": str(file)}

        def fill(text):
            for word, value in words.items():
                text = text.replace(word, value)
            return text.split()

        with open(out, "wb") as stdout, open(file, "rb") as stdin:
            server = start([*ends[1].words, *fill(listen)], stdout=stdout)
            wait_for_tcp(server, port)
            began = time.monotonic()
            client = start([*ends[0].words, *fill(connect)], stdin=stdin)
            kind = signal.SIGKILL if self.is_late(server, patience) else None
            size, seconds = out.stat().st_size, time.monotonic() - began
            used = [end(process, kind) for process in (client, server)]
        out.unlink()
        return Sent(size, seconds, *used)

    def nc(self, ends, file, patience=600):
        return self.tcp(ends, file, "nc -l ADDRESS PORT", "nc -N ADDRESS PORT", patience)

    def socat(self, ends, file, patience=600):
        return self.tcp(ends, file, "socat -u TCP-LISTEN:PORT,bind=ADDRESS STDOUT", "socat -u STDIN TCP:ADDRESS:PORT",
                        patience)

    def scp(self, ends, file, patience=600):
        port, out = free_port(), self.folder / "out"
        server = start([*ends[1].words, *self.sshd, "-o", f"ListenAddress={ends[1].address}", "-p", port])
        wait_for_tcp(server, port)
        began = time.monotonic()
        client = start(
            [*ends[0].words, "scp", "-F", "/dev/null", "-q", "-B", "-P", port, "-i", self.folder / "ssh",
             "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", file, f"{ends[1].address}:{out}"],
            stderr=subprocess.PIPE)
        kind = signal.SIGTERM if self.is_late(client, patience) else None
        size, seconds = out.stat().st_size if out.exists() else 0, time.monotonic() - began
        used = end(client, kind)
        # What they have used counts when they have ended.
        wait_for(server, "sshd's children", lambda: not children_of(server.pid))
        out.unlink(missing_ok=True)
        sent = Sent(size, seconds, used, end(server))
        if client.returncode and not kind:
            raise Failed(client.stderr.read().decode())
        return sent


def find_sshd(cache):
    """sshd's path: the system's, or one taken out of its package without installing that, which would start it."""
    found = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
    fetched = cache / "usr/sbin/sshd"
    if not found and not fetched.exists() and shutil.which("apt-get"):
        cache.mkdir(parents=True, exist_ok=True)
        script = "apt-get -q download openssh-server && dpkg -x openssh-server_*.deb . && rm openssh-server_*.deb"
        subprocess.run(script, shell=True, cwd=cache, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return found or (str(fetched) if fetched.exists() else None)


def sshd_words(sshd, folder):
    """The words that run sshd with keys, configuration and, for root, users of its own; nothing of the system's."""
    user, helpers = getpass.getuser(), pathlib.Path(sshd).parents[1] / "lib/openssh"
    for name in ("host", "ssh"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    settings = [f"HostKey {folder}/host", f"AuthorizedKeysFile {folder}/ssh.pub", "PidFile none", "UsePAM no",
                "StrictModes no", "PasswordAuthentication no", "Subsystem sftp internal-sftp"]
    # What newer ones have beside them is looked for where the package would have put it.
    settings += [f"{setting} {helpers / name}" for setting, name in
                 (("SshdSessionPath", "sshd-session"), ("SshdAuthPath", "sshd-auth")) if (helpers / name).exists()]
    (folder / "sshd_config").write_text("\n".join(settings) + "\n")
    words = [sshd, "-D", "-e", "-f", f"{folder}/sshd_config"]
    if os.getuid():
        return words
    # As root it wants a user of its own and a directory in /run, and no locked account: mounts that only it sees.
    (folder / "passwd").write_text(f"{user}:x:0:0::{folder}:/bin/sh\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n")
    (folder / "shadow").write_text(f"{user}:*:1:0:99999:7:::\n")
    script = 'mount -t tmpfs run /run && mkdir -m 755 /run/sshd || exit; for name in passwd shadow; do ' \
        'mount --bind "$0/$name" "/etc/$name" || exit; done; exec "$@"'
    return ["unshare", "-m", "sh", "-c", script, folder, *words]


# ---- the table -----------------------------------------------------------------------------------------------------

class Table:
    """Rows as they are measured: the best of `repeat` runs."""

    def __init__(self, repeat):
        self.repeat = repeat
        print(f"{'':<54}{'MB/s':>7}{'target':>8}{'client':>9}{'server':>9}{'memory':>9}")

    @staticmethod
    def head(text):
        print(f"\n{text}", flush=True)

    def row(self, label, send, *arguments, target=""):
        try:
            sent = min((send(*arguments) for _ in range(self.repeat)), key=lambda one: one.seconds / max(one.size, 1))
        except Failed as failed:
            print(f"  {label:<52}failed: {str(failed).strip()}", flush=True)
            return None
        gigabytes = max(sent.size, 1) / 1e9
        print(f"  {label:<52}{sent.size / 1e6 / sent.seconds:7.0f}{target:>8}{sent.client.cpu / gigabytes:9.2f}"
              f"{sent.server.cpu / gigabytes:9.2f}{round(sent.server.memory / 1e6) or '':>9}", flush=True)
        return sent


class Bench:
    """All rows: what is missing on this machine is said, and left out."""

    def __init__(self, options, folder):
        self.build, self.folder = options.build, folder
        self.senders = Senders(options.build, folder)
        self.file, self.small, self.other = folder / "vmcore", folder / "small", folder / "other"
        write_core(self.file, options.size, 0)
        write_core(self.small, options.size // 4, 0)
        self.peers = self.find_peers()
        self.table = Table(options.repeat)

    def find_peers(self):
        peers = [name for name in ("nc", "socat") if shutil.which(name)]
        sshd = shutil.which("scp") and find_sshd(
            pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "kmortem/bench/sshd")
        if sshd:
            self.senders.sshd = sshd_words(sshd, self.folder)
            peers.insert(0, "scp")
        missing = [name for name in ("scp", "nc", "socat") if name not in peers]
        if missing:
            print(f"left out: {', '.join(missing)} (openssh-client, openssh-server, netcat-openbsd, socat)")
        return peers

    def peer_rows(self, *arguments):
        for name in self.peers:
            self.table.row(name, getattr(self.senders, name), *arguments)

    def loopback(self, words):
        ends, table, senders = [End(words, "127.0.0.1")] * 2, self.table, self.senders
        table.head("loopback")
        table.row("netdump-send", senders.netdump, ends, self.file, target=400)
        table.row("netdump-send, encrypted", senders.sealed, ends, self.file, target=250)
        write_core(self.other, self.file.stat().st_size, 1 / 3)
        table.row("netdump-send, a third of the pages are zero", senders.netdump, ends, self.other)
        write_flat(self.other, self.file)
        table.row("netdump-send, makedumpfile's stream through a pipe", senders.stream, ends, self.file, self.other)
        self.other.unlink()
        table.row("netdump-send --classic, 1024 bytes at a time", senders.netdump, ends, self.small, "--classic",
                  target=80)
        table.row("a FreeBSD client", senders.freebsd, ends, self.small)
        table.row("  the same, to a server that only acknowledges", senders.freebsd_alone, ends, self.small)
        self.peer_rows(ends, self.file)
        used = senders.digest(ends, self.small) / self.small.stat().st_size * 1e9
        print(f"    netdump-server's SHA-256 of a dump, when the client has gone: {used:.2f} s of CPU per GB more")

    def ethernet(self, network):
        table, senders, ends = self.table, self.senders, network.ends(1)
        table.head("virtual Ethernet, MTU 1500")
        table.row("netdump-send", senders.netdump, ends, self.file, target=200)
        table.row("netdump-send, encrypted", senders.sealed, ends, self.file)
        self.peer_rows(ends, self.file)
        table.head("the same, at 1 Gbit/s")
        for label, send in (("netdump-send", senders.netdump), ("netdump-send, encrypted", senders.sealed)):
            sent = table.row(label, send, ends, self.small, f"--rate={GIGABIT}")
            if sent:
                print(f"    the server: {sent.server.cpu / sent.seconds:.2f} of a core (target: 1)")

    def path(self, network, *options, target=""):
        program, said = self.build / "tests/netdump/path", []

        def send_over(name, congestion):
            said.clear()
            with network.path(program, said, congestion, *options) as ends:
                return getattr(self.senders, name)(ends, self.small, patience=PATIENCE)

        def row(label, name, congestion="cubic", **more):
            self.table.row(label, send_over, name, congestion, **more)
            dropped, _, (passed, by_chance, full), _ = said
            print(f"    packets to the server: {passed} arrived, {by_chance} were lost by chance, "
                  f"{full + dropped} for want of room")

        row("netdump-send", "netdump", target=target)
        row("netdump-send, encrypted", "sealed")
        for name in self.peers:
            row(name, name)
        if "nc" in self.peers and "bbr" in pathlib.Path(f"{TCP}_available_congestion_control").read_text().split():
            row("nc, TCP with BBR", "nc", "bbr")

    def many(self, network):
        """The server while 200 hosts send their dumps, one gigabit per second in all."""
        status, ends = self.folder / "status", network.ends(1)
        network.add_addresses(DUMPS)

        def read():
            found = json.loads(status.read_text()) if status.exists() else {"bytes": 0, "dumps": []}
            return found["bytes"], sum(dump["state"] == "running" for dump in found["dumps"]), time.monotonic()

        # They end long before they are complete: no room for that is needed.
        options = "--concurrent=256", "--space-check=false", f"--status-file={status}"
        with self.senders.running_server(End(ends[1].words, ""), *options) as (server, port, _):
            clients = [start([*ends[0].words, self.senders.send, "-p", port, f"--rate={GIGABIT // DUMPS}",
                                             "-f", self.file, f"10.9.3.{i}"]) for i in range(1, DUMPS + 1)]
            wait_for(server, f"{DUMPS} dumps", lambda: read()[1] == DUMPS)
            (there, _, began), before = read(), usage_now(server.pid)
            time.sleep(5)
            (more, count, ended), used = read(), usage_now(server.pid)
            for client in clients:
                end(client, signal.SIGKILL)
        self.table.head(f"{count} dumps at a time, MTU 1500")
        seconds = ended - began
        gigabits = (more - there) * 8 / seconds / 1e9
        print(f"  the server: {used.memory / 1e6:.0f} MB (target: 64), "
              f"{(used.cpu - before.cpu) / seconds:.2f} of a core at {gigabits:.2f} Gbit/s")

    def run(self):
        if os.getuid():
            self.loopback([])
            print("\nleft out: all but loopback; only root makes such network namespaces, and devices of /dev/net/tun")
            return
        network = Network()
        self.loopback(network.words[0])
        self.ethernet(network)
        self.many(network)
        self.table.head("the path program by itself: no delay, no bound, no loss")
        self.path(network, "--queue=8000")
        self.table.head("1 Gbit/s, 10 ms of delay each way")
        self.path(network, *PATH)
        self.table.head("the same, and 1 % of the packets are lost each way")
        self.path(network, *PATH, "--loss=10", target=30)


def parse_options():
    parser = argparse.ArgumentParser(description="How fast dumps travel, beside scp, nc and socat.")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=1024, help="of the file, in MiB; it is there three times")
    parser.add_argument("--folder", help="where it lies and where it goes: /dev/shm, or the folder for temporary files")
    parser.add_argument("--repeat", type=int, default=1, help="how often; the best counts")
    options = parser.parse_args()
    options.build, options.size = options.build.resolve(), options.size << 20
    folders = [options.folder] if options.folder else ["/dev/shm", tempfile.gettempdir()]
    wanted = 7 * options.size // 2
    has_room = (name for name in folders if os.path.isdir(name) and shutil.disk_usage(name).free > wanted)
    options.folder = next(has_room, None)
    if not options.folder:
        parser.error(f"no room for {wanted >> 20} MiB in {' or '.join(folders)}: --size or --folder")
    return options


def describe(options):
    kind = subprocess.check_output(["stat", "-f", "-c", "%T", options.folder], text=True)
    control = pathlib.Path(f"{TCP}_congestion_control").read_text().strip() if os.getuid() else "cubic"
    print(f"{os.cpu_count()} cores, Linux {os.uname().release.split('-')[0]}, TCP with {control}; a file of "
          f"{options.size >> 20} MiB from {kind.strip()} to {kind.strip()}")
    print("client, server: seconds of CPU per GB; memory: the server's at its worst, in MB")


def main():
    options = parse_options()
    for kind in SIGNALS:
        signal.signal(kind, lambda *_: sys.exit("netdump.py: stopped"))
    describe(options)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="netdump-bench.") as folder, nothing_stays():
        Bench(options, pathlib.Path(folder)).run()


if __name__ == "__main__":
    main()
