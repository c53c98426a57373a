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


AES_CM_128_HMAC_SHA1_80, KEY_BYTES = 7, 30


def key(suite=0, byte=0):
    """struct rw_srtp_key: MKI, its length, suite, flags, master key."""
    return struct.pack("<QBBB", 0, 0, suite, 0) + (bytes([byte]) * KEY_BYTES if suite else b"").ljust(53, b"\0")


def streams(*all_of_them):
    """RW_SSRC_SLOTS of struct rw_srtp_stream."""
    return b"".join(struct.pack("<IIIHHB3x", *s, 1) for s in all_of_them).ljust(4 * 20, b"\0")


def command(kind, seq, media=0, port=8000, generation=1, peer=None, source=None, out=NONE, allow=(), rx=key(),
            tx=key(), stands=()):
    spec = struct.pack("<IIQQ", media << 16 | port, 0, generation, 7)
    spec += endpoint(source, 4000) + endpoint(peer, 4000)
    spec += struct.pack("<IIBBBBHHI", out, NONE, 0, 1, 0, len(allow), 3000, 0, 8000)
    spec += b"".join(ip(a) + struct.pack("B3x", bits) for a, bits in allow).ljust(8 * 24, b"\0")
    spec += bytes(4) + b"call-1".ljust(128, b"\0")
    spec += rx + tx + streams(*stands) + streams(*stands)
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
    "secured": command(SET, 1, peer="10.0.0.2", rx=key(AES_CM_128_HMAC_SHA1_80, 1), tx=key(1, 2),
                       stands=[(0x1234, 1, 7, 65000, 3)])
    + command(SET, 2, generation=2, rx=key(14, 1))
    + command(SET, 3, generation=3, rx=key(AES_CM_128_HMAC_SHA1_80, 1), stands=[(1, 0, 1 << 31, 0, 0)]),
    "cut": command(SET, 1, peer="10.0.0.2")[:100],
}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, data in SEEDS.items():
    (folder / name).write_bytes(data)
