#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The record of a campaign: what is written is read again, and what is damaged is said to be.

Usage: test_record.py [TEST...]     as for unittest
"""

import dataclasses
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cli"))

from fuzz import record  # noqa: E402  (found through the line above)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name)


class Summary(Folder):
    def put(self, text):
        (self.out / record.SUMMARY).write_text(text, encoding="utf-8")

    def refused(self, words):
        with self.assertRaises(record.Unreadable) as caught:
            record.load_summary(self.out)
        self.assertIn(str(self.out / record.SUMMARY), str(caught.exception))
        self.assertIn(words, str(caught.exception))

    def test_round_trip(self):
        crash = record.Crash("a \u2028 <b>", ["AFL++"], "x/crashes/x-1", 3, "x <\x00", "bind 'ü'", "#0")
        engine = record.Engine("libFuzzer", 10**12, 7, 8, 9, 1, "", 4)
        campaign = record.Campaign(record.INTERRUPTED, 1.5, 2.5, 3, 4, "sunpath fuzz x", ["note"],
                                   [record.Target("x", [engine], [crash], 5)])
        record.save(self.out, campaign)
        self.assertEqual(record.load_summary(self.out), campaign)
        self.assertEqual([path.name for path in self.out.iterdir()], [record.SUMMARY])

    def test_absent(self):
        self.refused("--out folder")

    def test_a_folder_in_its_place(self):
        (self.out / record.SUMMARY).mkdir()
        self.refused("directory")

    def test_damaged(self):
        for text in ("", "[]", "{", '{"version": 2}', '{"version": 1, "targets": 5}',
                     '{"version": 1, "targets": [{}]}', '{"version": 1, "elapsed": NaN}',
                     '{"version": 1, "targets": [{"name": ["x"]}]}', "[" * 100000, "\udcff"):
            (self.out / record.SUMMARY).write_bytes(text.encode("utf-8", "surrogateescape"))
            self.refused("not the record of a campaign")

    def test_more_than_is_known(self):
        self.put('{"version": 1, "weather": "fine"}')
        self.assertEqual(record.load_summary(self.out), record.Campaign())

    def test_failed_write_leaves_the_old_one(self):
        record.save(self.out, record.Campaign(command="old"))
        with self.assertRaises(UnicodeEncodeError):
            record.write_whole(self.out / record.SUMMARY, "\udc80")
        self.assertEqual(record.load_summary(self.out).command, "old")
        self.assertEqual(len(list(self.out.iterdir())), 1)


class History(Folder):
    def test_round_trip(self):
        samples = [record.Sample(float(t), "x", "AFL++", t, 1, 2, 3, 4) for t in range(3)]
        record.add(self.out, samples[:1])
        record.add(self.out, samples[1:])
        self.assertEqual(record.load_history(self.out), (samples, 0))

    def test_absent(self):
        self.assertEqual(record.load_history(self.out), ([], 0))

    def test_goes_on_behind_a_line_cut_short(self):
        sample = record.Sample(1.0, "x", "AFL++")
        record.add(self.out, [sample])
        path = self.out / record.HISTORY
        path.write_bytes(path.read_bytes()[:-9])
        record.add(self.out, [sample])
        self.assertEqual(record.load_history(self.out), ([sample], 1))

    def test_damaged_lines_are_counted(self):
        good = dataclasses.asdict(record.Sample(1.0, "x", "AFL++"))
        lines = ["5", '{"t": 1}', "\x00\x00", '{"t": "soon", "target": "x", "engine": "y"}',
                 str(good).replace("'", '"')]
        (self.out / record.HISTORY).write_text("\n".join(lines), encoding="utf-8")
        samples, lost = record.load_history(self.out)
        self.assertEqual((len(samples), lost), (1, 4))


if __name__ == "__main__":
    unittest.main()
