# SPDX-License-Identifier: MIT
"""Inputs played by the driver of their target, and what it says of each (fuzz/engine/report.h).

Tests: tests/cli/test_replay.py
"""

import dataclasses
import os
import re
import subprocess
import zlib

from triage import report, trials

# Statuses of inputs that were not played.
UNREADABLE, NOT_PLAYED = "unreadable", "not-played"


class CannotRun(Exception):
    """A driver cannot be started, or ended before it had said everything; the text says which."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one input.

    @status:   as in fuzz/engine/report.h
    @step:     the step under way when it failed, from 1; 0: not known
    @text:     the program, of one that failed
    @said:     what was printed, or why it cannot be read
    @broken:   the property that did not hold, in the same words for all that fail in this way; "" if it passed
    @message:  as it was said this time"""

    target: str
    name: str
    status: str
    step: int
    digest: str
    seconds: float
    text: str
    said: str
    broken: str = ""
    message: str = ""

    @property
    def passed(self):
        return self.status == "passed"

    @property
    def played(self):
        return self.status not in (UNREADABLE, NOT_PLAYED)

    @property
    def failed(self):
        return self.played and not self.passed

    @property
    def marked(self):
        """The lines of the program, an arrow at the step."""
        lines = self.text.splitlines()
        result = [("-> " if number == self.step else "   ") + line
                  for number, line in enumerate(lines, 1)]
        if self.step == len(lines) + 1 and lines:
            result.append("-> (the end: what must hold when the program is over)")
        return result


@dataclasses.dataclass(frozen=True)
class Played:
    """All inputs of a target. @seconds: that playing took, all processes at once"""

    target: str
    results: list
    runs: int
    seconds: float

    @property
    def rate(self):
        runs = sum(result.played for result in self.results) * self.runs
        return runs / self.seconds if self.seconds > 0 else 0.0


# What a driver says of an input whose process was not ended by a check or a sanitizer.
_STATUS = {"endless": ("does not end", "does not end in time"),
           "memory": ("takes too much memory", "its process took more memory than it may (--memory)")}


def _explained(result):
    if result.status in _STATUS:
        return dataclasses.replace(result, broken=_STATUS[result.status][0], message=_STATUS[result.status][1])
    if result.status == UNREADABLE:
        return dataclasses.replace(result, broken="cannot be read", message=result.said)
    if result.status == NOT_PLAYED:
        return dataclasses.replace(result, broken="was not played", message="its process could not be made")
    found = report.read(trials.Run(result.status, result.said))
    return dataclasses.replace(result, broken=found.property, message=found.message)


def _take(stream, length):
    data = stream.read(length)
    if len(data) != length:
        raise ValueError("cut short")
    return data.decode(errors="backslashreplace")


def _read(target, stream):
    results = []
    while line := stream.readline().decode().split():
        if line[0] == "played" and len(line) == 3:
            return Played(target, results, int(line[1]), int(line[2]) / 1e9)
        if line[0] != "input" or len(line) != 8:
            break
        name, text, said = (_take(stream, int(length)) for length in line[5:])
        result = Result(target, name, line[1], int(line[2]), line[3], int(line[4]) / 1e9, text, said)
        results.append(result if result.passed else _explained(result))
    raise ValueError("cut short")


def play(program, target, paths, repeat, jobs, memory):
    """Plays files and folders with a driver."""
    environment = {name: ":".join(filter(None, (os.environ.get(name), value)))
                   for name, value in (("UBSAN_OPTIONS", "print_stacktrace=1"),)}
    command = [program, "--report", "--times", str(repeat), "--jobs", str(jobs), "--memory", str(memory), *paths]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                              env=os.environ | environment) as process:
            return _read(target, process.stdout)
    except OSError as error:
        raise CannotRun(f"{program}: {error.strerror}") from error
    except ValueError as error:
        raise CannotRun(f"{program}: ended early, or is no driver of this version") from error


def in_c(program, path):
    """The input as a C file; None if its target's inputs have no C form."""
    done = subprocess.run([program, "--c", path], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return done.stdout if done.returncode == 0 else None


def file_name(result):
    """For the C file of an input: readable, and another one for each path."""
    words = re.sub(r"[^A-Za-z0-9_.-]+", "-", os.path.basename(result.name)).strip("-.")[:80]
    return f"{result.target}-{words}-{zlib.crc32(os.path.abspath(result.name).encode()):08x}.c"
