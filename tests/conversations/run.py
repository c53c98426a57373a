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
    wait SECONDS                        between two requests

Before the first case, `dataplane OPTIONS` and `control OPTIONS` add to the command lines. Lines `@A` etc. stand for
the session lines of senders (HEADS below), `@pcmu PORT [DIRECTION [PROTO]]` etc. for a printed section (SECTIONS).
`@new TAG SUITE NAME` is a printed a=crypto with a key called NAME; `@all TAG NAME [SUITE...]` one line for each suite in
default order but for those named, tags from TAG on, keys called NAME1 to NAME12. `|LINE` is an SDP line whatever it
looks like; $alice in one is a key (KEYS). In expected text {name} is a number that is bound where it first stands and must be the same later;
{name+1} is the one after it; {name#40} is bound to a base64 text of 40 characters; {name!other} and {name#40!other} bind
and must differ from other; {*} is anything; the value "(none)" of an expected key is: not there. Each case is a call of
its own; call-id is filled in. All is played once in JSON and once in bencode.
"""
import os
import re
import json
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tools"))

from lab.ng import Ng  # noqa: E402  pylint: disable=wrong-import-position

HEADS = {
    "@A": ["v=0", "o=alice 11 1 IN IP4 198.51.100.1", "s=A", "c=IN IP4 198.51.100.1", "t=0 0"],
    "@B": ["v=0", "o=bob 22 1 IN IP4 198.51.100.2", "s=B", "c=IN IP4 198.51.100.2", "t=0 0"],
    "@A6": ["v=0", "o=alice 11 1 IN IP6 2001:db8::1", "s=A", "c=IN IP6 2001:db8::1", "t=0 0"],
    "@B6": ["v=0", "o=bob 22 1 IN IP6 2001:db8::2", "s=B", "c=IN IP6 2001:db8::2", "t=0 0"],
    "@A0": ["v=0", "o=alice 11 1 IN IP4 198.51.100.1", "s=A", "c=IN IP4 0.0.0.0", "t=0 0"],
    "@B0": ["v=0", "o=bob 22 1 IN IP4 198.51.100.2", "s=B", "c=IN IP4 0.0.0.0", "t=0 0"],
}
# An m= line with PCMU as it is printed: on its own ports, muxed, with both offered; to IPv6; on hold.
SECTIONS = {
    "@pcmu": ("203.0.113.1", "a=rtcp:{%s+1}"),
    "@pcmu-mux": ("203.0.113.1", "a=rtcp:{%s}\na=rtcp-mux"),
    "@pcmu-both": ("203.0.113.1", "a=rtcp:{%s+1}\na=rtcp-mux"),
    "@pcmu6": ("2001:db8:4321::1", "a=rtcp:{%s+1}"),
    "@pcmu0": ("0.0.0.0", "a=rtcp:{%s+1}"),
}
# SDES suites in default order, and how many characters of base64 their keys have.
SUITES = {
    "AEAD_AES_256_GCM": 59, "AEAD_AES_128_GCM": 38, "AES_256_CM_HMAC_SHA1_80": 62, "AES_256_CM_HMAC_SHA1_32": 62,
    "AES_192_CM_HMAC_SHA1_80": 51, "AES_192_CM_HMAC_SHA1_32": 51, "AES_CM_128_HMAC_SHA1_80": 40,
    "AES_CM_128_HMAC_SHA1_32": 40, "F8_128_HMAC_SHA1_80": 40, "F8_128_HMAC_SHA1_32": 40, "NULL_HMAC_SHA1_80": 40,
    "NULL_HMAC_SHA1_32": 40,
}
# Keys of people, 30 bytes each: $alice in any SDP line.
KEYS = {"$" + name: ((name[0].upper() * 4 + name) * 8)[:40] for name in ("alice", "bob", "carol", "dave", "eve")}
TOKEN = re.compile(r"\{([a-z*]\w*)?(?:#(\d+))?(?:(\+1)|!(\w+))?\}|\{\*\}")


class Mismatch(Exception):
    """A reply is not what the corpus says."""


def parse_value(text):
    return json.loads(text) if text[:1] in '[{"' or text.lstrip("-").isdigit() else text


def parse_keys(text):
    """key=value words; a value in brackets or quotes may hold blanks, a blank in a key is written as backslash blank."""
    keys, pos = {}, 0
    decoder = json.JSONDecoder()
    while pos < len(text):
        if text[pos] == " ":
            pos += 1
            continue
        eq = text.index("=", pos)
        key, pos = text[pos:eq].replace("\\ ", " "), eq + 1
        if pos < len(text) and text[pos] in '[{"':
            value, pos = decoder.raw_decode(text, pos)
        else:
            end = text.find(" ", pos)
            end = len(text) if end < 0 else end
            value, pos = parse_value(text[pos:end]), end
        keys[key] = value
    return keys


def section(words):
    """The lines that "@pcmu NAME [DIRECTION [PROTO]]" stands for; NAME may be p!q."""
    address, rtcp = SECTIONS[words[0]]
    name, direction, proto = words[1], *(words[2:] + ["sendrecv", "RTP/AVP"][len(words) - 2:])
    text = f"m=audio {{{name}}} {proto} 0\nc=IN IP{6 if ':' in address else 4} {address}\na=rtpmap:0 PCMU/8000\n"
    return (text + f"a={direction}\n" + rtcp % name.partition("!")[0]).split("\n")


def crypto(words):
    """The lines that "@new TAG SUITE NAME" or "@all TAG NAME [SUITE...]" stands for; NAME may be k!l."""
    tag, lines = int(words[1]), []
    if words[0] == "@new":
        name, _, other = words[3].partition("!")
        return [f"a=crypto:{tag} {words[2]} inline:{{{name}#{SUITES[words[2]]}{'!' + other if other else ''}}}"]
    name, _, other = words[2].partition("!")
    for number, (suite, length) in enumerate(SUITES.items(), 1):
        if suite not in words[3:]:
            differ = f"!{other}{number}" if other else ""
            lines.append(f"a=crypto:{tag + len(lines)} {suite} inline:{{{name}{number}#{length}{differ}}}")
    return lines


def parse(path):
    """A corpus file: ({program: options}, [(name, why, [step])]); a step is a dictionary."""
    options, cases, why, step, sdp = {"dataplane": [], "control": []}, [], [], None, None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = re.sub(r"\$[a-z]+", lambda m: KEYS.get(m.group(), m.group()), line.rstrip("\n"))
            word, _, rest = line.partition(" ")
            if not line:
                continue
            if line[0] == "#":
                why.append(line[1:].strip())
            elif line[1:2] == "=" or line[0] == "|":
                sdp.append(line.removeprefix("|"))
            elif line in HEADS:
                sdp += [x for x in HEADS[line] if sdp is not step.get("want") or x[:2] != "c="]
            elif word in SECTIONS:
                sdp += section(line.split())
            elif word in ("@new", "@all"):
                sdp += crypto(line.split())
            elif word in options:
                options[word] += rest.split()
            elif word == "wait":
                cases[-1][2].append({"wait": float(rest)})
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
    return options, cases


def pattern(line, bound):
    """The regular expression of an expected line, and the names it binds."""
    out, last, names = "", 0, []
    for m in TOKEN.finditer(line):
        out += re.escape(line[last:m.start()])
        last = m.end()
        name, length, plus, other = m.groups()
        if name in (None, "*"):
            out += ".*"
        elif name in bound:
            out += str(bound[name] + 1) if plus else re.escape(str(bound[name]))
        elif plus:
            raise Mismatch(f"{{{name}+1}} before {{{name}}}")
        else:
            out += rf"(?P<{name}>[A-Za-z0-9+/]{{{length}}})" if length else rf"(?P<{name}>\d+)"
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
            value = m.group(name)
            bound[name] = int(value) if value.isdigit() else value
            if other and bound.get(other) == bound[name]:
                raise Mismatch(f"{name} and {other} are both {bound[name]}")


def match_keys(want, got, where=""):
    """Every key of want is in got with that value; dictionaries and lists in depth; "*" is anything."""
    if isinstance(want, dict):
        for key, value in want.items():
            if value == "(none)":
                if key in got:
                    raise Mismatch(f"reply has {where}{key}: {got[key]!r}")
                continue
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


def play(client, name, steps):
    bound = {}
    for step in steps:
        if "wait" in step:
            time.sleep(step["wait"])
            continue
        keys = {"command": step["command"], "call-id": f"{name}/{client.encoding}", **step["keys"]}
        if step["sdp"]:
            keys["sdp"] = "".join(x + "\r\n" for x in step["sdp"])
        reply = client.request({k: v for k, v in keys.items() if v != "(none)"})
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


def start_both(build, directory, options):
    """Both programs; the processes, and the path of control's socket."""
    dataplane, ng = os.path.join(directory, "dp.sock"), os.path.join(directory, "ng.sock")
    processes = [start([
        os.path.join(build, "dataplane/rtpwire-dataplane"), "--port", "null", "--media", "203.0.113.1", "--media",
        "2001:db8:4321::1", "--media", "203.0.113.2", "--socket", dataplane, "--no-hugepages",
        *options["dataplane"]], "ready:", directory, "dp")]
    try:
        processes.append(start([
            os.path.join(build, "control/rtpwire-control"), "--dataplane", dataplane, "--listen", "unix:" + ng,
            "--interface", "203.0.113.1", "--interface", "2001:db8:4321::1", "--interface",
            "nat/203.0.113.1!192.0.2.77", "--interface", "only4/203.0.113.2", *options["control"]],
            "ready:", directory, "ctl"))
    except SystemExit:
        stop(processes)
        raise
    return processes, ng


def stop(processes):
    """Ends them; how many had died or found fault with themselves (sanitizers)."""
    for process in reversed(processes):
        process.terminate()
        process.wait()
    faults = [f"{p.args[0]} ended with {p.returncode}" for p in processes if p.returncode]
    print("".join(f"FAILED {fault}\n" for fault in faults), end="")
    return len(faults)


def run_file(build, path):
    """Plays one corpus file; how many cases failed, and how many there are."""
    failed, (options, cases) = 0, parse(path)
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        processes, socket_path = start_both(build, directory, options)
        try:
            for encoding in ("json", "bencode"):
                with Ng("unix:" + socket_path, encoding=encoding, cookies=False) as client:
                    for name, why, steps in cases:
                        try:
                            play(client, name, steps)
                        except Mismatch as e:
                            failed += 1
                            print(f"FAILED {name} in {encoding}: {why}\n    {e}")
        finally:
            failed += stop(processes)
    return failed, 2 * len(cases)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    failed, count = 0, 0
    for path in sys.argv[2:]:
        one = run_file(sys.argv[1], path)
        failed, count = failed + one[0], count + one[1]
    print(f"{count - failed} of {count} conversations as expected")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
