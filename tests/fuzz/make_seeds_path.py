#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_packet and fuzz_mail beside this file; their formats are told there."""
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def save(target, name, data):
    with open(os.path.join(HERE, target, name), "wb") as f:
        f.write(data)


def rtp(seq=1, pt=0, first=0x80, body=b"\xd5" * 20):
    return struct.pack("!BBHII", first, pt, seq, seq * 160, 0x1234) + body


def udp(payload, port, source=4000):
    return struct.pack("!HHHH", source, port, 8 + len(payload), 0) + payload


def ip_sum(header):
    total = sum(struct.unpack("!%dH" % (len(header) // 2), header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame4(payload, port=8000, fragment=0, tag=b"", host=1):
    body = udp(payload, port)
    head = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 20 + len(body), 0, fragment, 64, 17, 0,
                       198, 51, 100, host, 192, 0, 2, 1)
    head = head[:10] + struct.pack("!H", ip_sum(head)) + head[12:]
    return b"\2" * 12 + tag + b"\x08\x00" + head + body


def frame6(payload, port=8000, next_header=17, extra=b""):
    body = extra + udp(payload, port)
    head = struct.pack("!IHBB", 6 << 28, len(body), next_header, 64)
    source = bytes.fromhex("20010db8000000000000000000000009")
    media = bytes.fromhex("20010db8000000000000000000000001")
    return b"\2" * 12 + b"\x86\xdd" + head + source + media + body


def record(frame, flags=0):
    return struct.pack("!BH", flags, len(frame)) + frame


def packets():
    vlan = b"\x81\x00\x00\x05"
    stun = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"\7" * 12
    sr = struct.pack("!BBHI", 0x80, 200, 6, 1) + b"\0" * 20
    yield "rtp4", b"".join(record(frame4(rtp(n))) for n in range(1, 5))
    yield "rtp6", b"".join(record(frame6(rtp(n))) for n in range(1, 5))
    yield "ports", b"".join(record(frame4(rtp(), 8000 + 4 * n)) for n in range(8))
    yield "ports6", b"".join(record(frame6(rtp(), 8000 + 4 * n)) for n in range(8))
    yield "vlan", record(frame4(rtp(), tag=vlan)) + record(frame4(rtp()), 0x80)
    yield "rtcp", record(frame4(sr)) + record(frame6(sr))
    yield "punts", record(frame4(stun)) + record(frame4(b"\x16\xfe\xfd" + b"\0" * 30))
    yield "opaque", record(frame4(b"\0\1\2", 8024)) + record(frame4(b"", 8028))
    yield "extension", record(frame4(rtp(first=0x91, body=b"\0" * 4 + b"\xbe\xde\0\1" + b"\0" * 9)))
    yield "padding", record(frame4(rtp(first=0xA0, body=b"\0" * 7 + b"\4")))
    yield "fragments", record(frame4(rtp(), fragment=0x2000)) + record(frame4(rtp(), fragment=7))
    yield "fragment6", record(frame6(rtp(), next_header=44, extra=b"\x11\0\0\1\0\0\0\1"))
    yield "late", record(frame4(rtp(1), host=7)) + record(frame4(rtp(2), host=8), 5)
    yield "noise", record(b"") + record(b"\0" * 14) + record(b"\xff" * 60)


def mail(kind, port=0, out=0, generation=0, what=0, source=0, peer=0, adj=0, learn=0, allow=0,
         bits=0, keys=0):
    return bytes([kind, port, out, generation, what, source, peer, adj, learn, allow, bits, keys])


SET, DEL, ADJ, SNAPSHOT, TIME, SLOW, PACKET = 0, 2, 3, 4, 5, 6, 7
LEARN, HANDOVER = 1 << 2, 2 << 2


def mails():
    call = mail(SET, 0, 2, 0, LEARN, 0x84, 0x84, 1, 200) + mail(SET, 2, 0, 0, LEARN, 0x85, 0x85, 2, 200)
    learn = call + mail(PACKET, 0, source=2) + mail(ADJ, 0, adj=3)
    yield "call", call + mail(PACKET, 0, source=0) + mail(DEL, 0, generation=1)
    yield "learn", learn + mail(PACKET, 2, source=1) + mail(PACKET, 0, source=2)
    yield "reinvite", learn + mail(SET, 0, 2, 1, LEARN, 0x84, 0x84, 4, 200) + mail(ADJ, 0, adj=5)
    yield "stale", call + mail(SET, 0, 2, 5, LEARN, 0x85, 0x85, 4) + mail(SET, 0, 2, 3, 0, 0, 0x80, 5)
    yield "handover", mail(SET, 0, 0, 0, HANDOVER, 0x80, 0x80, 1) + b"".join(
        mail(PACKET, 0, source=n % 4) + mail(ADJ, 0, adj=1 + n % 7) for n in range(8))
    yield "snapshot", call + mail(SNAPSHOT) + mail(SNAPSHOT) + mail(SET, 4, 4, 0, 3, 0, 0x81, 1)
    yield "window", learn + mail(TIME, learn=250) + mail(PACKET, 0, source=3) + mail(SLOW, 0, source=1)
    secured = mail(SET, 0, 2, 0, LEARN, 0x84, 0x84, 1, 200, keys=1 | 2 << 2) + mail(SET, 2, 0, 0, LEARN, 0x85, 0x85, 2, 200)
    talk = b"".join(mail(PACKET, 0, generation=n, source=0, keys=1) + mail(PACKET, 2, generation=n, source=1)
                    for n in range(3))
    yield "secured", secured + talk + mail(PACKET, 0, generation=2, source=0, keys=1)
    yield "rekey", secured + talk + mail(SET, 0, 2, 1, LEARN, 0x84, 0x84, 1, 200, keys=2 | 3 << 2) + b"".join(
        mail(PACKET, 0, generation=10 + n, source=0, keys=1 + n // 2) for n in range(4)) + mail(TIME, learn=255) * 2 + talk
    yield "moved", secured + talk + mail(SET, 4, 2, 1, LEARN, 0x84, 0x84, 1, 200, keys=1 | 2 << 2) + mail(
        SET, 2, 4, 1, LEARN, 0x85, 0x85, 2, 200) + mail(DEL, 0, generation=7) + talk
    yield "allow", mail(SET, 0, 2, 0, HANDOVER, 0, 0, 0, 0, 3, 24) + mail(PACKET, 0, source=3)


for seed, content in packets():
    save("packet", seed, content)
for seed, content in mails():
    save("mail", seed, content)
