#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
tools/quickstart can be believed: a good run ends with 0 lost and status 0, its JSON says the same; a run that
loses packets says so and fails; where XDP cannot start, the fallback is announced with the reason.
"""
import contextlib
import io
import json
import os
import sys

from common import ROOT, check, equal, main
from lab import net, quickstart


def run_quickstart(*arguments, network=None, mtu=None):
    """Runs it in this process. network(a, b, relay) may spoil the network; returns (status, output)."""
    make, link = quickstart.make_network, net.Lab.link

    def spoiled(lab):
        hosts = make(lab)
        if network:
            network(*hosts)
        return hosts

    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sys.argv = ["quickstart", "--build", os.environ.get("RTPWIRE_BUILD", os.path.join(ROOT, "build")), *arguments]
    try:
        quickstart.make_network = spoiled
        if mtu:
            net.Lab.link = lambda self, *ends: link(self, *ends, mtu=mtu)
        with contextlib.redirect_stdout(output):
            status = quickstart.main()
    finally:
        quickstart.make_network, net.Lab.link = make, link
    output.seek(0)
    return status, output.read()


def good(path):
    status, text = run_quickstart("--seconds", "2", "--calls", "10", "--family", "46", "--json", path)
    equal(status, 0, f"exit status of a good run:\n{text}")
    check(text.endswith("RTP total: 2000 packets sent, 2000 received, 0 lost\n"), text)
    with open(path, encoding="ascii") as f:
        result = json.load(f)
    for direction in ("A to B", "B to A"):
        counts = result["counts"]["media"][direction]
        equal((counts["sent"], counts["received"], counts["lost"]), (1000, 1000, 0), direction)
    equal(result["backend"], "xdp", "backend")


def srtp(path):
    """One leg and both legs; the suite is chosen. The counts are those of the plain run."""
    for words, legs, suite in ((["--srtp"], "one", "AES_CM_128_HMAC_SHA1_80"),
                               (["--srtp", "both", "--suite", "AEAD_AES_256_GCM"], "both", "AEAD_AES_256_GCM")):
        status, text = run_quickstart("--seconds", "2", "--calls", "10", "--json", path, *words)
        equal(status, 0, f"exit status of a run with {' '.join(words)}:\n{text}")
        check(text.endswith("SRTP: 0 packets failed authentication at the parties\n"
                            "RTP total: 2000 packets sent, 2000 received, 0 lost\n"), text)
        with open(path, encoding="ascii") as f:
            result = json.load(f)
        equal((result["srtp"], result["suite"]), (legs, suite), "what the JSON says of SRTP")


def lossy():
    """Host b does not hear the first call."""
    def deafen(_a, b, _relay):
        b.run("nft", "add table inet deaf; add chain inet deaf in { type filter hook input priority 0; }; "
                     "add rule inet deaf in udp dport 16000 drop")

    status, text = run_quickstart("--seconds", "2", "--calls", "10", network=deafen)
    equal(status, 1, f"exit status of a run that loses packets:\n{text}")
    check("FAILED: 100 media packets lost A to B" in text and "1900 received, 100 lost" in text, text)


def fallback():
    """XDP cannot have packets as large as this MTU."""
    status, text = run_quickstart("--seconds", "1", "--calls", "2", mtu=9000)
    equal(status, 0, f"exit status with the fallback:\n{text}")
    check("falling back to packet" in text and "MTU" in text and "packet backend" in text, text)
    status, text = run_quickstart("--seconds", "1", "--calls", "2", "--backend", "xdp", mtu=9000)
    equal(status, 1, f"exit status when xdp is demanded:\n{text}")


def test(lab):
    good(lab.path("quickstart.json"))
    srtp(lab.path("srtp.json"))
    lossy()
    fallback()


main(test)
