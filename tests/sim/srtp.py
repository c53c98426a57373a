# SPDX-License-Identifier: BSD-3-Clause
"""
AES_CM_128_HMAC_SHA1_80 of RFC 3711, slow and straight from the text, so that the captures of the SRTP case come from
nothing that is under test. make_pcaps.py uses it.
"""
import hashlib
import hmac
import struct


def _boxes():
    box, p, q = [0] * 256, 1, 1
    while True:  # p runs through all but zero, q is its inverse
        p ^= (p << 1) & 0xFF ^ (0x1B if p & 0x80 else 0)
        for shift in (1, 2, 4):
            q ^= q << shift
        q = (q & 0xFF) ^ (0x09 if q & 0x80 else 0)
        x = q | q << 8
        box[p] = (q ^ x >> 7 ^ x >> 6 ^ x >> 5 ^ x >> 4) & 0xFF ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


SBOX = _boxes()


def _double(b):
    return (b << 1) & 0xFF ^ (0x1B if b & 0x80 else 0)


def _round_keys(key):
    words, round_constant = [key[i:i + 4] for i in range(0, 16, 4)], 1
    while len(words) < 44:
        w = words[-1]
        if len(words) % 4 == 0:
            w = bytes(SBOX[b] for b in w[1:] + w[:1])
            w = bytes([w[0] ^ round_constant]) + w[1:]
            round_constant = _double(round_constant)
        words.append(bytes(a ^ b for a, b in zip(words[-4], w)))
    return [b"".join(words[i:i + 4]) for i in range(0, 44, 4)]


def aes(key, block):
    keys = _round_keys(key)
    s = [a ^ b for a, b in zip(block, keys[0])]
    for n in range(1, 11):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if n < 10:
            mixed = []
            for c in range(0, 16, 4):
                a = s[c:c + 4]
                total = a[0] ^ a[1] ^ a[2] ^ a[3]
                mixed += [a[i] ^ total ^ _double(a[i] ^ a[(i + 1) % 4]) for i in range(4)]
            s = mixed
        s = [a ^ b for a, b in zip(s, keys[n])]
    return bytes(s)


def keystream(key, iv, size):
    """Counter mode: iv is the first counter block as a number."""
    blocks = (aes(key, (iv + n).to_bytes(16, "big")) for n in range((size + 15) // 16))
    return b"".join(blocks)[:size]


class Context:
    """One direction under a master key of 30 bytes (key, salt)."""

    def __init__(self, master):
        key, salt = master[:16], int.from_bytes(master[16:], "big")
        self.keys = [keystream(key, (salt ^ label << 48) << 16, size)
                     for label, size in zip(range(6), (16, 20, 14) * 2)]

    def _encrypt(self, first, ssrc, index, body):
        key, salt = self.keys[first], int.from_bytes(self.keys[first + 2], "big")
        stream = keystream(key, salt << 16 ^ ssrc << 64 ^ index << 16, len(body))
        return bytes(a ^ b for a, b in zip(body, stream))

    def _tag(self, first, data):
        return hmac.new(self.keys[first + 1], data, hashlib.sha1).digest()[:10]

    def rtp(self, packet, index):
        """packet: RTP with a header of 12 bytes; index: ROC << 16 | sequence number."""
        ssrc, = struct.unpack("!I", packet[8:12])
        sealed = packet[:12] + self._encrypt(0, ssrc, index, packet[12:])
        return sealed + self._tag(0, sealed + struct.pack("!I", index >> 16))

    def rtcp(self, packet, index):
        ssrc, = struct.unpack("!I", packet[4:8])
        sealed = packet[:8] + self._encrypt(3, ssrc, index, packet[8:])
        sealed += struct.pack("!I", 1 << 31 | index)
        return sealed + self._tag(3, sealed)
