# SPDX-License-Identifier: GPL-2.0-or-later
"""open.py PROGRAM LINK [PATH OTHER]: runs kmortem-open as systemd would, and prints the messages and the file that it gets.
With PATH and OTHER, these change places all the time."""
import array
import ctypes
import os
import socket
import subprocess
import sys
import tempfile
import threading

RENAME_EXCHANGE = 2
AT_FDCWD = -100


def swap(paths, is_over):
    call = ctypes.CDLL(None).renameat2
    while not is_over.is_set():
        call(AT_FDCWD, os.fsencode(paths[0]), AT_FDCWD, os.fsencode(paths[1]), RENAME_EXCHANGE)


def receive(listener):
    """A message, and what the file holds that came with it."""
    data, ancillary, _, _ = listener.recvmsg(4096, socket.CMSG_SPACE(4))
    fds = array.array("i", b"".join(part[2] for part in ancillary))
    print(data.decode().replace("\n", " "))
    if data.startswith(b"FDSTORE"):
        with open(fds[0], encoding="utf-8") as file:
            return file.read()
    for fd in fds:
        os.close(fd)
    return ""


with tempfile.TemporaryDirectory() as folder:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(folder + "/notify")
    is_over = threading.Event()
    swapper = threading.Thread(target=swap, args=(sys.argv[3:], is_over))
    if sys.argv[3:]:
        swapper.start()
    with subprocess.Popen(sys.argv[1:3], stdout=subprocess.PIPE, env={"NOTIFY_SOCKET": folder + "/notify"}) as program:
        try:
            listener.settimeout(0.05)
            content = ""
            while not content or program.poll() is None:
                try:
                    content += receive(listener)
                except TimeoutError:
                    if program.poll() is not None:
                        break
            said = program.stdout.read().decode()
        finally:
            is_over.set()
    print(content + "said " + said if content else said, end="")
    sys.exit(program.returncode)
