#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Golden conversations: what a proxy sends over ng, what it must get back, byte for byte.

Starts a dataplane without a network (--port null) and a control, then plays the corpus files named on the
command line. A corpus file is made of cases:

    # why this must be so (kept with the case, shown when it fails)
    case NAME
    COMMAND key=value key=value ...     value: JSON when it starts with [ { " or a digit, else a string
    SDP line                            the request's SDP, if any
    expect [key=value ...]              the reply: its keys, then its SDP
    SDP line
    expect-error REASON                 or: the reply is an error with exactly this reason

Lines `@A` and `@B` stand for the session lines of two senders (HEADS below). In expected text {name} is a
number that is bound where it first stands and must be the same later; {name+1} is the one after it;
{name!other} binds and must differ from other; {*} is anything. Each case is a call of its own; call-id is filled in.
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

HEADS = {
    "@A": ["v=0", "o=alice 11 1 IN IP4 198.51.100.1", "s=A", "c=IN IP4 198.51.100.1", "t=0 0"],
    "@B": ["v=0", "o=bob 22 1 IN IP4 198.51.100.2", "s=B", "c=IN IP4 198.51.100.2", "t=0 0"],
}
TOKEN = re.compile(r"\{([a-z*]\w*)?(?:(\+1)|!(\w+))?\}|\{\*\}")


class Mismatch(Exception):
    """A reply is not what the corpus says."""


def parse_value(text):
    return json.loads(text) if text[:1] in '[{"' or text.lstrip("-").isdigit() else text


def parse_keys(text):
    """key=value words; a value in brackets or quotes may hold blanks."""
    keys, pos = {}, 0
    decoder = json.JSONDecoder()
    while pos < len(text):
        if text[pos] == " ":
            pos += 1
            continue
        eq = text.index("=", pos)
        key, pos = text[pos:eq], eq + 1
        if pos < len(text) and text[pos] in '[{"':
            value, pos = decoder.raw_decode(text, pos)
        else:
            end = text.find(" ", pos)
            end = len(text) if end < 0 else end
            value, pos = parse_value(text[pos:end]), end
        keys[key] = value
    return keys


def parse(path):
    """The cases of a corpus file: [(name, why, [step])]; a step is a dictionary."""
    cases, why, step, sdp = [], [], None, None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            word, _, rest = line.partition(" ")
            if not line:
                continue
            if line[0] == "#":
                why.append(line[1:].strip())
            elif line[1:2] == "=":
                sdp.append(line)
            elif line in HEADS:
                sdp += [x for x in HEADS[line] if sdp is not step.get("want") or x[:2] != "c="]
            elif word == "case":
                cases.append((rest, " ".join(why), []))
                why = []
            elif word == "expect":
                sdp = step["want"] = []
                step["expect"] = parse_keys(rest)
            elif word == "expect-error":
                step["error"] = rest
            else:
                sdp = []
                step = {"at": f"{path}:{number}", "command": word.replace("_", " "), "keys": parse_keys(rest),
                        "sdp": sdp}
                cases[-1][2].append(step)
    return cases


def pattern(line, bound):
    """The regular expression of an expected line, and the names it binds."""
    out, last, names = "", 0, []
    for m in TOKEN.finditer(line):
        out += re.escape(line[last:m.start()])
        last = m.end()
        name, plus, other = m.group(1), m.group(2), m.group(3)
        if name in (None, "*"):
            out += ".*"
        elif name in bound:
            out += str(bound[name] + 1) if plus else str(bound[name])
        elif plus:
            raise Mismatch(f"{{{name}+1}} before {{{name}}}")
        else:
            out += rf"(?P<{name}>\d+)"
            names.append((name, other))
    return re.compile(out + re.escape(line[last:])), names


def match_sdp(want, got, bound):
    if not got.endswith("\r\n") and got:
        raise Mismatch("SDP does not end with CRLF")
    lines = got.split("\r\n")[:-1]
    for i in range(max(len(want), len(lines))):
        w = want[i] if i < len(want) else "(end)"
        g = lines[i] if i < len(lines) else "(end)"
        regex, names = pattern(w, bound)
        m = regex.fullmatch(g)
        if not m:
            raise Mismatch(f"line {i + 1}: want {w!r}, got {g!r}\n" + "".join(f"      | {x}\n" for x in lines))
        for name, other in names:
            bound[name] = int(m.group(name))
            if other and bound[other] == bound[name]:
                raise Mismatch(f"{name} and {other} are both {bound[name]}")


def match_keys(want, got, where=""):
    """Every key of want is in got with that value; dictionaries and lists in depth; "*" is anything."""
    if isinstance(want, dict):
        for key, value in want.items():
            if not isinstance(got, dict) or key not in got:
                raise Mismatch(f"reply has no {where}{key}: {got!r}")
            match_keys(value, got[key], f"{where}{key}.")
    elif isinstance(want, list):
        if not isinstance(got, list) or len(want) != len(got):
            raise Mismatch(f"{where[:-1]} is {got!r}, want {want!r}")
        for i, value in enumerate(want):
            match_keys(value, got[i], f"{where}{i}.")
    elif want != "*" and want != got:
        raise Mismatch(f"{where[:-1]} is {got!r}, want {want!r}")


class Client:
    """ng over the UNIX stream socket, JSON, one request at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)

    def ask(self, request):
        self.socket.sendall(json.dumps(request).encode())
        data = b""
        while True:
            part = self.socket.recv(1 << 20)
            if not part:
                raise Mismatch("connection closed")
            data += part
            try:
                return json.loads(data)
            except ValueError:
                continue


def play(client, name, steps):
    bound = {}
    for step in steps:
        keys = {"command": step["command"], "call-id": name, **step["keys"]}
        if step["sdp"]:
            keys["sdp"] = "".join(x + "\r\n" for x in step["sdp"])
        reply = client.ask({k: v for k, v in keys.items() if v != "(none)"})
        try:
            if "error" in step:
                match_keys({"result": "error", "error-reason": step["error"]}, reply)
            else:
                match_keys({"result": "ok", **step["expect"]}, reply)
                if step["want"] or "sdp" in reply:
                    match_sdp(step["want"], reply.get("sdp", ""), bound)
        except Mismatch as e:
            raise Mismatch(f"{step['at']}: {e}") from None


def start(argv, ready, directory, name):
    log = open(os.path.join(directory, name + ".log"), "w+", encoding="utf-8")
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    end = time.monotonic() + 30
    while ready not in open(log.name, encoding="utf-8", errors="replace").read():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            raise SystemExit(f"{argv[0]} did not start:\n{open(log.name, encoding='utf-8').read()}")
        time.sleep(0.02)
    return process


def main():
    build, files = sys.argv[1], sys.argv[2:]
    failed, count, processes = 0, 0, []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        dataplane, ng = os.path.join(directory, "dp.sock"), os.path.join(directory, "ng.sock")
        try:
            processes.append(start([
                os.path.join(build, "dataplane/rtpwire-dataplane"), "--port", "null", "--media", "203.0.113.1",
                "--media", "2001:db8:4321::1", "--socket", dataplane, "--no-hugepages"], "ready:", directory, "dp"))
            processes.append(start([
                os.path.join(build, "control/rtpwire-control"), "--dataplane", dataplane, "--listen",
                "unix:" + ng, "--interface", "203.0.113.1", "--interface", "2001:db8:4321::1", "--interface",
                "nat/203.0.113.1!192.0.2.77"], "ready:", directory, "ctl"))
            client = Client(ng)
            for path in files:
                for name, why, steps in parse(path):
                    count += 1
                    try:
                        play(client, name, steps)
                    except Mismatch as e:
                        failed += 1
                        print(f"FAILED {name}: {why}\n    {e}")
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()
    print(f"{count - failed} of {count} conversations as expected")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
