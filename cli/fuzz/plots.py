# SPDX-License-Identifier: MIT
"""Plots of numbers over time, drawn by gnuplot, as SVG that is part of a page.

gnuplot is told numbers and nothing else: no name reaches it. Of what it draws only lines, points and
the labels of the axes are kept, without its colours: each has a class, and the page's style sheet
says how it looks, in the light and in the dark.

Tests: tests/cli/test_report.py
"""

import dataclasses
import math
import pathlib
import re
import subprocess
import tempfile
import xml.etree.ElementTree

from fuzz.markup import Markup, element, join

# Small, so that it need not be scaled down on the screen of a telephone.
WIDTH, HEIGHT, FONT_SIZE = 400, 230, 13
STYLES = 4  # of lines: classes line-0, line-1, ...
POINTS_MAX = 120
DRAW_SECONDS = 60

# A colour for each kind of thing, by which it is known in what gnuplot wrote. Never seen.
_GRID = "#010203"
_LINES = [f"#0a0b{number:02x}" for number in range(STYLES)]

_START = f"""\
set terminal svg size {WIDTH},{HEIGHT} font "sans-serif,{FONT_SIZE}" noenhanced
set border 3
set tics nomirror scale 0.4
set grid ytics linetype 1 linecolor rgb "{_GRID}"
unset key
"""


class CannotDraw(Exception):
    """There are no plots; the text says why, and what to do."""


@dataclasses.dataclass
class Plot:
    title: str
    description: str                            # in words, for who does not see it
    series: list[list[tuple[float, float]]]     # (seconds, value), in the order of time
    from_zero: bool = False


def thinned(points, most=POINTS_MAX):
    """At most so many of them, the first and the last included."""
    if len(points) <= most:
        return points
    return [points[round(number * (len(points) - 1) / (most - 1))] for number in range(most)]


def time_unit(seconds):
    """(name, length in seconds) of the unit in which so long a time is best told"""
    return next(unit for unit in (("hours", 3600), ("minutes", 60), ("seconds", 1))
                if seconds >= 3 * unit[1] or unit[1] == 1)


def compact(number):
    """12000 -> 12k"""
    for letter, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def _marks(low, high, wanted):
    """Round whole numbers between two bounds, about as many as wanted."""
    raw = max((high - low) / wanted, 1)
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _axis(name, low, high, marks):
    labels = ", ".join(f'"{compact(mark)}" {mark}' for mark in marks)
    return f"set {name}range [{low}:{high}]\nset {name}tics ({labels})\n"


def _script(plot, file):
    """What gnuplot is told to draw one plot."""
    everything = [point for points in plot.series for point in points]
    unit, length = time_unit(max(point[0] for point in everything))
    right = max(max(point[0] for point in everything) / length, 1)
    low = 0 if plot.from_zero else min(point[1] for point in everything)
    high = max(point[1] for point in everything)
    room = max((high - low) * 0.06, 1)
    low = 0 if plot.from_zero else max(low - room, 0)
    high += room

    lines, parts = [], []
    for number, points in enumerate(plot.series):
        if points:
            rows = [f"{seconds / length} {value}" for seconds, value in thinned(points)]
            lines += [f"$data{number} << END", *rows, "END", f"$end{number} << END", rows[-1], "END"]
            look = f'linecolor rgb "{_LINES[number % STYLES]}"'
            parts += [f"$data{number} with lines {look}",
                      f"$end{number} with points pointtype 7 {look}"]
    return (f'set output "{file}"\nset xlabel "{unit}"\n'
            + _axis("x", 0, right, _marks(0, right, 6)) + _axis("y", low, high, _marks(low, high, 5))
            + "\n".join(lines) + "\nplot " + ", ".join(parts) + "\n")


def _numbers(text):
    """Coordinates with one decimal place."""
    return re.sub(r"\d+\.\d+", lambda match: f"{float(match[0]):.1f}", " ".join(text.split()))


def _kind(colour):
    """The class of what has this colour in gnuplot's file."""
    levels = re.findall(r"\d+", colour or "")
    name = "#" + "".join(f"{int(level):02x}" for level in levels)
    if name in _LINES:
        return f"line line-{_LINES.index(name)}"
    return "grid" if name == _GRID else "axis"


def _flat(node, place=(0, 0), anchor="start"):
    """The lines, points and labels in a part of gnuplot's file."""
    tag = node.tag.rpartition("}")[2]
    where = re.search(r"translate\(([\d.]+),([\d.]+)\)", node.get("transform", ""))
    place = tuple(map(float, where.groups())) if where else place
    anchor = node.get("text-anchor", anchor)
    if tag == "path" and "L" in node.get("d", ""):
        yield element("path", class_=_kind(node.get("stroke")), d=_numbers(node.get("d")))
    elif tag == "use":
        yield element("circle", class_=_kind(node.get("color")), cx=f"{place[0]:.1f}",
                      cy=f"{place[1]:.1f}", r="3.5")
    elif tag == "text":
        yield element("text", "".join(node.itertext()).strip(), x=f"{place[0]:.1f}",
                      y=f"{place[1]:.1f}", text_anchor=anchor)
    elif tag != "defs":
        for child in node:
            yield from _flat(child, place, anchor)


def _svg(plot, number, drawn):
    """gnuplot's file as an element of the page; @number makes its ids different from all others."""
    canvas = xml.etree.ElementTree.fromstring(drawn)
    return element("svg", element("title", plot.title, id=f"plot-{number}-title"),
                   element("desc", plot.description, id=f"plot-{number}-desc"), join(_flat(canvas)),
                   viewBox=f"0 0 {WIDTH} {HEIGHT}", font_size=FONT_SIZE, role="img",
                   aria_labelledby=f"plot-{number}-title", aria_describedby=f"plot-{number}-desc")


def draw(plots, gnuplot="gnuplot"):
    """The plots as SVG elements, in their order; those without a point are empty."""
    with tempfile.TemporaryDirectory() as folder:
        files = {number: pathlib.Path(folder, f"{number}.svg") for number, plot in enumerate(plots)
                 if any(plot.series)}
        # One process draws all: it is started again and again while the engines want the processor.
        script = _START + "".join(_script(plots[number], file.name) for number, file in files.items())
        try:
            done = subprocess.run([gnuplot, "-d", "-"], input=script, text=True, cwd=folder, check=False,
                                  timeout=DRAW_SECONDS, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except FileNotFoundError:
            raise CannotDraw("gnuplot is not installed, so there are tables and no plots: "
                             "apt-get install gnuplot-nox") from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotDraw(f"gnuplot could not be run, so there are no plots: {error}") from error
        try:
            return [_svg(plot, number, files[number].read_text(encoding="utf-8"))
                    if number in files else Markup() for number, plot in enumerate(plots)]
        except (OSError, ValueError, xml.etree.ElementTree.ParseError) as error:
            said = (done.stderr.strip().splitlines() or [str(error)])[-1].strip()
            raise CannotDraw(f"gnuplot failed, so there are no plots: {said}") from error
