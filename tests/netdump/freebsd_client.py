#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""freebsd_client.py [OPTION…] FILE SERVER[:PORT]: sends FILE as the kernel of a crashed FreeBSD does.

Written from a description of sys/net/debugnet.c and sys/netinet/netdump/netdump_client.c: batches of 64 KiB, cut into
packets by the MTU and sent back to back; then it polls for acknowledgements, sends what has none again after a second,
and gives up after a dozen times. The kernel keeps acknowledgements in 64 bits but sets them by a shift of 32 (1 << i),
so that of two packets of a batch which are 32 apart only one need be acknowledged: if the other one is lost, it is a
hole in the dump (--no-shift-bug: a kernel without that).

What is encrypted or compressed is FILE's business; --encrypted and --compressed only say so, as the kernel would.
Loss, delay and disorder are a proxy's. The last line says what was sent:
    BYTES sent, PACKETS packets, AGAIN sent again, UNSEEN never acknowledged
Exit status: 0 FINISHED was acknowledged, 1 given up, 2 an error, 3 stopped in the middle as told (--stop-after)."""

import argparse
import errno
import ipaddress
import os
import socket
import struct
import sys
import time

HERALD, FINISHED, VMCORE, KDH, EKCD_KEY = 1, 2, 3, 4, 5
HEADER = struct.Struct(">IIQII")
SERVER_PORT, CLIENT_PORT = 20023, 20024
BATCH = 64 << 10
BLOCK = 4096
IN_FLIGHT = 64
POLL = 0.0005
POLLS = 2000
RETRIES = 10
COMPRESSIONS = {"none": 0, "gzip": 1, "zstd": 2}
UDP_IP = 28


class TimedOut(Exception):
    """The server did not acknowledge, as often as it was asked."""


def flag(index, has_bug):
    """The bit of a batch's packet. On x86 a shift of 32 bits wraps around, and bit 31, a sign, fills the upper half."""
    if not has_bug:
        return 1 << index
    bit = 1 << (index & 31)
    return bit | 0xffffffff00000000 if bit == 1 << 31 else bit


def message(kind, seqno, offset, payload):
    return HEADER.pack(kind, seqno, offset, len(payload), 0) + payload


class Debugnet:
    """The client's end of a connection."""

    def __init__(self, server, bind, mtu=1500, scale=1.0, has_bug=True, retries=RETRIES, keeps_port=False):
        self.keeps_port = keeps_port
        self.server, self.scale, self.has_bug, self.retries = server, scale, has_bug, retries
        self.most = mtu - UDP_IP - HEADER.size
        self.seqno, self.port_known = 1, False
        self.packets = self.again = 0
        self.unacknowledged = set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO: the kernel sets DF
        self.socket.bind(bind)
        self.socket.setblocking(False)

    def receive(self):
        """Takes all that has arrived; returns the bits of this batch that it acknowledges."""
        bits = 0
        while True:
            try:
                data, (address, port) = self.socket.recvfrom(2048)
            except BlockingIOError:
                return bits
            if address != self.server[0] or len(data) != 4:
                continue
            if not self.port_known and not self.keeps_port:
                self.server, self.port_known = (address, port), True
            self.unacknowledged.discard(int.from_bytes(data, "big"))
            index = int.from_bytes(data, "big") - self.seqno
            if 0 <= index < IN_FLIGHT:
                bits |= flag(index, self.has_bug)

    def transmit(self, data):
        try:
            self.socket.sendto(data, self.server)
        except OSError as error:
            # A full queue is a lost packet.
            if error.errno not in (errno.ENOBUFS, errno.EAGAIN):
                raise
        self.packets += 1

    def send_round(self, packets, acked):
        """Sends what has no acknowledgement yet; returns the bits that are waited for."""
        wanted = 0
        for index, packet in enumerate(packets):
            if not acked & flag(index, self.has_bug):
                self.transmit(packet)
                wanted |= flag(index, self.has_bug)
        return wanted

    def send(self, kind, data, start=0):
        """Sends one message, or a batch of them, and waits until it has what it takes for all acknowledgements."""
        cuts = range(0, len(data), self.most) if data else (0,)
        packets = [message(kind, self.seqno + i, start + at, data[at:at + self.most]) for i, at in enumerate(cuts)]
        acked = wanted = tries = 0
        before = self.packets
        self.unacknowledged.update(range(self.seqno, self.seqno + len(packets)))
        while True:
            wanted |= self.send_round(packets, acked)
            end = time.monotonic() + POLL * POLLS * self.scale
            while acked != wanted and time.monotonic() < end:
                acked |= self.receive()
                # DELAY(500) after each look, the last one too.
                time.sleep(POLL * min(self.scale, 1))
            if acked == wanted:
                break
            if tries > self.retries:
                raise TimedOut
            tries += 1
        self.again += self.packets - before - len(packets)
        self.seqno += len(packets)


def kernel_dump_header(options, size, key_size):
    """struct kerneldumpheader, version 4."""
    header = bytearray(512)
    struct.pack_into(">20s12sIIQQII", header, 0, b"FreeBSD Kernel Dump", b"amd64", 4, 2, size, options.time, key_size,
                     BLOCK)
    struct.pack_into(">64s192s175sBQ", header, 64, options.hostname.encode(), b"FreeBSD 14.0-RELEASE\n",
                     options.panic.encode(), COMPRESSIONS[options.compressed], size)
    parity = 0
    for word in struct.unpack(">127I", header[:508]):
        parity ^= word
    struct.pack_into(">I", header, 508, parity)
    return bytes(header)


def encryption_key():
    """struct kerneldumpkey: ChaCha20, an initialisation vector, and a key that only its owner can read."""
    return struct.pack(">B32sI256s", 2, bytes(range(32)), 256, bytes((7 * i) & 255 for i in range(256)))


def send_vmcore(link, file, options):
    """Sends the file in batches; False where it was to stop before the end. Compressed data ends in a whole block."""
    offset = 0
    while data := file.read(BATCH):
        if options.compressed != "none":
            data += bytes(-len(data) % BLOCK)
        if options.stop_after is not None and offset + len(data) > options.stop_after:
            return False
        link.send(VMCORE, data, offset)
        offset += len(data)
    return True


def dump(link, options):
    """The whole dump; False where it was to stop."""
    size = os.path.getsize(options.file)
    key = encryption_key() if options.encrypted else b""
    header = kernel_dump_header(options, size, len(key))
    link.send(HERALD, options.path.encode() + b"\0" if options.path else b"")
    if key and not options.header_first:
        link.send(EKCD_KEY, key)
    if options.header_first:
        link.send(KDH, header)
        if key:
            link.send(EKCD_KEY, key)
    with open(options.file, "rb") as file:
        if not send_vmcore(link, file, options):
            return False
    if not options.header_first:
        link.send(KDH, header)
    link.send(FINISHED, b"")
    return True


def parse_options():
    parser = argparse.ArgumentParser(description="Sends a file as the kernel of a crashed FreeBSD does.")
    parser.add_argument("file")
    parser.add_argument("server")
    parser.add_argument("--bind", default="0.0.0.0", help="address to send from")
    parser.add_argument("--client-port", type=int, default=CLIENT_PORT)
    parser.add_argument("--path", default="", help="where below the server's directory")
    parser.add_argument("--mtu", type=int, default=1500)
    parser.add_argument("--scale", type=float, default=1.0, help="of the second before sending again, and of the polls")
    parser.add_argument("--retries", type=int, default=RETRIES)
    parser.add_argument("--no-shift-bug", dest="shift_bug", action="store_false")
    parser.add_argument("--keep-port", action="store_true", help="send to SERVER's port whichever one answers")
    parser.add_argument("--encrypted", action="store_true")
    parser.add_argument("--compressed", choices=COMPRESSIONS, default="none")
    parser.add_argument("--header-first", action="store_true", help="KDH and key together before the data")
    parser.add_argument("--stop-after", type=int, help="bytes; then not a word more")
    parser.add_argument("--hostname", default="crashbox")
    parser.add_argument("--panic", default="test panic")
    parser.add_argument("--time", type=int, default=1700000000)
    options = parser.parse_args()
    if not UDP_IP + HEADER.size < options.mtu <= 65535:
        parser.error(f"--mtu {options.mtu}: must be {UDP_IP + HEADER.size + 1} to 65535")
    return options


def main():
    options = parse_options()
    host, _, port = options.server.partition(":")
    try:
        server = (str(ipaddress.IPv4Address(host)), int(port or SERVER_PORT))
        link = Debugnet(server, (options.bind, options.client_port), options.mtu, options.scale, options.shift_bug,
                        options.retries, options.keep_port)
        is_whole = dump(link, options)
    except TimedOut:
        print("given up: the server does not acknowledge")
        return 1
    except (OSError, ValueError) as error:
        print(f"freebsd_client.py: {error}", file=sys.stderr)
        return 2
    print(f"{os.path.getsize(options.file) if is_whole else options.stop_after} sent, {link.packets} packets, "
          f"{link.again} sent again, {len(link.unacknowledged)} never acknowledged")
    return 0 if is_whole else 3


if __name__ == "__main__":
    sys.exit(main())
