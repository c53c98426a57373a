# SPDX-License-Identifier: BSD-3-Clause
"""
Usage: tools/quickstart [OPTION]...
Relays real calls between two hosts in network namespaces and counts every packet.

  --seconds S            talk for S seconds (default 10)
  --calls N              two-party G.711 calls, 50 packets/s each way (default 100, at most 10000)
  --backend xdp|packet   how the relay gets packets (default xdp; if that does not start: packet, with the reason)
  --family 4|6|46        both parties IPv4, both IPv6, or one of each (default 4)
  --workers N            worker threads of the dataplane (default 1)
  --srtp [one|both]      party A (one, the default) or both parties speak SRTP with SDES keys, by libsrtp2
  --suite NAME           their SRTP suite, as in SDP (default AES_CM_128_HMAC_SHA1_80); implies --srtp
  --json FILE            write the result as JSON too
  --logs DIR             keep the logs of all programs in DIR
  --help

The dataplane and the two media peers run with real-time priority (SCHED_RR), as their service units should, so
that other work on the machine does not count as loss of the relay.

Exit status: 0 every packet arrived once, unchanged and with a right SRTP tag, at the right party; 1 something was
lost or failed; 2 wrong usage. Nothing stays behind: no process, no namespace, no rule.
"""
import argparse
import json
import os
import sys
import time

from .media import SRTP_SUITES, SUITE, Call, Party, Peer
from .net import Lab, LabError, address, wait_for
from .ng import NgError
from .relay import Relay, find_programs

FIRST_PORT = 16000  # of the parties; four apart
HOSTS = {"4": ("10.177.1.10", "10.177.2.10"), "6": ("fd77:1::10", "fd77:2::10"), "46": ("10.177.1.10", "fd77:2::10")}
RELAY = {"left": ("10.177.1.1", "fd77:1::1"), "right": ("10.177.2.1", "fd77:2::1")}
DIRECTIONS = ("A to B", "B to A")
FAULTS = ("duplicates", "misdelivered", "corrupt", "wrong_source", "auth_failed", "replayed")
SRTP_TEXT = {None: "", "one": ", A speaks SRTP with {}, B plain RTP", "both": ", A and B speak SRTP with {}"}


def number(low, high):
    def check(text):
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be from {low} to {high}")
        return value
    return check


def count(low, high):
    return lambda text: int(number(low, high)(int(text)))


def options():
    parser = argparse.ArgumentParser(prog="tools/quickstart", add_help=False,
                                     usage="tools/quickstart [OPTION]...; --help lists them")
    parser.add_argument("--build", required=True)
    parser.add_argument("--seconds", type=number(1, 86400), default=10)
    parser.add_argument("--calls", type=count(1, 10000), default=100)
    parser.add_argument("--backend", choices=("xdp", "packet"))
    parser.add_argument("--family", choices=tuple(HOSTS), default="4")
    parser.add_argument("--workers", type=count(1, 32), default=1)
    parser.add_argument("--srtp", choices=("one", "both"), nargs="?", const="one")
    parser.add_argument("--suite", choices=tuple(SRTP_SUITES))
    parser.add_argument("--json")
    parser.add_argument("--logs")
    opts = parser.parse_args()
    if opts.suite and not opts.srtp:
        opts.srtp = "one"
    if opts.srtp and not opts.suite:
        opts.suite = SUITE
    return opts


def make_network(lab):
    """Hosts a and b, each with its own network to the relay host."""
    a, b, relay = lab.host("a"), lab.host("b"), lab.host("relay")
    for host, interface, subnet in ((a, "left", 1), (b, "right", 2)):
        lab.link(host, "eth0", relay, interface)
        address(host, "eth0", f"10.177.{subnet}.10/24", f"fd77:{subnet}::10/64")
        address(relay, interface, f"10.177.{subnet}.1/24", f"fd77:{subnet}::1/64")
        host.ip("route", "add", "default", "via", f"10.177.{subnet}.1")
    return a, b, relay


def start_relay(lab, host, opts):
    """Starts both programs; xdp falls back to packet with the reason. Returns the relay and the backend."""
    for backend in [opts.backend] if opts.backend else ["xdp", "packet"]:
        relay = Relay(host, [f"{backend}:left", f"{backend}:right"], RELAY["left"] + RELAY["right"],
                      interfaces=[f"{side}/{a}" for side in RELAY for a in RELAY[side]], workers=opts.workers,
                      control_options=["--delete-delay", "0"])
        try:
            return relay.start(), backend
        except LabError as error:
            if opts.backend or backend == "packet":
                raise
            print(f"The xdp backend does not start here; falling back to packet. The reason:\n{error}\n")
            if relay.dataplane:
                relay.dataplane.stop()
            if relay.control:
                relay.control.stop()
    raise LabError("no backend left")


def set_up_calls(ng, opts):
    """Signals all calls over the UNIX socket, as a SIP proxy would."""
    home_a, home_b = HOSTS[opts.family]
    to_b = {"4": "IP4", "6": "IP6", "46": "IP6"}[opts.family]
    suite_a, suite_b = opts.suite, opts.suite if opts.srtp == "both" else None
    keys = {"direction": ["left", "right"], "address_family": to_b}
    if opts.srtp == "one":
        keys["transport_protocol"] = "RTP/AVP"
    calls = []
    for i in range(opts.calls):
        port = FIRST_PORT + 4 * i
        call = Call(ng, f"quickstart-{os.getpid()}-{i}", Party(home_a, port, srtp=suite_a),
                    Party(home_b, port, srtp=suite_b))
        call.offer(**keys)
        call.answer()
        calls.append(call)
    return calls


def watch(peers, calls, seconds):
    """The live table: a line a second until both peers end."""
    print(f"{'time':>6} {'calls':>6} {'A->B pkt/s':>11} {'B->A pkt/s':>11} {'lost':>7} {'jitter ms':>10} "
          f"{'delay ms':>9}")
    last = [{"received": 0, "t": 0}] * 2
    end = time.monotonic() + seconds + 60
    while any(p.process.running() for p in peers) and time.monotonic() < end:
        time.sleep(0.1)
        now = [p.progress() for p in peers]
        if not all(now) or any(n["t"] == o["t"] or n["t"] > seconds + 0.5 for n, o in zip(now, last)):
            continue
        rate = [(n["received"] - o["received"]) / (n["t"] - o["t"]) for n, o in zip(now, last)]
        print(f"{now[0]['t']:6.0f} {len(calls):6} {rate[1]:11.0f} {rate[0]:11.0f} "
              f"{sum(n['missing'] for n in now):7.0f} {max(n['jitter_ms'] for n in now):10.3f} "
              f"{max(n['latency_ms'] for n in now):9.3f}")
        last = now


def direction_counts(sender, receiver, kind):
    s, r = sender[kind], receiver[kind]
    return {"sent": s["sent"], "received": r["received"], "lost": s["sent"] - r["received"],
            "duplicates": r["duplicates"], "reordered": r["reordered"], "misdelivered": r["misdelivered"],
            "corrupt": r["corrupt"], "wrong_source": r["wrong_source"], "auth_failed": r["auth_failed"],
            "replayed": r["replayed"]}


def evaluate(results):
    """Counts per kind and direction, from what one side sent and the other received."""
    a, b = results
    return {kind: {DIRECTIONS[0]: direction_counts(a, b, kind), DIRECTIONS[1]: direction_counts(b, a, kind)}
            for kind in ("media", "rtcp")}


def faults(counts, results):
    """What keeps this run from being perfect, as text; "" when nothing does."""
    out = []
    for kind, directions in counts.items():
        for direction, c in directions.items():
            if c["sent"] == 0:
                out.append(f"no {kind} packet was sent {direction}")
            out += [f"{c[what]} {kind} packets {what.replace('_', ' ')} {direction}"
                    for what in ("lost", *FAULTS) if c[what]]
    errors = sum(r["send_errors"] for r in results)
    if errors:
        out.append(f"{errors} packets could not be sent")
    return "; ".join(out)


def relay_drops(ng):
    """Drop reasons of the dataplane that are not zero."""
    drops = ng.command("statistics")["statistics"].get("rtpwire", {}).get("drops", {})
    return {name: n for name, n in drops.items() if n}


def print_result(counts, fault, drops, srtp):
    print(f"\n{'':16} {'sent':>10} {'received':>10} {'lost':>8} {'reordered':>10}")
    for kind, label in (("rtcp", "RTCP"), ("media", "RTP")):
        for direction, c in counts[kind].items():
            print(f"{label + ' ' + direction:16} {c['sent']:10} {c['received']:10} {c['lost']:8} {c['reordered']:10}")
    if fault:
        print(f"FAILED: {fault}")
        print(f"drops counted by the relay: {drops or 'none'}")
    total = [sum(c[what] for c in counts["media"].values()) for what in ("sent", "received", "lost")]
    failed = sum(c["auth_failed"] for kind in counts.values() for c in kind.values())
    if srtp:
        print(f"SRTP: {failed} packets failed authentication at the parties")
    print("RTP total: {} packets sent, {} received, {} lost".format(*total))


def talk(lab, opts, network):
    a, b, host = network
    relay, backend = start_relay(lab, host, opts)
    banner = [line for line in relay.dataplane.log().splitlines() if line.strip()]
    print("\n".join(banner))
    with relay.ng() as ng:
        before = time.monotonic()
        calls = set_up_calls(ng, opts)
        took = time.monotonic() - before
        print(f"\n{len(calls)} calls set up over {relay.ng_socket} in {took:.2f} s ({backend} backend"
              f"{SRTP_TEXT[opts.srtp].format(opts.suite)})\n")
        peers = [Peer(a, [c.a.line() for c in calls], opts.seconds, drain=2),
                 Peer(b, [c.b.line() for c in calls], opts.seconds, drain=2)]
        for peer in peers:
            peer.go()
        watch(peers, calls, opts.seconds)
        results = [peer.result(30) for peer in peers]
        counts = evaluate(results)
        drops = relay_drops(ng)
        for call in calls:
            call.delete()
        wait_for("all calls to be deleted", lambda: not ng.command("list", limit=1)["calls"])
    fault = "; ".join(filter(None, [faults(counts, results), *relay.stop()]))
    return {"backend": backend, "calls": len(calls), "seconds": opts.seconds, "workers": opts.workers,
            "family": opts.family, "srtp": opts.srtp, "suite": opts.suite, "setup_seconds": took, "counts": counts,
            "relay_drops": drops,
            "jitter_ms": max(r["jitter_ms"] for r in results), "latency_ms": max(r["latency_ms"] for r in results),
            "latency_max_ms": max(r["latency_max_ms"] for r in results), "fault": fault}


def main():
    opts = options()
    sys.stdout.reconfigure(line_buffering=True)
    try:
        with Lab(find_programs(opts.build), keep_logs=opts.logs) as lab:
            result = talk(lab, opts, make_network(lab))
    except (LabError, NgError, OSError) as error:
        print(f"quickstart: {error}", file=sys.stderr)
        return 1
    if opts.json:
        with open(opts.json, "w", encoding="ascii") as f:
            json.dump(result, f, indent=2)
    print_result(result["counts"], result["fault"], result["relay_drops"], opts.srtp)
    return 1 if result["fault"] else 0


if __name__ == "__main__":
    sys.exit(main())
