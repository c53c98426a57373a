#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
rtpwire-bench against the real programs: that it measures, and that what it measured was right; not how fast.
Argument: the benchmark.
"""
import json
import os

from common import Relay, check, equal, main, wait_idle

MEDIA = "198.51.100.1"


def bench(lab, host, *arguments):
    """Runs a benchmark in a host and returns its JSON."""
    program = os.path.join(os.path.dirname(lab.program("rtpwire")), "rtpwire-bench")
    return json.loads(host.run(program, *arguments, "--json", "-", timeout=80))


def check_latencies(row):
    for step in ("offer", "answer", "delete"):
        times = [row[f"{step}_{p}_us"] for p in ("p50", "p90", "p99", "p99_9", "max")]
        check(0 < times[0] and times == sorted(times), f"{step}: {times}")


def signal(lab):
    """Every transport of ng and every kind of call, nothing left behind."""
    host = lab.host("relay")
    dgram = os.path.join(lab.path("relay-run"), "ng-dgram.sock")
    listen = ["udp:127.0.0.1:2223", "tcp:127.0.0.1:2223", "udp:[::1]:2223", f"unix-dgram:{dgram}"]
    relay = lab.relay = Relay(host, ["null"], [MEDIA], listen=listen, media_ports="8000-47999").start()
    pids = ["--pid", str(relay.control.pid), "--pid", str(relay.dataplane.pid)]
    for url in [f"unix:{relay.ng_socket}", *listen]:
        for srtp in ("both",) if url != listen[0] else ("none", "one", "both"):
            out = bench(lab, host, "signal", "--quick", "--ng", url, "--srtp", srtp, *pids)
            equal([r["window_calls"] for r in out["windows"]], [1, 16], "windows")
            for row in out["windows"]:
                equal((row["good_calls"], row["errors_calls"]), (400, 0), f"{url}, {srtp}: good calls and errors")
                check(row["calls_per_s"] > 0, "no rate")
                check_latencies(row)
            equal(out["hold"]["held_calls"], 100, "calls held")
            check(out["hold"]["after_pss_bytes"] > 0, "no memory")
    with relay.ng() as ng:
        wait_idle(ng)


CASES = {"signal": signal}


def test(lab, case):
    CASES[case](lab)


main(test)
