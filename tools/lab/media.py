# SPDX-License-Identifier: BSD-3-Clause
"""
Calls between two hosts through the relay, and the rtpwire-peer processes that talk and count.
"""
import itertools
import json
import re
import subprocess

from .net import LabError, wait_for
from .ng import media_of, sdp

_stream_ids = itertools.count(1)


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Party:
    """One end of a call: where its phone listens, and (once signalled) where it has to send."""

    def __init__(self, address, port, mux=False, media="audio"):
        self.id = next(_stream_ids)
        self.address, self.port, self.mux, self.media = address, port, mux, media
        self.remote = None  # media_of() the SDP that this party received
        self.other = None
        self.send = True

    def sdp(self, **options):
        return sdp(self.address, self.port, mux=self.mux, media=self.media, **options)

    def line(self, local_port=None, identity=None):
        """This party's line in rtpwire-peer's list; local_port: sends from there instead (NAT)."""
        r, port = self.remote, local_port or self.port
        words = [f"id={identity or self.id}", f"expect={self.other.id}",
                 f"local={endpoint(self.address, port)}", f"remote={endpoint(r['address'], r['port'])}",
                 f"send={int(self.send)}"]
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
        sender.other.remote = media_of(reply["sdp"])
        return reply["sdp"]

    def answer(self, sender=None, **extra):
        sender = sender or self.b
        keys = {**self.extra, **extra}
        if "sdp" not in keys:
            keys["sdp"] = sender.sdp()
        reply = self.ng.command("answer", call_id=self.id, from_tag=self.tags[id(sender.other)],
                                to_tag=self.tags[id(sender)], **keys)
        sender.other.remote = media_of(reply["sdp"])
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
