# SPDX-License-Identifier: BSD-3-Clause
"""
What `rtpwire-bench compare` measures with: two hosts on one veth pair, the engines that run on the relay host one after
the other, each on one CPU, and the benchmarks that run on the bench host as children.
"""
import ctypes
import fcntl
import json
import os
import resource
import shutil
import socket
import struct
import subprocess

from lab.net import LabError, address, run, wait_for
from lab.ng import Ng
from lab.relay import Relay

BENCH_IP, RELAY_IP = "10.177.1.10", "10.177.1.1"  # media
NG_RELAY_IP, NG_BENCH_IP = "10.177.2.1", "10.177.2.10"  # signalling: a pair of its own, the bench port takes its UDP
NG_PORT = 2223
NG_URL = f"udp:{NG_RELAY_IP}:{NG_PORT}"
MEDIA_PORTS = (8000, 47999)
OPEN_FILES = 262144  # an engine with kernel sockets needs four for each call
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
PLACES = (("dataplane", "control", "tools"), ("sbin", "bin"))  # of the programs: in a build directory, installed


def find_programs(bench):
    """The relay's programs that belong to this rtpwire-bench: of its build directory, or of its prefix."""
    root = os.path.dirname(os.path.dirname(bench))
    out = {"rtpwire-bench": bench}
    for name in ("rtpwire-dataplane", "rtpwire-control"):
        places = [os.path.join(root, folder, name) for folders in PLACES for folder in folders]
        found = [path for path in places if os.access(path, os.X_OK)] + [shutil.which(name)]
        if not found[0]:
            raise LabError(f"{name} is neither beside {bench} nor in PATH")
        out[name] = found[0]
    return out


def raise_file_limit():
    """For the engines, which inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else max(hard, OPEN_FILES)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _checksums_in_software(host, interface):
    """
    A veth pair leaves out the checksums of what sockets send, which a NIC would fill in; a DPDK port behind it would
    see wrong ones.
    """
    value = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_STXCSUM, 0))
    with host.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP16x", interface.encode(), ctypes.addressof(value)))


class Bed:
    """The hosts, and the CPUs of engine and generator."""

    def __init__(self, lab, relay_cpu, bench_cpu):
        self.lab, self.relay_cpu, self.bench_cpu = lab, relay_cpu, bench_cpu
        self.bench, self.relay = lab.host("bench"), lab.host("relay")
        for interface, left, right in (("eth0", BENCH_IP, RELAY_IP), ("ng0", NG_BENCH_IP, NG_RELAY_IP)):
            lab.link(self.bench, interface, self.relay, interface)
            address(self.bench, interface, f"{left}/24")
            address(self.relay, interface, f"{right}/24")
        _checksums_in_software(self.relay, "eth0")
        self.count = 0

    def on_relay_cpu(self, argv):
        return ["taskset", "-c", str(self.relay_cpu), *argv]

    def measure(self, benchmark, pids, *arguments, pinned=False, timeout=600):
        """Runs a benchmark on the bench host. Returns its JSON; a LabError when it gave none."""
        self.count += 1
        path = self.lab.path(f"{benchmark}{self.count}.json")
        argv = [self.lab.program("rtpwire-bench"), benchmark, "--ng", NG_URL, "--json", path, *map(str, arguments)]
        for pid in pids:
            argv += ["--pid", str(pid)]
        if pinned:
            argv[:0] = ["taskset", "-c", str(self.bench_cpu)]
        child = self.bench.start(benchmark, argv, stdout=subprocess.DEVNULL)
        try:
            status = child.popen.wait(timeout)
            with open(path, encoding="utf-8") as f:
                out = json.load(f)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            child.stop()
            raise LabError(f"{' '.join(argv)}: no result (status {child.popen.returncode}):\n"
                           f"{child.log()[-1500:].strip()}") from None
        (out.get("result") or {}).pop("samples", None)  # of wire's plots
        return {**out, "exit_status": status}

    def wire(self, pids, *arguments):
        return self.measure("wire", pids, "--port", "xdp:eth0", "--local", BENCH_IP, "--cpu", self.bench_cpu, *arguments)

    def signal(self, pids, *arguments):
        return self.measure("signal", pids, *arguments, pinned=True)


class Rtpwire:
    """Dataplane with one worker, and control: all of it on the one CPU."""

    name = "rtpwire"

    def __init__(self, bed):
        self.bed, self.relay = bed, None

    def start(self):
        cpu = self.bed.relay_cpu
        relay = self.relay = Relay(self.bed.relay, ["xdp:eth0"], [RELAY_IP], listen=[f"udp:{NG_RELAY_IP}:{NG_PORT}"],
                                   media_ports="{}-{}".format(*MEDIA_PORTS), realtime=False,
                                   dataplane_options=["--cpus", str(cpu)],
                                   control_options=["--delete-delay", "0", "--log-level", "4"])
        relay.dataplane_argv = self.bed.on_relay_cpu(relay.dataplane_argv)
        relay.control_argv = self.bed.on_relay_cpu([*relay.control_argv])
        relay.start()
        return [relay.control.pid, relay.dataplane.pid]

    def stop(self):
        wrong = self.relay.stop()
        if wrong:
            raise LabError("; ".join(wrong))

    @staticmethod
    def version(lab):
        return run(lab.program("rtpwire-dataplane"), "--version").split()[-1]


class Rtpengine:
    """Debian's rtpengine-daemon without its kernel module: one thread for packets and signalling, one for playback."""

    name = "rtpengine"
    missing = "rtpengine is not installed: apt-get install rtpengine-daemon"

    def __init__(self, bed):
        self.bed, self.process = bed, None

    @staticmethod
    def installed():
        return shutil.which("rtpengine") is not None

    def _answers(self):
        if not self.process.running():
            raise LabError(f"rtpengine ended with status {self.process.popen.returncode}:\n{self.process.log()[-1500:]}")
        try:
            with Ng(NG_URL, host=self.bed.bench, timeout=0.3) as ng:
                return ng.command("ping")["result"] == "pong"
        except OSError:
            return False

    def start(self):
        low, high = MEDIA_PORTS
        self.process = self.bed.relay.start("rtpengine", self.bed.on_relay_cpu([
            "rtpengine", "--foreground", "--config-file=none", "--log-stderr", "--log-level=3", "--table=-1",
            f"--interface={RELAY_IP}", f"--listen-ng={NG_RELAY_IP}:{NG_PORT}", f"--port-min={low}", f"--port-max={high}",
            "--num-threads=1", "--media-num-threads=1", "--delete-delay=0"]))
        wait_for("rtpengine's ng socket", self._answers)
        return [self.process.pid]

    def stop(self):
        self.process.stop()

    @staticmethod
    def version(_lab):
        done = subprocess.run(["rtpengine", "--version"], capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr).strip().split("\n")[0].removeprefix("Version: ")


PEERS = {"rtpengine": Rtpengine}
