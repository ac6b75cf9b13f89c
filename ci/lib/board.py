# SPDX-License-Identifier: MIT
"""What a campaign shows: a live line per target, and the table at the end."""

import shutil
import sys
import time

QUIET_INTERVAL = 10  # seconds between lines when nobody can see one being rewritten


def short(number):
    """12345678 -> 12.3M"""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return str(number)


def fold(parts, width):
    """Joins parts to lines that fit; almost always it is one."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + 3 < width:
            lines[-1] += f" | {part}"
        else:
            lines.append(part)
    return lines


class LiveLine:
    """One line that is rewritten on a terminal, and printed now and then elsewhere."""

    LEGEND = "live: executions, executions/s, e: edges, i: inputs kept"

    def __init__(self):
        self.terminal = sys.stdout.isatty()
        self.height = 0
        self.last = 0.0

    def show(self, target, engines, left):
        crashes = sum(len(engine.crashes()) for engine in engines)
        parts = [f"{target.name}: {max(left, 0):.0f} s left, {crashes} crashes"]
        for engine in engines:
            stats = engine.stats
            parts.append(f"{engine.name} {short(stats.executions)} {short(stats.rate)}/s "
                         f"{stats.edges}e {stats.corpus}i")
        if self.terminal:
            self.erase()
            lines = fold(parts, shutil.get_terminal_size().columns)
            self.height = len(lines)
            print("\n".join(lines), end="", flush=True)
        elif time.monotonic() - self.last >= QUIET_INTERVAL:
            self.last = time.monotonic()
            print(" | ".join(parts), flush=True)

    def erase(self):
        """Back to where the line began."""
        if self.height > 1:
            print(f"\x1b[{self.height - 1}A", end="")
        if self.height:
            print("\r\x1b[J", end="", flush=True)
        self.height = 0


HEADER = ("target", "engine", "executions", "exec/s", "edges", "corpus", "stability", "crashes")


def table(rows):
    """Prints rows under HEADER, numbers to the right."""
    cells = [HEADER, *(tuple(map(str, row)) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADER))]
    for row in cells:
        print("  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                        for column, (cell, width) in enumerate(zip(row, widths))).rstrip())
