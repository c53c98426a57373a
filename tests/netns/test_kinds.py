#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Media that is not plain RTP on two ports: rtcp-mux on one side only, T.38 (any first byte), and STUN, which
must not be relayed.
"""
import time

from common import Call, Party, check, check_lossless, equal, main, make_calls, run_peers, start_relay, two_networks


def one_sided_mux(net, ng):
    """a muxes RTCP with the relay; b, who is not offered it (demux), has RTCP on its own port."""
    call = Call(ng, "mux", Party(net.address["a", "4"], 16000, mux=True), Party(net.address["b", "4"], 16000))
    call.offer(direction=["left", "right"], rtcp_mux=["demux"])
    check(not call.b.remote["mux"], "b was offered rtcp-mux")
    call.answer()
    check(call.a.remote["mux"], "a was not answered rtcp-mux")
    check_lossless(run_peers(net, [call], 4))
    call.delete()


def both_mux(net, ng):
    calls = make_calls(net, ng, 2, party={"mux": True}, prefix="both-mux")
    check(calls[0].a.remote["mux"] and calls[0].b.remote["mux"], "rtcp-mux was not passed on")
    check_lossless(run_peers(net, calls, 3))
    calls[0].delete(), calls[1].delete()


def t38(net, ng):
    """More than 256 packets, so every first byte is tried."""
    calls = make_calls(net, ng, 2, party={"media": "image"}, prefix="t38")
    check_lossless(run_peers(net, calls, 6), rtcp=False)
    calls[0].delete(), calls[1].delete()


def stun(net, ng):
    """STUN on a media port belongs to the relay: it is punted, not passed to the other party."""
    call = make_calls(net, ng, 1, prefix="stun")[0]
    sender = net.a.udp(call.a.address, call.a.port)
    receiver = net.b.udp(call.b.address, call.b.port, timeout=0.5)
    binding = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)
    for _ in range(10):
        sender.sendto(binding, (call.a.remote["address"], call.a.remote["port"]))
    try:
        check(not receiver.recv(2048), "STUN was relayed")
    except TimeoutError:
        pass
    time.sleep(1.2)  # counters are published about once a second by an idle worker
    equal(ng.command("statistics")["statistics"]["rtpwire"]["counters"]["punts"], 10, "punted packets")
    sender.close(), receiver.close()
    call.delete()


def test(lab):
    net = two_networks(lab)
    relay = start_relay(net)
    with relay.ng() as ng:
        for case in (one_sided_mux, both_mux, t38, stun):
            print(case.__name__, flush=True)
            case(net, ng)


main(test)
