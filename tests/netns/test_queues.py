#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Interfaces with several receive queues: media is spread over all of them, and none of it is lost, however many
workers there are. Argument: their number.
"""
import re

from common import check, check_lossless, equal, main, make_calls, run_peers, start_relay, two_networks

QUEUES = 4


def test(lab, workers):
    net = two_networks(lab, QUEUES)
    relay = start_relay(net, workers=int(workers))
    with relay.ng() as ng:
        check_lossless(run_peers(net, make_calls(net, ng, 50), 3))
    counts = net.relay.run("ethtool", "-S", "left")
    used = [n for n in re.findall(r"rx_queue_\d+_xdp_redirect: (\d+)", counts) if int(n)]
    equal(len(used), QUEUES, "queues that media came by")
    check(f"xdp:left, {QUEUES} queues" in relay.dataplane.log(), "the report does not say how many queues there are")


main(test)
