# SPDX-License-Identifier: MIT
"""A replay driver that plays what it is given, one input after the other (fuzz/engine/trials.h).

Much faster than a process for each input, and as safe: the driver plays each in a child.

Tests: tests/cli/test_triage.py
"""

import dataclasses
import os
import subprocess

# Longest time for one input, as the driver has it when it replays.
SECONDS = 20

# What each sanitizer must do so that its reports can be compared: a stack at a failed check too, and
# addresses instead of names. Names are looked up afterwards, for those few that a person sees.
OPTIONS = {
    "ASAN_OPTIONS": "handle_abort=1:symbolize=0",
    "MSAN_OPTIONS": "handle_abort=1:symbolize=0",
    "TSAN_OPTIONS": "handle_abort=1:symbolize=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:symbolize=0",
}


class CannotRun(Exception):
    """The driver cannot be started, or has ended; the text says which and why."""


@dataclasses.dataclass(frozen=True)
class Run:
    """What became of one input. @status: as in fuzz/engine/trials.h; @text: all that was printed."""

    status: str
    text: str

    @property
    def failed(self):
        return self.status != "passed"


class Driver:
    """A running driver. To be closed, best by a with statement.

    @program: replay_TARGET
    @leaks:   whether memory that is left at the end of an input is looked for, which takes longer
              than the input"""

    def __init__(self, program, leaks=True):
        self.program = program
        more = "" if leaks else ":detect_leaks=0"
        environment = {name: ":".join(filter(None, (os.environ.get(name), value))) + more
                       for name, value in OPTIONS.items()}
        # Its own process group: an interrupt from the terminal is ours to handle.
        try:
            self.process = subprocess.Popen(
                [program, "--trials"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=os.environ | environment, process_group=0)
        except OSError as error:
            raise CannotRun(f"{program}: {error.strerror}") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        self.process.wait()

    def _ask(self, request, data):
        try:
            self.process.stdin.write(f"{request} {len(data)}\n".encode() + data)
            self.process.stdin.flush()
            status, length = self.process.stdout.readline().decode().split()
            report = self.process.stdout.read(int(length))
        except (OSError, ValueError) as error:
            raise CannotRun(f"{self.program}: ended, or is no driver with --trials of this version") from error
        return status, report.decode(errors="replace")

    def play(self, data, seconds=SECONDS):
        return Run(*self._ask(f"play {seconds}", data))

    def steps(self, data):
        """[(where it begins, its pattern), ...] of a program; nothing where inputs are just bytes"""
        lines = self._ask("steps", data)[1].splitlines()
        return [(int(offset), pattern) for offset, pattern in (line.split(" ", 1) for line in lines)]
