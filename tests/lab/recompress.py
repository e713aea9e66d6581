#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""recompress.py IN OUT: writes a zlib-compressed kdump file again with snappy, which no makedumpfile of Debian does.

The format is makedumpfile's (diskdump_mod.h): header, bitmaps, a 24-byte descriptor per saved page (offset, size, flags,
page flags), then the pages. Pages that descriptors share, as those of zeros, stay shared. Needs python3-snappy."""

import struct
import sys
import zlib

import snappy

ZLIB, SNAPPY = 1, 4
STATUS, BLOCK_SIZE = 424, 428  # offsets in struct disk_dump_header of a 64-bit machine


def main():
    source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = bytearray(file.read())
    status, block, sub_blocks, bitmap_blocks = struct.unpack_from("<IIII", data, STATUS)
    if not data.startswith(b"KDUMP   ") or not status & ZLIB:
        sys.exit(f"{source}: not a kdump file compressed with zlib")
    bitmap = block * (1 + sub_blocks)
    saved = int.from_bytes(data[bitmap + bitmap_blocks * block // 2:bitmap + bitmap_blocks * block], "little").bit_count()
    table = bitmap + bitmap_blocks * block
    struct.pack_into("<I", data, STATUS, status & ~ZLIB | SNAPPY)
    out, place, written = data[:table + 24 * saved], {}, table + 24 * saved
    pages = []
    for number in range(saved):
        offset, size, flags, page_flags = struct.unpack_from("<QIIQ", data, table + 24 * number)
        if offset not in place:
            page = bytes(data[offset:offset + size])
            page = zlib.decompress(page) if flags & ZLIB else page
            packed = snappy.compress(page)
            is_smaller = len(packed) < block
            place[offset] = (written, len(packed) if is_smaller else block, SNAPPY if is_smaller else 0)
            pages.append(packed if is_smaller else page)
            written += place[offset][1]
        struct.pack_into("<QIIQ", out, table + 24 * number, *place[offset], page_flags)
    with open(target, "wb") as file:
        file.write(out)
        file.writelines(pages)


main()
