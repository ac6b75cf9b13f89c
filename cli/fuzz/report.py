# SPDX-License-Identifier: MIT
"""OUT/report.html: what a campaign has done, for a person, from its record alone.

One page that needs nothing else: no script, no file, no network, and a policy in it that forbids
them. It can be written at any time, also by another process than the campaign, and replaces the page
before it in one step. Without gnuplot it has tables and no plots, and says so.

Not here: what is recorded (record.py), what a plot looks like (plots.py, report.css).
Tests: tests/cli/test_report.py, and in a browser: tests/cli/test_browser.py
"""

import pathlib
import time

from fuzz import plots, record
from fuzz.markup import Markup, element, join

PAGE = "report.html"
# Where the source coverage is looked for, below the campaign's folder: ci/coverage --campaign puts it there.
COVERAGE = "coverage/index.html"
STYLE = pathlib.Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"

LINES_MAX = 200     # of a program or a stack; the file is named beside it
ROWS_MAX = 12       # of the table below a plot

# What is drawn for each target: (field of a sample, title, what it counts, axis from zero)
DRAWN = (("edges", "Coverage", "edges", False),
         ("rate", "Speed", "executions a second", True),
         ("corpus", "Corpus", "inputs", False))

FIGURES = (("executions", "executions"), ("rate", "executions a second"), ("edges", "edges"),
           ("corpus", "inputs kept"), ("workers", "workers"), ("stability", "stability"),
           ("crashes", "crash files"))


def number(value):
    """With marks between thousands; beyond what fits a column of a small screen in units of 10**9."""
    if not isinstance(value, int):
        return element("span", value, class_="name") if value else "-"
    return f"{value:,}" if value < 10**9 else f"{value / 10**9:,.2f}G"


def counted(count, what, plural="s"):
    return f"{count or 'no'} {what}{plural if count > 1 else ''}"


def duration(seconds):
    """7384 -> 2 h 3 min"""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{number(hours)} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def verdict(campaign):
    crashes = sum(len(target.crashes) for target in campaign.targets)
    return element("span", counted(crashes, "crash", "es"), class_="alarm" if crashes else None)


def status(campaign):
    ran = duration(campaign.elapsed)
    if campaign.state == record.RUNNING:
        begin = (f"Running: {ran} of {duration(campaign.planned)}, ",
                 ". The page is written anew while the campaign runs: load it again.")
    else:
        word = "Finished" if campaign.state == record.FINISHED else "Interrupted"
        begin = (f"{word} after {ran}: ", ".")
    return element("p", begin[0], verdict(campaign), begin[1], class_="status")


def table(caption, head, rows):
    """The first cell of each row is what the row is about. Names (class) may be broken anywhere,
    numbers nowhere."""
    return element("table", element("caption", caption),
                   element("thead", element("tr", *(element("th", cell, scope="col") for cell in head))),
                   element("tbody", *(element("tr", element("th", row[0], scope="row"),
                                              *(element("td", cell) for cell in row[1:]))
                                      for row in rows)))


def engine_names(target):
    return [element("span", engine.name, class_="name") for engine in target.engines]


def overview(campaign):
    rows = [(element("a", target.name, href=f"#target-{place}", class_="name"),
             number(sum(engine.executions for engine in target.engines)),
             number(target.new_inputs), number(len(target.crashes)))
            for place, target in enumerate(campaign.targets)]
    if not rows:
        return element("p", "No target has been fuzzed yet.")
    return table("All targets", ("target", "executions", "new inputs", "crashes"), rows)


def block(title, text, is_open):
    """A long text that can be folded away."""
    lines = text.rstrip("\n").split("\n")
    if not text.strip():
        return Markup()
    if len(lines) > LINES_MAX:
        lines = lines[:LINES_MAX] + [f"... and {len(lines) - LINES_MAX} lines more"]
    return element("details", element("summary", title), element("pre", "\n".join(lines)),
                   open="open" if is_open else None)


def crash_entry(target, crash):
    rows = (("found by", " and ".join(crash.engines)),
            ("file", element("code", crash.file) if crash.file else ""),
            ("size", counted(crash.bytes, "byte")),
            ("play it again", element("code", crash.replay) if crash.replay else ""))
    entries = [element(name, text) for what, value in rows if value
               for name, text in (("dt", what), ("dd", value))]
    return element("article", element("h3", f"{target.name}: {crash.summary}"), element("dl", *entries),
                   block("The input as a program", crash.program, True),
                   block("What the replay says, with its stack", crash.stack, True), class_="crash")


def crashes(campaign):
    entries = [crash_entry(target, crash) for target in campaign.targets for crash in target.crashes]
    return element("section", element("h2", "Crashes", id="crashes"),
                   *(entries or [element("p", "None.")]), aria_labelledby="crashes")


def points(samples, engine, field):
    return sorted((sample.t, getattr(sample, field)) for sample in samples if sample.engine == engine)


def said_in_words(engine, series, what):
    if not series:
        return f"{engine}: nothing yet."
    (_, first), (end, last) = series[0], series[-1]
    return (f"{engine}: from {number(first)} to {number(last)} {what} in {duration(end)}, "
            f"at most {number(max(value for _, value in series))}.")


def target_plots(target, samples):
    """One plot for each of DRAWN, a line for each engine."""
    for field, title, what, from_zero in DRAWN:
        series = [points(samples, engine.name, field) for engine in target.engines]
        words = " ".join(said_in_words(engine.name, line, what)
                         for engine, line in zip(target.engines, series))
        yield plots.Plot(f"{title} of {target.name} over time: {what}", words, series, from_zero)


def numbers_below(target, plot, what):
    """The points of a plot as a table: a row for each time at which an engine was asked."""
    columns = [dict(series) for series in plot.series]
    times = sorted({seconds for series in columns for seconds in series})
    rows = [(duration(seconds), *(number(series.get(seconds)) for series in columns))
            for seconds in plots.thinned(times, ROWS_MAX)]
    return element("details", element("summary", "Numbers"),
                   table(what, ("time", *engine_names(target)), rows))


def key(target):
    """Which line is whose."""
    def sample_of(place):
        line = f"line-{place % plots.STYLES}"
        return element("svg", element("path", class_=f"line {line}", d="M0 6H40"),
                       viewBox="0 0 40 12", aria_hidden="true")
    return element("ul", *(element("li", sample_of(place), engine.name)
                           for place, engine in enumerate(target.engines)), class_="key")


def target_section(place, target, drawings):
    """@drawings: (plot, its SVG) for each of DRAWN"""
    name = f"target-{place}"
    content = [element("h2", target.name, id=name)]
    if target.engines:
        rows = [(what, *(number(getattr(engine, field)) for engine in target.engines))
                for field, what in FIGURES]
        content.append(table("Engines", ("", *engine_names(target)), rows))
    if any(any(plot.series) for plot, _ in drawings):
        figures = [element("figure", element("figcaption", f"{title}: {what}"), svg,
                           numbers_below(target, plot, what))
                   for (plot, svg), (_, title, what, _) in zip(drawings, DRAWN)]
        content += [key(target), element("div", *figures, class_="plots")]
    else:
        content.append(element("p", "No sample yet."))
    return element("section", *content, aria_labelledby=name)


def coverage(out):
    content = element("p", "None beside this page. ", element("code", "ci/coverage --campaign OUT"),
                      " makes it, where OUT is the folder of this page.")
    if (out / COVERAGE).is_file():
        content = element("p", element("a", "Line by line, what the inputs reach", href=COVERAGE))
    return element("section", element("h2", "Source coverage", id="coverage"), content,
                   aria_labelledby="coverage")


def remarks(campaign, lost, no_plots):
    found = list(campaign.notes)
    if lost:
        found.append(f"{counted(lost, 'line')} of the history could not be read: it was cut short")
    if no_plots:
        found.append(no_plots)
    return join(element("p", f"Note: {text}") for text in found)


def page(out, campaign, samples, lost):
    """The whole page as text."""
    wanted = [list(target_plots(target, [sample for sample in samples if sample.target == target.name]))
              for target in campaign.targets]
    flat = [plot for group in wanted for plot in group]
    no_plots = ""
    try:
        drawn = iter(plots.draw(flat))
    except plots.CannotDraw as error:
        no_plots, drawn = str(error), iter([Markup()] * len(flat))
    sections = [target_section(place, target, [(plot, next(drawn)) for plot in group])
                for place, (target, group) in enumerate(zip(campaign.targets, wanted))]
    began = [f"Began {moment(campaign.started)}; this page shows {moment(campaign.updated)}."]
    if campaign.command:
        began += [" Command: ", element("code", campaign.command)]
    head = element("head", element("meta", charset="utf-8"),
                   element("meta", http_equiv="Content-Security-Policy", content=POLICY),
                   element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                   element("title", "Fuzz campaign: ", ", ".join(t.name for t in campaign.targets)),
                   element("style", Markup(STYLE.read_text(encoding="utf-8"))))
    body = element("body",
                   element("header", element("h1", "Fuzz campaign"), status(campaign),
                           element("p", *began, class_="muted"), remarks(campaign, lost, no_plots)),
                   element("main", overview(campaign), crashes(campaign), *sections, coverage(out)),
                   element("footer", "Edges are counted by each engine in its own way: compare a line "
                           "with itself. Made from ", element("code", record.SUMMARY), " and ",
                           element("code", record.HISTORY), "."))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def write(out):
    """Writes the page, whole or not at all, and returns its path. record.Unreadable if there is no
    record in @out."""
    out = pathlib.Path(out)
    campaign = record.load_summary(out)
    record.write_whole(out / PAGE, page(out, campaign, *record.load_history(out)))
    return out / PAGE
