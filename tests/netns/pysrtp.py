# SPDX-License-Identifier: BSD-3-Clause
"""
SRTP written down from its RFCs, with the openssl program for AES and nothing for speed: for the suites that no phone in
the tests has. Packets of one SSRC with ROC 0, without MKI.
"""
import base64
import hashlib
import hmac
import subprocess

LABELS = {"key": 0, "auth": 1, "salt": 2}  # of SRTP, RFC 3711 section 4.3.1


def openssl(mode, key, data, iv=None):
    """AES of len(key) in a mode of openssl; ECB without padding."""
    words = ["openssl", "enc", f"-aes-{8 * len(key)}-{mode}", "-nopad", "-K", key.hex()] + (["-iv", iv.hex()] if iv else [])
    return subprocess.run(words, input=data, capture_output=True, check=True, timeout=10).stdout


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


class Srtp:
    """A master key in one suite: "AES_CM_128", "AES_192_CM" (RFC 6188) or "F8_128", with HMAC_SHA1_80 or _32."""

    def __init__(self, suite, key):
        self.f8 = suite.startswith("F8")
        self.tag_bytes = 4 if suite.endswith("_32") else 10
        raw = base64.b64decode(key + "=" * (-len(key) % 4))
        master, self.master_salt = raw[:-14], raw[-14:]
        self.key, self.auth, self.salt = (self._derive(master, LABELS[name], size)
                                          for name, size in (("key", len(master)), ("auth", 20), ("salt", 14)))

    def _derive(self, master, label, size):
        """RFC 3711 section 4.3.3 with a key derivation rate of 0; the PRF has the size of the master key."""
        x = int.from_bytes(self.master_salt, "big") ^ label << 48
        return openssl("ctr", master, bytes(size), (x << 16).to_bytes(16, "big"))

    def _stream(self, packet, size):
        seq, ssrc = int.from_bytes(packet[2:4], "big"), int.from_bytes(packet[8:12], "big")
        if not self.f8:  # section 4.1.1
            iv = int.from_bytes(self.salt, "big") << 16 ^ ssrc << 64 ^ seq << 16
            return openssl("ctr", self.key, bytes(size), iv.to_bytes(16, "big"))
        # section 4.1.2: the header from the marker on, and the ROC
        mask = self.salt + b"\x55" * (len(self.key) - len(self.salt))
        start = openssl("ecb", xor(self.key, mask), b"\0" + packet[1:12] + bytes(4))
        out, block = b"", bytes(16)
        for j in range(-(-size // 16)):
            block = openssl("ecb", self.key, xor(xor(start, j.to_bytes(16, "big")), block))
            out += block
        return out[:size]

    def _tag(self, packet):
        return hmac.new(self.auth, packet + bytes(4), hashlib.sha1).digest()[:self.tag_bytes]

    def protect(self, packet):
        secured = packet[:12] + xor(packet[12:], self._stream(packet, len(packet) - 12))
        return secured + self._tag(secured)

    def unprotect(self, packet):
        """The plain packet, or None if its tag is wrong."""
        body, tag = packet[:-self.tag_bytes], packet[-self.tag_bytes:]
        if tag != self._tag(body):
            return None
        return body[:12] + xor(body[12:], self._stream(body, len(body) - 12))
