#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Filing a crash: the input and its row, both or neither, whatever fails.

Usage: test_triage_add.py [TEST...]     as for unittest
"""

import os
import pathlib
import pkgutil
import signal
import stat
import subprocess
import sys
import unittest
import unittest.mock

from triage_fixture import SOURCE, SUNPATH, Triage  # first: it says where the modules are
from triage import filing

CELLS = {"shows": "an egg", "found_by": "by hand", "cause": "a | b\nc", "proof": "none"}


class Rows(unittest.TestCase):
    TEXT = (SOURCE / "docs" / "findings.md").read_text(encoding="utf-8")

    def test_in_the_table_of_its_target(self):
        sections = [line.removeprefix("## fuzz_") for line in self.TEXT.splitlines() if line.startswith("## fuzz_")]
        self.assertGreater(len(sections), 5)
        for target in sections:
            line = filing.row(target, "new", **CELLS)
            result = filing.with_row(self.TEXT, target, line).splitlines()
            at = result.index(line)
            self.assertTrue(result[at - 1].startswith(f"| `{target}/"), result[at - 1])
            self.assertEqual(result[:at] + result[at + 1:], self.TEXT.splitlines())

    def test_first_of_a_target(self):
        line = filing.row("canary", "new", **CELLS)
        result = filing.with_row(self.TEXT, "canary", line)
        self.assertTrue(result.startswith(self.TEXT))
        self.assertIn(f"## fuzz_canary\n\n| input | shows | found by | cause | proof |\n|---|---|---|---|---|\n{line}\n",
                      result)

    def test_a_cell_stays_a_cell(self):
        self.assertEqual(filing.row("t", "n", **CELLS), r"| `t/n` | an egg | by hand | a \| b c | none |")


class Filing(Triage):
    def setUp(self):
        super().setUp()
        self.source = self.tree()
        self.before = self.contents(self.source)

    def unchanged(self):
        self.assertEqual(self.contents(self.source), self.before)

    def test_filed(self):
        place = filing.add(self.source, "canary", "an-egg", b"egg", **CELLS)
        after = self.contents(self.source)
        self.assertEqual(place.read_bytes(), b"egg")
        self.assertEqual({str(path) for path in after.keys() - self.before.keys()},
                         {"corpus/canary/crashes", "corpus/canary/crashes/an-egg"})
        self.assertIn("| `canary/an-egg` | an egg | by hand |", filing.findings(self.source).read_text())
        self.assertEqual(stat.S_IMODE(filing.findings(self.source).stat().st_mode),
                         stat.S_IMODE((self.source / "fuzz" / "targets.list").stat().st_mode))

    def test_a_name_that_exists(self):
        filing.add(self.source, "canary", "an-egg", b"egg", **CELLS)
        (self.source / "corpus" / "canary" / "crashes" / "no-row").write_bytes(b"")
        self.before = self.contents(self.source)
        for target, name in (("canary", "an-egg"), ("canary", "no-row"), ("address", "nul-in-path")):
            with self.assertRaisesRegex(filing.Refused, "exists already"):
                filing.add(self.source, target, name, b"x", **CELLS)
        self.unchanged()

    def test_what_is_no_name(self):
        for name in ("", "A", "a b", "../a", "a/b", "-a", "a--b", "a-", "1a", "a\n", ".a", "é"):
            with self.assertRaisesRegex(filing.Refused, "a name is words"):
                filing.add(self.source, "canary", name, b"x", **CELLS)
        self.unchanged()

    def test_every_call_fails_once(self):
        """Both or neither, wherever the system says no."""
        calls = ("builtins.open", "os.open", "os.fsync", "os.link", "os.replace", "pathlib.Path.mkdir",
                 "shutil.copymode", "fcntl.flock")
        failed = 0
        for call in calls:
            for number in range(4):
                where, name = call.rsplit(".", 1)
                true = getattr(pkgutil.resolve_name(where), name)
                turn = iter(range(100))

                def fails(*arguments, true=true, turn=turn, number=number, **more):
                    if next(turn) == number:
                        raise OSError(28, "No space left on device")
                    return true(*arguments, **more)

                with unittest.mock.patch(call, fails):
                    try:
                        filing.add(self.source, "canary", "an-egg", b"egg", **CELLS)
                    except filing.Refused as error:
                        self.assertIn("No space left", str(error))
                        failed += 1
                        self.unchanged()
                        continue
                # It was not called so often: filed.
                (self.source / "corpus" / "canary" / "crashes" / "an-egg").unlink()
                (self.source / "corpus" / "canary" / "crashes").rmdir()
                filing.findings(self.source).write_bytes(self.before[pathlib.Path("docs/findings.md")])
                self.unchanged()
        self.assertGreaterEqual(failed, len(calls))

    def test_interrupt_waits(self):
        """A signal in the middle comes when both are there."""
        true = os.link

        def link(*arguments, **more):
            os.kill(os.getpid(), signal.SIGINT)
            return true(*arguments, **more)

        with self.assertRaises(KeyboardInterrupt), unittest.mock.patch("os.link", link):
            filing.add(self.source, "canary", "an-egg", b"egg", **CELLS)
        self.assertTrue((self.source / "corpus" / "canary" / "crashes" / "an-egg").exists())
        self.assertIn("canary/an-egg", filing.findings(self.source).read_text())


class Command(Triage):
    def setUp(self):
        super().setUp()
        self.source = self.tree()
        self.before = self.contents(self.source)
        self.put("canary/crash-1", b"eggs")

    def add(self, wanted, *arguments, **more):
        return self.run_triage(wanted, "--repeat", "1", "--source", self.source, "canary", "--add", *arguments, **more)

    def test_filed_and_not_twice(self):
        told = self.add(0, "an-egg", "--shows", "an egg", "--cause", "it was laid")
        self.assertIn("corpus/canary/crashes/an-egg", told)
        self.assertEqual((self.source / "corpus/canary/crashes/an-egg").read_bytes(), b"egg")
        row = [line for line in filing.findings(self.source).read_text().splitlines() if "canary/an-egg" in line][0]
        self.assertEqual(row.split(" | ")[1:4], ["an egg", "fuzz_canary, libFuzzer", "it was laid"])
        self.before = self.contents(self.source)
        self.assertIn("exists already", self.add(3, "an-egg"))
        self.assertEqual(self.contents(self.source), self.before)

    def test_one_of_several(self):
        self.put("canary/crash-2", b"drift")
        self.assertIn("choose with --only", self.add(3, "x"))
        self.assertEqual(self.contents(self.source), self.before)
        self.add(0, "it-drifts", "--only", "played-again-input-does")
        self.assertEqual((self.source / "corpus/canary/crashes/it-drifts").read_bytes(), b"drift")

    def test_nothing_to_file(self):
        self.put("canary/crash-1", b"ege")
        self.assertIn("none that fails", self.add(3, "x"))
        self.assertEqual(self.contents(self.source), self.before)

    def test_no_source_tree(self):
        self.assertIn("--source", self.run_triage(3, "canary", "--add", "x", "--source", self.work))

    def test_full_disk(self):
        """No file may become longer than a few bytes: the input fits, the findings do not."""
        limit = ("import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
                 "os.execv(sys.argv[1], sys.argv[1:])")
        done = subprocess.run([sys.executable, "-c", limit, SUNPATH, "triage", "--repeat", "1", "--source",
                               self.source, "canary", "--add", "x"], cwd=self.work, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("nothing was filed", done.stderr)
        self.assertEqual(self.contents(self.source), self.before)
        self.assertLess(4096, filing.findings(self.source).stat().st_size)

    def test_documents_cannot_be_written(self):
        docs = self.source / "docs"
        for path in [self.work, *self.work.rglob("*")]:
            os.chmod(path, 0o777 if path.is_dir() else 0o666)
        os.chmod(docs, 0o555)
        self.addCleanup(os.chmod, docs, 0o755)
        # root may write everywhere, so it is done by somebody else.
        other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        try:
            said = self.add(3, "x", **other)
        except PermissionError:
            self.skipTest("another user cannot reach the build folder")
        self.assertIn("nothing was filed", said)
        self.assertEqual(self.contents(self.source), self.before)


if __name__ == "__main__":
    unittest.main()
