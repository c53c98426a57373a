#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
The command line against running programs: what each command prints, and its exit status (0 done, 1 refused,
2 usage, 3 unreachable).
"""
import json
import os
import pty
import select
import subprocess
import time

from common import Peer, check, equal, main, make_calls, srtp_call, start_relay, two_networks
from lab.media import SUITE


class Cli:
    def __init__(self, program, socket):
        self.program, self.socket = program, socket

    def __call__(self, *arguments, status=0, stdin=""):
        done = subprocess.run([self.program, "--socket", self.socket, *arguments], input=stdin, capture_output=True,
                              text=True, timeout=30)
        equal(done.returncode, status, f"exit status of rtpwire {' '.join(arguments)} ({done.stderr.strip()})")
        check(bool(done.stderr) == bool(status), f"stderr of {arguments}: {done.stderr!r}")
        check("\033" not in done.stdout, "colours without a terminal")
        return done.stdout


def usage(cli):
    check("Usage: rtpwire" in cli("--help"), "--help")
    check(cli("--version").startswith("rtpwire "), "--version")
    for wrong in ([], ["nonsense"], ["--nonsense"], ["show"], ["ping", "x"], ["ng", "{"], ["ng", "[]"], ["--timeout", "x", "ping"],
                  ["--limit", "0", "list"]):
        cli(*wrong, status=2)
    nobody = Cli(cli.program, "/nonexistent/ng.sock")
    nobody("ping", status=3)


def commands(cli, calls):
    equal(cli("ping"), "pong\n", "ping")
    equal(Cli(cli.program, f"unix:{cli.socket}")("ping"), "pong\n", "ping by unix:PATH")
    equal(json.loads(cli("--json", "ping"))["result"], "pong", "ping as JSON")
    equal(json.loads(cli("ng", '{"command":"ping"}'))["result"], "pong", "ng")
    equal(json.loads(cli("ng", "-", stdin='{"command":"ping"}'))["result"], "pong", "ng from stdin")
    refused = cli("ng", '{"command":"query","call-id":"none"}', status=1)
    equal(json.loads(refused)["error-reason"], "Unknown call-id", "ng refused")
    cli("show", "none", status=1)
    equal(sorted(cli("list").split()), sorted(c.id for c in calls), "list")
    equal(len(cli("--limit", "1", "list").split()), 1, "list of one")
    shown = cli("show", calls[0].id)
    for text in (calls[0].id, f"{calls[0].a.address}:{calls[0].a.port}", f":{calls[0].a.remote['port']}",
                 f":{calls[0].b.remote['port']}"):
        check(text in shown, f"\"{text}\" is not in: {shown}")
    equal(json.loads(cli("--json", "show", calls[0].id))["result"], "ok", "show as JSON")
    stats = cli("stats")
    for text in ("calls", "packets", "worker", "drops"):
        check(text in stats.lower(), f"\"{text}\" is not in: {stats}")
    equal(json.loads(cli("--json", "stats"))["result"], "ok", "stats as JSON")


def top(cli):
    """Plain lines without a terminal; a screen on a terminal, ended with q."""
    out = cli("--count", "2", "top")
    check("call-" in out and len(out.splitlines()) >= 4, f"top: {out}")
    master, slave = pty.openpty()
    process = subprocess.Popen([cli.program, "--socket", cli.socket, "top"], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    time.sleep(1.5)
    os.write(master, b"q")
    equal(process.wait(10), 0, "exit status of top after q")
    screen = b""
    while select.select([master], [], [], 0.2)[0]:
        try:
            screen += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    check(b"\033[" in screen and b"call-" in screen, f"top on a terminal: {screen!r}")


def test(lab):
    net = two_networks(lab)
    relay = start_relay(net)
    cli = Cli(lab.program("rtpwire"), relay.ng_socket)
    usage(cli)
    with relay.ng() as ng:
        calls = make_calls(net, ng, 3)
        peers = [Peer(net.a, [c.a.line() for c in calls], 20), Peer(net.b, [c.b.line() for c in calls], 20)]
        for peer in peers:
            peer.go()
        time.sleep(1.5)
        commands(cli, calls)
        top(cli)
        for peer in peers:
            peer.stop().result()
        secured = srtp_call(net, ng, "secured", (SUITE, None), port=17000)
        check(SUITE in cli("show", "secured"), "the suite is not shown")
        for call in calls + [secured]:
            cli("delete", call.id)
        equal(cli("list"), "", "list after delete")
        cli("delete", calls[0].id, status=1)


main(test)
