#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Keys stay where they are needed. After calls with SRTP no master key and no session key lies in memory of the dataplane that
would go into a core dump; control makes no core dumps; neither tells a key in logs or replies.
"""
import base64
import json
import os
import re
import sys

from common import ROOT, check, check_lossless, main, run_peers, srtp_call, start_relay, two_networks
from lab.media import SUITE

sys.path.insert(0, os.path.join(ROOT, "tests", "sim"))
from srtp import Context  # noqa: E402  pylint: disable=wrong-import-position

REGION = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$")


def dumped_regions(pid):
    """(first, end, name) of all memory that a core dump would hold: readable, and not marked "do not dump"."""
    out, region = [], None
    with open(f"/proc/{pid}/smaps", encoding="ascii") as f:
        for line in f:
            found = REGION.match(line)
            if found:
                region = int(found[1], 16), int(found[2], 16), found[4], found[3]
            elif line.startswith("VmFlags:") and region[3].startswith("r") and "dd" not in line.split():
                if not region[2].startswith(("[v", "/dev/")):
                    out.append(region[:3])
    return out


def find(pid, secrets):
    """Where secrets lie in what would be dumped."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for first, end, name in dumped_regions(pid):
            try:
                data = os.pread(mem.fileno(), end - first, first)
            except OSError:
                continue
            found += [f"{what} in {name or 'anonymous memory'} at {first + data.index(secret):x}"
                      for what, secret in secrets if secret in data]
    return found


def secrets_of(calls):
    """Master keys as bytes and as text, and the session keys that follow from them."""
    for call in calls:
        for party in (p for p in (call.a, call.b) if p.srtp):
            for whose, text in (("a phone", party.key), ("the relay", party.chosen().key)):
                master = base64.b64decode(text + "=" * (-len(text) % 4))
                yield f"master key of {whose}", master[:16]
                yield f"master key of {whose} as text", text.encode()
                for n, key in enumerate(Context(master).keys):
                    if n % 3 != 2:  # salts are in the contexts too, but secret no more than SSRCs
                        yield f"session key {n} of {whose}", key


def check_no_core_file(process):
    with open(f"/proc/{process.pid}/limits", encoding="ascii") as f:
        check(re.search(r"^Max core file size +0 +0 ", f.read(), re.M), f"{process.name} may write core files")


def check_control(relay):
    pid = relay.control.pid
    check_no_core_file(relay.control)
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        uid = int(re.search(r"^Uid:\s+(\d+)", f.read(), re.M)[1])
    # what a process that must not be dumped has in /proc belongs to root, whoever it runs as
    check(uid != 0 and os.stat(f"/proc/{pid}/mem").st_uid == 0, "control can be dumped")


def test(lab, engine="auto"):
    net = two_networks(lab)
    relay = start_relay(net, dataplane_options=["--srtp-engine", engine])
    with relay.ng() as ng:
        calls = [srtp_call(net, ng, f"secret-{i}", suites, port=16000 + 4 * i)
                 for i, suites in enumerate([(SUITE, None), (None, SUITE), (SUITE, SUITE)])]
        check_lossless(run_peers(net, calls, 3))
        told = json.dumps([call.query() for call in calls]) + relay.control.log() + relay.dataplane.log()
        secrets = list(secrets_of(calls))
        for call in calls[:3]:
            call.delete()
        check(not [what for what, s in secrets if s in told.encode()], "a key was told")
        if engine == "libsrtp2":
            check_no_core_file(relay.dataplane)
        else:
            found = find(relay.dataplane.pid, secrets)
            check(not found, f"would be dumped: {found}")
        check_control(relay)


main(test)
