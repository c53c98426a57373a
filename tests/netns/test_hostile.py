#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Everything of the fuzz corpora, and worse, is thrown at all ng transports: no program ends, and afterwards calls
work as before.
"""
import glob
import os
import random
import socket

from common import ROOT, Ng, check, equal, main, sdp, start_relay, talk, two_networks
from lab.ng import bencode

WORSE = [b"", b"\n", b" ", b"d", b"{", b"x d", b"x {", b"x de", b"x {}", b"x le", b"x i1e", b"x 0:", b"x " + b"d" * 5000,
         b"x " + b"l" * 5000, b"x " + b"[" * 5000, b'x {"a":' * 2000, b"x d99999999999999999999:a", b"x d-1:a1:be",
         b"x d7:command5:offer3:sdp70000:" + b"a" * 40000, b"x d7:command4:pinge" + b"junk" * 100, b"\x00" * 100,
         b"x " + b"\xff" * 1000, b'x {"command":"offer","sdp":"\xff\xfe"}', b'x {"command":["ping"]}',
         b'x {"command":"ping"' + b" " * 60000, b"x d7:command4:list5:limiti-99999999999999999999ee",
         b'x {"command":"list","limit":1e400}', b'x {"command":"query","call-id":"' + b"q" * 30000 + b'"}']


def corpus():
    """Seeds of all fuzz targets, each as it is, as an ng body, and as the SDP of an offer."""
    files = [f for f in sorted(glob.glob(os.path.join(ROOT, "tests", "**", "*"), recursive=True))
             if os.path.isfile(f) and ("corpus" in f or "seed" in f)]
    check(files, "no fuzz corpus found under tests/")
    dice = random.Random(1)
    for path in files:
        with open(path, "rb") as f:
            seed = f.read()[:60000]
        yield b"x " + seed
        yield seed
        yield b"x " + bencode({"command": "offer", "call-id": "hostile", "from-tag": "f", "sdp": seed})
        for _ in range(4):
            broken = bytearray(seed or b"x")
            for _ in range(dice.randint(1, 4)):
                broken[dice.randrange(len(broken))] = dice.randrange(256)
            yield b"x " + bytes(broken)
            yield b"x " + bencode({"command": "offer", "call-id": "hostile", "from-tag": "f", "sdp": bytes(broken)})


def mutants():
    """A good offer, cut at every place and with every byte changed once."""
    dice = random.Random(2)
    good = bencode({"command": "offer", "call-id": "m", "from-tag": "f", "sdp": sdp("192.0.2.1", 5000)})
    for cut in range(0, len(good), 3):
        yield b"x " + good[:cut]
    for at in range(len(good)):
        yield b"x " + good[:at] + bytes([dice.randrange(256)]) + good[at + 1:]


def throw(where, host, inputs):
    """Sends inputs, each on a fresh stream connection or as a datagram; answers are not looked at."""
    ng = Ng(where, host)
    for data in inputs:
        try:
            ng.send_raw(data)
            if ng.kind in ("unix", "tcp"):
                ng.socket.shutdown(socket.SHUT_WR)
                ng.socket.settimeout(5)
                while ng.socket.recv(65536):
                    pass
        except (ConnectionError, BlockingIOError, TimeoutError):
            pass
        finally:
            if ng.kind in ("unix", "tcp"):
                ng.close()
    ng.close()


def test(lab):
    net = two_networks(lab)
    listen = [f"unix-dgram:{lab.path('ng-dgram.sock')}", "udp:127.0.0.1:2223", "tcp:127.0.0.1:2224"]
    relay = start_relay(net, listen=listen, control_options=["--delete-delay", "0", "--log-level", "3"])
    inputs = WORSE + list(corpus()) + list(mutants())
    print(f"{len(inputs)} inputs", flush=True)
    for where in [f"unix:{relay.ng_socket}"] + listen:
        throw(where, net.relay, inputs)
        check(relay.control.running(), f"control ended after what came by {where}")
        check(relay.dataplane.running(), f"dataplane ended after what came by {where}")
        with Ng(where, net.relay) as ng:
            equal(ng.command("ping")["result"], "pong", f"ping by {where}")
    with relay.ng() as ng:
        for call in ng.command("list", limit=100000)["calls"]:
            ng.request({"command": "delete", "call-id": call})
        talk(net, ng, count=2, seconds=1)


main(test)
