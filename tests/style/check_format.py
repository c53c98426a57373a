#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
All C files are as clang-format 14 (Debian 12's) writes them.
"""
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from source import ROOT, files, finish  # noqa: E402  pylint: disable=wrong-import-position


def main():
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool:
        finish(0, ["clang-format is missing; run tools/install-deps test"])
    paths = files(".c", ".h")
    done = subprocess.run([tool, "--dry-run", "-Werror", *(os.path.join(ROOT, p) for p in paths)], capture_output=True,
                          text=True, check=False)
    faults = [line for line in done.stderr.splitlines() if "error:" in line]
    if done.returncode and not faults:
        faults = [done.stderr]
    finish(len(paths), faults)


main()
