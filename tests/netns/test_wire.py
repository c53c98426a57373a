#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
What the relay puts on the wire, with tshark as the judge: the TOS asked for, right IP and UDP checksums, no
malformed packet. Argument: families (4, 6, 46).
"""
import time

from common import check, check_lossless, equal, main, make_calls, run_peers, start_relay, two_networks, wait_for

FIELDS = ("ip.dsfield", "ipv6.tclass", "udp.checksum.status", "ip.checksum.status", "udp.srcport", "_ws.malformed")


def capture(host):
    """Starts tshark on the host's link; what it receives from the relay."""
    path = host.lab.path(f"{host.name}.pcap")
    process = host.start(f"tshark-{host.name}", ["tshark", "-q", "-i", "eth0", "-f", "udp and inbound", "-w", path])
    process.wait_for_line("Capturing on", 20)
    wait_for("tshark to open its file", lambda: open_size(path) > 0, 20)
    return process, path


def open_size(path):
    try:
        with open(path, "rb") as f:
            return len(f.read(24))
    except FileNotFoundError:
        return 0


def judged(host, path):
    fields = [word for field in FIELDS for word in ("-e", field)]
    # else a media port that happens to be another protocol's gets that one's dissector
    out = host.run("tshark", "-r", path, "-d", "udp.port==8000-48000,rtp", "-o", "udp.check_checksum:TRUE",
                   "-o", "ip.check_checksum:TRUE", "-T", "fields", *fields, timeout=60)
    return [dict(zip(FIELDS, line.split("\t"))) for line in out.splitlines()]


def check_packets(packets, family, tos, port):
    media = [p for p in packets if p["udp.srcport"] == str(port)]
    check(len(media) >= 100, f"only {len(media)} packets from port {port} were captured")
    for p in media:
        shown = p["ip.dsfield"] if family == "4" else p["ipv6.tclass"]
        equal(int(shown, 16), tos, "TOS")
        equal(p["udp.checksum.status"], "1", "UDP checksum (1 = good)")
        equal(p["_ws.malformed"], "", "malformed")
        if family == "4":
            equal(p["ip.checksum.status"], "1", "IP checksum (1 = good)")


def test(lab, families="4"):
    net = two_networks(lab)
    relay = start_relay(net, control_options=["--delete-delay", "0", "--tos", "184"])
    with relay.ng() as ng:
        for tos, extra in ((184, {}), (72, {"TOS": 72})):
            calls = make_calls(net, ng, 1, families, prefix=f"tos-{tos}", **extra)
            captures = [capture(net.a), capture(net.b)]
            check_lossless(run_peers(net, calls, 3))
            time.sleep(1)
            for process, _ in captures:
                process.stop()
            parties = (calls[0].a, calls[0].b)
            for host, party, family, (_, path) in zip((net.a, net.b), parties, (families[0], families[-1]), captures):
                check_packets(judged(host, path), family, tos, party.remote["port"])
            calls[0].delete()


main(test)
