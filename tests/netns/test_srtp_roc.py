#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
The rollover counter of SRTP (RFC 3711 section 3.3.1) through all that signalling does to a call. Party a speaks SRTP,
party b plain RTP; each case begins just before the first wrap of the sequence number and goes on beyond the second, by
libsrtp2's reckoning, not ours. Argument: the case.

  long            nothing happens
  both            nothing happens, and both legs are SRTP, with suites of their own
  reinvite        offers from both sides, with the same keys
  hold            a puts b on hold and resumes
  rekey           a takes a new key, twice; old packets are still good for a while
  rekey-both      the same, and b is SRTP with a's suite, so that a's key reaches it
  address         a moves to another port with its key (port-latching: the relay's ports stay)
  address-ports   the same with new ports of the relay
  transfer        b is another phone from now on (port-latching)
  transfer-ports  the same with new ports of the relay
  restart         b begins its sequence numbers anew on the same SSRC, three times
"""
import os
import time

from common import Peer, check, equal, main, numbers, srtp_call, start_relay, streams_of, two_networks, wait_for
from lab.media import SUITE

SLOW = bool(os.environ.get("RTPWIRE_SLOW"))  # programs with sanitizers
RATE = 2500 if SLOW else 5000  # packets a second, so that 65,536 do not take all day
FIRST_SEQ = 65000
SECOND_WRAP = 65536 + (65536 - FIRST_SEQ)  # packets until then
PACKETS = 72500  # that each party sends, at least: well beyond the second wrap
SECONDS_MAX = 120  # enough for a busy machine, too
OTHER_SUITE = "AEAD_AES_128_GCM"
FAULTS = ("duplicates", "misdelivered", "corrupt", "wrong_source", "auth_failed", "replayed")


class Talk:
    """A call whose parties talk at a high rate; a and b are the peers, call.a and call.b their parties."""

    def __init__(self, net, ng, suites=(SUITE, None), options=({}, {}), **extra):
        options = [{"seq": FIRST_SEQ, **more} for more in options]
        self.net = net
        self.call = srtp_call(net, ng, "roc", suites, options=options, **extra)
        self.a, self.b = talker(net.a, self.call.a), talker(net.b, self.call.b)
        self.a.go(), self.b.go()

    def reach(self, packets, *peers):
        """Waits until both (or these) have sent so many."""
        for peer in peers or (self.a, self.b):
            wait_for(f"{packets} packets of {peer.name}", lambda p=peer: p.progress().get("sent", 0) >= packets,
                     SECONDS_MAX)

    def sending(self, on):
        self.a.order(f"send {self.call.a.id} {int(on)}")
        self.b.order(f"send {self.call.b.id} {int(on)}")

    def redirect(self):
        """Both phones send to where their last SDP says."""
        for peer, party in ((self.a, self.call.a), (self.b, self.call.b)):
            r = party.remote
            peer.order(f"remote {party.id} {r['address']}:{r['port']} {r['address']}:{r['rtcp']}")

    def results(self):
        """Of a and b, when both have crossed the second wrap and all that is under way has arrived."""
        self.reach(PACKETS)
        self.sending(False)
        time.sleep(0.5)
        out = [peer.stop().result() for peer in (self.a, self.b)]
        for result in out:
            equal(result["send_errors"], 0, "packets that could not be sent")
        return out

    def check_whole(self, results=None, but=(), lost=0, reports=0):
        """All that was sent arrived. but: faults that are none here; lost, reports: media from b, RTCP from a that may be."""
        a, b = results or self.results()
        may = {("b to a", "media"): lost, ("a to b", "rtcp"): reports}
        for sender, receiver, way in ((a, b, "a to b"), (b, a, "b to a")):
            for kind in ("media", "rtcp"):
                s, r = sender[kind], receiver[kind]
                missing = s["sent"] - r["received"]
                check(0 <= missing <= may.get((way, kind), 0),
                      f"{way}: {s['sent']} {kind} packets sent, {r['received']} received: {s}, {r}")
                for fault in FAULTS:
                    check(fault in but or r[fault] == 0, f"{way}: {r[fault]} {kind} packets {fault}")

    def drops(self, reason):
        """How many packets the relay refused for this reason."""
        return sum(s.get("rtpwire", {}).get("drops", {}).get(reason, 0) for _, s in streams_of(self.call.query()))

    def check_drops(self, *allowed):
        """The relay refused nothing but for these reasons."""
        for tag, stream in streams_of(self.call.query()):
            drops = {k: n for k, n in stream.get("rtpwire", {}).get("drops", {}).items() if n and k not in allowed}
            equal(drops, {}, f"drops of {tag}")


def talker(host, party):
    """A peer that talks at a high rate, from go() until it is stopped."""
    return Peer(host, [party.line()], SECONDS_MAX, rate=RATE, rtcp=0.2)


def long(net, ng, suites=(SUITE, None)):
    talk = Talk(net, ng, suites)
    talk.check_whole()
    talk.check_drops()


def both(net, ng):
    long(net, ng, (SUITE, OTHER_SUITE))


def reinvite(net, ng):
    talk = Talk(net, ng)
    call = talk.call
    before = call.a.chosen(), call.a.remote["port"], call.b.remote["port"]
    for packets in (3000, 20000, 40000):
        talk.reach(packets)
        call.offer(reoffer=True)
        call.answer()
        call.offer(sender=call.b)
        call.answer(sender=call.a)
        equal((call.a.chosen(), call.a.remote["port"], call.b.remote["port"]), before, "key and ports of the relay")
    talk.check_whole()
    talk.check_drops()


def hold(net, ng):
    talk = Talk(net, ng)
    call = talk.call
    before = call.a.chosen()
    for packets, direction, counterpart in ((3000, "sendonly", "recvonly"), (20000, "inactive", "inactive")):
        talk.reach(packets)
        talk.sending(False)
        time.sleep(0.2)  # for what is under way
        call.offer(reoffer=True, sdp=call.a.sdp(direction=direction))
        call.answer(sdp=call.b.sdp(direction=counterpart))
        time.sleep(0.5)
        call.offer(reoffer=True)
        call.answer()
        equal(call.a.chosen(), before, "key of the relay")
        talk.sending(True)
    talk.check_whole()
    talk.check_drops()


def rekey(net, ng, suites=(SUITE, None)):
    """
    a uses its new key once it is answered; until then the relay must take the old one. b, if SRTP, knows the new
    key with the offer, and the relay may use it when b has answered. Between that and a's first packet with it a's reports
    have to stay behind: a number of the relay's own under a's key would be one that a is going to use.
    """
    talk = Talk(net, ng, suites)
    call = talk.call
    for packets in (3000, 40000):
        talk.reach(packets)
        call.a.new_key()
        call.offer(reoffer=True)
        if call.b.srtp:
            talk.b.order(f"key {call.b.id} rx {call.b.chosen().key}")
        call.answer()
        time.sleep(0.3)  # a's old packets may be late, too
        talk.a.order(f"key {call.a.id} tx {call.a.key} rx {call.a.chosen().key}")
        talk.reach(packets + 10000)
        # By now nobody sends with an old key any more: whatever does, fails.
        talk.a.order(f"forget {call.a.id}")
        if call.b.srtp:
            talk.b.order(f"forget {call.b.id}")
    talk.check_whole(reports=talk.drops("srtp_repeated") if call.b.srtp else 0)
    talk.check_drops(*(["srtp_repeated"] if call.b.srtp else []))


def rekey_both(net, ng):
    rekey(net, ng, (SUITE, SUITE))


def address(net, ng, flags=("port-latching",)):
    """While a moves it is silent; b talks on, and a listens at both places."""
    talk = Talk(net, ng, flags=list(flags))
    call = talk.call
    for packets, port in ((3000, 17000), (20000, 18000)):
        talk.reach(packets)
        talk.a.order(f"send {call.a.id} 0")
        time.sleep(0.2)
        home = call.a.address
        talk.a.order(f"local {call.a.id} {home}:{port} {home}:{port + 1}")
        call.a.port = port
        call.offer(reoffer=True, flags=list(flags))
        call.answer(flags=list(flags))
        talk.redirect()
        talk.a.order(f"send {call.a.id} 1")
    # What reaches a from a port of the relay that a has not been told of yet, or was told of before, is no fault.
    talk.check_whole(but=("wrong_source",))
    talk.check_drops()


def address_ports(net, ng):
    address(net, ng, flags=())


def transfer(net, ng, flags=("port-latching",)):
    """b falls silent, c is signalled in its place and talks with an SSRC and numbers of its own."""
    talk = Talk(net, ng, flags=list(flags))
    call = talk.call
    before = call.a.chosen()
    talk.reach(20000)
    talk.b.order(f"send {call.b.id} 0")
    time.sleep(0.2)
    call.b.port, call.b.options = 19000, {"seq": 30000, "ssrc": 7, "first": 1000000}
    call.b.send = False
    c = talker(net.b, call.b).go()
    call.offer(sender=call.b, flags=list(flags))
    call.answer(sender=call.a, flags=list(flags))
    equal(call.a.chosen(), before, "key of the relay")
    for peer, party in ((talk.a, call.a), (c, call.b)):
        r = party.remote
        peer.order(f"remote {party.id} {r['address']}:{r['port']} {r['address']}:{r['rtcp']}")
    c.order(f"send {call.b.id} 1")
    talk.reach(PACKETS, talk.a)
    talk.reach(20000, c)
    talk.sending(False)
    c.order(f"send {call.b.id} 0")
    time.sleep(0.5)  # for what is under way
    a, b, c = (peer.stop().result() for peer in (talk.a, talk.b, c))
    heard = [numbers(r["streams"][0]["numbers"]) for r in (b, c)]
    check(len(heard[0]) > 20000 and len(heard[1]) > 20000, "b or c heard nothing")
    equal(sorted(set(range(a["media"]["sent"])) - heard[0] - heard[1])[:10], [], "packets of a that neither b nor c heard")
    got = numbers(a["streams"][0]["numbers"])
    equal(sorted(set(range(b["media"]["sent"])) - got)[:10], [], "packets of b that a did not hear")
    equal(sorted(set(range(1000000, 1000000 + c["media"]["sent"])) - got)[:10], [], "packets of c that a did not hear")
    for result in (a, b, c):
        for fault in ("corrupt", "misdelivered", "auth_failed", "replayed"):
            equal(result["media"][fault], 0, f"media packets {fault}")
    talk.check_drops("no_peer", "source_refused")


def transfer_ports(net, ng):
    transfer(net, ng, flags=())


def restart(net, ng):
    """
    To a, a restart must look as if b had never begun anew: libsrtp2 would refuse old numbers. One packet may be lost
    each time: a relay cannot tell at once whether it is late.
    """
    talk = Talk(net, ng, options=({"renumber": 1}, {}))
    for packets, seq in ((20000, 5), (30000, 40000), (40000, 20000)):
        talk.reach(packets)
        talk.b.order(f"restart {talk.call.b.id} {seq}")
    a, b = talk.results()
    check(a["media"]["renumbered"] > 0, "no packet was renumbered, so the restarts cannot have been relayed")
    talk.check_whole((a, b), lost=3)
    talk.check_drops("srtp_repeated")


CASES = {f.__name__.replace("_", "-"): f for f in (long, both, reinvite, hold, rekey, rekey_both, address, address_ports,
                                                   transfer, transfer_ports, restart)}


def test(lab, case):
    net = two_networks(lab)
    relay = start_relay(net)
    with relay.ng() as ng:
        CASES[case](net, ng)


main(test)
