# SPDX-License-Identifier: MIT
"""The part of a log that says what went wrong."""

LINES = 40


def excerpt(path):
    """From the first step that the build says has failed; else the end."""
    lines = path.read_text(errors="replace").splitlines()
    for number, line in enumerate(lines):
        if line.startswith(("FAILED: ", "CMake Error")):
            return lines[number:number + LINES]
    return lines[-LINES:]
