#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The report of a campaign: well-formed, complete without help from elsewhere, and not to be forged.

How it looks and that it fits a screen: test_browser.py.
Usage: test_report.py [TEST...]     as for unittest
"""

import html.parser
import os
import pathlib
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cli"))

import campaigns  # noqa: E402  (found through the line above)
from fuzz import markup, plots, record, report  # noqa: E402

# An element outside of these lists is one that somebody forged.
ELEMENTS = set("html head meta title style body header main section article footer h1 h2 h3 p span a ul li "
               "dl dt dd table caption thead tbody tr th td details summary pre code div figure figcaption "
               "svg desc path circle text".split())
ATTRIBUTES = set("lang charset http-equiv content name class id href scope open aria-labelledby "
                 "aria-describedby aria-hidden role viewbox font-size d cx cy r x y text-anchor".split())


class Page(html.parser.HTMLParser):
    """Elements, texts and ids of a page; an element that is not closed in order is an error."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.ids, self.texts, self.errors = [], [], [], [], []
        self.feed(text)
        self.close()
        if self.open:
            self.errors.append(f"never closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.elements.append((tag, names))
        self.ids += [names["id"]] if "id" in names else []
        if len(names) != len(attrs):
            self.errors.append(f"<{tag}> has an attribute twice")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    def handle_comment(self, data):
        self.errors.append(f"a comment: {data}")

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name)

    def page(self):
        """The page that is written now; what must hold of every page is checked."""
        path = report.write(self.out)
        self.assertEqual(path, self.out / "report.html")
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        self.assertEqual(page.errors, [])
        self.assertEqual({tag for tag, _ in page.elements} - ELEMENTS, set())
        self.assertEqual({name for _, names in page.elements for name in names} - ATTRIBUTES, set())
        self.assertEqual(len(page.ids), len(set(page.ids)), "an id is there twice")
        for _, names in page.elements:
            for name in ("aria-labelledby", "aria-describedby"):
                self.assertIn(names.get(name, page.ids[0]), page.ids)
        for link in page.all("a"):
            self.assertTrue(link["href"] == report.COVERAGE or link["href"][1:] in page.ids, link)
        style = text.partition("<style>")[2].partition("</style>")[0]
        self.assertNotRegex(style, "url|@import|//")
        self.assertEqual(sorted(entry.name for entry in self.out.iterdir() if entry.name[0] == "."), [])
        return page, text

    def usual(self, **how):
        campaigns.usual(self.out, **how)
        return self.page()


class Content(Report):
    def test_all_of_it(self):
        page, text = self.usual()
        texts = set(page.texts)
        self.assertEqual(len(page.all("figure")), 9)
        drawn = [attributes for attributes in page.all("svg") if attributes.get("role") == "img"]
        self.assertEqual(len(drawn), 9)
        self.assertEqual(len(page.all("desc")), 9)
        self.assertIn("libFuzzer: from 100 to 164 edges in 9 min 59 s, at most 164. "
                      "AFL++: from 90 to 159 edges in 9 min 59 s, at most 159.", texts)
        for said in (campaigns.PROGRAM.rstrip(), campaigns.STACK.rstrip(), "60,000,000", "100.00%",
                     "buffer: heap-buffer-overflow in sp__queue_write (core/src/queue.c:120)"):
            self.assertIn(said, texts)
        self.assertRegex(text, r"Finished after 30 min 0 s: <span class=\"alarm\">1 crash</span>\.")
        self.assertIn("Note: worker 2 of AFL++ ended, and was started again", texts)

    def test_states(self):
        for state, said in ((record.RUNNING, "Running: 3 s of 3 s, "),
                            (record.INTERRUPTED, "Interrupted after 3 s: ")):
            self.assertIn(said, self.usual(seconds=1, state=state)[0].texts)

    def test_empty_campaign(self):
        record.save(self.out, record.Campaign())
        page, _ = self.page()
        self.assertIn("No target has been fuzzed yet.", page.texts)
        self.assertIn("no crash", page.texts)
        self.assertEqual(page.all("svg"), [])

    def test_target_without_samples(self):
        record.save(self.out, record.Campaign(targets=[record.Target("x", campaigns.engines())]))
        self.assertIn("No sample yet.", self.page()[0].texts)

    def test_one_sample(self):
        page, _ = self.usual(seconds=1)
        self.assertEqual(len(page.all("circle")), 18, "a point for each engine in each plot")

    def test_one_engine_is_silent(self):
        record.save(self.out, record.Campaign(targets=[record.Target("x", campaigns.engines())]))
        record.add(self.out, [record.Sample(1.0, "x", "AFL++", 5, 0, 0, 0)])
        page, _ = self.page()
        self.assertIn("libFuzzer: nothing yet. AFL++: from 0 to 0 edges in 1 s, at most 0.", page.texts)
        self.assertEqual([names["class"] for names in page.all("circle")], ["line line-1"] * 3)

    def test_numbers_that_are_huge(self):
        most = record.NUMBER_MAX
        record.save(self.out, record.Campaign(targets=[record.Target("x", [record.Engine("y")])],
                                              started=most, elapsed=most))
        record.add(self.out, [record.Sample(t, "x", "y", most, most, most, most) for t in (0.0, float(most))])
        self.assertEqual(len(self.page()[0].all("circle")), 3)

    def test_history_cut_short_is_said(self):
        campaigns.usual(self.out)
        with open(self.out / record.HISTORY, "ab") as history:
            history.write(b'{"t": 17, "tar')
        self.assertIn("1 line of the history could not be read", " ".join(self.page()[0].texts))

    def test_long_stack(self):
        made = campaigns.crash()
        made.stack = "frame\n" * (report.LINES_MAX + 7)
        record.save(self.out, record.Campaign(targets=[record.Target("x", [], [made])]))
        self.assertIn("... and 7 lines more", self.page()[1])

    def test_source_coverage(self):
        page, _ = self.usual(seconds=1)
        self.assertNotIn({"href": report.COVERAGE}, page.all("a"))
        (self.out / report.COVERAGE).parent.mkdir()
        (self.out / report.COVERAGE).write_text("")
        self.assertIn({"href": report.COVERAGE}, self.page()[0].all("a"))


class Forgery(Report):
    """Nothing that a record says can become more than text."""

    def test_hostile_record(self):
        campaigns.hostile(self.out)
        page, text = self.page()  # elements and attributes are checked there
        shown = "".join(page.texts)
        for words in ("<script>document.title = 'forged'</script>", "<img src=x onerror=alert(1)>",
                      "&lt;script&gt;", "\\x1b[31m\\x00\\x0d\\u202egnp.\\u2028\\udc80"):
            self.assertIn(words, shown)
        self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]")
        self.assertEqual(len(page.all("h1")), 1)
        self.assertEqual(sorted(path.name for path in self.out.iterdir()),
                         [record.SUMMARY, record.HISTORY, report.PAGE])

    def test_gnuplot_sees_no_name(self):
        said = self.out / "said"
        spy = self.out / "gnuplot"
        spy.write_text(f'#!/bin/sh\ncat >"{said}"\n')
        spy.chmod(0o755)
        with self.assertRaises(plots.CannotDraw):
            plots.draw([plots.Plot(text, text, [[(0, 1)]]) for text in campaigns.FORGERIES], spy)
        script = said.read_text()
        self.assertEqual(script.count("plot $data0"), len(campaigns.FORGERIES))
        self.assertNotRegex(script, "forged|alert|script|www")

    def test_attribute(self):
        self.assertEqual(markup.element("a", "<b>", href='"><b x="'),
                         '<a href="&quot;&gt;&lt;b x=&quot;">&lt;b&gt;</a>')


class Trouble(Report):
    def test_no_record(self):
        with self.assertRaises(record.Unreadable):
            report.write(self.out)
        self.assertEqual(list(self.out.iterdir()), [])

    def path_with(self, program):
        """A PATH with nothing but, perhaps, a gnuplot that does this."""
        tools = tempfile.TemporaryDirectory()
        self.addCleanup(tools.cleanup)
        if program:
            path = pathlib.Path(tools.name, "gnuplot")
            path.write_text(f"#!/bin/sh\n{program}\n")
            path.chmod(0o755)
        self.addCleanup(os.environ.update, PATH=os.environ["PATH"])
        os.environ["PATH"] = tools.name

    def without_plots(self, words):
        page, _ = self.usual(seconds=60)
        self.assertEqual([names for names in page.all("svg") if names.get("role") == "img"], [])
        self.assertEqual(len(page.all("figure")), 9)
        self.assertGreater(len(page.all("td")), 9 * 2 * report.ROWS_MAX)
        self.assertIn(words, " ".join(page.texts))

    def test_gnuplot_missing(self):
        self.path_with(None)
        self.without_plots("Note: gnuplot is not installed, so there are tables and no plots: "
                           "apt-get install gnuplot-nox")

    def test_gnuplot_fails(self):
        self.path_with("echo 'line 1: all is lost' >&2; exit 1")
        self.without_plots("Note: gnuplot failed, so there are no plots: line 1: all is lost")

    def test_gnuplot_writes_half_a_file(self):
        self.path_with("for number in 0 1 2 3 4 5 6 7 8; do echo '<svg' >$number.svg; done")
        self.without_plots("Note: gnuplot failed, so there are no plots: ")


class Style(unittest.TestCase):
    """Contrast as WCAG 2 defines it: 4.5 for what is read, 3 for lines."""

    @staticmethod
    def luminance(colour):
        parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    def test_contrast(self):
        light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6});", part)) for part in
                       report.STYLE.read_text(encoding="utf-8").split("prefers-color-scheme: dark"))
        self.assertEqual(light.keys(), dark.keys())
        lines = {f"line-{number}" for number in range(plots.STYLES)}
        for scheme in (light, dark):
            for name, least in [(name, 4.5) for name in ("ink", "muted", "alarm", "link")] + \
                               [(name, 3) for name in lines]:
                for ground in ("paper", "panel"):
                    low, high = sorted(map(self.luminance, (scheme[name], scheme[ground])))
                    self.assertGreaterEqual((high + 0.05) / (low + 0.05), least, f"{name} on {ground}")


class Numbers(unittest.TestCase):
    def test_thinned(self):
        for count in (0, 1, 2, 119, 120, 121, 5000):
            points = list(range(count))
            kept = plots.thinned(points)
            self.assertEqual(len(kept), min(count, 120))
            self.assertEqual((kept[:1], kept[-1:]), (points[:1], points[-1:]))
            self.assertEqual(kept, sorted(set(kept)))

    def test_duration(self):
        for seconds, text in ((0, "0 s"), (59.6, "1 min 0 s"), (7384, "2 h 3 min")):
            self.assertEqual(report.duration(seconds), text)


if __name__ == "__main__":
    unittest.main()
