# SPDX-License-Identifier: MIT
"""The record of a campaign: what it has done, in two files that outlive it.

    OUT/campaign.json   how it stands: a Campaign, written anew each time, whole or not at all
    OUT/history.jsonl   how it came there: a Sample a line, only ever added to

The campaign writes them while it runs, and goes on in them when it is resumed; the report and other
programs read them. A campaign that was killed leaves at most one line of the history cut short;
lines that cannot be read are left out, and counted.

Not here: what an engine says (the campaign asks it), and what a person sees (report.py).
Tests: tests/cli/test_record.py
"""

import dataclasses
import json
import os
import pathlib
import typing

SUMMARY, HISTORY = "campaign.json", "history.jsonl"
VERSION = 1
NUMBER_MAX = 2**53  # what every reader of JSON keeps exactly
RUNNING, FINISHED, INTERRUPTED = "running", "finished", "interrupted"


class Unreadable(Exception):
    """There is no record, or it is not one; the text names the file and says what to do."""


@dataclasses.dataclass
class Engine:
    """What one engine has done on one target, all its workers together."""

    name: str
    executions: int = 0
    rate: int = 0        # executions a second, now
    edges: int = 0       # as this engine counts them: not to be compared between engines
    corpus: int = 0      # inputs it keeps
    crashes: int = 0     # files it wrote, before they were looked at
    stability: str = ""  # as AFL++ says it
    workers: int = 1


@dataclasses.dataclass
class Crash:
    """A finding: crashes that say the same are one."""

    summary: str                # what is wrong, in one line
    engines: list[str] = dataclasses.field(default_factory=list)
    file: str = ""              # the input, minimised; relative to OUT
    bytes: int = 0              # its length
    replay: str = ""            # the command that plays it again
    program: str = ""           # the input as a program: replay_TARGET --show
    stack: str = ""             # what the replay printed


@dataclasses.dataclass
class Target:
    name: str
    engines: list[Engine] = dataclasses.field(default_factory=list)
    crashes: list[Crash] = dataclasses.field(default_factory=list)
    new_inputs: int = 0         # kept at the end: they reach what the seeds do not
    fuzzed: float = 0           # seconds, all runs together


@dataclasses.dataclass
class Campaign:
    state: str = RUNNING        # RUNNING, FINISHED or INTERRUPTED
    started: float = 0          # seconds since 1970
    updated: float = 0          # the same: when this was written
    elapsed: float = 0          # seconds it has run, all runs together
    planned: float = 0          # seconds it shall run
    command: str = ""           # that began it
    notes: list[str] = dataclasses.field(default_factory=list)
    targets: list[Target] = dataclasses.field(default_factory=list)
    version: int = VERSION
    engine: str = ""            # from here on: its options, for when it is resumed
    sanitizer: str = ""
    jobs: int = 0
    seed: str = ""
    subject: str = ""
    corpus: str = ""
    sync: str = ""
    host: str = ""


@dataclasses.dataclass
class Sample:
    """One engine on one target at one moment."""

    t: float                    # seconds that this target has been fuzzed, all runs together
    target: str
    engine: str
    executions: int = 0
    rate: int = 0
    edges: int = 0
    corpus: int = 0
    crashes: int = 0


def write_whole(path, text):
    """Replaces a file in one step: a reader sees the old one or the new one."""
    path = pathlib.Path(path)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def save(out, campaign):
    write_whole(pathlib.Path(out) / SUMMARY,
                json.dumps(dataclasses.asdict(campaign), indent=1) + "\n")


def add(out, samples):
    """Adds to the history, behind a line that an earlier run may have cut short."""
    with open(pathlib.Path(out) / HISTORY, "a+b") as history:
        end = history.seek(0, os.SEEK_END)
        if end > 0:
            history.seek(end - 1)
            if history.read(1) != b"\n":
                history.write(b"\n")
        for sample in samples:
            history.write(json.dumps(dataclasses.asdict(sample)).encode() + b"\n")


def _value(kind, value):
    """@value if a field of type @kind may hold it; else ValueError."""
    if typing.get_origin(kind) is list:
        if isinstance(value, list):
            return [_value(typing.get_args(kind)[0], one) for one in value]
    elif dataclasses.is_dataclass(kind):
        if isinstance(value, dict):
            return _read(kind, value)
    elif kind in (float, int) and isinstance(value, (int, float)) and 0 <= value <= NUMBER_MAX:
        return kind(value)
    elif kind is str and isinstance(value, str):
        return value
    raise ValueError(f"{json.dumps(value)[:60]} where a value of type {kind} is expected")


def _read(kind, values):
    """A @kind from what stood in a file. What it does not know is left out: newer programs may have
    written more."""
    known = {field.name: field.type for field in dataclasses.fields(kind)}
    try:
        return kind(**{name: _value(known[name], value) for name, value in values.items()
                       if name in known})
    except TypeError as error:  # a field without default is missing
        raise ValueError(str(error)) from error


def load_summary(out):
    path = pathlib.Path(out) / SUMMARY
    try:
        values = json.loads(path.read_bytes())
        if not isinstance(values, dict) or values.get("version") != VERSION:
            raise ValueError(f"not a record of version {VERSION}")
        return _read(Campaign, values)
    except FileNotFoundError:
        raise Unreadable(f"{path}: not there; name the --out folder of a campaign") from None
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path}: not the record of a campaign: {error}") from error


def load_history(out):
    """(samples in the order of their writing, number of lines that could not be read)"""
    path = pathlib.Path(out) / HISTORY
    samples, lost = [], 0
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    for line in lines:
        try:
            samples.append(_value(Sample, json.loads(line)))
        except (ValueError, RecursionError):
            lost += 1
    return samples, lost
