#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
What stays behind: nothing after SIGTERM; nothing that harms after kill -9 (the next start takes over, and its
end cleans up). Both backends; and a quickstart that is interrupted leaves no namespace and no process.
"""
import os
import signal
import subprocess

from common import PREFIX, ROOT, check, equal, main, one_network, run, start_relay, talk, wait_for


def state(host):
    links = [line for line in host.ip("link", "show").splitlines() if "xdp" in line]
    return links, host.run("nft", "list", "ruleset").strip()


def killed(net, backend):
    relay = start_relay(net, backend)
    links, rules = state(net.relay)
    check(links if backend == "xdp" else rules, f"{backend}: nothing was set up, so nothing is tested")
    for process in (relay.control, relay.dataplane):
        process.kill()
        process.popen.wait(5)
    relay.start()
    with relay.ng() as ng:
        talk(net, ng, count=1, seconds=1)
    equal(relay.stop(), [], f"{backend}: how the programs ended")
    equal(state(net.relay), ([], ""), f"{backend}: XDP programs and rules left")
    for path in (relay.ng_socket, relay.dataplane_socket):
        check(not os.path.exists(path), f"{path} is left")


def changed(net, backend, other):
    """Killed, and started again with the other backend: that one cleans up too."""
    relay = start_relay(net, backend)
    for process in (relay.control, relay.dataplane):
        process.kill()
        process.popen.wait(5)
    relay = start_relay(net, other)
    with relay.ng() as ng:
        talk(net, ng, count=1, seconds=1)
    equal(relay.stop(), [], f"{other}: how the programs ended")
    equal(state(net.relay), ([], ""), f"{backend}, then {other}: XDP programs and rules left")


def interrupted():
    """quickstart ended by SIGTERM in the middle of its calls."""
    environment = dict(os.environ, PYTHONPATH=os.path.join(ROOT, "tools"), PYTHONDONTWRITEBYTECODE="1")
    build = os.environ.get("RTPWIRE_BUILD", os.path.join(ROOT, "build"))
    process = subprocess.Popen(["/usr/bin/python3", "-m", "lab.quickstart", "--build", build, "--seconds", "60", "--calls",
                                "5"], env=environment, stdout=subprocess.PIPE, text=True)
    prefix = f"{PREFIX}{process.pid}-"
    for line in process.stdout:
        if "calls set up" in line:
            break
    names = [n for n in run("ip", "netns", "list").split() if n.startswith(prefix)]
    equal(len(names), 3, "namespaces of quickstart")

    def running():
        pids = [pid for n in names for pid in run("ip", "netns", "pids", n).split()]
        return pids if len(pids) == 4 else None

    pids = wait_for("relay and peers of quickstart to run", running)
    process.send_signal(signal.SIGTERM)
    check(process.wait(40) != 0, "an interrupted quickstart reports success")
    check(prefix not in run("ip", "netns", "list"), "namespaces of quickstart are left")
    wait_for("quickstart's processes to go", lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 5)


def test(lab):
    net = one_network(lab)
    for backend in ("xdp", "packet"):
        killed(net, backend)
        lab.relay = None
    for backend, other in (("xdp", "packet"), ("packet", "xdp")):
        changed(net, backend, other)
        lab.relay = None
    interrupted()


main(test)
