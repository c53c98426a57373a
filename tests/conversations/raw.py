#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
What goes over the sockets byte for byte: framing, cookies, repeats, pieces, and errors that no dictionary
can show. Each check names the row of the ng reference that it is about. raw.py BUILD [CHECK]...
"""
import json
import os
import re
import signal
import socket
import sys
import tempfile

import run
from lab.ng import bdecode, bencode

SDP = "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
PONG = b"d6:result4:ponge"
NO_REPLY_S = 0.3


def error(text):
    return bencode({"result": "error", "error-reason": text})


def equal(got, want):
    if got != want:
        raise run.Mismatch(f"{got!r}, want {want!r}")


def offer(call_id, **more):
    return {"call-id": call_id, "from-tag": "a", "sdp": SDP, **more, "command": "offer"}


class World:
    """Sockets to the control under test. UDP is bound to all addresses, so one can choose whom to ask."""

    def __init__(self, directory):
        self.unix = os.path.join(directory, "ng.sock")
        self.dgram = os.path.join(directory, "dgram.sock")
        self.port = {}
        for name, kind in (("udp", socket.SOCK_DGRAM), ("udp6", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)):
            with socket.socket(socket.AF_INET, kind) as s:
                s.bind(("127.0.0.1", 0))
                self.port[name] = s.getsockname()[1]

    def options(self):
        return ["--listen", f"udp:0.0.0.0:{self.port['udp']}", "--listen", f"udp:[::]:{self.port['udp6']}", "--listen",
                f"tcp:127.0.0.1:{self.port['tcp']}", "--listen", "unix-dgram:" + self.dgram]

    def udp(self, address="127.0.0.1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.settimeout(10)
        s.connect((address, self.port["udp6" if ":" in address else "udp"]))
        return s

    def stream(self, kind="unix"):
        s = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET, socket.SOCK_STREAM)
        s.settimeout(10)
        s.connect(self.unix if kind == "unix" else ("127.0.0.1", self.port["tcp"]))
        return s

    def list(self):
        s = self.udp()
        s.send(b"list-" + os.urandom(8).hex().encode() + b" " + bencode({"command": "list", "limit": 100000}))
        return bdecode(s.recv(262144).partition(b" ")[2])[0]["calls"]


def ask(s, data):
    s.send(data)
    return s.recv(262144)


def silent(s, data):
    s.settimeout(NO_REPLY_S)
    try:
        raise run.Mismatch(f"reply to {data!r}: {ask(s, data)!r}")
    except socket.timeout:
        s.settimeout(10)


def read_n(s, count):
    """count bare or cookie replies that end a stream's read; together."""
    data = b""
    while data.count(PONG) < count:
        data += s.recv(65536)
    return data


def kamailio_bytes(w):
    """§2.1 [live]: the very bytes of a K56 offer; answered in one write without cookie (§1.1)"""
    sdp = SDP.encode()
    head = b"d8:supportsl10:load limite3:sdp%d:%s7:call-id4:cid1" % (len(sdp), sdp)
    s = w.stream()
    s.sendall(head + b"13:received-froml3:IP49:127.0.0.1e8:from-tag1:f7:command5:offere")
    reply = s.recv(262143)
    value, end = bdecode(reply)
    equal(end, len(reply))
    equal(list(value), ["sdp", "result"])
    equal(value["result"], "ok")
    equal(ask(w.stream(), b"d7:command4:pinge"), PONG)


def udp_errors(w):
    """sdp-rewrite §8: payloads that are none; packets without cookie get no reply"""
    s = w.udp()
    for body, want in (
            (b"", error("Invalid data (no payload)")), (b"x", error("Invalid NG data format")),
            (b"[1]", error("Invalid NG data format")), (b" d7:command4:pinge", error("Invalid NG data format")),
            (b"d7:command", error("Could not decode bencode dictionary")),
            (b"d7:commandi1ee", error('Dictionary contains no key "command"')),
            (b"de", error('Dictionary contains no key "command"')),
            (b"d7:command4:PINGe", error("Unrecognized command")),
            (b"d7:command4:ping", PONG), (b"d7:command4:pingegarbage", PONG),
            (b"d7:command4:ping7:command4:ping3:fooi7ee", PONG)):
        cookie = os.urandom(4).hex().encode()
        equal(ask(s, cookie + b" " + body), cookie + b" " + want)
    for data in (b"", b"d7:command4:pinge", b" d7:command4:pinge", b"cookie"):
        silent(s, data)


def json_errors(w):
    """§1.4: JSON is answered in JSON, also when it is broken; text that is not UTF-8 is no JSON"""
    for body, want in ((b'{"command":"ping"', "Failed to parse JSON document"), (b"{", "Failed to parse JSON document"),
                       (b'{"command":"\xff"}', "Failed to parse JSON document"),
                       (b'{"command":1}', 'Dictionary contains no key "command"'), (b'{"command":"x"}', "Unrecognized command")):
        cookie, _, reply = ask(w.udp(), b"j " + body).partition(b" ")
        equal((cookie, json.loads(reply)), (b"j", {"result": "error", "error-reason": want}))
    equal(json.loads(ask(w.udp(), b'j {"command":"ping"}')[2:]), {"result": "pong"})
    s = w.stream()
    equal(json.loads(ask(s, b'{"command":"ping"}')), {"result": "pong"})


def repeats(w):
    """§5 items 1 and 2: a repeat is answered alike and acts once; the same cookie of another socket is another"""
    s, other = w.udp(), w.udp()
    body = bencode(offer("repeat"))
    first = ask(s, b"9_9_0 " + body)
    equal(ask(s, b"9_9_0 " + body), first)
    deleted = b"9_9_1 " + bencode({"command": "delete", "call-id": "repeat", "delete-delay": 0})
    gone = ask(s, deleted)
    equal(ask(s, deleted), gone)
    equal(ask(s, b"9_9_0 " + body), first)
    equal("repeat" in w.list(), False)
    equal(ask(other, b"9_9_0 d7:command4:pinge"), b"9_9_0 " + PONG)
    equal(ask(s, b"bad x"), ask(s, b"bad x"))


def repeats_together(w):
    """§5 item 1: repeats that come while the first is in work all get its reply"""
    s = w.udp()
    body = b"burst " + bencode(offer("burst"))
    for _ in range(5):
        s.send(body)
    equal(len({s.recv(65536) for _ in range(5)}), 1)


def asked_address(w):
    """§5 item 3: the reply comes from the address asked; a connected socket sees no other"""
    for address in ("127.0.0.1", "127.0.0.2", "127.9.9.9", "::1"):
        equal(ask(w.udp(address), b"c d7:command4:pinge"), b"c " + PONG)


def unix_datagrams(w):
    """bare and with cookie, answered in kind"""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind("")
    s.settimeout(10)
    s.connect(w.dgram)
    equal(ask(s, b"d7:command4:pinge"), PONG)
    equal(ask(s, b"c1 d7:command4:pinge"), b"c1 " + PONG)
    equal(json.loads(ask(s, b'{"command":"ping"}')), {"result": "pong"})
    equal(ask(s, b"c2 "), b"c2 " + error("Invalid data (no payload)"))


def pieces(w):
    """§1.1, §1.4: a stream is cut by bencode alone; a request split at any byte, bare and with cookie"""
    message = bencode(offer("pieces"))
    for kind, head in (("unix", b""), ("unix", b"c "), ("tcp", b"c ")):
        data = head + message
        whole = None
        s = w.stream(kind)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) if kind == "tcp" else None
        for at in range(1, len(data)):
            head = b"c%d " % at if data[:2] == b"c " else b""
            text = head + message
            s.sendall(text[:at])
            s.sendall(text[at:])
            reply = s.recv(65536)
            equal(reply[:len(head)], head)
            equal(bdecode(reply[len(head):])[1], len(reply) - len(head))
            whole = whole or reply[len(head):]
            equal(reply[len(head):], whole)


def big_pieces(w):
    """§1.4: no limit of 1024 bytes for what has arrived in part"""
    sdp = SDP + "".join(f"a=x-{i}:{'y' * 50}\r\n" for i in range(900))
    s = w.stream("tcp")
    data = b"big " + bencode(offer("big", sdp=sdp))
    for at in range(0, len(data), 1200):
        s.sendall(data[at:at + 1200])
    reply = b""
    while not reply.endswith(b"6:result2:oke"):
        reply += s.recv(1 << 20)
    equal(reply.count(b"a=x-"), 900)


def pipelining(w):
    """§1.4: several requests in one write, on both kinds of stream, some of them bare"""
    for kind in ("unix", "tcp"):
        s = w.stream(kind)
        s.sendall(b"".join(b"p%d d7:command4:pinge" % i for i in range(50)))
        equal(sorted(re.findall(rb"p\d+ ", read_n(s, 50))), sorted(b"p%d " % i for i in range(50)))
    s = w.stream()
    s.sendall(b"d7:command4:pinge" * 3 + b"c d7:command4:pinge")
    equal(read_n(s, 4), PONG * 3 + b"c " + PONG)


def long_reply(w):
    """§5 item 4: a reply that is too long for a datagram is shortened or an error, never silence"""
    sdp = SDP + "".join(f"m=audio {5000 + 2 * i} RTP/AVP 0\r\n" for i in range(63))
    s = w.udp()
    reply = bdecode(ask(s, b"1 " + bencode(offer("long", sdp=sdp)))[2:])[0]
    equal(reply["sdp"].count("m=audio"), 64)
    query = bencode({"command": "query", "call-id": "long"})
    short = bdecode(ask(s, b"2 " + query)[2:])[0]
    equal((short["result"], "RTP" in short["totals"], len(short["tags"])), ("ok", True, 2))
    stream, data = w.stream(), b""
    stream.sendall(query)
    while not data.endswith(b"6:result2:oke"):
        data += stream.recv(1 << 20)
    equal(len(data) > 65507 and len(bdecode(data)[0]["tags"]["a"]["medias"]), 64)
    many = [f"{i:03}-" + "x" * 300 for i in range(300)]
    for name in many:
        ask(stream, bencode(offer(name)))
    listed = bdecode(ask(s, b"3 " + bencode({"command": "list", "limit": "1000"}))[2:])[0]
    equal(listed["result"], "ok") if "calls" in listed else equal(listed["result"], "error")


def odd_call_ids(w):
    """call-ids and tags are bytes: NUL, blanks, high bytes; in JSON what stands for them in UTF-8"""
    for raw in (b"\x00\x01\xff\xfe call", b"", b"a b\r\nc", b"x" * 4000, b"e1:d"):
        s = w.stream()
        body = b"d7:call-id%d:%s8:from-tag%d:%s3:sdp%d:%s7:command5:offere" % (
            len(raw), raw, len(raw), raw, len(SDP), SDP.encode())
        equal(ask(s, body)[:6], b"d3:sdp")
        query = ask(s, b"d7:call-id%d:%s7:command5:querye" % (len(raw), raw))
        equal(b"3:tag%d:%s" % (len(raw), raw) in query, True)
        reply = ask(w.udp(), b'x {"command":"list","limit":1000}')
        json.loads(reply[2:].decode())
        ask(s, b"d7:call-id%d:%s12:delete-delayi0e7:command6:deletee" % (len(raw), raw))
        equal(b"Unknown call-id" in ask(s, b"d7:call-id%d:%s7:command5:querye" % (len(raw), raw)), True)


def key_order(w):
    """§4: keys come in the order written there"""
    s = w.stream()
    equal(list(bdecode(ask(s, bencode(offer("order", label="l"))))[0]), ["sdp", "result"])
    query = bdecode(ask(s, bencode({"command": "query", "call-id": "order"})))[0]
    equal(list(query), ["created", "created_us", "created_ts", "last signal", "last redis update", "SSRC", "tags", "totals",
                        "result"])
    tag = query["tags"]["a"]
    equal(list(tag), ["tag", "label", "created", "subscriptions", "subscribers", "medias", "VSC"])
    equal(list(tag["medias"][0]), ["index", "type", "protocol", "codec", "streams", "flags", "ingress SSRCs",
                                   "egress SSRCs"])
    stream = tag["medias"][0]["streams"][0]
    equal(list(stream)[:10], ["local port", "local address", "family", "endpoint", "advertised endpoint", "last packet",
                              "last kernel packet", "last user packet", "flags", "stats"])
    equal(list(stream["endpoint"]), ["family", "address", "port"])
    equal(list(stream["stats"]), ["packets", "bytes", "errors"])
    equal(list(bdecode(ask(s, bencode({"command": "delete", "call-id": "x"})))[0]), ["warning", "result"])


def loop_protect(w):
    """§5 item 17: our own id is added; a message that carries it comes back unchanged, and is no call"""
    s = w.stream()
    first = bdecode(ask(s, bencode(offer("loop", flags=["loop-protect"]))))[0]["sdp"]
    mark = re.search(r"t=0 0\r\n(a=rtpengine:[0-9a-f]{12}\r\n)m=", first)
    if not mark:
        raise run.Mismatch(first)
    looped = bdecode(ask(s, bencode(offer("looped", sdp=first, flags=["loop protect"]))))[0]
    equal(looped, {"sdp": first, "result": "ok"})
    equal("looped" in w.list(), False)
    plain = bdecode(ask(s, bencode(offer("plain", sdp=first))))[0]["sdp"]
    equal("a=rtpengine" in plain, False)
    other = first.replace(mark[1], "a=rtpengine:000000000000\r\n")
    equal(bdecode(ask(s, bencode(offer("other", sdp=other, flags=["loop-protect"]))))[0]["sdp"].count(mark[1]), 1)


def half_closed(w):
    """a client that sends and shuts down its side still gets the reply; a cut request gets an error"""
    for data, want in ((b"d7:command4:pinge", PONG), (b"d7:command4:pin", error("Could not decode bencode dictionary")),
                       (b"c d7:command", b"c " + error("Could not decode bencode dictionary"))):
        s = w.stream()
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        equal(s.recv(65536), want)
        equal(s.recv(65536), b"")


CHECKS = [kamailio_bytes, udp_errors, json_errors, repeats, repeats_together, asked_address, unix_datagrams, pieces,
          big_pieces, pipelining, long_reply, odd_call_ids, key_order, loop_protect, half_closed]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    wanted = [c for c in CHECKS if not sys.argv[2:] or c.__name__ in sys.argv[2:]]
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        world = World(directory)
        processes, _ = run.start_both(sys.argv[1], directory, {"dataplane": [], "control": world.options()})
        try:
            for check in wanted:
                try:
                    check(world)
                except (run.Mismatch, OSError, ValueError, IndexError, KeyError) as e:
                    failed += 1
                    print(f"FAILED {check.__name__}: {check.__doc__}\n    {type(e).__name__}: {str(e)[:2000]}")
        finally:
            failed += run.stop(processes)
    print(f"{len(wanted) - failed} of {len(wanted)} checks passed")
    return 1 if failed or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
