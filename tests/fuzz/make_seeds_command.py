#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed commands of fuzz_command: usage: make_seeds.py FOLDER"""
import pathlib
import socket
import struct
import sys

SET, DEL, SNAPSHOT = 1, 2, 3
NONE = 0xFFFFFFFF


def ip(text):
    if not text:
        return bytes(20)
    if ":" in text:
        return struct.pack("B3x", 6) + socket.inet_pton(socket.AF_INET6, text)
    return struct.pack("B3x", 4) + socket.inet_aton(text) + bytes(12)


def endpoint(text, port):
    return ip(text) + struct.pack(">H2x", port if text else 0)


def command(kind, seq, media=0, port=8000, generation=1, peer=None, source=None, out=NONE, allow=()):
    spec = struct.pack("<IIQQ", media << 16 | port, 0, generation, 7)
    spec += endpoint(source, 4000) + endpoint(peer, 4000)
    spec += struct.pack("<IIBBBBHHI", out, NONE, 0, 1, 0, len(allow), 3000, 0, 8000)
    spec += b"".join(ip(a) + struct.pack("B3x", bits) for a, bits in allow).ljust(8 * 24, b"\0")
    spec += bytes(4) + b"call-1".ljust(128, b"\0")
    spec += bytes(-len(spec) % 8)
    return struct.pack("<IIQ", kind, 0, seq) + spec


SEEDS = {
    "set": command(SET, 1, peer="10.0.0.2", source="10.0.0.2", out=8004),
    "set6": command(SET, 1, media=1, peer="2001:db8::2", allow=[("2001:db8::", 32)]),
    "pair": command(SET, 1, peer="10.0.0.2", out=8004)
    + command(SET, 2, port=8004, peer="10.0.0.3", out=8000)
    + command(SNAPSHOT, 3)
    + command(DEL, 4)
    + command(DEL, 5, port=8004),
    "moves": b"".join(
        command(SET, i, generation=i, peer=f"10.0.0.{i}", allow=[("10.0.0.0", 24)]) for i in range(1, 6)
    ),
    "refused": command(SET, 1, port=80)
    + command(SET, 2, peer="2001:db8::2")
    + command(SET, 3, out=8002)
    + command(9, 4)
    + command(SET, 5, generation=0),
    "cut": command(SET, 1, peer="10.0.0.2")[:100],
}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, data in SEEDS.items():
    (folder / name).write_bytes(data)
