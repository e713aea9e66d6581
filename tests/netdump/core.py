#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""core.py make FILE [less]: a small /proc/vmcore of x86_64, with what real ones have: memory that is there twice, stretches
that end within a page, pages of zeros, and a processor that idles before the one that panicked. less: under a megabyte.
core.py compare SENT RECEIVED [PID]: whether both have the same memory and the registers of the processor that panicked.
core.py segments FILE: address and length of each stretch of its memory; core.py memory FILE ADDRESS LENGTH: what is there.
core.py flatten FILE: FILE in makedumpfile's flattened format, out of order and with pieces that overwrite earlier ones, to
standard output."""
import random
import struct
import sys

PAGE = 4096
HEAD = 0x2000
PANICKED = 77
BASE = 0xffff888000000000
# physical address, bytes, virtual address
SEGMENTS = [(0x200000, 0x30000, 0xffffffff81000000), (0x1000, 0x9ec00, BASE + 0x1000), (0x100000, 0xb00000, BASE + 0x100000),
            (0x4000000, 0x300200, BASE + 0x4000000)]


def registers(pid):
    """27 words of struct user_regs_struct; CS is the 18th."""
    return [0x10 if i == 17 else pid << 32 | i for i in range(27)]


def note(name, kind, content):
    name += b'\0'
    return (struct.pack('<III', len(name), len(content), kind) + name.ljust(-len(name) % 4 + len(name), b'\0') +
            content.ljust(-len(content) % 4 + len(content), b'\0'))


def prstatus(pid):
    """struct elf_prstatus: pr_pid at 32, pr_reg at 112."""
    return struct.pack('<32xi76x27QQ', pid, *registers(pid), 0)


def head(segments):
    """The first HEAD bytes of a vmcore: headers and notes. The segments' contents follow, each filled up to whole pages."""
    notes = (note(b'CORE', 1, prstatus(0)) + note(b'CORE', 1, prstatus(PANICKED)) +
             note(b'VMCOREINFO', 0, b'OSRELEASE=6.1.0\nPAGESIZE=4096\n'))
    at, headers = HEAD, [struct.pack('<IIQQQQQQ', 4, 0, 0x1000, 0, 0, len(notes), len(notes), 0)]
    for start, size, virtual in segments:
        headers.append(struct.pack('<IIQQQQQQ', 1, 7, at, virtual, start, size, size, 0))
        at += -size % PAGE + size
    elf = b'\177ELF\2\1\1'.ljust(16, b'\0') + struct.pack('<HHIQQQIHHHHHH', 4, 62, 1, 0, 64, 0, 0, 64, 56, len(headers), 0, 0, 0)
    return (elf + b''.join(headers)).ljust(0x1000, b'\0') + notes.ljust(HEAD - 0x1000, b'\0')


def make(path, amount='all'):
    chance = random.Random(1)
    memory = bytearray(0x4400000)
    segments = SEGMENTS[:2] if amount == 'less' else SEGMENTS
    for start, size, _ in segments:
        for page in range(start, start + size, PAGE):
            end = min(page + PAGE, start + size)
            if chance.random() < 0.8:
                memory[page:end] = chance.randbytes(end - page)
    contents = b''.join(bytes(memory[start:start + size]).ljust(-size % PAGE + size, b'\0') for start, size, _ in segments)
    with open(path, 'wb') as file:
        file.write(head(segments) + contents)


def read(path):
    """{address of a page: its bytes}, where it is not all zeros, and the notes."""
    with open(path, 'rb') as file:
        data = file.read()
    pages, notes = {}, b''
    offset, = struct.unpack_from('<Q', data, 32)
    size, count = struct.unpack_from('<HH', data, 54)
    for i in range(count):
        kind, _, start, _, address, length = struct.unpack_from('<IIQQQQ', data, offset + i * size)
        if kind == 4:
            notes += data[start:start + length]
        if kind != 1:
            continue
        for at in range(0, length, PAGE):
            content = data[start + at:start + min(at + PAGE, length)].ljust(PAGE, b'\0')
            if any(content):
                pages[address + at] = content
    return pages, notes


def segments(path):
    with open(path, 'rb') as file:
        data = file.read()
    offset, = struct.unpack_from('<Q', data, 32)
    size, count = struct.unpack_from('<HH', data, 54)
    for i in range(count):
        kind, _, _, _, address, length = struct.unpack_from('<IIQQQQ', data, offset + i * size)
        if kind == 1:
            print(address, length)


def memory(path, address, length):
    pages, _ = read(path)
    first, last = int(address), int(address) + int(length)
    for page in range(first // PAGE * PAGE, last, PAGE):
        content = pages.get(page, bytes(PAGE))
        sys.stdout.buffer.write(content[max(first - page, 0):last - page])


def registers_of(notes, pid):
    """As read from the notes of a vmcore of x86_64."""
    at = 0
    while at < len(notes):
        name, length, kind = struct.unpack_from('<III', notes, at)
        content = at + 12 + (name + 3 & ~3)
        if kind == 1 and struct.unpack_from('<i', notes, content + 32)[0] == pid:
            return notes[content + 112:content + 112 + 27 * 8]
        at = content + (length + 3 & ~3)
    sys.exit(f'no registers of the process {pid}')


def compare(sent, received, pid=PANICKED):
    pages, sent_notes = read(sent)
    others, notes = read(received)
    for address in sorted(pages.keys() | others.keys()):
        if pages.get(address) != others.get(address):
            sys.exit(f'{received}: the page at {address:#x} is another one')
    if registers_of(sent_notes, int(pid)) not in notes:
        sys.exit(f'{received}: no registers of the processor that panicked')
    print(f'{len(pages)} pages that are not zero are the same')


def flatten(path):
    chance = random.Random(2)
    with open(path, 'rb') as file:
        data = file.read()
    out = sys.stdout.buffer
    out.write((b'makedumpfile'.ljust(16, b'\0') + struct.pack('>qq', 1, 1)).ljust(4096, b'\0'))

    def record(start, content):
        out.write(struct.pack('>qq', start, len(content)) + content)

    pieces, at = [], 0
    while at < len(data):
        length = chance.randint(1, 300000)
        pieces.append((at, data[at:at + length]))
        at += length
    # makedumpfile writes headers and bitmaps again when it knows them.
    for start, content in pieces[:3] + pieces[40:44]:
        record(start, bytes(len(content) // 2) + b'\xaa' * (len(content) - len(content) // 2))
    chance.shuffle(pieces)
    for start, content in pieces:
        if any(content):
            record(start, content)
    record(0, data[:4096])
    out.write(struct.pack('>qq', -1, -1))


if __name__ == '__main__':
    {'make': make, 'compare': compare, 'flatten': flatten, 'segments': segments, 'memory': memory}[sys.argv[1]](*sys.argv[2:])
