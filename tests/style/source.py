# SPDX-License-Identifier: BSD-3-Clause
"""
The tree's files for the style checks, and how a check reports.
"""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files(*endings):
    """Paths of the source files with these endings, relative to the root: tracked ones and new ones."""
    done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "-C", ROOT, "ls-files", "-z", "--cached", "--others",
                           "--exclude-standard"], capture_output=True, check=False)
    if done.returncode == 0:
        names = done.stdout.decode().split("\0")
    else:  # not a clone: an unpacked archive
        names = [os.path.relpath(os.path.join(folder, name), ROOT) for folder, folders, found in os.walk(ROOT)
                 for name in found if not any(part.startswith("build") for part in folder.split(os.sep))]
    return sorted({n for n in names if n.endswith(endings) and os.path.isfile(os.path.join(ROOT, n))})


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def finish(checked, faults):
    """Prints the faults and exits; a check that looked at nothing has failed, too."""
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{checked} files checked, {len(faults)} faults")
    sys.exit(1 if faults or checked == 0 else 0)
