#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""packets.py COMMAND …: datagrams that no client of ours sends.
  netconsole FROM TO:PORT [random]   standard input's lines, each one datagram, \\n for a newline; random: in another order,
                                     by the same chance each time
  forge SERVER ADDRESS…              as if from these addresses, which have clients, and from strangers': STARTs, answers, all
                                     that a FreeBSD client sends, version 6, and noise, from the clients' own ports and
                                     others; until SIGTERM; says when it was a thousand (raw sockets: as root, or in a
                                     user namespace)
  starts SERVER:PORT COUNT           of so many Red Hat clients that never answer; says how many datagrams and bytes answer
                                     them
  ask FROM SERVER:PORT HEX           one datagram; says in hexadecimal what was answered within a second, or nothing"""
import random
import select
import signal
import socket
import struct
import sys
import time

MAGIC6 = b'\xd6n6'


def endpoint(text):
    host, _, port = text.partition(':')
    return host, int(port or 0)


def netconsole(source, target, *order):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind(endpoint(source))
    lines = [line.rstrip('\n').encode().replace(b'\\n', b'\n') for line in sys.stdin]
    if order:
        random.Random(1).shuffle(lines)
    for line in lines:
        out.sendto(line, endpoint(target))
        time.sleep(0.0005)


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def packet(source, target, payload):
    """IPv4 and UDP headers, the latter with its checksum."""
    (host, port), (to, to_port) = source, target
    udp = struct.pack('>HHHH', port, to_port, 8 + len(payload), 0) + payload
    ends = socket.inet_aton(host) + socket.inet_aton(to)
    total = checksum(ends + struct.pack('>HH', 17, len(udp)) + udp + bytes(len(udp) % 2)) or 0xffff
    udp = udp[:6] + struct.pack('>H', total) + udp[8:]
    return struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ends + udp


def reply(code, number, info, payload=b''):
    """Of a Red Hat client."""
    return struct.pack('>BIII', 5, number, code, info) + payload


def redhat(chance):
    code = chance.choice([8, 8, 8, chance.randrange(14), chance.getrandbits(32)])
    text = b'task_struct:0x10001234000 page_offset:0x10000000000 netdump_magic:0x%x\n' % chance.getrandbits(64)
    payload = chance.choice([text, b'', chance.randbytes(chance.choice([4, 1024, 1400]))])
    return reply(code, chance.choice([62, 3, chance.getrandbits(32)]), chance.choice([5, 0, chance.getrandbits(32)]), payload)


def freebsd(chance):
    """The same numbers and offsets as the client's, among others."""
    kind, payload = chance.choice([(1, b''), (1, b'sub\0'), (1, b'../../x\0'), (2, b''), (3, chance.randbytes(1400)),
                                   (4, chance.randbytes(512)), (5, chance.randbytes(80)), (chance.getrandbits(32), b'')])
    return struct.pack('>IIQII', kind, chance.getrandbits(chance.choice([10, 32])),
                       chance.getrandbits(chance.choice([20, 62])), len(payload), 0) + payload


def version6(chance):
    return (MAGIC6 + bytes([chance.choice([1, 2, 3, 4, 5, 6, 7, 8, 17, chance.randrange(256)])]) +
            struct.pack('>QQ', chance.choice([0, chance.getrandbits(64)]), chance.getrandbits(64)) +
            chance.randbytes(chance.randrange(1200)))


def noise(chance):
    return chance.randbytes(chance.randrange(1400))


def forge(server, *clients):
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    strangers = [f'127.250.0.{i}' for i in range(1, 100)]
    chance, count, is_over = random.Random(1), 0, []
    signal.signal(signal.SIGTERM, lambda *_: is_over.append(True))
    while not is_over:
        source = chance.choice([*clients, chance.choice(strangers)])
        kind = chance.choice([redhat, version6, freebsd, noise])
        payload = kind(chance)
        port = 20023 if kind is freebsd else chance.choice([6666, 6666, 20023]) if kind is noise else 6666
        own = 20024 if port == 20023 else chance.choice([6666, chance.randrange(1024, 65536)])
        out.sendto(packet((source, own), (server, port), payload), (server, 0))
        count += 1
        if count == 1000:
            print('a thousand', flush=True)
        if count % 10 == 0:
            time.sleep(0.002)


def starts(server, count):
    """Of Red Hat clients that never answer; what each gets is counted until nothing has come for two seconds."""
    waiting, total = [], [0, 0]
    text = b'task_struct:0x10001234000 page_offset:0x10000000000\n'
    for i in range(int(count)):
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.bind((f'127.251.0.{i + 1}', 6666))
        out.sendto(reply(8, 62, 5, text), endpoint(server))
        waiting.append(out)
    while ready := select.select(waiting, [], [], 2)[0]:
        for out in ready:
            total[1] += len(out.recv(65536))
            total[0] += 1
    print(*total)


def ask(source, target, text):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind(endpoint(source))
    out.settimeout(1)
    out.sendto(bytes.fromhex(text), endpoint(target))
    try:
        print(out.recv(65536).hex())
    except TimeoutError:
        print('nothing')


if __name__ == '__main__':
    {'netconsole': netconsole, 'forge': forge, 'ask': ask, 'starts': starts}[sys.argv[1]](*sys.argv[2:])
