#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Calls that are over without a delete: a silent one times out, one with media does not; and media that points
back at the relay does not spin.
"""
import time

from common import Call, Party, Peer, check, check_lossless, equal, main, make_calls, run_peers, start_relay, two_networks, wait_for


def silent(net, ng):
    calls = make_calls(net, ng, 2)
    calls[0].delete()
    calls[1].delete()
    quiet, talking = make_calls(net, ng, 2, prefix="timeout")
    start = time.monotonic()
    peers = [Peer(net.a, [talking.a.line()], 10), Peer(net.b, [talking.b.line()], 10)]
    for peer in peers:
        peer.go()
    wait_for("the silent call to end", lambda: quiet.id not in ng.command("list", limit=10)["calls"], 12)
    check(time.monotonic() - start >= 2.5, "the silent call ended before its time")
    check_lossless([p.result() for p in peers])
    equal(ng.command("list", limit=10)["calls"], [talking.id], "calls left while one talks")
    statistics = ng.command("statistics")["statistics"]["totalstatistics"]
    equal(int(statistics["timeoutsessions"]), 1, "calls counted as timed out")
    wait_for("the other call to end", lambda: not ng.command("list", limit=10)["calls"], 12)


def loop(net, ng):
    """Two calls whose far ends are each other's ports on the relay: a packet must not go round for ever."""
    first, second = make_calls(net, ng, 2, prefix="loop")
    for call, other in ((first, second), (second, first)):
        target = other.b.remote
        text = call.b.sdp().replace(f"c=IN IP4 {call.b.address}", f"c=IN IP4 {target['address']}")
        call.answer(sdp=text.replace(f"m=audio {call.b.port} ", f"m=audio {target['port']} "))
    result = Peer(net.a, [first.a.line()], 1, rtcp=0).go().result()
    sent = result["media"]["sent"]
    time.sleep(1.5)
    before = counters(ng)
    time.sleep(1.5)
    after = counters(ng)
    check(after["tx_packets"] - before["tx_packets"] < 10, f"packets still go round: {before} {after}")
    drops = ng.command("statistics")["statistics"]["rtpwire"]["drops"]
    check(drops["peer_is_relay"] >= sent, f"drops: {drops}")
    first.delete(), second.delete()


def counters(ng):
    return ng.command("statistics")["statistics"]["rtpwire"]["counters"]


def unanswered(net, ng):
    call = Call(ng, "unanswered", Party(net.address["a", "4"], 16000), Party(net.address["b", "4"], 16000))
    call.offer(direction=["left", "right"])
    wait_for("the unanswered offer to end", lambda: not ng.command("list", limit=10)["calls"], 12)


def test(lab):
    net = two_networks(lab)
    relay = start_relay(net, control_options=["--delete-delay", "0", "--timeout", "3", "--offer-timeout", "3"])
    with relay.ng() as ng:
        for case in (silent, loop, unanswered):
            print(case.__name__, flush=True)
            case(net, ng)


main(test)
