#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Who may include whom: tests, tools -> control -> include <- dataplane. Reads #include lines of all C files.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
from source import ROOT, files, finish, text  # noqa: E402  pylint: disable=wrong-import-position

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)

# Folder -> folders whose headers its files may include.
MAY_INCLUDE = {
    "include": {"include"},
    "dataplane": {"dataplane", "include"},
    "control": {"control", "include"},
    "tools": {"tools", "control", "include"},
    "tests": {"tests", "tools", "control", "dataplane", "include"},
}

DPDK, EV, JANSSON = re.compile(r"rte_.*\.h"), re.compile(r"ev(\+\+)?\.h"), re.compile(r"jansson\.h")
NETLINK = re.compile(r"(libmnl/.*|nftables/.*|bpf/.*|xdp/.*)")
CRYPTO = re.compile(r"(openssl/.*|srtp2/.*|intel-ipsec-mb\.h)")

# Folder -> libraries that its files must not include.
FORBIDDEN = {
    "include": (DPDK, EV, JANSSON, NETLINK, CRYPTO),
    "dataplane": (EV, JANSSON),
    "control": (DPDK, NETLINK),
    "tools": (EV,),
}

# Folder inside of a folder -> more folders whose headers it may include. The bench measures the very code that workers
# run; a copy of it, or another way in, would be measured instead.
MAY_ALSO_INCLUDE = {
    "tools/bench": {"dataplane"},
}

# Files that may include what their folder must not: the bench sends and receives by the dataplane's own ports.
EXCEPTIONS = {
    DPDK: re.compile(r"tools/bench/(wire_\w+|pipe_(eal|load|relay))\.[ch]"),
}

# Library -> the only files of a folder that may include it.
ONLY = (
    ("control", EV, re.compile(r"(main|ngsock|ngsock_\w+|dplink|dplink_\w+|reaper|engine)\.[ch]")),
    ("control", JANSSON, re.compile(r"json\.c")),
    ("dataplane", CRYPTO, re.compile(r"crypto_\w+\.[ch]")),
    ("tools", CRYPTO, re.compile(r"srtp(_plain|_raw)?\.c")),  # the peer and the bench are judges with means of their own
)

# Files of the dataplane that run without EAL, so that unit tests and the simulator need none.
NO_DPDK = {"adj.h", "mailbox.h", "flow.c", "flow.h", "apply.c", "apply.h", "rtp.c", "rtp.h", "srtp.c", "srtp.h"}


def resolve(path, name):
    """Where a quoted include leads: beside the file, else by the include paths; None = a library's."""
    folder = os.path.dirname(path)
    for base in (folder, "include", path.split("/")[0], "", "dataplane", "control", "tools"):
        candidate = os.path.normpath(os.path.join(base, name))
        if os.path.isfile(os.path.join(ROOT, candidate)):
            return candidate
    return None


def faults_of(path):
    layer, base = path.split("/")[0], os.path.basename(path)
    allowed_folders = MAY_INCLUDE[layer] | MAY_ALSO_INCLUDE.get(os.path.dirname(path), set())
    for quote, name in INCLUDE.findall(text(path)):
        target = resolve(path, name)
        if quote == '"' and target is None and layer in ("include", "control", "tools"):
            yield f"{path}: \"{name}\" does not exist"
        if target and target.split("/")[0] not in allowed_folders:
            yield f"{path}: {layer} must not include {target}"
        yield from (f"{path}: {layer} must not include <{name}>" for rule in FORBIDDEN.get(layer, ())
                    if rule.fullmatch(name) and not (rule in EXCEPTIONS and EXCEPTIONS[rule].fullmatch(path)))
        yield from (f"{path}: of {folder} only {allowed.pattern} may include <{name}>" for folder, rule, allowed in ONLY
                    if layer == folder and rule.fullmatch(name) and not allowed.fullmatch(base))
        if layer == "dataplane" and base in NO_DPDK and DPDK.fullmatch(name):
            yield f"{path}: has to build without DPDK, but includes <{name}>"


def main():
    paths = [p for p in files(".c", ".h") if p.split("/")[0] in MAY_INCLUDE]
    finish(len(paths), [fault for p in paths for fault in faults_of(p)])


main()
