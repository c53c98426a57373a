# SPDX-License-Identifier: BSD-3-Clause
"""
What the tests in network namespaces share: the networks, calls with counted media, and the frame around
each test (skip without root, logs on failure, nothing left behind).

A test is an executable file: `tests/netns/test_x.py [ARGUMENT]...`; RTPWIRE_BUILD names the build directory
(default build/). Exit status: 0 passed, 1 failed, 77 skipped.
"""
import json
import os
import re
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tools"))

# pylint: disable=wrong-import-position
from lab.media import Call, Party, Peer, numbers  # noqa: E402
from lab.net import PREFIX, Lab, LabError, address, run, wait_for  # noqa: E402
from lab.ng import Ng, NgError, bencode, media_of, sdp  # noqa: E402
from lab.relay import Relay, find_programs  # noqa: E402

__all__ = ["Call", "Lab", "LabError", "Network", "Ng", "NgError", "PREFIX", "Party", "Peer", "ROOT", "Relay", "address",
           "bencode", "check", "check_lossless", "check_unheard", "equal", "linked", "main", "make_calls", "media_of",
           "numbers", "one_network", "restart_control", "restart_dataplane", "run", "run_peers", "sdp", "srtp_call",
           "start_relay", "streams_of", "talk", "two_networks", "wait_for", "wait_idle"]

SKIP = 77
SANITIZER = re.compile(r"(ERROR|WARNING): \w*Sanitizer|runtime error:|Assertion .* failed")


class Skip(Exception):
    """This kernel cannot run the test; the text says why."""


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def equal(got, expected, what):
    check(got == expected, f"{what}: {got!r}, expected {expected!r}")


class Network:
    """Hosts a and b, the relay host, and the addresses of each by family ("4", "6")."""

    def __init__(self, lab, a, b, relay, interfaces):
        self.lab, self.a, self.b, self.relay = lab, a, b, relay
        self.interfaces = interfaces  # of the relay host
        self.address = {}  # (host name, family) -> address; relay's are named after its interfaces

    def media(self, families="46"):
        return [self.address[i, f] for i in self.interfaces for f in families]


def two_networks(lab, queues=1):
    """a --- left, relay, right --- b: the relay between two networks. queues: of every interface."""
    a, b, relay = lab.host("a"), lab.host("b"), lab.host("relay")
    net = Network(lab, a, b, relay, ("left", "right"))
    for host, name, interface, subnet in ((a, "a", "left", 1), (b, "b", "right", 2)):
        lab.link(host, "eth0", relay, interface, queues=queues)
        _addresses(net, host, name, "eth0", subnet, 10)
        _addresses(net, relay, interface, interface, subnet, 1)
    return net


def one_network(lab, vlan=None):
    """a, b and the relay on one switch, as with a relay of one NIC. vlan: number of an 802.1Q VLAN used."""
    a, b, relay, switch = lab.host("a"), lab.host("b"), lab.host("relay"), lab.host("switch")
    interface = f"eth0.{vlan}" if vlan else "eth0"
    net = Network(lab, a, b, relay, (interface,))
    switch.ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
    switch.ip("link", "set", "br0", "up")
    for n, (host, name) in enumerate(((relay, interface), (a, "a"), (b, "b"))):
        lab.link(host, "eth0", switch, f"port{n}")
        switch.ip("link", "set", f"port{n}", "master", "br0")
        if vlan:
            # Tags are in the frames, as on a cable, and not in a side channel of the kernel.
            host.run("ethtool", "-K", "eth0", "txvlan", "off", "rxvlan", "off")
            _vlan(host, interface, vlan)
            host.ip("link", "set", interface, "up")
        _addresses(net, host, name, interface, 3, 1 if n == 0 else 9 + n)
    return net


def _vlan(host, interface, vlan):
    try:
        host.ip("link", "add", "link", "eth0", "name", interface, "type", "vlan", "id", str(vlan))
    except LabError as error:
        if "Unknown device type" in str(error):
            raise Skip("the kernel has no 802.1Q (CONFIG_VLAN_8021Q)") from None
        raise


def _addresses(net, host, name, interface, subnet, last):
    net.address[name, "4"] = f"10.177.{subnet}.{last}"
    net.address[name, "6"] = f"fd77:{subnet}::{last}"
    address(host, interface, f"10.177.{subnet}.{last}/24", f"fd77:{subnet}::{last}/64")


def start_relay(net, backend="xdp", ports=None, **options):
    """The relay on all of the network's interfaces, each a logical interface of its own name."""
    ports = ports or [f"{backend}:{i.split('.')[0]}" for i in net.interfaces]
    names = [f"{i}/{net.address[i, f]}" for i in net.interfaces for f in "46"]
    options.setdefault("control_options", ["--delete-delay", "0"])
    relay = Relay(net.relay, ports, net.media(), interfaces=names, **options)
    net.lab.relay = relay
    return relay.start()


def make_calls(net, ng, count, families="4", first_port=16000, party=None, prefix="call", **extra):
    """Calls from a to b; families "46": a has IPv4 and b IPv6. party: more options of both parties."""
    keys = {"address_family": f"IP{families[-1]}", **extra}
    if len(net.interfaces) == 2:
        keys.setdefault("direction", list(net.interfaces))
    calls = []
    for i in range(count):
        port = first_port + 4 * i
        call = Call(ng, f"{prefix}-{i}", Party(net.address["a", families[0]], port, **(party or {})),
                    Party(net.address["b", families[-1]], port, **(party or {})))
        call.offer(**keys)
        call.answer()
        calls.append(call)
    return calls


def srtp_call(net, ng, name, suites, port=16000, options=({}, {}), **extra):
    """A call from a to b, IPv4. suites: of a and b, None = plain RTP; options: more of each Party."""
    a, b = (Party(net.address[host, "4"], port, srtp=suite, **more)
            for host, suite, more in zip("ab", suites, options))
    call = Call(ng, name, a, b)
    call.offer(transport_protocol="RTP/SAVP" if suites[1] else "RTP/AVP", direction=list(net.interfaces), **extra)
    call.answer(**extra)
    return call


def run_peers(net, calls, seconds, during=None, **options):
    """Both hosts talk; during() runs meanwhile. Returns the results of a and b."""
    peers = [Peer(net.a, [c.a.line() for c in calls], seconds, **options),
             Peer(net.b, [c.b.line() for c in calls], seconds, **options)]
    for peer in peers:
        peer.go()
    if during:
        during()
    return [peer.result(seconds + 60) for peer in peers]


def check_lossless(results, rtcp=True):
    """Everything that one side sent arrived once, whole and from the relay at the right party."""
    for (sender, receiver), way in ((results, "a to b"), (results[::-1], "b to a")):
        for kind in ("media", "rtcp") if rtcp else ("media",):
            sent, r = sender[kind]["sent"], receiver[kind]
            check(sent > 0, f"{way}: no {kind} packet was sent")
            equal(r["received"], sent, f"{way}: {kind} packets received")
            for fault in ("duplicates", "misdelivered", "corrupt", "wrong_source", "auth_failed", "replayed"):
                equal(r[fault], 0, f"{way}: {kind} packets {fault}")
    equal(sum(r["send_errors"] for r in results), 0, "packets that could not be sent")


def talk(net, ng, count=10, seconds=4, families="4", **extra):
    """Calls with lossless media, deleted afterwards."""
    calls = make_calls(net, ng, count, families, **extra)
    results = run_peers(net, calls, seconds)
    check_lossless(results)
    for call in calls:
        call.delete()
    return results


def streams_of(reply):
    """All streams of a query reply as (tag, stream)."""
    return [(tag, s) for tag, t in reply["tags"].items() for m in t["medias"] for s in m["streams"]]


def check_unheard(stranger):
    """Nothing has arrived at the UDP socket of somebody who is not of the call; closes it."""
    stranger.setblocking(False)
    try:
        check(not stranger.recv(2048), "the stranger got media")
    except BlockingIOError:
        pass
    stranger.close()


def linked(ng):
    """True while control is connected to a dataplane."""
    return ng.command("statistics")["statistics"]["rtpwire"]["dataplane"]["connected"]


def restart_control(relay):
    """kill -9, a second of nobody, and a new one."""
    relay.control.kill()
    relay.control.popen.wait(5)
    time.sleep(1)
    relay.start_control()


def restart_dataplane(ng, relay, meanwhile=None):
    """kill -9, and a new one when control has noticed; meanwhile() is called between. Returns when all flows are back."""
    relay.dataplane.kill()
    relay.dataplane.popen.wait(5)
    wait_for("control to notice", lambda: not linked(ng), 15)
    if meanwhile:
        meanwhile()
    relay.start_dataplane()
    wait_for("control to reconnect", lambda: linked(ng), 30)
    time.sleep(1)  # for the acknowledgements of the last flows


def wait_idle(ng):
    """Waits until no call is left."""
    wait_for("the last call to go", lambda: not ng.command("list", limit=1)["calls"], 15)


def _cannot_run():
    if os.geteuid() != 0:
        return "needs root for network namespaces; run as root"
    probe = f"{PREFIX}{os.getpid()}-probe"
    try:
        run("ip", "netns", "add", probe)
    except (LabError, FileNotFoundError) as error:
        return f"cannot make network namespaces: {error}"
    run("ip", "netns", "del", probe)
    return None


def _leftovers(relay):
    """What the relay's programs left in the host's kernel after they ended."""
    out = []
    host = relay.host
    tables = host.run("nft", "list", "tables").strip()
    if tables:
        out.append(f"nft: {tables}")
    links = re.findall(r"^\d+: (\S+?)[@:].*(?:xdp|xdpgeneric).*$", host.ip("link", "show"), re.M)
    if links:
        out.append(f"XDP program still on {', '.join(links)}")
    return out


def _finish(lab):
    """Ends the relay as an operator would and looks for what should not be."""
    wrong = []
    relay = getattr(lab, "relay", None)
    if relay:
        wrong += relay.stop() + _leftovers(relay)
    for process in lab.processes:
        found = SANITIZER.search(process.log())
        if found:
            wrong.append(f"{process.name}: {found[0]}")
    check(not wrong, "; ".join(wrong))


def _print_drops(lab):
    """Where packets went that nobody got: what the interfaces and UDP sockets of every host have dropped."""
    for host in lab.hosts:
        udp = [line.split()[1:] for line in host.run("grep", "^Udp:", "/proc/net/snmp", check=False).splitlines()]
        lost = {f"UDP {k}": int(n) for k, n in zip(*udp) if k != "InDatagrams" and k != "OutDatagrams"}
        for link in json.loads(run("ip", "-n", host.netns, "-j", "-s", "link", "show", check=False) or "[]"):
            for way in ("rx", "tx"):
                for kind in ("errors", "dropped"):
                    lost[f"{link['ifname']} {way} {kind}"] = link["stats64"][way][kind]
        print(f"---- {host.name} dropped: {({k: n for k, n in lost.items() if n})} ----", file=sys.stderr)


def _print_logs(lab):
    for process in lab.processes:
        state = "running" if process.running() else f"ended with {process.popen.returncode}"
        print(f"---- {process.name} ({state}) ----\n{process.log()[-6000:]}", file=sys.stderr)


def _run(test, arguments):
    with Lab(find_programs(os.environ.get("RTPWIRE_BUILD", os.path.join(ROOT, "build")))) as lab:
        try:
            test(lab, *arguments)
            _finish(lab)
        except Skip:
            raise
        except BaseException:
            _print_logs(lab)
            _print_drops(lab)
            traceback.print_exc()  # last: whoever shows the output may cut it
            raise


def main(test):
    """Runs test(lab, *argv) and exits."""
    reason = _cannot_run()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIP)
    start = time.monotonic()
    try:
        _run(test, sys.argv[1:])
    except Skip as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIP)
    except (Exception, KeyboardInterrupt):  # pylint: disable=broad-except
        sys.exit(1)
    left = [n for n in run("ip", "netns", "list").split() if n.startswith(f"{PREFIX}{os.getpid()}-")]
    if left:
        print(f"namespaces left: {left}", file=sys.stderr)
        sys.exit(1)
    print(f"passed in {time.monotonic() - start:.1f} s")
