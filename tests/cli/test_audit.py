#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sunpath audit path` with a policy and with an earlier audit, and its output against the schemas.

Usage: test_audit.py [TEST...]     as for unittest
"""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

import schemas

BUILD = pathlib.Path(os.environ.get("SUNPATH_BUILD", schemas.SOURCE / "build" / "dev"))
SUNPATH = BUILD / "bin" / "sunpath"


class Audit(unittest.TestCase):
    """Two directories: in "open" anybody can create names (UDS006, medium), in "own" nobody else can."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.work.chmod(0o755)
        for name, mode in (("open", 0o777), ("own", 0o755)):
            (self.work / name).mkdir()
            (self.work / name).chmod(mode)
        self.open, self.own = self.work / "open" / "a b\n\xff", self.work / "own" / "s"

    def audit(self, wanted, *arguments):
        done = subprocess.run([SUNPATH, "audit", "path", *arguments], check=False, text=True, timeout=100,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, wanted, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout if wanted in (0, 1) else done.stderr

    def earlier(self, *paths):
        file = self.work / "earlier"
        file.write_text(self.audit(1, "--format", "json", *paths))
        return file

    def lines(self, wanted, *arguments):
        *findings, summary = schemas.check_lines(self, self.audit(wanted, "--format", "json", *arguments))
        self.assertEqual(summary["type"], "summary")
        return {finding["rule"]: finding for finding in findings}, summary

    def results(self, wanted, *arguments):
        log = json.loads(self.audit(wanted, "--format", "sarif", *arguments))
        return {result["ruleId"]: result for result in log["runs"][0]["results"]}

    def policy(self, text):
        file = self.work / "policy"
        file.write_text(text)
        return file


class Policy(Audit):
    def test_what_is_allowed_is_told_and_does_not_count(self):
        policy = self.policy("allow UDS006 /**/open/* nobody but us is here\n")
        self.audit(1, self.open)
        self.assertIn("allowed: nobody but us is here", self.audit(0, "--policy", policy, self.open))
        self.assertEqual(self.lines(0, "--policy", policy, self.open)[0]["UDS006"]["allowed"],
                         "nobody but us is here")
        self.assertEqual(self.results(0, "--policy", policy, self.open)["UDS006"]["suppressions"],
                         [{"kind": "external", "status": "accepted", "justification": "nobody but us is here"}])

    def test_severity(self):
        policy = self.policy("severity UDS006 high /**/open/* clients send passwords\n")
        self.audit(0, "--fail-on", "high", self.open)
        self.audit(1, "--fail-on", "high", "--policy", policy, self.open)
        self.assertEqual(self.lines(1, "--policy", policy, self.open)[0]["UDS006"]["severity"], "high")
        self.assertEqual(self.results(1, "--policy", policy, self.open)["UDS006"]["level"], "error")
        policy = self.policy("severity UDS006 low /**/open/* a test machine\n")
        self.audit(0, "--policy", policy, self.open)

    def test_mistakes_name_file_and_line(self):
        policy = self.policy("# why not\nallow UDS006 /**\n")
        self.assertIn(f"{policy}:2: no reason", self.audit(2, "--policy", policy, self.open))
        self.assertIn("No such file", self.audit(2, "--policy", self.work / "none", self.open))
        self.assertIn("cannot be read", self.audit(2, "--policy", self.work, self.open))
        self.policy("# " + "x" * 1024 * 1024)
        self.assertIn("longer", self.audit(2, "--policy", policy, self.open))


class Diff(Audit):
    def test_new(self):
        earlier = self.earlier(self.open)
        self.own.parent.chmod(0o777)
        found = self.audit(1, "--diff", earlier, self.open, self.own)
        self.assertIn("new: medium UDS006", found)
        self.assertIn("unchanged: medium UDS006", found)
        self.assertNotIn("gone:", found)

    def test_gone(self):
        earlier = self.earlier(self.open)
        self.open.parent.chmod(0o755)
        found = self.audit(0, "--diff", earlier, self.open)
        self.assertIn(r"/open/a\x20b\x0a", found)
        self.assertIn("gone: medium UDS006", found)
        self.assertNotIn("gone:", self.audit(0, "--baseline", earlier, self.open))
        findings, summary = self.lines(0, "--diff", earlier, self.open)
        self.assertEqual(findings["UDS006"]["state"], "absent")
        self.assertEqual((summary["findings"], summary["gone"]), (len(findings) - 1, 1))
        result = self.results(0, "--diff", earlier, self.open)["UDS006"]
        self.assertEqual(result["baselineState"], "absent")
        self.assertRegex(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
                         r"^file:///.*/a%20b%0A%C3%BF$")

    def test_what_was_gone_is_new_when_it_comes_back(self):
        earlier = self.earlier(self.open)
        self.open.parent.chmod(0o755)
        between = self.work / "between"
        between.write_text(self.audit(0, "--format", "json", "--diff", earlier, self.open))
        self.assertIn('"absent"', between.read_text())
        self.open.parent.chmod(0o777)
        self.assertEqual(self.lines(1, "--diff", between, self.open)[0]["UDS006"]["state"], "new")

    def test_one_earlier_audit(self):
        earlier = self.earlier(self.open)
        self.audit(2, "--diff", earlier, "--baseline", earlier, self.open)

    def test_forged_lines_are_refused_with_their_number(self):
        earlier = self.earlier(self.open)
        good = earlier.read_text().splitlines()
        finding = json.loads(good[0])
        for change in ({"message": "x\n\x1b[2J"}, {"path": "/\u202e"}, {"severity": "worst"}, {"path_hex": "2f0"},
                       {"path_hex": "2f" * 5000}, {"rule": 7}, {"fingerprint": None}, {"type": "gift"}):
            earlier.write_text("\n".join([good[0], json.dumps(finding | change)]))
            said = self.audit(2, "--diff", earlier, self.open)
            self.assertIn(f"{earlier}:2: not a line", said, change)


class Alike(Audit):
    """Names beside the path, and other paths that are asked about (UDS014)."""

    def bind(self, name):
        made = socket.socket(socket.AF_UNIX)
        self.addCleanup(made.close)
        made.bind(os.fsencode(self.own.parent) + b"/" + name)

    def found(self, *paths):
        return self.lines(0, *paths)[0].get("UDS014", {}).get("message")

    def test_beside(self):
        self.bind(b"s")
        self.assertIsNone(self.found(self.own), "itself")
        self.bind(b"t")
        (self.own.parent / "s ").touch()
        self.assertIsNone(self.found(self.own), "no client is led to a file")
        self.bind(b"s\n")
        self.assertIn("/own/s\\x0a prints alike", self.found(self.own))

    def test_beside_what_is_not_there_yet(self):
        self.bind(b"\xd1\x95")
        self.assertIn("/own/\\xd1\\x95 prints alike", self.found(self.own))

    def test_two_that_are_asked_about(self):
        self.assertIsNone(self.found(self.own, self.own))
        self.assertIn("prints alike", self.found(self.own, f"{self.own}\t"))

    def test_a_directory_that_cannot_be_read_is_no_answer(self):
        if os.geteuid() == 0:
            done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "true"],
                                  check=False)
            if done.returncode != 0:
                self.skipTest("no setpriv")
            other = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        else:
            other = []
        self.own.parent.chmod(0o311)
        done = subprocess.run([*other, SUNPATH, "audit", "path", self.own], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if "ermission denied" in done.stderr and "sunpath audit" not in done.stderr:
            self.skipTest("another user cannot reach the build folder")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)


class Schemas(Audit):
    def setUp(self):
        super().setUp()
        earlier = self.earlier(self.open)
        self.open.parent.chmod(0o755)
        self.own.parent.chmod(0o777)
        self.everything = ["--diff", earlier, "--policy", self.policy("allow UDS006 /** a test\n"),
                           self.open, self.own]

    def test_lines(self):
        findings, _ = self.lines(0, *self.everything)
        self.assertTrue(findings)

    def test_sarif(self):
        log = schemas.check_sarif(self, self.audit(0, "--format", "sarif", *self.everything))
        self.assertEqual({result["baselineState"] for result in log["runs"][0]["results"]},
                         {"new", "unchanged", "absent"})

    def test_sarif_of_a_partial_audit(self):
        (self.work / "loop").symlink_to("loop")
        done = subprocess.run([SUNPATH, "audit", "path", "--format", "sarif", self.work / "loop"], check=False,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 3)
        log = schemas.check_sarif(self, done.stdout)
        self.assertFalse(log["runs"][0]["invocations"][0]["executionSuccessful"])


class System(Audit):
    """What is on the machine is not ours; whatever it is, it fits the schemas."""

    def system(self, form):
        done = subprocess.run([SUNPATH, "audit", "system", "--exit-zero", "--allow-partial", "--format", form],
                              check=True, text=True, timeout=100, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return done.stdout

    def setUp(self):
        super().setUp()
        for name in (self.work / "s", f"\0{self.work}/\n<\"\0@"):
            made = socket.socket(socket.AF_UNIX)
            self.addCleanup(made.close)
            made.bind(os.fsencode(name))
            made.listen()

    def test_lines(self):
        lines = schemas.check_lines(self, self.system("json"))
        self.assertEqual(lines[-1]["type"], "summary")

    def test_sarif(self):
        schemas.check_sarif(self, self.system("sarif"))


if __name__ == "__main__":
    unittest.main()
