#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Every packet buffer works: with two workers buffers wander through the whole pool, several times here. A buffer
that the port cannot use is lost with the packet in it, and with enough of them the port goes deaf.
"""
import time

from common import check, main, start_relay, talk, two_networks

ROUNDS = 120000  # packets; the pool has about 25,000 buffers


def counted(ng):
    return ng.command("statistics")["statistics"]["rtpwire"]["drops"]["no_flow"]


def stray(net, ng):
    """Packets to media ports without a call, until the relay has counted so many."""
    sender = net.a.udp(net.address["a", "4"])
    sent, end = 0, time.monotonic() + 75
    while counted(ng) < ROUNDS:
        check(time.monotonic() < end, f"of {sent} packets only {counted(ng)} were received")
        for _ in range(2000):
            sender.sendto(bytes(172), (net.address["left", "4"], 40000 + sent % 2000))
            sent += 1
        time.sleep(0.005)
    sender.close()


def test(lab, backend):
    net = two_networks(lab)
    relay = start_relay(net, backend, workers=2)
    with relay.ng() as ng:
        stray(net, ng)
        talk(net, ng, count=20, seconds=3)


main(test)
