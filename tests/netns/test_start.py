#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
How the dataplane starts: what it cannot serve is refused with one clear line and an exit status, ports without a
kernel need no right, two dataplanes run side by side.
"""
import os
import signal
import subprocess

from common import address, check, equal, main

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def argv(host, *options, prefix=()):
    return ["ip", "netns", "exec", host.netns, *prefix, host.lab.program("rtpwire-dataplane"), "--media-ports",
            "9000-9999", *options]


def refused(host, status, words, *options, prefix=()):
    done = subprocess.run(argv(host, *options, prefix=prefix), capture_output=True, text=True, timeout=60, check=False)
    equal(done.returncode, status, f"exit status of {options}")
    equal(len(done.stderr.splitlines()), 1, f"lines that {options} says:\n{done.stderr}")
    for word in words:
        check(word in done.stderr, f"{options} does not say {word!r}: {done.stderr}")


def refusals(host, socket):
    xdp, media = ["--port", "xdp:eth0", "--socket", socket], ["--media", "10.9.0.1"]
    refused(host, 2, ["--media", "missing"], *xdp)
    refused(host, 2, ["MIN-MAX"], *xdp, *media, "--media-ports", "0-100")
    refused(host, 1, ["no interface nope"], "--port", "xdp:nope", *media)
    refused(host, 1, ["is down", "ip link set down0 up"], "--port", "packet:down0", *media)
    refused(host, 1, ["10.9.0.7", "not on this host"], *xdp, "--media", "10.9.0.7")
    refused(host, 1, ["queues=1"], "--port", "xdp:eth0,queues=2", *media)
    refused(host, 1, ["CPU 999"], *xdp, *media, "--cpus", "999")
    refused(host, 1, ["directory"], "--port", "xdp:eth0", *media, "--socket", "/nonexistent/socket")
    for backend in ("xdp", "packet"):
        refused(host, 1, ["run as root"], "--port", f"{backend}:eth0", *media, prefix=NOBODY)


def without_kernel(host, folder):
    """Also without any right."""
    for port in ("null", f"memif:role=server,socket={folder}/memif,id=0"):
        name = f"plain-{port.split(':')[0]}"
        process = host.start(name, argv(host, "--port", port, "--media", "10.9.0.1", "--socket",
                                        f"{folder}/{name}", prefix=NOBODY)[4:])
        process.wait_for_line("ready: ", 60)
        process.kill(signal.SIGTERM)
        equal(process.popen.wait(10), 0, f"status of {port} after SIGTERM")


def side_by_side(host, socket):
    first = host.start("first", argv(host, "--port", "xdp:eth0", "--media", "10.9.0.1", "--socket", socket)[4:])
    first.wait_for_line("ready: ", 60)
    refused(host, 1, ["another dataplane uses eth0"], "--port", "packet:eth0", "--media", "10.9.0.1", "--socket",
            socket + "2")
    refused(host, 1, ["another dataplane listens there"], "--port", "xdp:eth1", "--media", "10.9.1.1", "--socket", socket)
    second = host.start("second", argv(host, "--port", "packet:eth1", "--media", "10.9.1.1", "--socket", socket + "2")[4:])
    second.wait_for_line("ready: ", 60)
    equal([second.stop(), first.stop()], [0, 0], "exit statuses")


def test(lab):
    host, other = lab.host("host"), lab.host("other")
    for n, name in enumerate(("eth0", "eth1", "down0")):
        lab.link(host, name, other, name)
        address(host, name, f"10.9.{n}.1/24")
    host.ip("link", "set", "down0", "down")
    folder = lab.path("plain")
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    refusals(host, lab.path("socket"))
    without_kernel(host, folder)
    side_by_side(host, lab.path("socket"))


main(test)
