#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
kill -9 under traffic. Argument "control": not one packet is lost; a new control finds the flows, its new calls
work, and the old ones can be removed. Argument "dataplane": started again, it is programmed by control and the
calls talk on without signalling. Argument "user": the same when nobody chose the user of control and the group of
the dataplane's socket. Argument "many": a new control finds more calls than any ring has room for, in an idle dataplane.
"""
import time

from common import (check, check_lossless, equal, main, make_calls, restart_control, restart_dataplane, run_peers, start_relay,
                    talk, two_networks, wait_for)


def kill_control(net, relay):
    with relay.ng() as ng:
        calls = make_calls(net, ng, 10)

    def strike():
        time.sleep(1.5)
        restart_control(relay)

    check_lossless(run_peers(net, calls, 6, during=strike))
    with relay.ng() as ng:
        listed = ng.command("list", limit=100)["calls"]
        equal(sorted(listed), sorted(c.id for c in calls), "old calls that the new control lists")
        talk(net, ng, count=3, seconds=2, prefix="new", first_port=20000)
        for call in calls:
            call.ng = ng
            call.delete(flags=["fatal"])
        wait_for("the old calls to go", lambda: not ng.command("list", limit=1)["calls"], 15)
        time.sleep(1.2)  # workers publish about once a second
        flows = sum(w["flows"] for w in ng.command("statistics")["statistics"]["rtpwire"]["workers"])
        equal(flows, 0, "flows left in the dataplane")


def kill_control_of_many(net, relay):
    with relay.ng() as ng:
        calls = {c.id for c in make_calls(net, ng, 1000)}
    restart_control(relay)  # fails if the dataplane does not tell its flows in time
    with relay.ng() as ng:
        equal(set(ng.command("list", limit=2000)["calls"]), calls, "old calls that the new control lists")
        talk(net, ng, count=3, seconds=2, prefix="new", first_port=30000)


def kill_dataplane(net, relay):
    with relay.ng() as ng:
        calls = make_calls(net, ng, 10)
        check_lossless(run_peers(net, calls, 1))
        restart_dataplane(ng, relay, lambda: equal(ng.command("ping")["result"], "pong", "ping without a dataplane"))
        check_lossless(run_peers(net, calls, 3))
        check(len(ng.command("list", limit=100)["calls"]) == 10, "calls were forgotten")
        for call in calls:
            call.delete()


def test(lab, victim, backend="xdp"):
    net = two_networks(lab)
    relay = start_relay(net, backend, own_user=victim == "user")
    {"control": kill_control, "many": kill_control_of_many, "dataplane": kill_dataplane,
     "user": kill_dataplane}[victim](net, relay)


main(test)
