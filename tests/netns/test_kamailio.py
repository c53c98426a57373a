#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Debian's Kamailio drives the relay beside it, on the same address: two SIPp phones complete INVITE, 200, ACK and
BYE, and their media goes through the relay without loss. Argument: unix or udp, how Kamailio speaks ng.
"""
import os
import re

from common import Call, Party, ROOT, check_lossless, equal, main, media_of, one_network, run_peers, start_relay, wait_for

SCENARIOS = os.path.join(ROOT, "tests", "netns", "kamailio")
MEDIA_PORT = 30000  # in the scenarios


def start_kamailio(net, engine):
    folder = net.lab.path("kamailio")
    os.mkdir(folder)
    proxy = net.relay.start("kamailio", [
        "kamailio", "-f", os.path.join(SCENARIOS, "kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "4", "-w", folder,
        "-Y", folder, "-A", f'ENGINE="{engine}"', "-A", f"LISTEN=udp:{net.address['eth0', '4']}:5060"])
    proxy.wait_for_line(r"rtpengine instance .* found, support for it enabled", 30)
    return proxy


def start_sipp(net, host, name, *options):
    return host.start(f"sipp-{name}", [
        "sipp", "-sf", os.path.join(SCENARIOS, f"{name}.xml"), "-i", net.address[host.netns.rsplit("-", 1)[1], "4"], "-p",
        "5060", "-m", "1", "-nostdin", "-timeout", "40s", "-timeout_error", "-trace_err", "-error_file",
        net.lab.path(f"{name}-errors.log"), "-trace_msg", "-message_file", net.lab.path(f"{name}-messages.log"), *options])


def received(net, name, start):
    """The SIP message that phone `name` received and that starts so, or None."""
    try:
        with open(net.lab.path(f"{name}-messages.log"), encoding="utf-8") as f:
            text = f.read()
    except FileNotFoundError:
        return None
    match = re.search(r"message received.*?\n\r?\n(" + re.escape(start) + r".*?)(?=\n-{20}|\Z)", text, re.S)
    return match[1] if match and "a=rtpmap:101" in match[1] else None


def signalled_call(net, ng):
    """The call as the phones see it: each with the SDP that Kamailio delivered to it."""
    invite = wait_for("the INVITE at the callee", lambda: received(net, "uas", "INVITE "), 15)
    final = wait_for("the 200 at the caller", lambda: received(net, "uac", "SIP/2.0 200"), 15)
    call = Call(ng, re.search(r"^Call-ID: (\S+)", invite, re.M)[1], Party(net.address["a", "4"], MEDIA_PORT),
                Party(net.address["b", "4"], MEDIA_PORT))
    call.b.remote, call.a.remote = media_of(invite), media_of(final)
    for party in (call.a, call.b):
        equal(party.remote["address"], net.address["eth0", "4"], "media address in the SDP")
    origin = re.search(r"^o=caller 1 1 IN IP4 (\S+)", invite, re.M)
    equal(origin and origin[1], net.address["eth0", "4"], "address in the origin")
    return call


def test(lab, transport):
    net = one_network(lab)
    relay = start_relay(net, listen=["udp:127.0.0.1:2223"])
    start_kamailio(net, f"unix:{relay.ng_socket}" if transport == "unix" else "udp:127.0.0.1:2223")
    callee = start_sipp(net, net.b, "uas")
    caller = start_sipp(net, net.a, "uac", "-key", "target", net.address["b", "4"], f"{net.address['eth0', '4']}:5060")
    with relay.ng() as ng:
        call = signalled_call(net, ng)
        results = run_peers(net, [call], 3)
        check_lossless(results)
        totals = call.query()["totals"]
        equal(totals["RTP"]["packets"], sum(r["media"]["sent"] for r in results), "packets in the query's totals")
        for phone in (caller, callee):
            equal(phone.popen.wait(30), 0, f"{phone.name}: exit status")
        wait_for("the call to end with BYE", lambda: not ng.command("list")["calls"], 5)


main(test)
