#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Ten calls between two hosts: every RTP and RTCP packet arrives once, at the right party, from the relay.
Arguments: backend (xdp, packet), families (4, 6, 46), shape (two: two ports; one: one NIC; vlan), workers.
"""
from common import equal, main, one_network, start_relay, talk, two_networks, wait_idle


def test(lab, backend="xdp", families="4", shape="two", workers="1"):
    net = two_networks(lab) if shape == "two" else one_network(lab, vlan=100 if shape == "vlan" else None)
    relay = start_relay(net, backend, workers=int(workers))
    with relay.ng() as ng:
        talk(net, ng, families=families)
        wait_idle(ng)
        statistics = ng.command("statistics")["statistics"]["rtpwire"]
        counters = statistics["counters"]
        if int(workers) > 1:
            equal(len(statistics["workers"]), int(workers), "workers in statistics")
        packets = 2 * 10 * 4 * 50
        assert counters["rx_packets"] >= packets and counters["tx_packets"] >= packets, counters
        assert int(workers) == 1 or counters["handoff_in"] > 0, f"no packet changed its worker: {counters}"


main(test)
