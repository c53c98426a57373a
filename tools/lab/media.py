# SPDX-License-Identifier: BSD-3-Clause
"""
Calls between two hosts through the relay, and the rtpwire-peer processes that talk and count.
"""
import base64
import itertools
import json
import os
import re
import subprocess

from .net import LabError, wait_for
from .ng import Crypto, media_of, sdp

_stream_ids = itertools.count(1)

# Suites that rtpwire-peer speaks: bytes of master key and salt (RFC 4568, 6188, 7714). libsrtp2 has no F8, and its
# AES_192 is not that of RFC 6188.
SRTP_SUITES = {"AEAD_AES_256_GCM": 44, "AEAD_AES_128_GCM": 28, "AES_256_CM_HMAC_SHA1_80": 46,
               "AES_256_CM_HMAC_SHA1_32": 46, "AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30,
               "NULL_HMAC_SHA1_80": 30, "NULL_HMAC_SHA1_32": 30}
OTHER_SUITES = {"AES_192_CM_HMAC_SHA1_80": 38, "AES_192_CM_HMAC_SHA1_32": 38, "F8_128_HMAC_SHA1_80": 30,
                "F8_128_HMAC_SHA1_32": 30}
SUITE = "AES_CM_128_HMAC_SHA1_80"  # what every SRTP phone has (RFC 4568 section 6.2.1)


def srtp_key(suite=SUITE):
    """A random master key with salt in base64, as it stands in SDP."""
    return base64.b64encode(os.urandom({**SRTP_SUITES, **OTHER_SUITES}[suite])).decode().rstrip("=")


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Party:
    """
    One end of a call: where its phone listens, and (once signalled) where it has to send. srtp: the suite of an SRTP
    phone, whose key is random; options: more fields of its line for rtpwire-peer (seq=65500, renumber=1).
    """

    def __init__(self, address, port, mux=False, media="audio", srtp=None, **options):
        self.id = next(_stream_ids)
        self.address, self.port, self.mux, self.media = address, port, mux, media
        self.remote = None  # media_of() the SDP that this party received
        self.other = None
        self.send = True
        self.options = options
        self.srtp, self.tag = srtp, 1
        self.key = srtp_key(srtp) if srtp else None

    def new_key(self):
        """Takes another key, for its next SDP."""
        self.key = srtp_key(self.srtp)

    def sdp(self, **options):
        if self.srtp:
            options.setdefault("crypto", [Crypto(self.tag, self.srtp, self.key)])
        return sdp(self.address, self.port, mux=self.mux, media=self.media, **options)

    def hear(self, text):
        """Takes the SDP that it was sent. An SRTP phone takes the line of its suite, and answers with that line's tag."""
        self.remote = media_of(text)
        if self.srtp:
            self.tag = self.chosen().tag

    def chosen(self):
        """The a=crypto line of the SDP it was sent that goes with its suite."""
        lines = [line for line in self.remote["crypto"] if line.suite == self.srtp]
        if not lines:
            raise LabError(f"no {self.srtp} in what this party was sent: {self.remote}")
        return lines[0]

    def line(self, local_port=None, identity=None):
        """This party's line in rtpwire-peer's list; local_port: sends from there instead (NAT)."""
        r, port = self.remote, local_port or self.port
        words = [f"id={identity or self.id}", f"expect={self.other.id}",
                 f"local={endpoint(self.address, port)}", f"remote={endpoint(r['address'], r['port'])}",
                 f"send={int(self.send)}", *(f"{k}={v}" for k, v in self.options.items())]
        if self.srtp:
            words += [f"srtp={self.srtp}", f"tx-key={self.key}", f"rx-key={self.chosen().key}"]
        if self.media == "image":
            words.append("kind=udptl")
        elif self.mux and r["mux"]:
            words.append("mux=1")
        else:
            words += [f"rtcp={endpoint(self.address, port + 1)}", f"remote-rtcp={endpoint(r['address'], r['rtcp'])}"]
        return " ".join(words)


class Call:
    """A call set up by offer and answer. offer/answer take extra ng keys as keywords."""

    def __init__(self, ng, call_id, a, b, **extra):
        self.ng, self.id, self.a, self.b = ng, call_id, a, b
        a.other, b.other = b, a
        self.tags = {id(a): f"from-{call_id}", id(b): f"to-{call_id}"}
        self.extra = extra

    def offer(self, sender=None, **extra):
        sender = sender or self.a
        keys = {**self.extra, **extra}
        if "sdp" not in keys:
            keys["sdp"] = sender.sdp()
        if sender is self.b or keys.pop("reoffer", False):
            keys["to_tag"] = self.tags[id(sender.other)]
        reply = self.ng.command("offer", call_id=self.id, from_tag=self.tags[id(sender)], **keys)
        sender.other.hear(reply["sdp"])
        return reply["sdp"]

    def answer(self, sender=None, **extra):
        sender = sender or self.b
        keys = {**self.extra, **extra}
        if "sdp" not in keys:
            keys["sdp"] = sender.sdp()
        reply = self.ng.command("answer", call_id=self.id, from_tag=self.tags[id(sender.other)],
                                to_tag=self.tags[id(sender)], **keys)
        sender.other.hear(reply["sdp"])
        return reply["sdp"]

    def setup(self):
        self.offer()
        self.answer()
        return self

    def query(self):
        return self.ng.command("query", call_id=self.id)

    def delete(self, **extra):
        return self.ng.command("delete", call_id=self.id, from_tag=self.tags[id(self.a)], **extra)


class Peer:
    """An rtpwire-peer that runs streams on a host; result() has its counts."""

    _numbers = itertools.count(1)

    def __init__(self, host, lines, seconds=5.0, drain=1.0, rtcp=1.0, rate=50, tos=0, name=None):
        lab = host.lab
        self.name = name or f"peer{next(self._numbers)}-{host.name}"
        self.json_path = lab.path(f"{self.name}.json")
        self.list_path = lab.path(f"{self.name}.list")
        with open(self.list_path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        self.process = host.start(self.name, [
            lab.program("rtpwire-peer"), "--wait", "--seconds", str(seconds), "--drain", str(drain), "--rtcp",
            str(rtcp), "--rate", str(rate), "--tos", str(tos), "--result", self.json_path, self.list_path],
            realtime=True, stdin=subprocess.PIPE)
        self.process.wait_for_line("^ready", 20)

    def order(self, text, wait=True):
        """One line on the peer's stdin; waits until it was obeyed."""
        before = self.process.log().count(f"done: {text}\n")
        self.process.popen.stdin.write(text.encode() + b"\n")
        self.process.popen.stdin.flush()
        if wait:
            wait_for(f"{self.name} to obey {text}", lambda: self.process.log().count(f"done: {text}\n") > before)

    def go(self):
        self.order("go", wait=False)
        return self

    def stop(self):
        self.order("stop", wait=False)
        return self

    def progress(self):
        """The last progress line as a dictionary of numbers, {} before the first."""
        lines = re.findall(r"^t=.*$", self.process.log(), re.M)
        return {k: float(v) for k, v in (w.split("=") for w in lines[-1].split())} if lines else {}

    def result(self, timeout=60.0):
        """Waits for the end; the JSON result."""
        try:
            status = self.process.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} does not end:\n{self.process.log()[-2000:]}") from None
        if status != 0:
            raise LabError(f"{self.name} ended with status {status}:\n{self.process.log()[-2000:]}")
        with open(self.json_path, encoding="ascii") as f:
            return json.load(f)


def numbers(text):
    """The set of packet numbers in a result's "numbers"."""
    out = set()
    for part in filter(None, text.split(",")):
        low, high = part.split("-")
        out.update(range(int(low), int(high) + 1))
    return out
