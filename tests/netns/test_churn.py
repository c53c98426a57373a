#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Random but plausible ng conversations over all four transports at once: pipelined, repeated, cut off, while programs
are stopped and killed. Whatever happens, each request is answered exactly once and in time, and when all calls are
deleted nothing is left: no call, no port, no flow, no descriptor.

Arguments: seconds per round (default 1.5) and seed (default 1), for a longer hunt by hand.
"""
import glob
import os
import random
import select
import signal
import socket
import time

from common import Relay, bencode, check, equal, linked, main, sdp, wait_for
from lab.ng import bdecode

MEDIA = ["203.0.113.1", "203.0.113.2", "2001:db8::1"]
PORTS = "20000-20999"  # few, so that they run out now and then
CALLS = 40  # call-ids in use at a time, so that clients meet
IN_TIME_S = 4.0  # a proxy waits five


class Conversation:
    """Requests as proxies send them for a small set of calls, in an order that nobody would choose."""

    def __init__(self, dice):
        self.dice = dice
        self.generation = 0

    def call_ids(self):
        return [f"churn-{self.generation}-{n}" for n in range(CALLS)]

    def _sdp(self):
        dice = self.dice
        address = dice.choice(["198.51.100.1", "198.51.100.2", "2001:db8:1::7", "0.0.0.0"])
        text = sdp(address, 2 * dice.randrange(2000, 2020), mux=dice.random() < 0.2,
                   direction=dice.choice(["sendrecv"] * 6 + ["sendonly", "recvonly", "inactive"]))
        for _ in range(dice.choice([0, 0, 0, 1, 2])):
            text += dice.choice(["m=image 4000 udptl t38\r\n", "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n",
                                 "m=audio 0 RTP/AVP 0\r\n", "m=message 9 TCP/MSRP *\r\n", "m=x 4004 FOO 1\r\n"])
        if dice.random() < 0.03:
            text = text[:dice.randrange(len(text))]
        return text

    def request(self):
        dice = self.dice
        tags = dice.sample(["a", "b", "c", "d"], 2)
        message = {"command": dice.choice(["offer"] * 8 + ["answer"] * 7 + ["delete"] * 3 +
                                          ["query", "query", "list", "statistics", "ping", "start recording"]),
                   "call-id": dice.choice(self.call_ids()), "from-tag": tags[0]}
        if message["command"] == "answer" or dice.random() < 0.3:
            message["to-tag"] = tags[1]
        if dice.random() < 0.2:
            message["via-branch"] = f"z9hG4bK{dice.randrange(3)}"
        if message["command"] in ("offer", "answer"):
            message["sdp"] = self._sdp()
            if dice.random() < 0.2:
                message["flags"] = dice.sample(["asymmetric", "port-latching", "media-handover", "strict-source",
                                                "loop-protect", "SIP-source-address"], 2)
            if dice.random() < 0.1:
                message["received-from"] = ["IP4", "198.51.100.9"]
            if dice.random() < 0.2:
                message["direction"] = dice.sample(["one", "two"], 2)
        elif message["command"] == "delete" and dice.random() < 0.5:
            message["delete-delay"] = str(dice.choice([0, 0, 1]))
        return message


class Client:
    """One proxy process. Requests that it waits for are in `open`: cookie -> (datagrams sent, time)."""

    def __init__(self, number, where, host, dice, conversation):
        self.number, self.dice, self.conversation = number, dice, conversation
        self.kind, self.target = where.split(":", 1)
        self.host = host
        self.count = 0
        self.socket = None
        self.buffer = b""
        self.open = {}
        self.answered = self.errors = 0
        self.slowest = 0.0

    def connect(self):
        if self.kind in ("unix", "unix-dgram"):
            kind = socket.SOCK_STREAM if self.kind == "unix" else socket.SOCK_DGRAM
            self.socket = self.host.socket(socket.AF_UNIX, kind)
            if self.kind == "unix-dgram":
                self.socket.bind(b"")
            self.socket.connect(self.target)
        else:
            address, port = self.target.rsplit(":", 1)
            kind = socket.SOCK_DGRAM if self.kind == "udp" else socket.SOCK_STREAM
            self.socket = self.host.socket(socket.AF_INET, kind)
            self.socket.connect((address, int(port)))
        self.socket.settimeout(5)
        self.buffer = b""

    def drop(self):
        """Goes away without a word, as a killed proxy does."""
        if self.socket:
            self.socket.close()
        self.socket = None
        self.open = {}

    def ask(self):
        """Sends a few requests in one go; some datagrams twice."""
        if self.open:
            return
        stream = b""
        for _ in range(self.dice.choice([1, 1, 2, 5, 20])):
            self.count += 1
            cookie = b"%d_%d" % (self.number, self.count)
            message = cookie + b" " + bencode(self.conversation.request())
            times = 1
            if self.kind in ("unix", "tcp"):
                stream += message
            else:
                times = 2 if self.dice.random() < 0.1 else 1
                for _ in range(times):
                    self.socket.send(message)
            self.open[cookie] = (times, time.monotonic())
        if stream:
            cut = self.dice.randrange(len(stream))
            for part in (stream[:cut], stream[cut:]):
                self.socket.sendall(part)

    def hear(self):
        data = self.socket.recv(262144)
        check(data, f"{self.kind}: the engine closed the connection")
        self.buffer = data if self.kind in ("udp", "unix-dgram") else self.buffer + data
        while self.buffer:
            cookie, blank, rest = self.buffer.partition(b" ")
            if not blank:
                return
            try:
                reply, end = bdecode(rest)
            except (IndexError, ValueError):
                check(self.kind in ("unix", "tcp"), f"{self.kind}: half a reply")
                return
            self.buffer = rest[end:]
            self.take(cookie, reply)

    def take(self, cookie, reply):
        check(cookie in self.open, f"{self.kind}: a reply too many, or for nobody: {cookie!r} {reply!r}")
        left, sent = self.open.pop(cookie)
        self.slowest = max(self.slowest, time.monotonic() - sent)
        if left > 1:
            self.open[cookie] = (left - 1, sent)
        self.answered += 1
        self.errors += reply["result"] == "error"

    def check_patience(self):
        for cookie, (_, sent) in self.open.items():
            check(time.monotonic() - sent < IN_TIME_S, f"{self.kind}: {cookie!r} is not answered after {IN_TIME_S} s")


class Churn:
    def __init__(self, lab, seed):
        dice = random.Random(seed)
        host = lab.host("relay")
        listen = [f"unix-dgram:{lab.path('dgram.sock')}", "udp:127.0.0.1:2223", "tcp:127.0.0.1:2224"]
        self.dice = dice
        self.relay = lab.relay = Relay(
            host, ["null"], MEDIA, interfaces=["one/203.0.113.1", "one/2001:db8::1", "two/203.0.113.2"], listen=listen,
            media_ports=PORTS, workers=2, control_options=["--delete-delay", "0", "--log-level", "3"]).start()
        self.conversation = Conversation(dice)
        self.where = [f"unix:{self.relay.ng_socket}"] + listen
        self.clients = [Client(n, self.where[n % 4], host, dice, self.conversation) for n in range(8)]
        for client in self.clients:
            client.connect()
        self.descriptors = None

    def listen(self, seconds):
        """Serves replies for a while. True while somebody waits for one."""
        ready, _, _ = select.select([c.socket for c in self.clients if c.socket], [], [], seconds)
        for client in self.clients:
            if client.socket in ready:
                client.hear()
            client.check_patience()
        return any(c.open for c in self.clients)

    def talk(self, seconds, hook=lambda: None):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for client in self.clients:
                client.ask()
            hook()
            self.listen(0.02)
        while self.listen(0.1):
            pass

    def leave_sometimes(self):
        client = self.dice.choice(self.clients)
        if self.dice.random() < 0.3:
            client.drop()
            client.connect()

    def everybody_leaves(self):
        for client in self.clients:
            client.drop()

    def everybody_comes(self):
        for client in self.clients:
            client.connect()

    def settle(self):
        """Deletes every call; then nothing may be left of any."""
        with self.relay.ng() as ng:
            wait_for("the link", lambda: linked(ng), 20)
            for call in self.conversation.call_ids():
                ng.command("delete", call_id=call, delete_delay="0")
            wait_for("the end of all calls", lambda: not ng.command("list", limit=100)["calls"], 5)
            wait_for("all ports to be given back", lambda: not self.ports_used(ng), 2)
            wait_for("all flows to go", lambda: not self.flows(ng), 5)
        # a new set of names: nothing of the old ones may come back
        self.conversation.generation += 1
        if self.descriptors is None:
            self.descriptors = self.count_descriptors()
        wait_for("the descriptors of the past",
                 lambda: all(a <= b for a, b in zip(self.count_descriptors(), self.descriptors)), 5)

    @staticmethod
    def ports_used(ng):
        return sum(i["ports"]["used"] for i in ng.command("statistics")["statistics"]["interfaces"])

    @staticmethod
    def flows(ng):
        return sum(w["flows"] for w in ng.command("statistics")["statistics"]["rtpwire"]["workers"])

    def count_descriptors(self):
        return [len(glob.glob(f"/proc/{p.pid}/fd/*")) for p in (self.relay.control, self.relay.dataplane)]

    def stop_dataplane(self, seconds):
        os.kill(self.relay.dataplane.pid, signal.SIGSTOP)
        try:
            self.talk(seconds)
        finally:
            os.kill(self.relay.dataplane.pid, signal.SIGCONT)
        self.talk(0.3)

    def kill_dataplane(self):
        self.relay.dataplane.kill()
        self.relay.dataplane.popen.wait(5)
        self.talk(0.3)
        self.relay.start_dataplane()
        self.talk(0.5)

    def kill_control(self):
        self.everybody_leaves()
        self.relay.control.kill()
        self.relay.control.popen.wait(5)
        self.relay.start_control()
        self.everybody_comes()
        self.talk(0.5)


def test(lab, seconds="1.5", seed="1"):
    churn = Churn(lab, int(seed))
    length = float(seconds)
    for step in (lambda: churn.talk(length),
                 lambda: churn.talk(length, churn.leave_sometimes),
                 lambda: churn.stop_dataplane(0.3),
                 lambda: churn.stop_dataplane(length + 0.6),
                 lambda: (churn.talk(length / 3), churn.kill_dataplane()),
                 lambda: (churn.talk(length / 3), churn.kill_control()),
                 lambda: (churn.talk(length / 3), churn.kill_control(), churn.kill_dataplane(), churn.kill_control()),
                 lambda: churn.talk(length)):
        step()
        churn.settle()
    print(f"{sum(c.answered for c in churn.clients)} replies, {sum(c.errors for c in churn.clients)} of them errors, "
          f"slowest after {max(c.slowest for c in churn.clients):.2f} s")
    check(sum(c.answered for c in churn.clients) > 1000, "too few requests to mean anything")
    for client in churn.clients:
        client.drop()


main(test)
