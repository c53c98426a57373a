#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Every ng transport and encoding sets up a call that talks; a retransmitted request is answered alike and acts
once; two proxies with the same cookie do not meet; a bare dictionary on the UNIX stream is answered bare.
"""
import socket

from common import Ng, check, equal, main, make_calls, run_peers, check_lossless, sdp, start_relay, two_networks
from lab.ng import bdecode, bencode


def retransmission(relay, net):
    ng = [Ng("udp:10.177.1.1:2223", net.a) for _ in range(2)]
    bodies = [bencode({"command": "offer", "call-id": f"cookie-{n}", "from-tag": "f", "sdp": sdp("10.177.1.10", 16000)})
              for n in range(2)]
    replies = []
    for n in (0, 0, 1, 0):
        ng[n].send_raw(b"same " + bodies[n])
        replies.append(ng[n].receive()[1])
    equal(replies[1], replies[0], "reply to a retransmission")
    equal(replies[3], replies[0], "reply to a late retransmission")
    check(replies[2]["sdp"] != replies[0]["sdp"], "two proxies with one cookie got one SDP")
    with relay.ng() as control:
        equal(sorted(control.command("list", limit=9)["calls"]), ["cookie-0", "cookie-1"], "calls made")
        for n in range(2):
            control.command("delete", call_id=f"cookie-{n}")


def bare(relay):
    """As Kamailio 5.6.3 does: connect, one write, one read, close."""
    for body, end in ((b"d7:command4:pinge", b"d6:result4:ponge"), (b'{"command":"ping"}', None)):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(relay.ng_socket)
        s.sendall(body)
        got = s.recv(65536)
        check(got == end if end else got.replace(b" ", b"") == b'{"result":"pong"}', f"bare reply: {got}")
        s.close()


def big_answer(relay):
    """The reply of a request that comes byte by byte."""
    body = bencode({"command": "ping", "junk": "x" * 300})
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(relay.ng_socket)
    for i in range(len(body)):
        s.sendall(body[i:i + 1])
    equal(bdecode(s.recv(65536))[0], {"result": "pong"}, "reply to a slow request")
    s.close()


def test(lab):
    net = two_networks(lab)
    dgram = f"unix-dgram:{lab.path('ng-dgram.sock')}"
    listen = [dgram, "udp:10.177.1.1:2223", "tcp:10.177.1.1:2224", "udp:[fd77:1::1]:2223"]
    relay = start_relay(net, listen=listen)
    n = 0
    for where, host in ((f"unix:{relay.ng_socket}", None), (dgram, net.relay), (listen[1], net.a), (listen[2], net.a),
                        (listen[3], net.a)):
        for encoding in ("bencode", "json"):
            with Ng(where, host, encoding) as ng:
                n += 1
                print(where, encoding, flush=True)
                calls = make_calls(net, ng, 1, prefix=f"t{n}", first_port=16000 + 100 * n)
                check_lossless(run_peers(net, calls, 0.4, drain=0.3, rtcp=0.2))
                calls[0].delete()
    retransmission(relay, net)
    bare(relay)
    big_answer(relay)


main(test)
