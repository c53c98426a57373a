#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
SRTP through the relay, with libsrtp2 as the judge. Arguments: the case, and the relay's engine (default auto).

  suites      every suite towards plain RTP, in both roles, RTCP and SRTCP too, on two ports and on one
  others      suites that libsrtp2 lacks, by openssl and what the RFCs say
  both        SRTP on both legs, with equal and with different suites
  forged      replayed, changed and invented packets change nothing, are counted by reason and move no peer
  control     rtpwire-control is killed under SRTP traffic: nothing is lost
  dataplane   rtpwire-dataplane is killed after the first wrap: SRTP goes on when it is back
"""
import socket
import time

from common import (Peer, check, check_lossless, check_unheard, equal, main, numbers, restart_control, restart_dataplane,
                    run_peers, srtp_call, start_relay, streams_of, two_networks, wait_for, wait_idle)
from lab.media import OTHER_SUITES, SRTP_SUITES, SUITE
from pysrtp import Srtp

ETH_P_IP = 0x0800
PACKETS = 50  # forged ones of each kind


def check_no_key_told(relay, calls):
    """Keys are nobody's business but the phones'."""
    for process in (relay.control, relay.dataplane):
        for call in calls:
            for party in (call.a, call.b):
                told = party.srtp and (party.key in process.log() or party.chosen().key in process.log())
                check(not told, f"{process.name} logs a key of {call.id}")


def talk(net, ng, relay, cases, seconds=3):
    """Calls of (suite of a, suite of b, options of both); each loses nothing."""
    calls = [srtp_call(net, ng, f"srtp-{i}", suites, port=16000 + 4 * i, options=(options, options))
             for i, (*suites, options) in enumerate(cases)]
    for call in calls:
        for party in (call.a, call.b):
            equal(party.remote["protocol"], "RTP/SAVP" if party.srtp else "RTP/AVP", f"protocol for {call.id}")
            if not party.srtp:
                equal(party.remote["crypto"], [], f"crypto of a plain leg of {call.id}")
        equal(len(call.a.remote["crypto"]), 1 if call.a.srtp else 0, f"crypto lines of the answer of {call.id}")
    check_lossless(run_peers(net, calls, seconds, rtcp=0.3))
    for call in calls:
        for tag, stream in streams_of(call.query()):
            equal({k: n for k, n in stream.get("rtpwire", {}).get("drops", {}).items() if n}, {}, f"drops of {tag}")
    check_no_key_told(relay, calls)
    for call in calls:
        call.delete()
    wait_idle(ng)


def suites(net, ng, relay):
    """a SRTP and b plain, then b SRTP and a plain, with RTCP on its own port and on that of RTP."""
    for options in ({}, {"mux": True}):
        talk(net, ng, relay, [(suite, None, options) for suite in SRTP_SUITES] +
             [(None, suite, options) for suite in SRTP_SUITES])


def both(net, ng, relay):
    names = list(SRTP_SUITES)
    talk(net, ng, relay, [(suite, suite, {}) for suite in names] +
         [(suite, names[(i + 1) % len(names)], {"mux": bool(i % 2)}) for i, suite in enumerate(names)])


def packets_of(ssrc, count=12):
    """Plain RTP with G.711 that is different in each packet."""
    return [bytes([0x80, 0]) + (1000 + n).to_bytes(2, "big") + (160 * n).to_bytes(4, "big") + ssrc.to_bytes(4, "big") +
            bytes((ssrc + 3 * n + i) & 0xff for i in range(160)) for n in range(count)]


def others(net, ng, _relay):
    """a secures and checks packet by packet in Python; b is plain."""
    for i, suite in enumerate(OTHER_SUITES):
        call = srtp_call(net, ng, f"other-{i}", (suite, None), port=16000 + 4 * i)
        a, b = net.a.udp(call.a.address, call.a.port, 5), net.b.udp(call.b.address, call.b.port, 5)
        tx, rx = Srtp(suite, call.a.key), Srtp(suite, call.a.chosen().key)
        for packet in packets_of(7):
            a.sendto(tx.protect(packet), (call.a.remote["address"], call.a.remote["port"]))
            equal(b.recv(2048), packet, f"what b hears of a's {suite}")
        for packet in packets_of(8):
            b.sendto(packet, (call.b.remote["address"], call.b.remote["port"]))
            equal(rx.unprotect(a.recv(2048)), packet, f"what a hears with {suite}")
        a.close(), b.close()
        call.delete()
        print(suite, flush=True)


class Wire:
    """What host a sends from a port, as UDP payloads; and a way to send more from that port beside its owner."""

    def __init__(self, net, call):
        self.call, self.port = call, call.a.port
        self.tap = net.a.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))  # ETH_P_ALL: what leaves, too
        self.tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.tap.bind(("eth0", 3))
        self.raw = net.a.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)

    def captured(self, count):
        """The next packets that leave the port towards the relay's."""
        out = []
        self.tap.setblocking(False)
        try:
            while self.tap.recv(2048):
                pass  # old ones, and what send() sent
        except BlockingIOError:
            pass
        self.tap.settimeout(10)
        while len(out) < count:
            data, about = self.tap.recvfrom(2048)
            udp = data[4 * (data[0] & 15):] if data else b""
            ports = int.from_bytes(udp[:2], "big"), int.from_bytes(udp[2:4], "big")
            if about[2] == socket.PACKET_OUTGOING and about[1] == ETH_P_IP and ports == (self.port, self.target()[1]):
                out.append(udp[8:])
        return out

    def target(self):
        return self.call.a.remote["address"], self.call.a.remote["port"]

    def send(self, payloads):
        address, port = self.target()
        for payload in payloads:
            header = b"".join(n.to_bytes(2, "big") for n in (self.port, port, 8 + len(payload), 0))
            self.raw.sendto(header + payload, (address, 0))
            time.sleep(0.002)

    def close(self):
        self.tap.close()
        self.raw.close()


def flipped(packet, at):
    return packet[:at] + bytes([packet[at] ^ 0x55]) + packet[at + 1:]


def ahead(packet, by):
    """With a sequence number that the stream has yet to reach, which is no replay."""
    return packet[:2] + (int.from_bytes(packet[2:4], "big") + by & 0xffff).to_bytes(2, "big") + packet[4:]


def noise(packet, n):
    return packet[:12] + bytes((n * i) & 0xff for i in range(len(packet) - 12))


def forgeries(packets):
    """
    Of each, one changed in its header, one in its payload, one in its tag; and one invented, everywhere between the
    stream and half of all numbers ahead, to upset the rollover counter.
    """
    out = []
    for n, packet in enumerate(packets):
        out += [ahead(packet, 400), flipped(ahead(packet, 500), 20 + n), flipped(ahead(packet, 600), len(packet) - 1),
                noise(ahead(packet, 1000 + 600 * n), n)]
    return out


def drops_of(call, reason):
    return sum(s.get("rtpwire", {}).get("drops", {}).get(reason, 0) for _, s in streams_of(call.query()))


def stranger_in_window(net, ng):
    """While an address may be learned, what is not authentic does not teach one."""
    call = srtp_call(net, ng, "window", (SUITE, None))
    stranger = net.a.udp(net.address["a", "4"], 18000)
    made_up = [bytes([0x80, 0]) + n.to_bytes(2, "big") + bytes(n for _ in range(178)) for n in range(PACKETS)]
    for packet in made_up:
        stranger.sendto(packet, (call.a.remote["address"], call.a.remote["port"]))
    check_lossless(run_peers(net, [call], 3))
    check_unheard(stranger)
    equal(drops_of(call, "srtp_auth_failed"), PACKETS, "packets of the stranger counted as srtp_auth_failed")
    call.delete()


def forge(net, ng):
    """Under a's own address and port, where the source tells nothing."""
    call = srtp_call(net, ng, "forged", (SUITE, None), options=({"seq": 65500}, {}))
    wire = Wire(net, call)

    def attack():
        packets = wire.captured(PACKETS)
        wire.send(packets)
        wire.send(forgeries(packets))
        wire.send(forgeries(wire.captured(10)))

    check_lossless(run_peers(net, [call], 6, during=attack))
    wire.close()
    equal(drops_of(call, "srtp_replayed"), PACKETS, "packets counted as srtp_replayed")
    equal(drops_of(call, "srtp_auth_failed"), 4 * PACKETS + 40, "packets counted as srtp_auth_failed")
    call.delete()


def replay_elsewhere(net, ng):
    """With media-handover media follows any source; but a replayed packet, authentic as it is, is none."""
    call = srtp_call(net, ng, "handover", (SUITE, None), flags=["media-handover"])
    wire = Wire(net, call)
    stranger = net.a.udp(net.address["a", "4"], 18000)

    def attack():
        packets = wire.captured(PACKETS)
        for packet in packets + forgeries(packets):
            stranger.sendto(packet, wire.target())
            time.sleep(0.002)

    check_lossless(run_peers(net, [call], 5, during=attack))
    wire.close()
    check_unheard(stranger)
    check(drops_of(call, "srtp_replayed") >= PACKETS, "replayed packets are not counted as srtp_replayed")
    call.delete()


def forged(net, ng, _relay):
    for case in (stranger_in_window, forge, replay_elsewhere):
        print(case.__name__, flush=True)
        case(net, ng)


def some_calls(net, ng, count=4):
    """One leg SRTP, or both; just before the wrap."""
    kinds = ((SUITE, None), (None, "AEAD_AES_256_GCM"), (SUITE, SUITE), ("AEAD_AES_128_GCM", SUITE))
    return [srtp_call(net, ng, f"call-{i}", kinds[i % len(kinds)], port=16000 + 4 * i,
                      options=({"seq": 65450}, {"seq": 65450})) for i in range(count)]


def control(net, ng, relay):
    calls = some_calls(net, ng)
    ng.close()

    def strike():
        time.sleep(2)
        restart_control(relay)

    check_lossless(run_peers(net, calls, 7, during=strike))
    with relay.ng() as fresh:
        equal(sorted(fresh.command("list", limit=100)["calls"]), sorted(c.id for c in calls), "calls found again")
        for call in calls:
            call.ng = fresh
            call.delete(flags=["fatal"])


def dataplane(net, ng, relay):
    """First while nobody talks: nothing may be lost. Then under traffic: what is lost is lost in one stretch."""
    calls = some_calls(net, ng)
    rate = 500
    peers = [Peer(net.a, [c.a.line() for c in calls], 600, rate=rate, rtcp=0.3),
             Peer(net.b, [c.b.line() for c in calls], 600, rate=rate, rtcp=0.3)]
    sides = list(zip(peers, ([c.a for c in calls], [c.b for c in calls])))
    for peer in peers:
        peer.go()

    def progress(more):
        wanted = [p.progress().get("received", 0) + more for p in peers]
        for peer, n in zip(peers, wanted):
            wait_for(lambda p=peer: f"{p.name} to hear more: {p.progress()}",
                     lambda p=peer, n=n: p.progress().get("received", 0) >= n, 20)

    progress(1000 * len(calls))  # beyond the wrap
    time.sleep(1.5)  # the workers publish where streams stand about once a second
    for on in (0, 1):
        for peer, parties in sides:
            for party in parties:
                peer.order(f"send {party.id} {on}")
        if not on:
            time.sleep(0.3)
            restart_dataplane(ng, relay)
    progress(1000 * len(calls))
    quiet = [(peer.name, p["sent"], p["missing"]) for peer, p in ((p, p.progress()) for p in peers)]
    equal([missing for _, _, missing in quiet], [0, 0], f"packets missing after a restart in silence: {quiet}")
    restart_dataplane(ng, relay)
    progress(2000 * len(calls))
    for peer, parties in sides:
        for party in parties:
            peer.order(f"send {party.id} 0")
    time.sleep(0.3)
    check_gaps([peer.stop().result() for peer in peers])
    for call in calls:
        call.delete()


def check_gaps(results):
    for sender, receiver in (results, results[::-1]):
        sent = {s["id"]: s["media"]["sent"] for s in sender["streams"]}
        for s in receiver["streams"]:
            lost = sorted(set(range(sent[s["expect"]])) - numbers(s["numbers"]))
            check(lost, "nothing was lost while there was no dataplane")
            check(lost[-1] < sent[s["expect"]] - 1000, f"stream {s['id']} hears nothing since the restart: {s}")
            equal(lost[-1] - lost[0] + 1, len(lost), f"gap of stream {s['id']}, {lost[:5]} to {lost[-5:]}: its packets")
            for fault in ("duplicates", "corrupt", "auth_failed", "replayed", "misdelivered"):
                equal(s["media"][fault], 0, f"stream {s['id']}: {fault}")


CASES = {f.__name__: f for f in (suites, others, both, forged, control, dataplane)}


def test(lab, case, engine="auto"):
    net = two_networks(lab)
    relay = start_relay(net, dataplane_options=["--srtp-engine", engine])
    with relay.ng() as ng:
        CASES[case](net, ng, relay)


main(test)
