# SPDX-License-Identifier: MIT
"""The smallest input that still fails in the same way: operations first, bytes after.

What comes out is a program in which no operation can be left out: each was tried, and without it
the property is no longer broken, or another one is. Of inputs that are no programs no byte can be.

The same input gives the same result, unless time is up.

Tests: tests/cli/test_triage.py
"""

import dataclasses
import itertools
import time

from triage import report, trials

# Enough for a program of some hundred steps; past it what was reached is kept.
SECONDS = 30
# Where an input does not end every trial takes all of its time, so it gets less; a sound one takes
# thousandths of that.
SECONDS_OF_ENDLESS = 2
# Steps of which every two are tried: more are too many.
FEW = 20


@dataclasses.dataclass
class Smallest:
    data: bytes
    complete: bool  # False: time was up before everything was tried


class _TimeIsUp(Exception):
    pass


class Minimiser:
    """Of one input.

    @driver: a trials.Driver
    @data:   the input
    @wanted: the property that it breaks, as report.read() says it"""

    def __init__(self, driver, data, wanted, seconds=SECONDS):
        self.driver, self.best, self.wanted = driver, data, wanted
        self.each = SECONDS_OF_ENDLESS if wanted == report.ENDLESS else trials.SECONDS
        self.end = time.monotonic() + seconds
        self.tried = {data: True}

    def fails(self, data):
        """Whether it fails in the same way."""
        if data not in self.tried:
            if time.monotonic() > self.end:
                raise _TimeIsUp
            run = self.driver.play(data, self.each)
            self.tried[data] = run.failed and report.read(run).property == self.wanted
            if self.tried[data] and len(data) < len(self.best):
                self.best = data
        return self.tried[data]

    def pieces(self, data):
        """A program's bytes, step by step; none where an input is just bytes."""
        starts = [offset for offset, _ in self.driver.steps(data)]
        return [data[start:end] for start, end in zip(starts, starts[1:] + [len(data)])]

    def shortest_prefix(self):
        """Tries fewer of the steps from the beginning, as if it were a matter of how many."""
        pieces = self.pieces(self.best)
        few, enough = 0, len(pieces)
        while enough - few > 1:
            middle = (few + enough) // 2
            if self.fails(b"".join(pieces[:middle])):
                enough = middle
            else:
                few = middle

    def without(self, pieces, whole=b"".join):
        """As few of the pieces as possible: halves are left out, quarters, and so on to single ones,
        until no single one can be."""
        size = max(len(pieces) // 2, 1)
        while True:
            before = at = len(pieces)
            # From the end: what comes later depends on what was before, not the other way round.
            while at > 0:
                shorter = pieces[:max(at - size, 0)] + pieces[at:]
                if self.fails(whole(shorter)):
                    pieces = shorter
                at = min(at - size, len(pieces))
            if size > 1:
                size //= 2
            elif len(pieces) == before:
                return pieces

    def shorter_operands(self):
        """Each step with as few bytes behind its mark and letter as it needs."""
        pieces = self.pieces(self.best)
        for number, piece in enumerate(pieces):
            kept = 2 if piece[:1] == b"\xff" else 0
            before = b"".join(pieces[:number]) + piece[:kept]
            after = b"".join(pieces[number + 1:])
            operand = self.without([bytes([byte]) for byte in piece[kept:]],
                                   lambda rest, before=before, after=after: before + b"".join(rest) + after)
            pieces[number] = piece[:kept] + b"".join(operand)

    def without_two(self):
        """Leaves out two steps at once that only go together: what is made and what undoes it."""
        pieces = self.pieces(self.best)
        if len(pieces) <= FEW:
            for first, second in itertools.combinations(range(len(pieces)), 2):
                if self.fails(b"".join(pieces[:first] + pieces[first + 1:second] + pieces[second + 1:])):
                    return

    def _program(self):
        self.shortest_prefix()
        while True:
            before = self.best
            self.without(self.pieces(self.best))
            self.without_two()
            self.shorter_operands()
            if self.best == before:
                return

    def step(self):
        """The pattern of the step at which it fails: the last one of the shortest beginning that does.

        "" where inputs are just bytes, or nothing is needed to fail."""
        try:
            self.shortest_prefix()
        except _TimeIsUp:
            pass
        steps = self.driver.steps(self.best)
        return steps[-1][1] if steps else ""

    def smallest(self):
        try:
            if not self.fails(b""):
                if self.pieces(self.best):
                    self._program()
                else:
                    self.without([bytes([byte]) for byte in self.best])
        except _TimeIsUp:
            return Smallest(self.best, False)
        return Smallest(self.best, True)
