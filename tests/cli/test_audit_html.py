#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sunpath audit path --format html`: well-formed, complete by itself, and not to be forged by names.

Usage: test_audit_html.py [TEST...]     as for unittest
"""

import html.parser
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SUNPATH_BUILD", SOURCE / "build" / "dev"))

# An element or attribute outside of these lists is one that somebody forged.
ELEMENTS = set("html head meta title style body header main article h1 h2 h3 p span dl dt dd".split())
ATTRIBUTES = set("lang charset name content http-equiv class".split())

HOSTILE = [b"<script>alert(1)</script>"[:20], b"\"><img src=x onerror=y>", b"&lt;b&amp;", b"</style><b>", b"'a'",
           b"\xe2\x80\xae\xff\n\x1b[2J", b"<!--", b"]]>", b"</article>"]


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.errors, self.texts, self.rows, self.style = [], [], [], [], ""
        self.feed(text)
        self.close()
        if self.open:
            self.errors.append(f"never closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        if tag not in ELEMENTS or {name for name, _ in attrs} - ATTRIBUTES:
            self.errors.append(f"<{tag} {attrs}>")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
        elif data.strip():
            self.texts.append((self.open[-1], data))

    def handle_comment(self, data):
        self.errors.append(f"a comment: {data}")

    def of(self, tag):
        return [text for element, text in self.texts if element == tag]


def luminance(colour):
    if len(colour) == 4:
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


class Html(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.work.chmod(0o777)

    def audit(self, *arguments, form="html"):
        done = subprocess.run([BUILD / "bin" / "sunpath", "audit", "path", "--exit-zero", "--format", form, *arguments],
                              check=True, stdout=subprocess.PIPE)
        return done.stdout.decode("ascii")

    def page(self, *arguments):
        page = Page(self.audit(*arguments))
        self.assertEqual(page.errors, [])
        return page

    def test_hostile_names(self):
        paths = [os.fsencode(self.work) + b"/" + name.replace(b"/", b"|") for name in HOSTILE]
        page = self.page(*paths)
        shown = {re.sub(rb"\\x(..)|\\(\\)", lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\",
                        name.encode()) for name in page.of("h2")}
        self.assertEqual(shown, set(paths))
        self.assertTrue(any("anybody can create" in text for text in page.of("p")))

    def test_worst_first_then_what_is_well_then_what_is_gone(self):
        earlier, policy = self.work / "earlier", self.work / "policy"
        earlier.write_text(self.audit(self.work / "s", form="json"))
        policy.write_text("allow UDS006 /**/t/** <b>we</b> know\n")
        self.work.chmod(0o755)
        for name, mode in (("t", 0o777), ("u", 0o755), ("v", 0o777)):
            (self.work / name).mkdir()
            (self.work / name).chmod(mode)
        page = self.page("--diff", earlier, "--policy", policy, self.work / "u/s", self.work / "t/s",
                         self.work / "v/s", self.work / "s")
        self.assertEqual([name.removeprefix(f"{self.work}/") for name in page.of("h2")],
                         ["v/s", "u/s", "t/s", "s", "s"])
        self.assertIn("<b>we</b> know", page.of("dd"))
        self.assertEqual(page.of("span").count("(gone)"), 1)
        self.assertEqual(page.of("span").count("(new)"), 2)

    def test_partial(self):
        (self.work / "loop").symlink_to("loop")
        page = Page(subprocess.run([BUILD / "bin" / "sunpath", "audit", "path", "--format", "html", self.work / "loop"],
                                   check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
        self.assertIn("Something could not be read: the result is partial.", page.of("p"))

    def test_nothing_from_elsewhere_and_readable(self):
        page = self.page(self.work / "s")
        self.assertNotRegex(page.style, r"url|import|http")
        self.assertIn("@media(max-width", page.style)
        light, dark = page.style.split("@media(prefers-color-scheme:dark)")
        for colours in (light, dark.split("}")[0]):
            value = dict(re.findall(r"--(\w+):(#[0-9a-f]+)", colours))
            for ink in ("ink", "muted", "high", "medium", "low", "info"):
                for paper in ("paper", "panel"):
                    self.assertGreaterEqual(contrast(value[ink], value[paper]), 4.5, f"{ink} on {paper}")


if __name__ == "__main__":
    unittest.main()
