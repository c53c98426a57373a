# SPDX-License-Identifier: BSD-3-Clause
"""
A client of the ng protocol over every transport, in bencode and JSON, and the SDP that a phone would send.
"""
import json
import os
import re
import socket
from typing import NamedTuple


class NgError(Exception):
    """The engine answered an error; reason is its text."""

    def __init__(self, reply):
        super().__init__(str(reply.get("error-reason", reply)))
        self.reason = reply.get("error-reason")
        self.reply = reply


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, (str, bytes)):
        raw = value.encode(errors="surrogateescape") if isinstance(value, str) else value
        return b"%d:%s" % (len(raw), raw)
    if isinstance(value, (list, tuple)):
        return b"l" + b"".join(bencode(v) for v in value) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(v) for k, v in value.items()) + b"e"


def bdecode(data, at=0):
    """Returns (value, position after it); IndexError or ValueError when the text is not whole."""
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            if at >= len(data):
                raise IndexError("not whole")
            item, at = bdecode(data, at)
            items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    if end > len(data):
        raise IndexError("not whole")
    return data[colon + 1:end].decode(errors="surrogateescape"), end


class Ng:
    """
    One connection. where is "unix:PATH", "unix-dgram:PATH", "udp:ADDRESS:PORT" or "tcp:ADDRESS:PORT"; host
    is the namespace for the last three. Streams stay open; each request is answered before the next.
    """

    def __init__(self, where, host=None, encoding="bencode", timeout=10.0, cookies=True):
        self.kind, self.target = where.split(":", 1)
        self.host, self.encoding, self.timeout = host, encoding, timeout
        self.cookies = cookies or self.kind in ("udp", "unix-dgram", "tcp")
        self.count = 0
        self.socket = None
        self.local = None

    def _connect(self):
        if self.kind == "unix":
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.settimeout(self.timeout)
            s.connect(self.target)
            return s
        if self.kind == "unix-dgram":
            make = self.host.socket if self.host else socket.socket
            s = make(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.settimeout(self.timeout)
            s.bind(b"")  # an abstract address for the answer; the kernel has these per network namespace
            s.connect(self.target)
            return s
        address, port = self.target.rsplit(":", 1)
        address = address.strip("[]")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        kind = socket.SOCK_DGRAM if self.kind == "udp" else socket.SOCK_STREAM
        s = self.host.socket(family, kind) if self.host else socket.socket(family, kind)
        s.settimeout(self.timeout)
        s.connect((address, int(port)))
        return s

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send_raw(self, data):
        if not self.socket:
            self.socket = self._connect()
        self.socket.sendall(data)

    def receive(self):
        """The next reply as (cookie or None, dictionary)."""
        data = b""
        while True:
            chunk = self.socket.recv(262144)
            if not chunk:
                self.close()
                raise ConnectionError("the engine closed the connection")
            data += chunk
            cookie, body = None, data
            if self.cookies:
                cookie, _, body = data.partition(b" ")
            try:
                return cookie, self._decode(body)
            except (IndexError, ValueError):
                continue

    def _decode(self, body):
        if self.encoding == "json":
            return json.loads(body)
        return bdecode(body)[0]

    def request(self, message):
        """Sends a dictionary, returns the reply whatever its result."""
        body = json.dumps(message).encode() if self.encoding == "json" else bencode(message)
        self.count += 1
        cookie = b"%d_%d" % (os.getpid(), self.count)
        self.send_raw((cookie + b" " if self.cookies else b"") + body)
        got, reply = self.receive()
        if self.cookies and got != cookie:
            raise ConnectionError(f"cookie {got!r} instead of {cookie!r}")
        return reply

    def command(self, command, **arguments):
        """request() by keyword ("call_id" becomes "call-id"); an error reply is an NgError."""
        message = {"command": command}
        message.update({k.replace("_", "-"): v for k, v in arguments.items()})
        reply = self.request(message)
        if reply.get("result") == "error":
            raise NgError(reply)
        return reply


def sdp(address, port, rtcp=None, mux=False, direction="sendrecv", media="audio", user="-", version=1, crypto=None):
    """
    What a phone offers or answers. media is "audio" (G.711) or "image" (T.38). crypto: the values of its a=crypto
    lines; with any it speaks RTP/SAVP.
    """
    family = "IP6" if ":" in address else "IP4"
    lines = ["v=0", f"o={user} 1 {version} IN {family} {address}", "s=call", f"c=IN {family} {address}", "t=0 0"]
    if media == "image":
        lines += [f"m=image {port} udptl t38", "a=T38FaxVersion:0", "a=T38MaxBitRate:14400"]
    else:
        lines += [f"m=audio {port} RTP/{'SAVP' if crypto else 'AVP'} 0 8 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
                  "a=rtpmap:101 telephone-event/8000", "a=ptime:20"]
        if rtcp and rtcp != port + 1:
            lines.append(f"a=rtcp:{rtcp}")
        if mux:
            lines.append("a=rtcp-mux")
        lines += [f"a=crypto:{line}" for line in crypto or ()]
    return "\r\n".join(lines + [f"a={direction}", ""])


class Crypto(NamedTuple):
    """An a=crypto line (RFC 4568): key is the base64 of master key and salt, without padding."""
    tag: int
    suite: str
    key: str
    parameters: str = ""  # lifetime and MKI ("|2^31|1:4"), and session parameters after a blank

    def __str__(self):
        return f"{self.tag} {self.suite} inline:{self.key}{self.parameters}"


def crypto_of(text):
    """All a=crypto lines of an SDP, in order."""
    found = re.findall(r"^a=crypto:(\d+) (\S+) inline:([A-Za-z0-9+/]+)=*(\S*(?: [^\r\n]*)?)\r?$", text, re.M)
    lines = len(re.findall(r"^a=crypto:", text, re.M))
    if len(found) != lines:
        raise ValueError(f"{lines} a=crypto lines, {len(found)} of them well-formed:\n{text}")
    return [Crypto(int(tag), *rest) for tag, *rest in found]


def media_of(text):
    """First media of an SDP: {address, port, rtcp, mux, direction, media, protocol, crypto}."""
    port = int(re.search(r"^m=\w+ (\d+) ", text, re.M)[1])
    rtcp = re.search(r"^a=rtcp:(\d+)", text, re.M)
    mux = bool(re.search(r"^a=rtcp-mux\r?$", text, re.M))
    way = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", text, re.M)
    return {"address": re.findall(r"^c=IN IP[46] (\S+)", text, re.M)[-1], "port": port, "mux": mux,
            "rtcp": port if mux else int(rtcp[1]) if rtcp else port + 1,
            "direction": way[1] if way else "sendrecv",
            "media": re.search(r"^m=(\w+)", text, re.M)[1], "crypto": crypto_of(text),
            "protocol": re.search(r"^m=\w+ \d+ (\S+)", text, re.M)[1]}
