# SPDX-License-Identifier: GPL-2.0-or-later
"""capture.py BUILD [SCENARIO…]: how long a crash takes by kdump-tools and by kmortem in the same 4 GB guest; how much memory has to
be reserved for kmortem; how large its image is. The scenarios are those in guests/, run as tests/capture/guest/README.md says.

The console is read as it is written, each line with the time at which it came, so that both capture kernels are held against
one clock, that of this machine. What the dumps' files say is of the capture kernel's clock, which begins with the whole seconds
of the machine's; where the one lies on the other, its own log says."""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LINE = re.compile(r"\[ *(\d+\.\d+)\] (.*)")
CLOCK = re.compile(r"setting system clock to \S+ UTC \((\d+)\)")


class Console(threading.Thread):
    """The lines of the first file PATTERN below a directory, as (time, text)."""

    def __init__(self, directory, pattern):
        super().__init__(daemon=True)
        self.directory, self.pattern, self.lines = directory, pattern, []

    def run(self):
        while not (found := next(iter(self.directory.glob(self.pattern)), None)):
            time.sleep(0.5)
        rest = b""
        with open(found, "rb") as file:
            while True:
                if not (data := file.read()):
                    time.sleep(0.01)
                    continue
                now = time.monotonic()
                *whole, rest = (rest + data).split(b"\n")
                self.lines += [(now, line.decode(errors="replace").strip("\r\0")) for line in whole]


class Kernel:
    """One boot: the kernel's clock on this machine's, and the files' clock on the kernel's."""

    def __init__(self, lines):
        stamped = [(now, float(match[1]), match[2]) for now, text in lines if (match := LINE.search(text))]
        # A line may come late, never early.
        self.start = min(now - stamp for now, stamp, _ in stamped if stamp)
        # The clock was set to the middle of that second.
        self.wall = next((self.start + stamp - int(match[1]) - 0.5
                          for _, stamp, text in stamped if (match := CLOCK.search(text))), None)
        self.panic = next((now for now, _, text in stamped if "sysrq: Trigger a crash" in text), None)


def kernels(lines):
    """Each boot of CONSOLE's lines, be it from the disk or after a panic."""
    starts = [i for i, (_, text) in enumerate(lines) if "] Linux version " in text] + [len(lines)]
    return [Kernel(lines[begin:end]) for begin, end in zip(starts, starts[1:])]


def crashes(boots):
    """(the one that crashed, its capture kernel, the one that came back)"""
    return [boots[i:i + 3] for i, boot in enumerate(boots[:-2]) if boot.panic]


def phases(crash, log, begun, written, whole):
    """Seconds from the panic to the capture kernel's start, to the log's file, to the dump's beginning, its end, its name, and to
    the start of the kernel after it."""
    crashed, capture, back = crash
    at = [crashed.panic, capture.start] + [capture.wall + float(text) for text in (log, begun, written, whole)] + [back.start]
    return [later - earlier for earlier, later in zip(at, at[1:])]


def run_guests(build, names):
    """What the guests said, and the console's lines of the one called speed."""
    with contextlib.ExitStack() as stack:
        directory = tempfile.mkdtemp(prefix="bench.")
        if not os.environ.get("KMORTEM_GUESTS_KEEP"):
            stack.callback(shutil.rmtree, directory)
        console = Console(Path(directory), "guests.*/speed/console.log")
        console.start()
        environment = os.environ | {"SCENARIOS": str(HERE / "guests"), "TMPDIR": directory, "BUILD": str(Path(build).resolve())}
        said = subprocess.run([HERE / "../capture/guests", *names], env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        return said, console.lines


def said_of(said, word):
    """The values in each line "# WORD VALUE…"."""
    return [line.split()[2:] for line in said.splitlines() if line.startswith(f"# {word} ")]


def tell_speed(said, lines):
    """A row for each crash, in seconds and megabytes; what is left of the bar adds up to the time from the panic to the dump."""
    names = ["start", "to log", "to dump", "dump", "check", "| panic to dump", "reset", "boot", "report", "dump MB", "image MB"]
    print(f"{'':14}" + "".join(f"{name:>{len(name) + 3}}" for name in names))
    for (way, *times, up, report, size, image), crash in zip(said_of(said, "measured"), crashes(kernels(lines))):
        *parts, reset = phases(crash, *times)
        values = parts + [sum(parts), reset, float(up), float(report), int(size) / 1e6, int(image) / 1e6]
        print(f"{way:14}" + "".join(f"{value:{len(name) + 3}.1f}" for name, value in zip(names, values)))


def main():
    names = sys.argv[2:] or ["speed", "reserve", "reserve-kdump-tools", "images"]
    said, lines = run_guests(sys.argv[1], names)
    print("\n".join(line for line in said.splitlines() if line.startswith("not ok")))
    if "speed" in names:
        tell_speed(said, lines)
    for what, size in said_of(said, "reserve"):
        print(f"crashkernel= {what}: {size}M")
    for what, size, unpacked in said_of(said, "image"):
        print(f"image for {what}: {int(size) / 1e6:.1f} MB, {int(unpacked) / 1e6:.1f} MB unpacked")
    return 1 if re.search("^not ok", said, re.M) else 0


if __name__ == "__main__":
    sys.exit(main())
