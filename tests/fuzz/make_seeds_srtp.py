#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_srtp beside this file; its format is told there."""
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
OPEN, PROTECT, ROUND_TRIP, CHANGED = range(4)
RTCP, OTHER, RENEW, LAST = 0x10, 0x20, 0x40, 0x80


def rtp(seq, size=20, first=0x80, middle=b""):
    return struct.pack("!BBHII", first, 0, seq, seq * 160, 0x1234) + middle + b"\xd5" * size


def rtcp(words=7):
    return struct.pack("!BBHI", 0x80, 200, words - 1, 0x1234) + b"\7" * (4 * words - 8)


def record(context, what, packet):
    return struct.pack("!BBH", context, what, len(packet)) + packet


def head(engine=0, suite=0, flags=0, mki=0):
    return bytes([engine, suite, flags, mki])


def calls(what, **options):
    """A packet of each suite and parameter, RTP and RTCP; of a few for libsrtp2, which is slow."""
    out = head(**options)
    for n in range(3 if options.get("engine") else 14):
        out += record(n, what, rtp(n)) + record(n, what | RTCP, rtcp())
    return out


def seeds():
    for engine in (0, 1):
        yield f"trips{engine}", calls(ROUND_TRIP, engine=engine)
        yield f"changed{engine}", calls(CHANGED | OTHER, engine=engine, suite=5)
        yield f"mki{engine}", calls(ROUND_TRIP | OTHER, engine=engine, suite=5, mki=2)
        yield f"plain{engine}", calls(ROUND_TRIP, engine=engine, suite=6, flags=0b01110)
        yield f"wrap{engine}", head(engine, 6) + b"".join(
            record(0, ROUND_TRIP | (LAST if n % 3 == 0 else 0), rtp((65530 + n) % 65536)) for n in range(12))
        yield f"restart{engine}", head(engine, 6) + b"".join(
            record(0, ROUND_TRIP | LAST | RENEW, rtp(n)) for n in (9, 8, 9, 9, 10, 60000, 40000, 3, 4, 4))
    yield "room", calls(PROTECT)
    yield "noise", calls(OPEN)
    yield "headers", head() + b"".join(record(n, ROUND_TRIP, packet) for n, packet in enumerate((
        b"", b"\x80", rtp(1, 0), rtp(1, 0, 0x8f), rtp(1, 60, 0x8f), rtp(1, 9, 0x90, b"\xbe\xde\0\1" + b"\0" * 4),
        rtp(1, 0, 0x90, b"\xbe\xde\xff\xff"), rtp(1, 0, 0x90), rtp(1, 700))))
    yield "short", head() + b"".join(record(6, OPEN, rtp(1)[:n]) for n in range(0, 32, 2))


os.makedirs(os.path.join(HERE, "srtp"), exist_ok=True)
for seed, content in seeds():
    with open(os.path.join(HERE, "srtp", seed), "wb") as f:
        f.write(content)
