# SPDX-License-Identifier: MIT
"""System calls per operation, counted by strace on both sides.

Two runs that differ only in the number of operations: what both have, starting and ending, drops
out of the difference.
"""

import dataclasses
import pathlib
import shutil
import tempfile

from measure import PROGRAMS
from peers import BenchError, pair

FEW = 1000
MANY = 3000

COUNTED = ("pingpong", "connect")


def _counts(report):
    """{system call: how often} of a summary that strace -c wrote."""
    counts = {}
    for line in report.read_text().splitlines():
        words = line.split()
        # "% time, seconds, usecs/call, calls, errors (or nothing), name"; the frame and the sum
        # have no such first and last words.
        if len(words) in (5, 6) and words[0][0].isdigit() and words[-1] != "total":
            counts[words[-1]] = int(words[3])
    return counts


def _run(program, workload, cores, operations):
    with tempfile.TemporaryDirectory(prefix="sunpath-bench-") as folder:
        reports = {side: pathlib.Path(folder, side) for side in ("server", "client")}
        with pair(program, workload, cores, limit=operations,
                  wrap=lambda side: ["strace", "-f", "-c", "-o", str(reports[side])]) as peers:
            peers[1].hear("done")
        return {side: _counts(report) for side, report in reports.items()}


@dataclasses.dataclass(frozen=True)
class Calls:
    """{side: {system call: how often per operation}}"""

    sides: dict

    def total(self):
        return sum(sum(calls.values()) for calls in self.sides.values())


def count(folder, workload, cores):
    """{"raw": Calls, "library": Calls}"""
    if shutil.which("strace") is None:
        raise BenchError("strace is not installed")
    result = {}
    for who, program in PROGRAMS.items():
        few, many = (_run(folder / program, workload, cores, n) for n in (FEW, MANY))
        result[who] = Calls({
            side: {name: calls for name in many[side]
                   if (calls := (many[side][name] - few[side].get(name, 0)) / (MANY - FEW)) != 0}
            for side in many})
    return result
