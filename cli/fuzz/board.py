# SPDX-License-Identifier: MIT
"""What a campaign shows: for a person lines while it runs and a table at the end, for a program JSON
lines.

Both have the same calls. What is JSON goes to standard output alone; all else then goes to standard
error.
"""

import dataclasses
import json
import os
import shutil
import sys
import time

QUIET_SECONDS = 60  # between lines when nobody can see one being rewritten; a short run has more


def short(number):
    """12345678 -> 12.3M"""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return str(number)


def shown(path):
    """A path as one would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def fold(parts, width):
    """Joins parts to lines that fit; almost always it is one."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + 3 < width:
            lines[-1] += f" | {part}"
        else:
            lines.append(part)
    return lines


class Board:
    """One line that is rewritten on a terminal, and printed now and then elsewhere.

    @share: seconds for each target"""

    LEGEND = "live: executions, executions/s, e: edges, i: inputs kept"

    def __init__(self, share):
        self.terminal = sys.stdout.isatty()
        self.interval = min(QUIET_SECONDS, max(share / 2, 5))
        self.height = 0
        self.last = 0.0

    def begin(self):
        """A target is next."""
        self.last = time.monotonic()

    def say(self, text):
        self.erase()
        print(text, flush=True)

    def show(self, target, engines, left):
        crashes = sum(engine.crashes for engine in engines)
        parts = [f"{target}: {max(left, 0):.0f} s left, {crashes} crashes"]
        parts += [f"{engine.name} {short(engine.executions)} {short(engine.rate)}/s {engine.edges}e {engine.corpus}i"
                  for engine in engines]
        if self.terminal:
            self.erase()
            lines = fold(parts, shutil.get_terminal_size().columns)
            self.height = len(lines)
            print("\n".join(lines), end="", flush=True)
        elif time.monotonic() - self.last >= self.interval:
            self.last = time.monotonic()
            print(" | ".join(parts), flush=True)

    def erase(self):
        """Back to where the line began."""
        if self.height > 1:
            print(f"\x1b[{self.height - 1}A", end="")
        if self.height:
            print("\r\x1b[J", end="", flush=True)
        self.height = 0

    def sampled(self, samples):
        """What was added to the history: nothing that a person reads."""

    def end(self, campaign, out):
        self.erase()
        print()
        table([(target.name, engine.name, engine.executions, engine.rate, engine.edges, engine.corpus,
                engine.stability or "-", engine.crashes)
               for target in campaign.targets for engine in target.engines])
        crashes = [(target, crash) for target in campaign.targets for crash in target.crashes]
        for target, crash in crashes:
            print(f"\ncrash: {target.name}, found by {' and '.join(crash.engines)}: {crash.summary}\n"
                  f"  file:   {shown(out / crash.file)} ({crash.bytes} bytes)\n"
                  f"  replay: {crash.replay}")
        verdict = {0: "no crash", 1: "1 crash"}.get(len(crashes), f"{len(crashes)} crashes")
        print(f"\n{verdict} in {campaign.elapsed:.0f} s; report: {shown(out / 'report.html')}", flush=True)


class JsonBoard:
    """A line for each sample as in the history, and at the end one that is as campaign.json."""

    def __init__(self, _share):
        pass

    def begin(self):
        """Samples say it."""

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def show(self, target, engines, left):
        """Samples say it."""

    def erase(self):
        """Nothing is rewritten."""

    def sampled(self, samples):
        for sample in samples:
            print(json.dumps({"type": "sample"} | dataclasses.asdict(sample)), flush=True)

    def end(self, campaign, out):
        print(json.dumps({"type": "campaign", "out": str(out)} | dataclasses.asdict(campaign)), flush=True)


HEADER = ("target", "engine", "executions", "exec/s", "edges", "corpus", "stability", "crashes")


def table(rows):
    """Prints rows under HEADER, numbers to the right."""
    cells = [HEADER, *(tuple(map(str, row)) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADER))]
    for row in cells:
        print("  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                        for column, (cell, width) in enumerate(zip(row, widths))).rstrip())
