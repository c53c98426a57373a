# SPDX-License-Identifier: BSD-3-Clause
"""
Namespaces, links and processes of one run, and their removal on every way out.

Names carry the pid of the run, so runs do not meet. A run that was killed with -9 leaves its children dead
(they die with their parent) and its namespaces to be removed by the next run.
"""
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PREFIX = "rtpw"
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """Something of the network or a program did not work; the text says what."""


def run(*argv, check=True, timeout=30):
    """Runs a command and returns its stdout; a failure is a LabError with the command's stderr."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def wait_for(what, condition, timeout=10.0, step=0.02):
    """
    Calls condition() until it is true and returns its value; a LabError names what did not come. what is a text or
    a function that makes one.
    """
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"waited {timeout:g} s in vain for {what() if callable(what) else what}")
        time.sleep(step)


def _in_child(realtime):
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if realtime:
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except PermissionError:
            pass  # a container may not; then the run depends more on what else the machine does


class Process:
    """A child with its output in a file of the run's directory (or in pipes). realtime: it goes before
    ordinary programs, as the service unit of something that handles media would have it."""

    def __init__(self, lab, name, argv, realtime=False, **popen):
        same = sum(p.name.split("#")[0] == name for p in lab.processes)
        self.name = f"{name}#{same + 1}" if same else name
        self.log_path = os.path.join(lab.dir, f"{self.name}.log")
        self.argv = argv
        with open(self.log_path, "ab") as log:
            popen.setdefault("stdin", subprocess.DEVNULL)
            popen.setdefault("stdout", log)
            popen.setdefault("stderr", log)
            self.popen = subprocess.Popen(argv, preexec_fn=lambda: _in_child(realtime), **popen)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def running(self):
        return self.popen.poll() is None

    def kill(self, number=signal.SIGKILL):
        if self.running():
            self.popen.send_signal(number)

    def stop(self, timeout=10.0):
        """SIGTERM, then SIGKILL; returns the exit status (negative: the signal that ended it)."""
        self.kill(signal.SIGTERM)
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.popen.wait(5)

    def wait_for_line(self, pattern, timeout):
        """Waits for a line of output that matches; a LabError with the output if none comes."""
        def seen():
            return re.search(pattern, self.log(), re.MULTILINE) or not self.running()

        match = wait_for(lambda: f"\"{pattern}\" from {self.name}; it says:\n{self.log()[-3000:]}", seen, timeout)
        if match is True:
            raise LabError(f"{self.name} ended with status {self.popen.returncode}:\n{self.log()[-3000:]}")
        return match


class Host:
    """A network namespace."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.netns = f"{PREFIX}{os.getpid()}-{name}"
        run("ip", "netns", "add", self.netns)
        lab.hosts.append(self)
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)
        self.sysctl("net.ipv6.conf.all.accept_dad", 0)
        self.ip("link", "set", "lo", "up")

    def ip(self, *argv):
        return run("ip", "-n", self.netns, *argv)

    def run(self, *argv, **options):
        return run("ip", "netns", "exec", self.netns, *argv, **options)

    def sysctl(self, key, value):
        self.run("sysctl", "-qw", f"{key}={value}")

    def start(self, name, argv, **popen):
        """Starts a program here; it is ended with the lab."""
        process = Process(self.lab, name, ["ip", "netns", "exec", self.netns, *argv], **popen)
        self.lab.processes.append(process)
        return process

    def socket(self, *arguments):
        """A Python socket that lives in this namespace."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(f"/run/netns/{self.netns}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
            return socket.socket(*arguments)
        finally:
            _setns(home)
            os.close(home)
            os.close(there)

    def udp(self, address, port=0, timeout=2.0):
        """A UDP socket bound here."""
        s = self.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((address, port))
        s.settimeout(timeout)
        return s


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        raise LabError(f"setns: {os.strerror(ctypes.get_errno())}")


class Lab:
    """Use as a context manager: everything made in it is gone afterwards, whatever happened."""

    def __init__(self, programs, keep_logs=None):
        self.programs = programs
        self.hosts = []
        self.processes = []
        self.dir = None
        self.handlers = {}
        self.keep_logs = keep_logs

    def __enter__(self):
        self.handlers = {number: signal.signal(number, _leave) for number in ENDINGS}
        remove_stale()
        self.dir = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
        os.chmod(self.dir, 0o755)  # rtpwire-control gives up root
        return self

    def __exit__(self, kind, error, trace):
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self.processes):
            try:
                process.stop()
            except (OSError, subprocess.SubprocessError) as problem:
                print(f"cannot end {process.name}: {problem}", file=sys.stderr)
        for host in self.hosts:
            run("ip", "netns", "del", host.netns, check=False)
        if self.keep_logs:
            shutil.copytree(self.dir, self.keep_logs, dirs_exist_ok=True,
                            ignore=lambda d, names: [n for n in names if not n.endswith((".log", ".json"))])
        shutil.rmtree(self.dir, ignore_errors=True)
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def host(self, name):
        return Host(self, name)

    def path(self, name):
        return os.path.join(self.dir, name)

    def program(self, name):
        return self.programs[name]

    def link(self, left, left_if, right, right_if, mtu=1500, queues=1):
        """A veth pair between two hosts, both ends up."""
        size = ["mtu", str(mtu)] + (["numrxqueues", str(queues), "numtxqueues", str(queues)] if queues > 1 else [])
        run("ip", "link", "add", left_if, "netns", left.netns, *size, "type", "veth",
            "peer", "name", right_if, "netns", right.netns, *size)
        left.ip("link", "set", left_if, "up")
        right.ip("link", "set", right_if, "up")


def _leave(number, frame):
    raise SystemExit(128 + number)


def remove_stale():
    """Removes what runs left that no longer exist (they were killed with -9)."""
    for entry in json.loads(run("ip", "-j", "netns", "list") or "[]"):
        match = re.fullmatch(PREFIX + r"(\d+)-\w+", entry["name"])
        if not match or os.path.exists(f"/proc/{match[1]}"):
            continue
        for pid in run("ip", "netns", "pids", entry["name"], check=False).split():
            os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "del", entry["name"], check=False)
    for path in glob.glob(os.path.join(tempfile.gettempdir(), PREFIX + "[0-9]*-*")):
        match = re.match(PREFIX + r"(\d+)-", os.path.basename(path))
        if match and not os.path.exists(f"/proc/{match[1]}"):
            shutil.rmtree(path, ignore_errors=True)


def address(host, interface, *addresses):
    """Gives an interface addresses with prefix length."""
    for a in addresses:
        host.ip("address", "add", a, "dev", interface, *(["nodad"] if ":" in a else []))
