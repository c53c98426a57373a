# SPDX-License-Identifier: BSD-3-Clause
"""
rtpwire-dataplane and rtpwire-control as processes of a lab.
"""
import os
import pwd

from .net import LabError
from .ng import Ng

USER = "nobody"  # of rtpwire-control
GROUP = "nogroup"
READY_SECONDS = 60  # a sanitizer build on a busy machine is slow to start


def find_programs(build):
    """Paths of the programs in a meson build directory, by name."""
    places = {"rtpwire-dataplane": "dataplane", "rtpwire-control": "control", "rtpwire-peer": "tools",
              "rtpwire": "tools"}
    out = {name: os.path.join(os.path.abspath(build), folder, name) for name, folder in places.items()}
    missing = [path for path in out.values() if not os.access(path, os.X_OK)]
    if missing:
        raise LabError(f"{', '.join(missing)}: not built; run: meson setup {build} && ninja -C {build}")
    return out


class Relay:
    """
    The relay host's two programs. ports: values of --port; media: addresses; interfaces: values of
    --interface; listen: further ng transports beside the UNIX stream socket; own_user: both programs choose user
    and group of the link between them themselves; realtime: the dataplane goes before ordinary programs.
    """

    def __init__(self, host, ports, media, interfaces=(), listen=(), workers=1, media_ports="8000-48000",
                 control_options=(), dataplane_options=(), own_user=False, realtime=True):
        self.host, self.lab = host, host.lab
        self.dataplane_socket = os.path.join(self._run_folder(), "dataplane.sock")
        self.ng_socket = os.path.join(self._run_folder(), "ng.sock")
        self.dataplane_argv = [self.lab.program("rtpwire-dataplane"), "--workers", str(workers), "--media-ports",
                               media_ports, "--socket", self.dataplane_socket]
        for option, values in (("--port", ports), ("--media", media)):
            for value in values:
                self.dataplane_argv += [option, value]
        self.dataplane_argv += dataplane_options
        self.control_argv = [self.lab.program("rtpwire-control"), "--dataplane", self.dataplane_socket,
                             "--listen", f"unix:{self.ng_socket}"]
        if not own_user:
            self.dataplane_argv += ["--socket-group", GROUP]
            self.control_argv += ["--user", USER]
        for option, values in (("--listen", listen), ("--interface", interfaces)):
            for value in values:
                self.control_argv += [option, value]
        self.control_argv += control_options
        self.dataplane = self.control = None
        self.realtime = realtime
        self.starts = 0

    def _run_folder(self):
        """As /run/rtpwire: control, without root's rights, may remove its socket there."""
        folder = self.lab.path(f"{self.host.name}-run")
        os.makedirs(folder, exist_ok=True)
        os.chown(folder, pwd.getpwnam(USER).pw_uid, -1)
        return folder

    def start_dataplane(self):
        self.starts += 1
        self.dataplane = self.host.start(f"dataplane{self.starts}", self.dataplane_argv, realtime=self.realtime)
        self.dataplane.wait_for_line(r"ready: ", READY_SECONDS)

    def start_control(self):
        self.starts += 1
        self.control = self.host.start(f"control{self.starts}", self.control_argv)
        self.control.wait_for_line(r"ready: ", READY_SECONDS)

    def start(self):
        self.start_dataplane()
        self.start_control()
        return self

    def ng(self, **options):
        return Ng(f"unix:{self.ng_socket}", **options)

    def stop(self):
        """Ends both as an operator would. Returns what is wrong with how they ended, [] if nothing."""
        wrong = []
        for process in (self.control, self.dataplane):
            if process is None:
                continue
            if not process.running():
                wrong.append(f"{process.name} had ended with status {process.popen.returncode}")
                continue
            status = process.stop()
            if status != 0:
                wrong.append(f"{process.name} ended with status {status} on SIGTERM")
        return wrong
