# SPDX-License-Identifier: BSD-3-Clause
"""
Medians, ratios, notes and the table of `rtpwire-bench compare`, from the JSON of wire and signal.
"""
import statistics

QUIET_PERCENT = 5
MODES = {"rtp": "RTP -> RTP", "rtp_to_srtp": "RTP -> SRTP", "srtp_to_rtp": "SRTP -> RTP"}
CPU_SOURCE = ("/proc/PID/stat of all processes of an engine, user and system time; rtpwire's idle worker sleeps, so "
              "empty polls count only as far as it made any")
HIGHER, LOWER = "higher", "lower"


def _cpu_per_million(run):
    return sum(p["cpu_s_per_million_packets"] for p in run["processes"])


def _per_cpu_s(window):
    """Calls per second of CPU time of all processes; 0 when they used less than the kernel can tell."""
    def value(run):
        used = sum(p["cpu_s_per_1000_calls"] for p in run["windows"][window]["processes"])
        return 1000 / used if used else 0
    return value


def _memory(moment):
    return lambda run: sum(p[f"{moment}_pss_bytes"] for p in run["hold"]["processes"])


def _rows():
    """(heading, label, key in the JSON, run, value of a run, what is better, digits)"""
    for mode, label in MODES.items():
        yield ("highest rate without loss, packets/s", label, f"{mode}_zero_loss_pps", f"{mode}_search",
               lambda run: run["throughput_pps"], HIGHER, 0)
    for mode, label in MODES.items():
        yield ("CPU seconds per million packets, at each one's highest rate without loss", label,
               f"{mode}_highest_rate_cpu_s_per_million_packets", f"{mode}_search",
               lambda run: _cpu_per_million(run["best"]) if run["best"] else 0, LOWER, 2)
    for mode, label in MODES.items():
        yield ("CPU seconds per million packets, at {rate_pps:,} packets/s", label,
               f"{mode}_cpu_s_per_million_packets", f"{mode}_rate", _cpu_per_million, LOWER, 2)
    for mode, label in MODES.items():
        for key, name in (("p50_us", "p50"), ("p99_us", "p99"), ("p99_9_us", "p99.9")):
            yield ("one-way latency at {rate_pps:,} packets/s, us", f"{label}, {name}", f"{mode}_latency_{key}",
                   f"{mode}_rate", lambda run, key=key: run["result"]["latency"][key], LOWER, 1)
    for kind, heading in (("calls_per_s", "calls/s"), ("calls_per_cpu_s", "calls per second of CPU time")):
        for srtp, label in (("none", "no SRTP"), ("both", "SRTP on both legs")):
            for n, window in ((0, "one by one"), (1, "16 at a time")):
                yield (heading, f"{label}, {window}", f"signal_srtp_{srtp}_window_{(1, 16)[n]}_{kind}",
                       f"signal_srtp_{srtp}", _per_cpu_s(n) if kind == "calls_per_cpu_s" else
                       lambda run, n=n: run["windows"][n]["calls_per_s"], HIGHER, 0)
    for moment, label in (("before", "without calls"), ("after", "with {held_calls:,} calls")):
        yield ("memory (PSS), MB", label, f"{moment}_hold_pss_bytes", "signal_srtp_both", _memory(moment), LOWER, 1)
    yield ("memory (PSS), bytes", "of each call", "call_pss_bytes", "signal_srtp_both",
           lambda run: (_memory("after")(run) - _memory("before")(run)) / max(run["hold"]["held_calls"], 1), LOWER, 0)


def _ratio(ours, theirs, better):
    """How many times better rtpwire is; None where one of the two is not there."""
    if ours <= 0 or theirs <= 0:
        return None
    return ours / theirs if better == HIGHER else theirs / ours


def _notes(name, rounds):
    """What is to be known of an engine's figures."""
    for mode in (m for m in MODES if f"{m}_search" in rounds[0]):
        label = MODES[mode]
        slow = sum(r[f"{mode}_search"]["limited_by_sending"] for r in rounds)
        if slow:
            yield (f"{name}, {label}: in {slow} of {len(rounds)} rounds the generator was the limit of the highest rate, "
                   "not the engine")
        unfound = sum(not r[f"{mode}_search"]["found"] for r in rounds)
        if unfound:
            yield f"{name}, {label}: in {unfound} of {len(rounds)} rounds no rate without loss was found"
        for what in ("lost", "faults"):
            bad = sum(r[f"{mode}_rate"]["result"][f"{what}_packets"] for r in rounds)
            if bad:
                yield f"{name}, {label}: {bad} packets {'were lost' if what == 'lost' else 'came wrong'} at the given rate"
        skipped = sum(r[f"{mode}_rate"]["result"]["counts"]["skipped"] for r in rounds)
        if skipped:
            yield f"{name}, {label}: the generator could not send {skipped} packets in time at the given rate"
    loud = ", ".join(f"{r['other_programs_cpu_percent']:.0f}" for r in rounds)
    if max(r["other_programs_cpu_percent"] for r in rounds) > QUIET_PERCENT:
        yield f"{name}: meanwhile other programs used {loud} % of a CPU, round by round"
    for srtp in ("none", "both"):
        runs = [r[f"signal_srtp_{srtp}"] for r in rounds]
        bad = sum(w["errors_calls"] for run in runs for w in run["windows"])
        if bad:
            first = next(w["first_error_text"] for run in runs for w in run["windows"] if w["errors_calls"])
            yield f"{name}, signal, SRTP on {srtp} of the legs: errors in {bad} calls, the first one: {first}"


def _limited(searches):
    """Whether the median would be higher if the generator could have sent more."""
    median = statistics.median(s["throughput_pps"] for s in searches)
    return any(s["limited_by_sending"] and s["throughput_pps"] <= median for s in searches)


def summary(rounds, peer):
    """Results by key, and notes, of {engine: [results of a round]}."""
    results, measured = {}, rounds["rtpwire"][0]
    for _, _, key, run, value, better, _ in _rows():
        if run not in measured:
            continue
        row = {name: [value(r[run]) for r in all_rounds] for name, all_rounds in rounds.items()}
        ours, theirs = statistics.median(row["rtpwire"]), statistics.median(row[peer])
        results[key] = {"rtpwire": ours, peer: theirs, "times_better": _ratio(ours, theirs, better), "better": better,
                        "rounds": row}
    limits = {mode: {name: _limited([r[f"{mode}_search"] for r in all_rounds])
                     for name, all_rounds in rounds.items()} for mode in MODES if f"{mode}_search" in measured}
    notes = [note for name, all_rounds in rounds.items() for note in _notes(name, all_rounds)]
    return {"cpu_time_source": CPU_SOURCE, "generator_was_the_limit": limits, "notes": notes, "results": results}


def _number(value, digits, mark=""):
    return f"{mark}{value:,.{digits}f}"


def _row_text(out, row):
    _, label, key, run, _, _, digits = row
    r, peer = out["results"][key], out["peer"]
    limited = out["generator_was_the_limit"][run.removesuffix("_search")] if key.endswith("_zero_loss_pps") else {}
    scale = 1e6 if key.endswith("hold_pss_bytes") else 1
    cells = [_number(r[name] / scale, digits, ">=" if limited.get(name) else "") for name in ("rtpwire", peer)]
    ratio = "-" if r["times_better"] is None else f"{r['times_better']:.2f}"
    return f"  {label.format(**out):32} {cells[0]:>14} {cells[1]:>14} {ratio:>8}"


def table(out):
    """Lines of text."""
    yield out["command"]
    yield f"CPU       {out['cpu']}; engine on CPU {out['relay_cpu']}, generator on CPU {out['generator_cpu']}"
    yield f"system    {out['system']}"
    yield "engines   " + ", ".join(f"{name} {version}" for name, version in out["versions"].items())
    yield (f"relayed   {out['calls_count']} streams of 160 bytes, SRTP with AES_CM_128_HMAC_SHA1_80; medians of "
           f"{out['rounds_count']} round{'s' if out['rounds_count'] > 1 else ''}")
    yield f"CPU time  {out['cpu_time_source']}"
    yield f"\n{'':34} {'rtpwire':>14} {out['peer']:>14} {'times':>8}\n{'':34} {'':14} {'':14} {'better':>8}"
    heading = None
    for row in _rows():
        if row[2] not in out["results"]:
            continue
        if row[0] != heading:
            heading = row[0]
            yield heading.format(**out)
        yield _row_text(out, row)
    if out["notes"]:
        yield ""
        yield from out["notes"]
