#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
The whole port range on one address: 10,000 two-party calls are set up, queried and deleted, twice, without a
leak; the 10,001st is told "Ran out of ports". Requests are pipelined on one connection. Argument: workers.
"""
import itertools
import os

from common import Relay, check, equal, main, sdp, wait_for
from lab.ng import bdecode, bencode

CALLS = 10000
WINDOW = 64
ADDRESS = "192.0.2.1"
PHASES = itertools.count()


def bulk(ng, count, message, look):
    """Sends message(i) for all i, at most WINDOW at a time unanswered; look(i, reply) for each reply."""
    ng.send_raw(b"")
    ng.socket.settimeout(60)
    data, sent, done, at = b"", 0, 0, 0
    phase = b"%d_%%d " % next(PHASES)  # no cookie comes twice, so no reply is one that was stored
    while done < count:
        batch = []
        while sent < count and sent - done < WINDOW:
            batch.append(phase % sent + bencode(message(sent)))
            sent += 1
        if batch:
            ng.send_raw(b"".join(batch))
        data, at = data[at:] + ng.socket.recv(262144), 0
        while True:
            try:
                space = data.index(b" ", at)
                reply, end = bdecode(data, space + 1)
            except (IndexError, ValueError):
                break
            look(int(data[at:space].split(b"_")[1]), reply)
            at, done = end, done + 1


OFFER = sdp("198.51.100.1", 40000)
ANSWER = sdp("198.51.100.2", 40000)


def offer(i):
    return {"command": "offer", "call-id": f"c{i}", "from-tag": f"f{i}", "sdp": OFFER}


def answer(i):
    return {"command": "answer", "call-id": f"c{i}", "from-tag": f"f{i}", "to-tag": f"t{i}", "sdp": ANSWER}


def query(i):
    return {"command": "query", "call-id": f"c{i}"}


def delete(i):
    return {"command": "delete", "call-id": f"c{i}", "from-tag": f"f{i}", "flags": ["fatal"]}


def check_ok(i, reply):
    equal(reply["result"], "ok", f"call {i}: {reply}")


def check_ports(ports):
    def look(i, reply):
        check_ok(i, reply)
        check(len(reply["tags"]) == 2, f"call {i} has not two parties: {reply}")
        for tag in reply["tags"].values():
            for stream in tag["medias"][0]["streams"]:
                port = stream["local port"]
                check(port not in ports, f"port {port} was given twice")
                ports.add(port)
    return look


def one_round(ng):
    bulk(ng, CALLS, offer, check_ok)
    bulk(ng, CALLS, answer, check_ok)
    equal(len(ng.command("list", limit=20000)["calls"]), CALLS, "calls listed")
    reply = ng.request(offer(CALLS))
    equal(reply.get("error-reason"), "Ran out of ports", f"call {CALLS + 1}")
    ports = set()
    bulk(ng, CALLS, query, check_ports(ports))
    equal(len(ports), 4 * CALLS, "ports in use")
    bulk(ng, CALLS, delete, check_ok)
    wait_for("all calls to go", lambda: not ng.command("list", limit=1)["calls"], 60)


def resident_kb(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
        return int(next(line.split()[1] for line in f if line.startswith("VmRSS")))


def ports_back(ng):
    """Ports rest in quarantine for a while after a call; until all are back an offer may be refused."""
    def last_port_free():
        interfaces = ng.command("statistics")["statistics"]["interfaces"]
        return all(i["ports"]["used"] == 0 for i in interfaces)
    wait_for("ports to leave quarantine", last_port_free, 60, 0.2)


def test(lab, workers="1"):
    host = lab.host("relay")
    lab.relay = relay = Relay(host, ["null"], [ADDRESS], workers=int(workers), media_ports="8000-47999",
                              control_options=["--delete-delay", "0", "--log-level", "5"]).start()
    with relay.ng(timeout=60.0) as ng:
        one_round(ng)
        first = resident_kb(relay.control)
        ports_back(ng)
        one_round(ng)
        second = resident_kb(relay.control)
    print(f"control's memory after each round: {first} kB, {second} kB", flush=True)
    # Buffers for the largest replies come and go; what each call leaves behind, LeakSanitizer finds.
    if "asan" not in os.environ.get("RTPWIRE_BUILD", ""):
        check(second < first * 1.3, f"control grew from {first} to {second} kB")


main(test)
