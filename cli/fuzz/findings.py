# SPDX-License-Identifier: MIT
"""From the files that engines wrote to findings: does it fail again, why, and with how little?

Which crashes are the same, and the smallest of each, is what triage says. Added here is what a
campaign must not lose: a crash that does not fail again is a finding too. Only an input that an
engine took for too slow, and that is not, is none: that was a busy machine.

Tests: tests/cli/test_fuzz.py
"""

import os
import pathlib
import subprocess

from fuzz import record
from fuzz.board import shown
from triage import groups, places, trials

REPEAT = 2


def is_about_time(path):
    """By the name that the engine gave it."""
    return path.name.startswith(("timeout-", "slow-unit-")) or path.parent.name.startswith("hangs")


def _file(folder, name, data):
    """Where the input is in @folder; written if it is not."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return path
    scratch = folder / f".{name}"
    scratch.write_bytes(data)
    scratch.replace(folder / name)
    return folder / name


def _program(driver, path):
    said = subprocess.run([driver, "--show", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout.decode(errors="replace")
    return said.partition("\n")[2]


def _place(frame):
    return f"{frame.function} ({pathlib.PurePath(frame.file).name}:{frame.line})" if frame.line else frame.function


def _crash(group, engines, driver, folder, out):
    data = group.smallest.data if group.smallest else group.cases[0].data
    path = _file(folder, group.name, data)
    summary = group.said.property + (f", in {groups.kind_of(group.step)}" if group.step else "")
    if group.frames:
        summary += f": {_place(group.frames[0])}"
    if group.is_flaky:
        summary = f"now and then: {summary}"
    stack = "".join(f"  #{number} {_place(frame)}\n" for number, frame in enumerate(group.frames))
    return record.Crash(summary, engines, os.path.relpath(path, out), len(data),
                        f"{shown(driver)} {shown(path)}", _program(driver, path), f"{group.said.message}\n{stack}")


def _lost(case, driver, folder, out):
    """Of a crash that no driver fails on."""
    path = _file(folder, f"once-{case.path.name.replace(':', '-')}"[:80], case.data)
    return record.Crash(f"reported by {case.engine}, did not fail again", [case.engine], os.path.relpath(path, out),
                        len(case.data), f"{shown(driver)} {shown(path)}", _program(driver, path), "")


def _finders(files):
    """{bytes of an input: names of the engines that wrote it}: triage keeps one file of those that are the same"""
    result = {}
    for path, engine in files:
        result.setdefault(path.read_bytes(), set()).add(engine)
    return result


def find(target, files, folder, out, seconds):
    """(record.Crashes, notes) of what engines wrote.

    @files:   [(path, name of the engine), ...]
    @folder:  where the smallest of each goes
    @seconds: for making one smaller"""
    inputs = [places.Input(path, engine, target.name) for path, engine in files]
    taken = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    finders = _finders(files)
    crashes, notes, stale = [], [], []
    # A crash of one build may not be one of the other: compilers and layouts differ.
    for driver in target.replays:
        if not inputs:
            break
        try:
            done = groups.triage(target.name, driver, inputs, taken, REPEAT, seconds)
        except (places.Unreadable, trials.CannotRun) as error:
            notes.append(f"{error}: see {folder.parent}")
            continue
        crashes += [_crash(group, sorted(set().union(*(finders[case.data] for case in group.cases))), driver, folder, out)
                    for group in done.groups + done.flaky]
        stale = done.stale
        inputs = [places.Input(case.path, case.engine, target.name) for case in stale]
    for case in stale:
        if is_about_time(case.path):
            notes.append(f"{case.engine} took {shown(case.path)} for too slow, and it is not: a busy machine")
        else:
            crashes.append(_lost(case, target.replays[0], folder, out))
    return crashes, notes
