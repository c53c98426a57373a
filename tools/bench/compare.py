#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
`rtpwire-bench compare`: runs `wire` and `signal` against rtpwire and against another ng engine, in turn, on the same hosts
in network namespaces, each engine on one CPU; prints medians and ratios. Started by rtpwire-bench (compare.c).
"""
import argparse
import json
import os
import platform
import shlex
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# pylint: disable=wrong-import-position
from compare_report import summary, table  # noqa: E402
from compare_quiet import Others, quietest  # noqa: E402
from compare_search import search  # noqa: E402
from compare_sides import PEERS, Bed, Rtpwire, find_programs, raise_file_limit  # noqa: E402
from lab.net import Lab, LabError  # noqa: E402

USAGE = """Usage: rtpwire-bench compare [--peer rtpengine] [OPTION]...
Measures rtpwire and another ng engine, in turn, with wire and signal: medians and ratios.

  --peer NAME        the other engine: rtpengine (Debian's, without its kernel module)
  --rounds N         measure both so often (default 3)
  --calls N          calls; of each one stream is relayed (default 500)
  --rate N           packets a second at which latency and CPU time are told (default: 50 of each call)
  --duration S       seconds at that rate (default 5)
  --trial S          seconds of each trial for the highest rate without loss (default 2)
  --resolution PCT   that rate is found to so many percent (default 2)
  --signal-calls N   calls of each of the three rounds of signal (default 2000)
  --hold N           calls held open for the memory that they take (default 5000)
  --relay-cpu N      CPU of the engine (default 0)
  --cpu N            CPU of the generator (default 1)
  --json FILE        write all results there (- = stdout, instead of the table)
  --quick            one short round: does it work?
  --help

Needs root: it makes two hosts in network namespaces and removes them.
Exit status: 0 done, 1 something could not be measured, 2 wrong usage.
"""
QUICK = {"rounds": 1, "calls": 20, "duration": 1, "trial": 0.3, "resolution": 50, "signal_calls": 100, "hold": 200,
         "tries": 1}
FULL = {"rounds": 3, "calls": 500, "duration": 5, "trial": 2, "resolution": 2, "signal_calls": 2000, "hold": 5000,
        "tries": 3}
# What is relayed, from leg A to leg B: name and options of wire.
MODES = {"rtp": (), "rtp_to_srtp": ("--srtp", "b"), "srtp_to_rtp": ("--srtp", "a")}
QUICK_MODES = ("rtp_to_srtp",)
CALL_PPS = 50
SIGNAL_ROUNDS, SIGNAL_WINDOW = 3, 16


class Parser(argparse.ArgumentParser):
    """Messages as those of the other benchmarks."""

    def error(self, message):
        if message.startswith("argument "):
            message = message.removeprefix("argument ").replace(": ", " ", 1)
        self.exit(2, f"rtpwire-bench: {message}; see rtpwire-bench compare --help\n")

    def format_help(self):
        return USAGE


def number(kind, low, high):
    def check(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"takes a number from {low} to {high}, not \"{text}\"")
        return value
    return check


def peer(text):
    if text not in PEERS:
        raise argparse.ArgumentTypeError(f"takes {' or '.join(PEERS)}, not \"{text}\"")
    return text


def options():
    parser = Parser(prog="rtpwire-bench compare", allow_abbrev=False)
    parser.add_argument("--bench", required=True)  # from compare.c
    parser.add_argument("--peer", type=peer, default="rtpengine")
    for name, kind, low, high in (("rounds", int, 1, 100), ("calls", int, 1, 5000), ("rate", int, 1, 10000000),
                                  ("duration", float, 0.1, 3600), ("trial", float, 0.1, 3600),
                                  ("resolution", float, 0.01, 50), ("signal-calls", int, 1, 1000000),
                                  ("hold", int, 1, 9000)):
        parser.add_argument(f"--{name}", type=number(kind, low, high))
    parser.add_argument("--relay-cpu", type=number(int, 0, 1023), default=0)
    parser.add_argument("--cpu", type=number(int, 0, 1023), default=1)
    parser.add_argument("--json")
    parser.add_argument("--quick", action="store_true")
    o = parser.parse_args()
    for name, value in (QUICK if o.quick else FULL).items():
        if getattr(o, name, None) is None:
            setattr(o, name, value)
    o.rate = o.rate or CALL_PPS * o.calls
    o.modes = QUICK_MODES if o.quick else tuple(MODES)
    if o.cpu == o.relay_cpu:
        parser.error("--cpu and --relay-cpu must differ: generator and engine would wait for each other")
    return o


class Progress:
    """One line on stderr, if that is a terminal."""

    def __init__(self):
        self.start, self.on = time.monotonic(), sys.stderr.isatty()

    def say(self, text):
        if self.on:
            print(f"\r\033[K{time.monotonic() - self.start:4.0f} s: {text}", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.on:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def measure_side(o, bed, side, say):
    """One round of one engine: it is started, measured and ended. Returns the benchmarks' JSON by name."""
    out = {}
    others = Others()
    say("starts")
    pids = side.start()
    for mode in o.modes:
        common = ("--calls", o.calls, "--direction", "a-to-b", *MODES[mode])
        out[f"{mode}_search"] = search(o, pids, lambda *more, c=common: bed.wire(pids, *c, *more), lambda text, m=mode: say(
            f"wire {m}, highest rate without loss: {text}"))
        say(f"wire {mode}, {o.rate} packets/s")
        out[f"{mode}_rate"] = quietest(o.tries, pids, lambda c=common: bed.wire(
            pids, *c, "--rate", o.rate, "--duration", o.duration))
    for srtp, hold in (("none", 0), ("both", o.hold)):
        say(f"signal, SRTP on {srtp} of the legs")
        out[f"signal_srtp_{srtp}"] = quietest(o.tries, pids, lambda s=srtp, h=hold: bed.signal(
            pids, "--srtp", s, "--calls", o.signal_calls, "--hold", h, "--rounds", SIGNAL_ROUNDS, "--window", SIGNAL_WINDOW))
    say("ends")
    side.stop()
    out["other_programs_cpu_percent"] = others.percent()
    return out


def measure(o, lab, sides, progress):
    """All rounds; the engines take turns, and take turns to be first. Returns for each engine its rounds' results."""
    bed = Bed(lab, o.relay_cpu, o.cpu)
    rounds = {side.name: [] for side in sides}
    for n in range(o.rounds):
        for side in sides if n % 2 == 0 else sides[::-1]:
            one = measure_side(o, bed, side(bed), lambda what, s=side, n=n: progress.say(
                f"round {n + 1} of {o.rounds}, {s.name}: {what}"))
            rounds[side.name].append(one)
    return rounds


def about(o, lab, sides):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return {"command": shlex.join(["rtpwire-bench", "compare", *sys.argv[3:]]),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "cpu": models[0] if models else "unknown",
            "system": " ".join(platform.uname()[i] for i in (0, 2, 4)),
            "versions": {side.name: side.version(lab) for side in sides},
            "peer": o.peer, "modes": o.modes, "rounds_count": o.rounds, "relay_cpu": o.relay_cpu, "generator_cpu": o.cpu, "calls_count": o.calls,
            "rate_pps": o.rate, "duration_s": o.duration, "trial_s": o.trial, "resolution_percent": o.resolution,
            "held_calls": o.hold, "round_signal_calls": o.signal_calls}


def refusal(o):
    """Why it cannot be done here, or None."""
    cpus = os.sched_getaffinity(0)
    if not PEERS[o.peer].installed():
        return PEERS[o.peer].missing
    if os.geteuid() != 0:
        return "compare needs root, for network namespaces and XDP"
    for cpu in (o.relay_cpu, o.cpu):
        if cpu not in cpus:
            return f"CPU {cpu} does not exist or is not allowed here; see --cpu and --relay-cpu"
    return None


def write(o, out):
    if o.json != "-":
        print("\n".join(table(out)))
    if o.json:
        with open(1 if o.json == "-" else o.json, "w", encoding="utf-8") as f:
            json.dump(out, f, indent=1)
            f.write("\n")


def main():
    o = options()
    why = refusal(o)
    if why:
        raise LabError(why)
    if o.json and o.json != "-":
        with open(o.json, "w", encoding="utf-8"):
            pass  # said before all else: a run is long
    raise_file_limit()
    progress = Progress()
    sides = (Rtpwire, PEERS[o.peer])
    try:
        with Lab(find_programs(o.bench)) as lab:
            out = about(o, lab, sides)
            rounds = measure(o, lab, sides, progress)
    finally:
        progress.end()
    out.update(summary(rounds, o.peer))
    out["runs"] = rounds
    write(o, out)


try:
    main()
except (LabError, OSError) as problem:
    print(f"rtpwire-bench: {problem}", file=sys.stderr)
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit(1)
