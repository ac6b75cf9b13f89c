#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Merging what campaigns kept: only what reaches more is added, nothing that is there is touched.

libFuzzer is played by a program that takes each byte value for a place in the code. That the true
one chooses is shown wherever "sunpath triage --merge" is run on a campaign.

Usage: test_triage_merge.py [TEST...]     as for unittest
"""

import json
import os
import sys
import unittest

from triage_fixture import Triage  # first: it says where the modules are

# As with -set_cover_merge=1: what reaches more than the first folder does is copied into it.
FUZZER = r"""#!{python}
import os, pathlib, sys
have, new = (pathlib.Path(folder) for folder in sys.argv[-2:])
reached = set(b"".join(path.read_bytes() for path in have.iterdir()))
chosen = features = 0
for path in sorted(new.iterdir(), key=lambda path: path.stat().st_size):
    data = path.read_bytes()
    if more := set(data) - reached:
        reached |= more
        chosen, features = chosen + 1, features + len(more)
        (have / f"{{chosen:040x}}").write_bytes(data)
print(f"MERGE-OUTER: {{chosen}} new files with {{features}} new features added; {{features}} new coverage edges")
sys.exit({status})
"""


class Merging(Triage):
    """Of the canary's corpus, in a copy of the tree."""

    def fuzzer(self, status=0):
        path = self.put("fuzz_fake", FUZZER.format(python=sys.executable, status=status).encode())
        path.chmod(0o755)
        return path

    def merge(self, wanted, tree, *more, **fuzzer):
        return self.run_triage(wanted, "--merge", "--target", "canary", "--source", tree, "--fuzzer",
                               self.fuzzer(**fuzzer), "--driver", self.fake(), *more, self.work / "kept")

    def test_only_what_reaches_more(self):
        tree = self.tree()
        before = self.contents(tree)
        self.put("kept/new", b"\x01\x02")
        self.put("kept/less", b"\x01")
        self.put("kept/other", b"\x03")
        said = json.loads(self.merge(0, tree, "--json"))["canary"]
        added = {path: data for path, data in self.contents(tree).items() if path not in before}
        self.assertEqual(sorted(added.values()), [b"\x01", b"\x01\x02", b"\x03"])
        self.assertEqual(before, {path: data for path, data in self.contents(tree).items() if path in before})
        self.assertEqual((said["looked_at"], said["features"], len(said["added"])), (3, 3, 3))
        self.assertEqual({tree / path for path in added}, {tree / path for path in said["added"]})

    def test_twice_adds_nothing_new(self):
        tree = self.tree()
        self.put("kept/new", b"\x01\x02")
        self.merge(0, tree)
        before = self.contents(tree)
        self.assertIn("added 0", self.merge(0, tree))
        self.assertEqual(before, self.contents(tree))

    def test_a_crash_is_no_seed(self):
        tree = self.tree()
        before = self.contents(tree)
        crash = self.put("kept/crash", b"bad\x01")
        self.assertIn(f"not added, it fails: {crash}", self.merge(1, tree))
        self.assertEqual(before, self.contents(tree))

    def test_nothing_is_added_when_the_engine_fails(self):
        tree = self.tree()
        before = self.contents(tree)
        self.put("kept/new", b"\x01\x02")
        self.assertIn("ended with status 7", self.merge(3, tree, status=7))
        self.assertEqual(before, self.contents(tree))

    def test_all_or_none(self):
        """The second of two names cannot be had: the first one goes too."""
        tree = self.tree()
        self.put("kept/one", b"\x01")
        self.put("kept/two", b"\x02")
        from triage import merge
        seeds = tree / "corpus" / "canary" / "seeds"
        before = self.contents(tree)
        links = []

        def link(source, place):
            links.append(place)
            if len(links) == 2:
                raise OSError(28, os.strerror(28), str(place))
            original(source, place)

        original, os.link = os.link, link
        self.addCleanup(setattr, os, "link", original)
        with self.assertRaisesRegex(merge.CannotMerge, "the corpus is as before"):
            merge._commit(seeds, [b"\x01", b"\x02"])
        self.assertEqual(len(links), 2)
        self.assertEqual(before, self.contents(tree))

    def test_an_engine_that_is_not_there(self):
        tree = self.tree()
        self.put("kept/new", b"\x01")
        said = self.run_triage(3, "--merge", "--target", "canary", "--source", tree, "--fuzzer",
                               self.work / "none", "--driver", self.fake(), self.work / "kept")
        self.assertIn("cmake --build --preset fuzz --target fuzz_canary", said)

    def test_nothing_to_merge(self):
        (self.work / "kept").mkdir()
        self.merge(3, self.tree())


if __name__ == "__main__":
    unittest.main()
