#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `sunpath replay` says of inputs that pass, fail, or cannot be played, in each of its formats.

The failing input is the canary's. Usage: test_replay.py [TEST...]     as for unittest
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml

import schemas

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SUNPATH_BUILD", SOURCE / "build" / "dev"))
SUNPATH = BUILD / "bin" / "sunpath"
# What fuzz_canary fails on; see fuzz/targets/fuzz_canary.c.
CANARY = b"egg"


class Replay(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)

    def replay(self, wanted, *arguments):
        done = subprocess.run([SUNPATH, "replay", *arguments], stdin=subprocess.DEVNULL, text=True, cwd=self.work,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=100,
                              env=os.environ | {"TMPDIR": str(self.work)})
        self.assertEqual(done.returncode, wanted, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout if wanted in (0, 1) else done.stdout + done.stderr

    def failing(self):
        """A folder with one input that fails between two that do not. The empty input comes as a fourth."""
        folder = self.work / "mixed"
        folder.mkdir()
        for name, data in (("a", b"x"), ("b<&\"#", CANARY), ("c", b"y")):
            (folder / name).write_bytes(data)
        return folder

    def of(self, form, wanted=1):
        return self.replay(wanted, "--format", form, "--target", "canary", self.failing())


class Verdict(Replay):
    def test_one_failure_does_not_stop_the_others(self):
        said = self.of("text")
        self.assertIn("4 inputs", said)
        self.assertRegex(said, r"all: .*: 1 failed\n$")

    def test_the_command_fails_again(self):
        command = next(line for line in self.of("text").splitlines() if "again: sunpath" in line)
        again = command.split("again: sunpath ", 1)[1]
        done = subprocess.run(f"{SUNPATH} {again}", shell=True, cwd=self.work, check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1)

    def test_what_was_not_played_is_no_pass(self):
        empty = self.work / "empty"
        empty.mkdir()
        self.replay(3, "--target", "canary", empty)
        self.replay(3, "--target", "canary", self.work / "none")

    def test_unreadable(self):
        if os.geteuid() == 0 and not shutil.which("setpriv"):
            self.skipTest("root reads everything, and there is no setpriv")
        folder = self.failing()
        (folder / "b<&\"#").unlink()
        (folder / "a").chmod(0)
        self.work.chmod(0o777)
        folder.chmod(0o755)
        other = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
        done = subprocess.run([*other, SUNPATH, "replay", "--target", "canary", folder], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/")
        if "Permission denied" in done.stdout and "libexec" in done.stdout:
            self.skipTest("another user cannot reach the build folder")
        self.assertEqual(done.returncode, 3, done.stdout)

    def test_usage(self):
        for arguments in (["--format", "yaml"], ["--repeat", "0"], ["--jobs", "0"], ["--jobs", "many"],
                          ["--trace", "--format", "json"]):
            self.replay(2, *arguments, "canary")

    def test_jobs_agree(self):
        one, two = (self.replay(0, "--format", "json", "--jobs", jobs, "buffer") for jobs in ("1", "2"))
        digests = [{about["input"]: about["digest"] for about in map(json.loads, said.splitlines()) if "input" in about}
                   for said in (one, two)]
        self.assertEqual(*digests)
        self.assertGreater(len(digests[0]), 100)


class Formats(Replay):
    def test_tap(self):
        said = self.of("tap")
        self.assertTrue(said.startswith("TAP version 13\n1..4\n"), said)
        self.assertEqual(sum(line.startswith("ok ") for line in said.splitlines()), 3)
        self.assertEqual(sum(line.startswith("not ok ") for line in said.splitlines()), 1)

    def test_tap_by_a_reader(self):
        if not shutil.which("prove"):
            self.skipTest("prove (perl) is not there")
        (self.work / "x.t").write_text(self.of("tap"))
        done = subprocess.run(["prove", "-e", "cat", self.work / "x.t"], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertIn("Failed 1/4 subtests", done.stdout)

    def test_junit(self):
        root = xml.fromstring(self.of("junit"))
        self.assertEqual((root.tag, root.get("tests"), root.get("failures"), root.get("errors")),
                         ("testsuites", "4", "1", "0"))
        cases = root.findall("./testsuite/testcase")
        self.assertEqual(len(cases), 4)
        failed = [case for case in cases if case.find("failure") is not None]
        self.assertEqual(len(failed), 1)
        self.assertIn("b<&\"#", failed[0].get("name"))
        self.assertIn("again: sunpath replay", failed[0].find("failure").text)

    def test_junit_counts_what_it_holds(self):
        """Readers trust the attributes, people the elements. There is no schema that all readers agree on."""
        root = xml.fromstring(self.of("junit"))
        for level in (root, *root.findall("testsuite")):
            cases = list(level.iter("testcase"))
            for name, count in (("tests", len(cases)),
                                ("failures", sum(case.find("failure") is not None for case in cases)),
                                ("errors", sum(case.find("error") is not None for case in cases))):
                self.assertEqual(int(level.get(name)), count, f"{name} of {level.tag}")
            self.assertGreaterEqual(float(level.get("time")), 0)
        self.assertLessEqual({element.tag for element in root.iter()},
                             {"testsuites", "testsuite", "testcase", "failure", "error", "system-err"})

    def test_json(self):
        *lines, last = map(json.loads, self.of("json").splitlines())
        self.assertEqual((last["inputs"], last["failed"], last["notPlayed"]), (4, 1, 0))
        self.assertEqual(sorted(line["status"] == "passed" for line in lines), [False, True, True, True])

    def test_sarif(self):
        log = json.loads(self.of("sarif"))
        self.assertEqual(log["version"], "2.1.0")
        run, = log["runs"]
        self.assertTrue(run["invocations"][0]["executionSuccessful"])
        result, = run["results"]
        self.assertEqual(run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"], result["ruleId"])
        self.assertTrue(result["partialFingerprints"])
        self.assertRegex(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "^file:///")

    def test_sarif_by_its_schema(self):
        log = schemas.check_sarif(self, self.of("sarif"))
        self.assertEqual(len(log["runs"][0]["results"]), 1)

    def test_sarif_of_what_could_not_be_played(self):
        """A build that only looks at results must not take it for a pass."""
        program = self.work / "mixed"
        program.mkdir()
        (program / "a").symlink_to(self.work / "nowhere")
        said = self.replay(3, "--format", "sarif", "--target", "canary", program)
        if said.startswith("{"):
            self.assertFalse(json.loads(said)["runs"][0]["invocations"][0]["executionSuccessful"])


class Show(Replay):
    def show(self, *arguments):
        return subprocess.run([SUNPATH, "show", *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout

    def test_forms(self):
        crash = SOURCE / "corpus" / "pair" / "crashes" / "more-wait-than-there-is-room-for"
        self.assertIn('s0 = listen "a"', self.show(crash))
        self.assertIn('s0 = listen "a"', self.show("--text", crash))
        self.assertIn("int main(", self.show("--c", crash))
        rows = [line.split("#")[0] for line in self.show("--bytes", crash).splitlines()]
        self.assertEqual(bytes.fromhex(" ".join(rows)), crash.read_bytes())
        self.assertIn("listen", self.show("--trace", crash))


if __name__ == "__main__":
    unittest.main()
