#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Whose packets a call listens to: a phone behind NAT is learned, a stranger is refused, and the flags
asymmetric, strict-source and media-handover do what they say.
"""
import time

from common import Party, Call, Peer, check, check_lossless, check_unheard, equal, main, start_relay, streams_of, two_networks


def make_call(net, ng, name, **extra):
    call = Call(ng, name, Party(net.address["a", "4"], 16000), Party(net.address["b", "4"], 16000))
    call.offer(direction=["left", "right"], **extra)
    call.answer(**extra)
    return call


def run(net, a_line, b_line, seconds=3, during=None):
    peers = [Peer(net.a, [a_line], seconds), Peer(net.b, [b_line], seconds)]
    for peer in peers:
        peer.go()
    if during:
        during()
    return [peer.result() for peer in peers]


def learn_nat(net, ng):
    """a signals port 16000 but its NAT sends from 17000: b's packets must come to 17000."""
    call = make_call(net, ng, "nat")
    peers = [Peer(net.a, [call.a.line(local_port=17000)], 3), Peer(net.b, [call.b.line()], 2)]
    peers[0].go()
    time.sleep(0.3)  # until a is heard, b's packets go to the port that a signalled
    peers[1].go()
    check_lossless([p.result() for p in peers])
    call.delete()


def refuse_stranger(net, ng):
    """Once a is locked, nobody else can speak in its place or pull its media away."""
    call = make_call(net, ng, "stranger")
    stranger = net.a.udp(net.address["a", "4"], 18000)

    def intrude():
        time.sleep(1)
        for n in range(50):
            stranger.sendto(bytes([0x80, 0]) + n.to_bytes(2, "big") + bytes(168), (call.a.remote["address"],
                                                                              call.a.remote["port"]))
            time.sleep(0.01)

    results = run(net, call.a.line(), call.b.line(), during=intrude)
    check_lossless(results)
    refused = sum(s.get("rtpwire", {}).get("drops", {}).get("source_refused", 0) for _, s in streams_of(call.query()))
    equal(refused, 50, "packets counted as source_refused")
    check_unheard(stranger)
    call.delete()


def asymmetric(net, ng):
    """With the flag, a may send from anywhere in the window but is spoken to where it signalled."""
    call = make_call(net, ng, "asymmetric", flags=["asymmetric"])
    a_out = call.a.line(local_port=17000, identity=call.a.id)
    call.a.send = False
    a_in = call.a.line(identity=900001)
    peers = [Peer(net.a, [a_out, a_in], 2), Peer(net.b, [call.b.line()], 2)]
    for peer in peers:
        peer.go()
    a, b = [p.result() for p in peers]
    streams = {s["id"]: s for s in a["streams"]}
    equal(streams[900001]["media"]["received"], b["media"]["sent"], "packets at the signalled port")
    equal(streams[call.a.id]["media"]["received"], 0, "packets at the sending port")
    equal(b["media"]["received"], a["media"]["sent"], "packets from the other port")
    call.delete()


def handover(net, ng):
    """With the flag, media follows a phone that changes its address without signalling."""
    call = make_call(net, ng, "handover", flags=["media-handover"])
    first = Peer(net.a, [call.a.line()], 2, rtcp=0)
    b = Peer(net.b, [call.b.line()], 5, rtcp=0)
    first.go(), b.go()
    first.result()
    second = Peer(net.a, [call.a.line(local_port=17000)], 1.5, rtcp=0).go()
    result = second.result()
    check(result["media"]["received"] > 50, f"moved phone hears nothing: {result['media']}")
    b.stop().result()
    call.delete()


def strict(net, ng):
    """strict-source: only the signalled address is heard, from the first packet on."""
    call = make_call(net, ng, "strict", flags=["strict-source", "no-port-latching"], endpoint_learning="off")
    a, b = run(net, call.a.line(local_port=17000), call.b.line(), 1)
    equal(b["media"]["received"], 0, "packets of a wrong source that came through")
    check(a["media"]["sent"] > 0, "nothing was sent")
    call.delete()


def test(lab):
    net = two_networks(lab)
    relay = start_relay(net)
    with relay.ng() as ng:
        for case in (learn_nat, refuse_stranger, asymmetric, handover, strict):
            print(case.__name__, flush=True)
            case(net, ng)


main(test)
