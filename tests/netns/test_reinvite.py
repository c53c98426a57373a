#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Changes in a running call: one leg moves to another phone while not one packet of the other is lost; hold
and resume; an offer sent again changes nothing.
"""
import time

from common import Call, Party, Peer, check, check_lossless, equal, main, media_of, numbers, start_relay, two_networks


def make_call(net, ng, name):
    call = Call(ng, name, Party(net.address["a", "4"], 16000), Party(net.address["b", "4"], 16000))
    call.offer(direction=["left", "right"])
    call.answer()
    return call


def move_leg(net, ng, latching):
    """a's media moves to a new phone. All that b sends reaches the old phone or the new one."""
    call = make_call(net, ng, f"move-{latching}")
    flags = ["port-latching"] if latching else []
    b = Peer(net.b, [call.b.line()], 8, drain=0.5, rtcp=0)
    old = Peer(net.a, [call.a.line()], 1, drain=8, rtcp=0)
    b.go(), old.go()
    time.sleep(1.5)
    before = dict(call.b.remote)
    call.a.port, call.a.send = 16400, False
    new = Peer(net.a, [call.a.line()], 2, drain=1, rtcp=0).go()  # rings; speaks once it knows where to
    call.offer(reoffer=True, flags=flags)
    equal(call.b.remote == before, latching, "b keeps its remote port")
    call.answer(flags=flags)
    for peer, party in ((b, call.b), (new, call.a)):
        r = party.remote
        peer.order(f"remote {party.id} {r['address']}:{r['port']} {r['address']}:{r['rtcp']}")
    new.order(f"send {call.a.id} 1")
    new_result = new.result()
    b_result = b.stop().result()
    old_result = old.stop().result()
    heard = [numbers(r["streams"][0]["numbers"]) for r in (old_result, new_result)]
    lost = set(range(b_result["media"]["sent"])) - heard[0] - heard[1]
    # What b sends after the new phone stopped listening has nobody to hear it.
    lost = {n for n in lost if n < max(heard[1], default=0)}
    equal(sorted(lost), [], "packets of b that neither phone of a received")
    check(len(heard[1]) > 50, "the new phone heard nothing")
    # Both phones number from 0 on, so b takes what it has from both as duplicates.
    media = b_result["media"]
    equal(media["received"] + media["duplicates"], old_result["media"]["sent"] + new_result["media"]["sent"],
          "packets of both phones at b")
    call.delete()


def hold(net, ng):
    """a puts b on hold (sendonly, then a zero address) and resumes; ports stay; media flows afterwards."""
    call = make_call(net, ng, "hold")
    ports = call.a.remote["port"], call.b.remote["port"]
    check_lossless(run(net, call))
    offered = media_of(call.offer(reoffer=True, sdp=call.a.sdp(direction="sendonly")))
    equal(offered["direction"], "sendonly", "direction offered to b")
    call.answer(sdp=call.b.sdp(direction="recvonly"))
    equal((call.a.remote["port"], call.b.remote["port"]), ports, "ports on hold")
    text = call.a.sdp().replace(f"c=IN IP4 {call.a.address}", "c=IN IP4 0.0.0.0")
    equal(media_of(call.offer(reoffer=True, sdp=text))["address"], "0.0.0.0", "address offered on old-style hold")
    call.answer()
    a, b = run(net, call)
    equal(a["media"]["received"], 0, "packets to a party without address")
    equal(b["media"]["received"], a["media"]["sent"], "packets from the party on hold")
    call.offer(reoffer=True)
    call.answer()
    equal((call.a.remote["port"], call.b.remote["port"]), ports, "ports after resume")
    check_lossless(run(net, call))
    call.delete()


def run(net, call):
    peers = [Peer(net.a, [call.a.line()], 1.5, drain=0.5), Peer(net.b, [call.b.line()], 1.5, drain=0.5)]
    for peer in peers:
        peer.go()
    return [p.result() for p in peers]


def offer_again(net, ng):
    call = make_call(net, ng, "again")
    ports = call.a.remote["port"], call.b.remote["port"]
    for _ in range(3):
        call.offer(reoffer=True)
        call.answer()
        equal((call.a.remote["port"], call.b.remote["port"]), ports, "ports of a repeated offer")
    call.offer(sender=call.b)
    call.answer(sender=call.a)
    equal((call.a.remote["port"], call.b.remote["port"]), ports, "ports of an offer from the callee")
    check_lossless(run(net, call))
    call.delete()


def test(lab):
    net = two_networks(lab)
    relay = start_relay(net)
    with relay.ng() as ng:
        move_leg(net, ng, latching=True)
        move_leg(net, ng, latching=False)
        hold(net, ng)
        offer_again(net, ng)


main(test)
