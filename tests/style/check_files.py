#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Each source file names its licence and its purpose, is no longer than 600 lines, and has no function of more
than 60.
"""
import re
import sys

sys.dont_write_bytecode = True
from source import files, finish, text  # noqa: E402  pylint: disable=wrong-import-position

FILE_LINES = 600
FUNCTION_LINES = 60
SPDX = re.compile(r"SPDX-License-Identifier: BSD-3-Clause")
PURPOSE = {
    ".c": re.compile(r"\A/\* SPDX[^\n]*\*/\n/\*(\n \*)? \S"),
    ".h": re.compile(r"\A/\* SPDX[^\n]*\*/\n/\*(\n \*)? \S"),
    ".py": re.compile(r'\A(#![^\n]*\n)?# SPDX[^\n]*\n"""\n?\S'),
}


def long_functions(lines):
    """Functions as clang-format leaves them: a brace alone in column 0 opens and closes."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_LINES:
                yield start, number - start - 1
            start = None


def faults_of(path):
    whole = text(path)
    lines = whole.splitlines()
    ending = path[path.rindex("."):]
    if not SPDX.search("\n".join(lines[:3])):
        yield f"{path}: no SPDX line"
    if ending in PURPOSE and not PURPOSE[ending].match(whole):
        yield f"{path}: its purpose should follow the SPDX line"
    if len(lines) > FILE_LINES:
        yield f"{path}: {len(lines)} lines, more than {FILE_LINES}"
    if ending == ".c":
        yield from (f"{path}:{at}: function of {n} lines, more than {FUNCTION_LINES}" for at, n in long_functions(lines))
    for number, line in enumerate(lines, 1):
        if line.rstrip() != line:
            yield f"{path}:{number}: blank at the end of the line"
    if whole and not whole.endswith("\n"):
        yield f"{path}: no newline at the end"


def main():
    paths = files(".c", ".h", ".py", "meson.build")
    finish(len(paths), [fault for p in paths for fault in faults_of(p)])


main()
