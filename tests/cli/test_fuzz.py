#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sunpath fuzz` on the canary and the empty target: what it leaves, and that nothing is lost when it
is interrupted, killed, cannot write, or an engine dies.

Builds what it needs as the command does, in build/. Usage: test_fuzz.py [TEST...]     as for unittest.
Without a TEST all of them run, several at once: most of the time they wait.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
import uuid

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "cli"))

from fuzz import builds  # noqa: E402  (found through the line above)

SUNPATH_FUZZ = [sys.executable, str(SOURCE / "cli" / "sunpath-fuzz")]
# For whatever takes seconds, on a busy machine.
PATIENCE = 240


def processes(mark):
    """The command lines of running processes with @mark in their environment, one a line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                state = (path.parent / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
                if state != "Z":
                    found.append((path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass
    return "\n".join(found)


def contents(*folders):
    """The different inputs in folders, as bytes; folders may have a pattern below them."""
    return {path.read_bytes() for folder in folders for path in folder if path.is_file()
            and not path.name.startswith((".", "README"))}


class Campaigns(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name) / "out"
        self.mark = f"SUNPATH_TEST={uuid.uuid4()}"

    def start(self, *arguments, environment=None, out=None):
        # Under nohup we are deaf to SIGINT, and so would be what we start.
        return subprocess.Popen(["env", "--default-signal=INT,TERM", self.mark, *SUNPATH_FUZZ, *arguments,
                                 "--out", out or self.out], cwd=SOURCE, start_new_session=True, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=os.environ | (environment or {}))

    def end(self, run, wanted):
        said, also = run.communicate(timeout=PATIENCE)
        self.assertEqual(run.returncode, wanted, f"{said}\n{also}")
        return said, also

    def fuzz(self, wanted, *arguments, **named):
        return self.end(self.start(*arguments, **named), wanted)

    def wait_for(self, what, run):
        end = time.monotonic() + PATIENCE
        while not what():
            self.assertIsNone(run.poll(), "it ended early")
            self.assertLess(time.monotonic(), end, "it did not come to that")
            time.sleep(0.1)

    def engines_work(self):
        return all((self.out / "empty" / place).exists() for place in ("libfuzzer/corpus", "afl/out")) and len(
            re.findall(r"^(?:\S*afl-fuzz|\S*fuzz_empty -fork)", processes(self.mark), re.MULTILINE)) >= 2

    def record(self):
        return json.loads((self.out / "campaign.json").read_text())

    def empty(self):
        return self.record()["targets"][0]


class Results(Campaigns):
    def test_crash(self):
        said, _ = self.fuzz(1, "canary", "--time", "12")
        replay = re.search(r"^  replay: (.*)$", said, re.MULTILINE)
        self.assertIsNotNone(replay, said)
        again = subprocess.run(replay[1].split(), cwd=SOURCE, check=False, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        self.assertNotEqual(again.returncode, 0, "the file named does not crash again")
        target = self.record()["targets"][0]
        self.assertEqual([engine["name"] for engine in target["engines"]], ["libFuzzer", "AFL++"])
        self.assertTrue(all(engine["crashes"] and engine["executions"] for engine in target["engines"]), target)
        # Both found the same one, which is told once.
        self.assertEqual(target["crashes"][0]["engines"], ["AFL++", "libFuzzer"])
        self.assertEqual((self.out / target["crashes"][0]["file"]).read_bytes(), b"egg")
        page = (self.out / "report.html").read_text()
        self.assertIn("canary", page)
        self.assertIn("Finished", page)

    def test_sockets_in_a_deep_folder(self):
        """What a target makes on the machine has room for its names, wherever --out is."""
        said, _ = self.fuzz(0, "subject", "--time", "4", out=self.out / ("deep" * 25) / "out")
        self.assertIn("no crash", said)

    def test_json(self):
        said, _ = self.fuzz(0, "empty", "--time", "4", "--json", "--jobs", "1", "--seed", "7")
        lines = [json.loads(line) for line in said.splitlines()]
        self.assertEqual({line["type"] for line in lines[:-1]}, {"sample"})
        self.assertEqual({line["engine"] for line in lines[:-1]}, {"libFuzzer", "AFL++"})
        self.assertEqual((lines[-1]["type"], lines[-1]["state"], lines[-1]["seed"]), ("campaign", "finished", "7"))
        self.assertGreater(lines[-1]["targets"][0]["engines"][1]["executions"], 0)

    def test_workers(self):
        run = self.start("empty", "--time", "20", "--jobs", "5")
        self.wait_for(lambda: len(set(re.findall(r"-[MS] (?:main|worker-\d+)", processes(self.mark)))) == 2, run)
        self.assertIn("-fork=3", processes(self.mark))
        self.assertEqual(len(set(re.findall(r" -p (\w+)", processes(self.mark)))), 2, "both have the same schedule")
        run.send_signal(signal.SIGINT)
        self.end(run, 3)


class SeveralMachines(Campaigns):
    def test_one_reads_what_the_other_finds(self):
        """Two hosts, simulated: each has its own --out, and they share one folder."""
        shared = self.out.parent / "shared"
        common = ("canary", "--engine", "afl", "--jobs", "1", "--time", "100", "--sync", str(shared), "--host")
        first = self.start(*common, "a", out=self.out / "a")
        self.wait_for(lambda: len(list(shared.glob("canary/a-0/queue/id*"))) > 3, first)
        second = self.start(*common, "b", out=self.out / "b")
        self.wait_for(lambda: list(shared.glob("canary/b-0/queue/id*,sync:a-0,*")), second)
        for run in (first, second):
            run.send_signal(signal.SIGINT)
            self.end(run, 3)


class NothingIsLost(Campaigns):
    def test_interrupted_and_resumed(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            run = self.start("empty", "--time", "60")
            self.wait_for(self.engines_work, run)
            run.send_signal(number)
            said, _ = self.end(run, 3)
            self.assertIn("sunpath fuzz --resume", said)
            self.assertEqual(processes(self.mark), "", number)
            self.assertEqual(self.record()["state"], "interrupted")
        before = self.empty()
        self.fuzz(0, "--resume", "--time", str(int(before["fuzzed"]) + 3))
        self.assertEqual(self.record()["state"], "finished")
        self.assertGreater(self.empty()["fuzzed"], before["fuzzed"])
        for now, then in zip(self.empty()["engines"], before["engines"]):
            self.assertGreaterEqual(now["executions"], then["executions"], now["name"])

    def test_killed_and_resumed(self):
        run = self.start("canary", "--time", "60")
        folder = self.out / "canary"

        def found():
            return (list(folder.glob("libfuzzer/crash-*")) and list(folder.glob("afl/out/*/crashes/id*"))
                    and (self.out / "campaign.json").exists())

        self.wait_for(found, run)
        run.kill()
        run.communicate()
        patience = time.monotonic() + 30
        while "afl-fuzz" in processes(self.mark) and time.monotonic() < patience:
            time.sleep(0.1)
        self.assertNotIn("afl-fuzz", processes(self.mark), "engines outlive a campaign that was killed")
        kept = contents(folder.glob("libfuzzer/corpus/*"), folder.glob("libfuzzer/scratch/*/C*/*"))
        queue = contents(folder.glob("afl/out/*/queue/id*"))
        crashes = contents(folder.glob("libfuzzer/crash-*"), folder.glob("afl/out/*/crashes*/id*"))
        self.assertTrue(kept and queue and crashes)
        self.fuzz(1, "--resume", "--time", str(int(self.empty()["fuzzed"]) + 4))
        self.assertLessEqual(kept, contents(folder.glob("libfuzzer/corpus/*")))
        # AFL++ goes on to trim what it has: the same entry, shorter.
        self.assertGreaterEqual(len(list(folder.glob("afl/out/*/queue/id*"))), len(queue))
        self.assertLessEqual(crashes, contents(folder.glob("libfuzzer/crash-*"),
                                               folder.glob("afl/out/*/crashes*/id*")))
        self.assertEqual(processes(self.mark), "")

    def test_killed_and_begun_anew(self):
        run = self.start("canary", "--time", "60", "--engine", "libfuzzer")
        self.wait_for(lambda: list(self.out.glob("canary/libfuzzer/crash-*")), run)
        run.kill()
        run.communicate()
        said, _ = self.fuzz(1, "canary", "--time", "2", "--engine", "libfuzzer")
        self.assertIn("an earlier campaign here did not end", said)
        self.assertEqual([path.read_bytes() for path in self.out.glob("canary/crashes/*")], [b"egg"])

    def test_a_dead_worker_is_started_again(self):
        run = self.start("empty", "--time", "25")
        self.wait_for(self.engines_work, run)
        for pattern in ("afl-fuzz -i", "fuzz_empty -fork"):
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if pattern in line and str(self.out) in line:
                        os.kill(int(path.parent.name), signal.SIGKILL)
                except OSError:
                    pass
        self.end(run, 0)
        notes = "\n".join(self.record()["notes"])
        for engine in ("libFuzzer", "AFL++"):
            self.assertIn(f"worker 1 of {engine} ended by SIGKILL, and was started again", notes)

    @unittest.skipUnless(os.getuid() == 0, "only root can make a small disk")
    def test_full_disk(self):
        disk = self.out.parent / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
        try:
            self.out = disk / "out"
            run = self.start("empty", "--time", "60")
            self.wait_for(self.engines_work, run)
            self.wait_for((self.out / "campaign.json").exists, run)
            (disk / "fill").write_bytes(bytes(shutil.disk_usage(disk).free - (1 << 20)))
            _, also = self.end(run, 3)
            self.assertRegex(also, r"only \d+ MiB free there.*make room, and go on with: sunpath fuzz --resume")
            self.assertTrue(list(self.out.glob("empty/afl/out/*/queue/id*")))
            _, also = self.fuzz(3, "--resume")
            self.assertIn("MiB free", also)
            (disk / "fill").unlink()
            self.fuzz(0, "--resume", "--time", str(int(self.empty()["fuzzed"]) + 2))
        finally:
            subprocess.run(["umount", "-l", disk], check=True)


class Refusals(Campaigns):
    def test_usage(self):
        for arguments in (["--time", "soon"], ["--time", "0"], ["nothing"], ["--jobs", "0"], ["--engine", "honggfuzz"],
                          ["--resume", "empty"], ["--host", "a"], ["--sync", "x", "--engine", "libfuzzer"],
                          ["--subject", "toy", "path"], ["--sanitizer", "memory"]):
            self.fuzz(2, *arguments)
        self.assertFalse(self.out.exists())

    def test_nothing_to_resume(self):
        self.assertIn("campaign.json: not there", self.fuzz(3, "--resume")[1])

    def test_two_in_one_folder(self):
        self.out.mkdir()
        holder = subprocess.Popen(["flock", self.out / "lock", "sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
        holder.stdout.readline()
        try:
            self.assertIn("a campaign runs there", self.fuzz(3, "empty")[1])
        finally:
            holder.kill()
            holder.communicate()

    def test_missing_engine(self):
        there = shutil.which
        with unittest.mock.patch("shutil.which", lambda name: None if name == "afl-fuzz" else there(name)):
            with self.assertRaisesRegex(builds.CannotBuild,
                                        r"afl-fuzz is not .*apt-get install afl\+\+, or choose --engine libfuzzer"):
                list(builds.Builds(SOURCE, "address", ("fuzz", "afl")).make(["empty"]))

    def test_a_folder_that_cannot_be_written(self):
        (self.out.parent / "file").touch()
        _, also = self.fuzz(3, "empty", out=self.out.parent / "file" / "out")
        self.assertIn("name another folder with --out", also)


AT_ONCE = 4


def run_alone(test):
    done = subprocess.run([sys.executable, __file__, test], check=False, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    skipped = re.search(r"^OK \(skipped=.*$", done.stdout, re.MULTILINE)
    print(f"{'ok' if done.returncode == 0 else 'not ok'} {test}{' # ' + skipped[0] if skipped else ''}", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode == 0


def run_all():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    tests = [test.id().removeprefix("__main__.") for group in suite for test in group]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(run_alone, tests))
    print(f"{sum(results)} of {len(results)} tests passed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(run_all())
    unittest.main()
