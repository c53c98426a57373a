# SPDX-License-Identifier: BSD-3-Clause
"""
The highest rate without loss for `rtpwire-bench compare`: halving as in RFC 2544 section 26.1, like `wire --search`, but each
trial is a run of wire with calls of its own. What an engine was sent too much of in one trial, and what became of its
calls, cannot spoil the next.
"""
from compare_quiet import quietest

SENT_ENOUGH = 0.99  # of what was asked for
LOWEST_PPS = 10


def _passed(result):
    return result["counts"]["received"] > 0 and result["lost_packets"] == 0 and result["faults_packets"] == 0


def _slow(result):
    return not result["asked_pps"] or result["sent_pps"] < SENT_ENOUGH * result["asked_pps"]


def _attempt(run):
    result = run["result"]
    return {"asked_pps": result["asked_pps"], "sent_pps": result["sent_pps"], "received_pps": result["received_pps"],
            "sent_packets": result["counts"]["sent"], "lost_packets": result["lost_packets"], "faults_packets": result["faults_packets"],
            "skipped_packets": result["counts"]["skipped"], "passed": _passed(result),
            "other_programs_cpu_percent": run["other_programs_cpu_percent"]}


def search(o, pids, wire, say):
    """wire(*options) runs one trial and returns its JSON; the first one is as fast as the generator can."""
    out = {"found": False, "throughput_pps": 0.0, "limited_by_sending": False, "trials": [], "best": None}

    def attempt(rate):
        say("as fast as it goes" if rate == "max" else f"{rate} packets/s")
        run = quietest(o.tries, pids, lambda: wire("--rate", rate, "--duration", o.trial),
                       lambda run: _passed(run["result"]) and not _slow(run["result"]))
        result = run["result"]
        out["trials"].append(_attempt(run))
        if _passed(result) and result["sent_pps"] > out["throughput_pps"]:
            out.update(found=True, throughput_pps=result["sent_pps"], limited_by_sending=_slow(result), best=run)
        return _passed(result), result["sent_pps"]

    passed, high = attempt("max")
    low = 0.0
    while not passed and high - low > o.resolution / 100 * high and high > LOWEST_PPS:
        rate = int((low + high) / 2)
        if not attempt(rate)[0]:
            high = rate
            continue
        low = rate
        if out["limited_by_sending"]:
            break
    return out
