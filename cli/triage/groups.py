# SPDX-License-Identifier: MIT
"""Crashes that are the same: they break the same property, at the same kind of step, and the same
functions led there.

Every input is played several times, each time by another process: what fails now and then is
flaky, what does not fail is stale. Both are said, and neither is minimised: there is nothing to
compare a smaller one with.

Tests: tests/cli/test_triage.py
"""

import contextlib
import dataclasses
import re

from triage import minimise, places, report, trials

REPEAT = 5
# An input that does not end is played so often only: each time takes long.
REPEAT_OF_ENDLESS = 2
# Longest name that is proposed.
NAME_MAX = 60


@dataclasses.dataclass
class Case:
    """One input and what came of it."""

    path: object
    engine: str
    data: bytes
    played: int = 0
    failed: int = 0
    run: trials.Run | None = None  # the first that failed
    said: report.Report | None = None
    step: str = ""                 # the pattern of the step at which it fails

    @property
    def is_flaky(self):
        return 0 < self.failed < self.played


@dataclasses.dataclass
class Group:
    """Crashes that are the same. The first of @cases is the shortest."""

    target: str
    said: report.Report
    step: str           # the pattern of the step at which they fail
    frames: list
    cases: list
    name: str = ""      # proposed
    smallest: minimise.Smallest | None = None
    steps: int = 0      # of the smallest

    @property
    def is_flaky(self):
        return self.cases[0].is_flaky

    @property
    def engines(self):
        return sorted({case.engine for case in self.cases if case.engine})


@dataclasses.dataclass
class Result:
    groups: list
    flaky: list   # Groups too
    stale: list   # Cases
    has_stacks: bool


class _Drivers(contextlib.ExitStack):
    """A driver for each way of playing, started when it is first needed."""

    def __init__(self, program):
        super().__init__()
        self.program, self.started = program, {}

    def seeing(self, said):
        """One that sees what is @said: looking for leaks takes longer than a short program."""
        leaks = said.property == report.LEAKS
        if leaks not in self.started:
            self.started[leaks] = self.enter_context(trials.Driver(self.program, leaks))
        return self.started[leaks]


def kind_of(pattern):
    """'{c}.flush {u16}' is a flush: a pattern without its operands."""
    words = re.sub(r"\{[^}]*\}", " ", pattern)
    return "-".join(re.findall(r"[a-z]+", words.lower()))


def _read(inputs):
    """Cases, of files with the same bytes one; and how often each was there is not told."""
    cases = {}
    for found in inputs:
        try:
            data = found.path.read_bytes()
        except OSError as error:
            raise places.Unreadable(f"{places.printable(found.path)}: {error.strerror}") from error
        cases.setdefault(data, Case(found.path, found.engine, data))
        if found.engine and not cases[data].engine:
            cases[data].engine = found.engine
    return sorted(cases.values(), key=lambda case: (len(case.data), case.data))


def _play(program, cases, repeat):
    for number in range(repeat):
        with trials.Driver(program) as driver:
            for case in cases:
                if number >= REPEAT_OF_ENDLESS and case.said and case.said.property == report.ENDLESS:
                    continue
                run = driver.play(case.data)
                case.played += 1
                case.failed += run.failed
                if run.failed and case.run is None:
                    case.run, case.said = run, report.read(run)


def propose(group, taken):
    """A name by what it shows; different from all that are taken."""
    words = list(group.said.words)
    if kind_of(group.step):
        words += ["in", kind_of(group.step)]
    base = "-".join(words)[:NAME_MAX].strip("-")
    if not base[:1].isalpha():
        base = f"crash-{base}".strip("-")
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name)
    return name


def _group(target, program, cases, symbols, seconds):
    """{key: Group} of failing cases."""
    groups = {}
    with _Drivers(program) as drivers:
        for case in cases:
            frames = symbols.frames(case.said.stack)
            if not case.is_flaky:
                case.step = minimise.Minimiser(drivers.seeing(case.said), case.data,
                                               case.said.property, seconds).step()
            key = (case.is_flaky, case.said.property, kind_of(case.step),
                   tuple(frame.function for frame in frames[:report.FRAMES]))
            if key not in groups:
                groups[key] = Group(target, case.said, case.step, frames, [])
            groups[key].cases.append(case)
    return groups.values()


def _minimise(program, groups, seconds):
    """The groups, of which those that come down to the same input are one."""
    result = {}
    with _Drivers(program) as drivers:
        for group in groups:
            driver = drivers.seeing(group.said)
            group.smallest = minimise.Minimiser(driver, group.cases[0].data, group.said.property,
                                                seconds).smallest()
            group.steps = len(driver.steps(group.smallest.data))
            same = result.setdefault((group.said.property, group.smallest.data), group)
            if same is not group:
                same.cases += group.cases
    return list(result.values())


def triage(target, program, inputs, taken, repeat=REPEAT, seconds=minimise.SECONDS):
    """A Result for the inputs of one target.

    @program: its driver
    @taken:   names that cannot be proposed; those that are, are added"""
    cases = _read(inputs)
    _play(program, cases, repeat)
    failing = [case for case in cases if case.failed]
    symbols = report.Symbols()
    symbols.learn([place for case in failing for place in case.said.stack])
    found = _group(target, program, failing, symbols, seconds)
    result = Result(_minimise(program, [group for group in found if not group.is_flaky], seconds),
                    [group for group in found if group.is_flaky],
                    [case for case in cases if not case.failed], not symbols.missing)
    for group in result.groups + result.flaky:
        group.name = propose(group, taken)
    return result
