#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
rtpwire-bench against the real programs: that it measures, and that what it measured was right; not how fast.
Argument: the benchmark.
"""
import json
import os
import shutil
import xml.etree.ElementTree as ET

from common import Relay, Skip, check, equal, main, one_network, run, start_relay, wait_idle

MEDIA = "198.51.100.1"
SVG = "{http://www.w3.org/2000/svg}svg"
PERCENTILES = ("p50_us", "p90_us", "p99_us", "p99_9_us", "p99_99_us", "max_us")
FAULTS = ("duplicates", "too_late", "wrong_destination", "wrong_source", "wrong_payload", "wrong_checksum", "srtp_auth_failed",
          "srtp_other")


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


def bench_wire(net, relay, *options, family="4"):
    """Calls from host a through the relay; JSON and report page."""
    page = net.lab.path("wire.html")
    out = bench(net.lab, net.a, "wire", "--port", "xdp:eth0", "--ng", f"unix:{relay.ng_socket}", "--local",
                net.address["a", family], "--report", page, *options)
    return out, ET.parse(page).getroot()


def check_clean(out, streams, packets):
    result = out["result"]
    equal((out["streams_count"], result["lost_packets"], result["faults_packets"]), (streams, 0, 0), f"streams, lost, faults: {result['counts']}")
    equal([result["counts"][f] for f in FAULTS], [0] * len(FAULTS), "faults")
    equal(result["counts"]["sent"] + result["counts"]["skipped"], packets, "packets sent")
    equal(result["counts"]["received"], result["counts"]["sent"], "packets received")
    times = [result["latency"][p] for p in PERCENTILES]
    check(0 < times[0] and times == sorted(times), f"latencies {times}")
    check(sum(s["received_packets"] for s in result["samples"]) == result["counts"]["received"], "samples do not add up")
    check(out["relay"]["backend"].startswith("xdp"), f"relay: {out['relay']}")


def check_page(page, out):
    equal(len(page.findall(f".//{SVG}")), 4 + (out["search"] is not None), "plots")
    text = "".join(page.itertext())
    for word in (out["command"], out["cpu"], "p99"):
        check(word in text, f"the page says nothing of {word}")


def wire_plain(net, relay):
    out, page = bench_wire(net, relay, "--calls", "20", "--duration", "2")
    check_clean(out, 40, 40 * 50 * 2)
    check_page(page, out)
    out, _ = bench_wire(net, relay, "--calls", "5", "--duration", "1", "--direction", "a-to-b", "--payload", "1001", family="6")
    check_clean(out, 5, 5 * 50)


def wire_srtp(net, relay):
    for legs, suite in (("both", "AES_CM_128_HMAC_SHA1_80"), ("a", "AEAD_AES_256_GCM"), ("b", "AES_CM_128_HMAC_SHA1_32")):
        out, _ = bench_wire(net, relay, "--calls", "10", "--duration", "2", "--srtp", legs, "--suite", suite)
        check_clean(out, 20, 20 * 50 * 2)
        check(suite in out["srtp"], f"SRTP: {out['srtp']}")


def wire_search(net, relay):
    out, page = bench_wire(net, relay, "--calls", "4", "--search", "--trial", "0.5", "--rate", "1000", "--resolution", "20")
    found = out["search"]
    check(found["found"] and 0 < found["throughput_pps"] <= 1010, f"{found}")
    check(found["trials"], "no trial")
    check_page(page, out)


def wire(lab):
    """A real relay, both on XDP: what is sent comes back whole, plain and secured, also at the rates of a search."""
    net = one_network(lab)
    relay = start_relay(net)
    for part in (wire_plain, wire_srtp, wire_search):
        part(net, relay)
    with relay.ng() as ng:
        wait_idle(ng)


ENGINES = ("rtpwire", "rtpengine")


def check_compared(out):
    equal((out["peer"], out["rounds_count"], out["modes"]), ("rtpengine", 1, ["rtp_to_srtp"]), "what was compared")
    equal(tuple(out["runs"]), ENGINES, "engines")
    for engine in ENGINES:
        rate = out["runs"][engine][0]["rtp_to_srtp_rate"]["result"]
        equal(rate["faults_packets"], 0, f"{engine}: faults")
        for srtp in ("none", "both"):
            rows = out["runs"][engine][0][f"signal_srtp_{srtp}"]["windows"]
            equal([w["errors_calls"] for w in rows], [0, 0], f"{engine}: errors")
        for key in ("rtp_to_srtp_latency_p50_us", "rtp_to_srtp_latency_p99_9_us", "signal_srtp_both_window_16_calls_per_s",
                    "after_hold_pss_bytes"):
            row = out["results"][key]
            check(row[engine] > 0 and row["rounds"][engine] == [row[engine]], f"{key}: {row}")
    row = out["results"]["signal_srtp_both_window_1_calls_per_s"]
    check(abs(row["times_better"] - row["rtpwire"] / row["rtpengine"]) < 1e-6, f"{row}")
    for key in ("rtp_to_srtp_zero_loss_pps", "rtp_to_srtp_cpu_s_per_million_packets", "call_pss_bytes"):
        check(set(ENGINES) < set(out["results"][key]), key)


def compare(lab):
    """It makes its own hosts."""
    if not shutil.which("rtpengine"):
        raise Skip("rtpengine is not installed (rtpengine-daemon)")
    if not {0, 1} <= os.sched_getaffinity(0):
        raise Skip("needs CPU 0 and CPU 1")
    program = os.path.join(os.path.dirname(lab.program("rtpwire")), "rtpwire-bench")
    check_compared(json.loads(run(program, "compare", "--quick", "--signal-calls", "50", "--hold", "50", "--duration", "0.5",
                                  "--json", "-", timeout=80)))


CASES = {"signal": signal, "wire": wire, "compare": compare}


def test(lab, case):
    CASES[case](lab)


main(test)
