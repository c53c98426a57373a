#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
rtpwire-control, started by root, runs as another user and group, without any capability, and cannot gain one.
"""
from common import check, equal, main, one_network, start_relay


def status_of(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def test(lab):
    net = one_network(lab)
    relay = start_relay(net, listen=["udp:127.0.0.1:2223"])
    status = status_of(relay.control)
    for key in ("Uid", "Gid"):
        ids = set(status[key].split())
        check("0" not in ids and len(ids) == 1, f"{key} {status[key]}")
    check("0" not in status["Groups"].split(), f"groups {status['Groups']}")
    for key in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        equal(int(status[key], 16), 0, key)
    equal(status["NoNewPrivs"].strip(), "1", "NoNewPrivs")
    with relay.ng() as ng:
        equal(ng.command("ping")["result"], "pong", "ping")


main(test)
