#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The report of a campaign in a browser: it fits the screen, is seen, and asks nobody for anything.

Usage: test_browser.py [--pictures FOLDER]
Exit status: 0 passed; 1 failed; 77 there is no browser (Debian's package chromium: ci/deps nightly)
"""

import argparse
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cli"))

import campaigns  # noqa: E402  (found through the line above)
from fuzz import report  # noqa: E402
from chromium import PROGRAM, Browser  # noqa: E402

SKIPPED = 77
SCREENS = ((1280, 900), (360, 740))
SCHEMES = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}  # and the colour of the paper

# Elements that stick out of the screen to either side.
STICK_OUT = """[...document.body.querySelectorAll('*')].filter(element => {
    const box = element.getBoundingClientRect();
    return box.left < -0.5 || box.right > innerWidth + 0.5;
}).map(element => element.outerHTML.slice(0, 120))"""
# Numbers that go on in a second line.
BROKEN = """[...document.querySelectorAll('td')].filter(cell => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return !cell.querySelector('.name') && range.getClientRects().length > 1;
}).map(cell => cell.textContent)"""
# Height in pixels of the smallest letters in a plot, as they are on the screen.
SMALLEST_LABEL = """Math.min(...[...document.querySelectorAll('figure svg')].map(svg =>
    parseFloat(getComputedStyle(svg).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))"""
# Colours of a line, a label and the end point of the first plot.
COLOURS = """['path.line-0', 'text', 'circle.line-1'].map(what => {
    const style = getComputedStyle(document.querySelector(`figure svg ${what}`));
    return what.startsWith('path') ? style.stroke : style.fill;
})"""


class Look(unittest.TestCase):
    pictures = None

    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser())
        cls.pages = {}
        for make in (campaigns.usual, campaigns.hostile):
            out = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
            make(out)
            cls.pages[make] = report.write(out)

    def show(self, make, width, height, scheme):
        """Loads the report of a campaign, and unfolds all that can be unfolded."""
        self.browser.requests.clear()
        self.browser.complaints.clear()
        self.browser.screen(width, height, scheme)
        self.browser.load(self.pages[make])
        self.browser.value("document.querySelectorAll('details').forEach(part => part.open = true)")
        self.assertEqual(self.browser.value("innerWidth"), width)
        self.assertEqual(self.browser.requests, [self.pages[make].as_uri()], "the page asks for something")
        self.assertEqual(self.browser.complaints, [])
        if self.pictures:
            self.browser.picture(self.pictures / f"{make.__name__}-{width}-{scheme}.png")

    def test_every_screen(self):
        for make in self.pages:
            for width, height in SCREENS:
                for scheme, paper in SCHEMES.items():
                    with self.subTest(make=make.__name__, width=width, scheme=scheme):
                        self.show(make, width, height, scheme)
                        self.assertEqual(self.browser.value(STICK_OUT), [])
                        self.assertEqual(self.browser.value(BROKEN), [])
                        self.assertLessEqual(self.browser.value("document.documentElement.scrollWidth"), width)
                        self.assertGreaterEqual(self.browser.value(SMALLEST_LABEL), 9.5)
                        self.assertEqual(
                            self.browser.value("getComputedStyle(document.body).backgroundColor"), paper)

    def test_colours_follow_the_scheme(self):
        seen = []
        for scheme, paper in SCHEMES.items():
            self.show(campaigns.usual, 1280, 900, scheme)
            colours = self.browser.value(COLOURS)
            self.assertNotIn(paper, colours)
            self.assertNotIn("none", colours)
            self.assertEqual(len(set(colours)), 3)
            seen.append(colours)
        self.assertTrue(all(light != dark for light, dark in zip(*seen)), seen)

    def test_nothing_forged_runs(self):
        self.show(campaigns.hostile, 1280, 900, "light")
        self.assertTrue(self.browser.value("document.title").startswith("Fuzz campaign: "))
        self.assertEqual(self.browser.value("document.querySelectorAll('script, img, [onload], [onerror]').length"),
                         0)

    def test_links_within_the_page(self):
        self.show(campaigns.usual, 360, 740, "light")
        self.browser.value("document.querySelectorAll('main a[href^=\"#\"]')[2].click()")
        self.assertGreater(self.browser.value("scrollY"), 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=pathlib.Path, metavar="FOLDER", help="leave pictures there")
    options = parser.parse_args()
    if not Browser.is_installed():
        print(f"{PROGRAM} is not installed; ci/nightly installs it and runs this")
        return SKIPPED
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        Look.pictures = options.pictures
    return 0 if unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
