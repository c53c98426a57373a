#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes NAME.in.pcap and NAME.out.pcap of each sim case beside this file.

The frames that must come out are built here, by code that shares nothing with the dataplane. cases.c
holds the flows that go with them.
"""
import ipaddress
import os
import struct
import sys

sys.dont_write_bytecode = True
from srtp import Context  # noqa: E402  pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
START_NS = 1000 * 10**9
MEDIA4, MEDIA6 = "192.0.2.1", "2001:db8::1"
OUR_MAC = bytes.fromhex("020000000100")
SSRC = 0xCAFE


def ones_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def udp(source, target, payload, is_summed=True):
    ip_s, ip_t = (ipaddress.ip_address(e[0]).packed for e in (source, target))
    length = 8 + len(payload)
    head = struct.pack("!HHH", source[1], target[1], length)
    total = ones_sum(ip_s + ip_t + struct.pack("!HH", 17, length) + head + b"\0\0" + payload)
    check = (~total & 0xFFFF) or 0xFFFF
    return head + struct.pack("!H", check if is_summed else 0x1234) + payload


def frame(source, target, payload, mac_to=OUR_MAC, mac_from=b"\2\0\0\0\0\x55", tos=0, vlan=0,
          ttl=64, df=True, is_summed=True):
    body = udp(source, target, payload, is_summed)
    ip_s, ip_t = (ipaddress.ip_address(e[0]).packed for e in (source, target))
    link = mac_to + mac_from + (struct.pack("!HH", 0x8100, vlan) if vlan else b"")
    if len(ip_s) == 16:
        head = struct.pack("!IHBB", 6 << 28 | tos << 20, len(body), 17, ttl) + ip_s + ip_t
        return link + b"\x86\xdd" + head + body
    head = struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(body), 0, 0x4000 if df else 0, ttl, 17, 0)
    check = ~ones_sum(head + ip_s + ip_t) & 0xFFFF
    return link + b"\x08\x00" + head[:10] + struct.pack("!H", check) + ip_s + ip_t + body


def received(source, local, payload, **how):
    """A frame as it comes: TTL of its own, and a UDP checksum as partial as a veth's."""
    return frame(source, local, payload, ttl=57, df=False, is_summed=False, **how)


def sent(local, peer, payload, adj=1, **how):
    return frame(local, peer, payload, mac_to=bytes([2, 0, 0, 0, 0, adj]), mac_from=OUR_MAC, **how)


def rtp(seq, ssrc=SSRC, pt=0, size=160):
    return struct.pack("!BBHII", 0x80, pt, seq & 0xFFFF, seq * 160, ssrc) + bytes(
        (seq * 7 + n * 3) & 0xFF for n in range(size))


SENDER_REPORT = struct.pack("!BBHI", 0x80, 200, 6, SSRC) + bytes(range(20))


class Case:
    def __init__(self):
        self.frames_in, self.frames_out = [], []

    def add(self, ms, data, *out):
        at = START_NS + round(ms * 10**6)
        self.frames_in.append((at, data))
        self.frames_out += [(at, o) for o in out]

    def save(self, name):
        for kind, frames in (("in", self.frames_in), ("out", self.frames_out)):
            with open(os.path.join(HERE, "%s.%s.pcap" % (name, kind)), "wb") as f:
                f.write(struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 4096, 1))
                for at, data in frames:
                    f.write(struct.pack("<IIII", at // 10**9, at % 10**9, len(data), len(data)))
                    f.write(data)


def call():
    """A (RTP and RTCP on one port) and B (two ports) talk; A's packets suffer on their way."""
    c = Case()
    a, b, b_rtcp = ("198.51.100.1", 4000), ("198.51.100.2", 5000), ("198.51.100.2", 5001)
    local_a, local_b, local_b_rtcp = (MEDIA4, 8000), (MEDIA4, 8002), (MEDIA4, 8003)
    # 65534, 65535, wrap, 1 lost, 3 and 2 swapped, 5 twice; the packet of 2 is 10 ms late
    order = [(0, 65534), (20, 65535), (40, 65536), (80, 65539), (90, 65538), (120, 65540),
             (140, 65541), (141, 65541), (160, 65542)]
    for ms, seq in order:
        c.add(ms, received(a, local_a, rtp(seq)), sent(local_b, b, rtp(seq), tos=0xB8))
    for n in range(8):
        c.add(200 + n * 20, received(b, local_b, rtp(n, 0xBEEF, 8)),
              sent(local_a, a, rtp(n, 0xBEEF, 8)))
    c.add(400, received(a, local_a, SENDER_REPORT), sent(local_b_rtcp, b_rtcp, SENDER_REPORT))
    c.add(410, received(b_rtcp, local_b_rtcp, SENDER_REPORT), sent(local_a, a, SENDER_REPORT))
    c.save("call")


def reinvite():
    """A is behind a NAT and learned; at 200 ms a re-INVITE moves it, while B goes on talking."""
    c = Case()
    signalled, nat, moved = ("10.0.0.5", 4000), ("203.0.113.7", 61000), ("198.51.100.9", 4500)
    stranger, b = ("203.0.113.66", 1234), ("198.51.100.2", 5000)
    local_a, local_b = (MEDIA4, 8000), (MEDIA4, 8002)
    c.add(0, received(b, local_b, rtp(0)), sent(local_a, signalled, rtp(0)))
    for n in range(5):
        c.add(20 + n * 20, received(nat, local_a, rtp(n)), sent(local_b, b, rtp(n)))
        c.add(25 + n * 20, received(b, local_b, rtp(n + 1)), sent(local_a, nat, rtp(n + 1), adj=3))
    c.add(200, received(b, local_b, rtp(6)), sent(local_a, moved, rtp(6)))
    c.add(201, received(nat, local_a, rtp(5)))
    c.add(202, received(nat, local_a, rtp(6)))
    c.add(203, received(moved, local_a, rtp(7)), sent(local_b, b, rtp(7)))
    c.add(204, received(stranger, local_a, rtp(8)))
    c.add(205, received(nat, local_a, rtp(9)))
    c.add(206, received(b, local_b, rtp(7)), sent(local_a, moved, rtp(7)))
    c.add(5000, received(nat, local_a, rtp(10)))
    c.add(5001, received(moved, local_a, rtp(8)), sent(local_b, b, rtp(8)))
    c.save("reinvite")


def families():
    """IPv4 in a VLAN on one side, IPv6 without on the other; every length of the tail."""
    c = Case()
    a, b = ("198.51.100.1", 4000), ("2001:db8:7::2", 5000)
    local_a, local_b = (MEDIA4, 8000), (MEDIA6, 8002)
    for n in range(20):
        payload = rtp(n, size=n)
        c.add(n * 20, received(a, local_a, payload, vlan=100),
              sent(local_b, b, payload, tos=0x2E << 2))
        c.add(n * 20 + 5, received(b, local_b, payload),
              sent(local_a, a, payload, adj=2, vlan=100))
    fits, large = rtp(20, size=1400 - 28 - 12), rtp(21, size=1400 - 28 - 11)
    c.add(500, received(b, local_b, fits), sent(local_a, a, fits, adj=2, vlan=100))
    c.add(520, received(b, local_b, large))
    c.save("families")


def faults():
    """What must not come out, between packets that must; and fax, which passes as it is."""
    c = Case()
    a, b, fax_a, fax_b = (("198.51.100.1", 4000), ("198.51.100.2", 5000), ("198.51.100.1", 4004),
                          ("198.51.100.2", 5004))
    local_a, local_b, local_fax_a, local_fax_b = ((MEDIA4, p) for p in (8000, 8002, 8004, 8006))
    good = received(a, local_a, rtp(1))
    bad_sum = good[:24] + bytes([good[24] ^ 1]) + good[25:]
    udptl = b"\x00\x01\x05\x00\x00\x00\x00\x00"
    c.add(0, good, sent(local_b, b, rtp(1)))
    c.add(1, b"\xff" * 6 + b"\2" * 6 + b"\x08\x06" + b"\0" * 46)
    c.add(2, received(a, (MEDIA4, 5060), b"OPTIONS sip:x SIP/2.0\r\n\r\n"))
    c.add(3, received(a, ("192.0.2.99", 8000), rtp(2)))
    c.add(4, received(a, (MEDIA4, 8090), rtp(2)))
    c.add(5, bad_sum)
    c.add(6, good[:60])
    c.add(7, received(a, local_a, b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)))
    c.add(8, received(a, local_a, b"\x8f" + rtp(2, size=3)[1:]))
    c.add(9, received(a, local_a, b"\x50\x5a"))
    c.add(10, received(b, local_b, rtp(1)))
    c.add(11, received(fax_a, local_fax_a, udptl), sent(local_fax_b, fax_b, udptl))
    c.add(12, received(fax_b, local_fax_b, b"\x80\xc8"), sent(local_fax_a, fax_a, b"\x80\xc8"))
    c.add(20, received(a, local_a, rtp(2)) + b"\0" * 6, sent(local_b, b, rtp(2)))
    c.save("faults")


def srtp():
    """
    A secures, B does not. Wraps, a lost and a late packet, RTCP; a forged and a repeated packet; a renewal with the same
    key, then one with new keys, with late packets under the old one; B begins its numbers anew.
    """
    c = Case()
    a, b, local_a, local_b = ("198.51.100.1", 4000), ("198.51.100.2", 5000), (MEDIA4, 8000), (MEDIA4, 8002)
    # cases.c: master keys are 30 times the same byte
    from_a, to_a, from_a2, to_a2 = (Context(bytes([n]) * 30) for n in (1, 2, 3, 4))

    def secured(ms, context, index, *out):
        c.add(ms, received(a, local_a, context.rtp(rtp(index), index)), *out)

    for n, index in enumerate([65534, 65535, 65536, 65539, 65538, 65540]):
        secured(n * 20, from_a, index, sent(local_b, b, rtp(index)))
        c.add(n * 20 + 5, received(b, local_b, rtp(index, 0xBEEF)),
              sent(local_a, a, to_a.rtp(rtp(index, 0xBEEF), index)))
    secured(130, from_a, 65540)
    c.add(131, received(a, local_a, from_a.rtp(rtp(65541), 65541)[:-1] + b"?"))
    c.add(132, received(a, local_a, rtp(65541)))
    c.add(140, received(a, local_a, from_a.rtcp(SENDER_REPORT, 1)), sent(local_b, b, SENDER_REPORT))
    c.add(141, received(b, local_b, SENDER_REPORT), sent(local_a, a, to_a.rtcp(SENDER_REPORT, 1)))
    # 200 ms: the same keys again
    secured(210, from_a, 65541, sent(local_b, b, rtp(65541)))
    c.add(215, received(b, local_b, rtp(65541, 0xBEEF)), sent(local_a, a, to_a.rtp(rtp(65541, 0xBEEF), 65541)))
    # 300 ms: new ones, whose ROC is 0
    secured(310, from_a, 65542, sent(local_b, b, rtp(65542)))
    secured(330, from_a2, 8, sent(local_b, b, rtp(8)))
    secured(331, from_a, 65543, sent(local_b, b, rtp(65543)))
    c.add(340, received(b, local_b, rtp(65542, 0xBEEF)), sent(local_a, a, to_a2.rtp(rtp(65542, 0xBEEF), 6)))
    # 50000 is behind 6, and too far to be late: B began anew, and the numbers that A gets just go on
    for n in range(3):
        plain = rtp(50000 + n, 0xBEEF)
        shifted = plain[:2] + struct.pack("!H", 7 + n) + plain[4:]
        c.add(400 + n * 20, received(b, local_b, plain), sent(local_a, a, to_a2.rtp(shifted, 7 + n)))
    secured(6000, from_a2, 9, sent(local_b, b, rtp(9)))
    secured(6020, from_a, 65546)
    c.save("srtp")


call()
srtp()
reinvite()
families()
faults()
