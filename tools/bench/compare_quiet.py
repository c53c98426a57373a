# SPDX-License-Identifier: BSD-3-Clause
"""
How much CPU time other programs take while `rtpwire-bench compare` measures, and measuring again when that was much.
"""
import glob
import os
import resource
import time

LOUD_PERCENT = 10  # of a CPU


def _process_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _softirq_threads():
    """The kernel's threads that handle our packets when there are many."""
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="utf-8") as f:
                if f.read().startswith("ksoftirqd/"):
                    yield path.split("/")[2]
        except OSError:
            pass  # has ended


SOFTIRQ_THREADS = tuple(_softirq_threads())


class Others:
    """
    CPU time of all that is not ours since now. pids: our children that run from begin to end; all others must not run
    at begin and end.
    """

    def __init__(self, pids=()):
        self.pids = (*pids, *SOFTIRQ_THREADS)
        self.start_s, self.other_s = time.monotonic(), self._other_s()

    def _other_s(self):
        with open("/proc/stat", encoding="ascii") as f:
            ticks = [int(n) for n in f.readline().split()[1:]]  # user nice system idle iowait irq softirq steal
        ours = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return (sum(ticks[:3]) + sum(ticks[5:8])) / os.sysconf("SC_CLK_TCK") - ours - sum(map(_process_s, self.pids))

    def percent(self):
        """Of one CPU, on the average."""
        return max(0.0, 100 * (self._other_s() - self.other_s) / (time.monotonic() - self.start_s))


def quietest(tries, pids, measure, good=lambda run: False):
    """
    The result of measure(); when other programs took much meanwhile, and the result is not good in spite of that, it
    measures again, and takes the one with the least of it. pids: the engine's.
    """
    best = None
    for _ in range(tries):
        others = Others(pids)
        run = measure()
        run["other_programs_cpu_percent"] = others.percent()
        if best is None or good(run) or run["other_programs_cpu_percent"] < best["other_programs_cpu_percent"]:
            best = run
        if good(run) or run["other_programs_cpu_percent"] <= LOUD_PERCENT:
            break
    return best
