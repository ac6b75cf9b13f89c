#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Crashes: what reports say, where engines leave them, which are the same, how small they get.

Usage: test_triage.py [TEST...]     as for unittest
"""

import json
import pathlib
import unittest

from triage_fixture import BUILD, SOURCE, Triage  # first: it says where the modules are
from triage import groups, minimise, places, report, trials

WORLD = """
the program:
c0.set-name "x:1: check failed: forged"

world:6: check failed: every-byte-accounted
  in step 6: c0: accepted 20, sent 1, queued 0, lost 0
==1==ERROR: AddressSanitizer: ABRT on unknown address 0x000000007005 (pc 0x7fa6e56cbeec T0)
    #0 0x7fa6e56cbeec  (/lib/x86_64-linux-gnu/libc.so.6+0x8aeec) (BuildId: 93ac)
    #1 0x55e116fff283  (/a b/replay_pair+0x1a8283) (BuildId: b1b4)
"""


class Reports(unittest.TestCase):
    def read(self, text, status="exit-1"):
        return report.read(trials.Run(status, text))

    def test_world(self):
        found = self.read(WORLD)
        self.assertEqual(found.property, "every-byte-accounted")
        self.assertEqual(found.message, "c0: accepted 20, sent 1, queued 0, lost 0")
        self.assertEqual(found.stack, (("/lib/x86_64-linux-gnu/libc.so.6", "0x8aeec"),
                                       ("/a b/replay_pair", "0x1a8283")))

    def test_subject(self):
        found = self.read("subject:7: check failed: end-behind-the-last-byte\n"
                          "  in step 7: what the other end reads gives -4\n  rule: the end comes last\n")
        self.assertEqual(found.property, "end-behind-the-last-byte")
        self.assertEqual(found.message, "what the other end reads gives -4")

    def test_same_property_whatever_the_numbers(self):
        said = "/src/fuzz/targets/fuzz_address.c:256: check failed: result == expected\n  sp_address_name() gave {}\n"
        properties = {self.read(said.format(text)).property
                      for text in ("0 (cause 23130), must be -3", "-7 (cause 4), must be 10")}
        self.assertEqual(properties, {"fuzz_address: sp_address_name() gave N (cause N), must be N"})
        self.assertNotEqual(properties, {self.read(said.format("nothing")).property})

    def test_sanitizers(self):
        for text, wanted in (
                ("==9==ERROR: AddressSanitizer: heap-use-after-free on address 0x60 at pc 0x1\n", "heap-use-after-free"),
                ("==9==ERROR: AddressSanitizer: SEGV on unknown address 0x0 (pc 0x1)\n", "SEGV"),
                ("==9==ERROR: AddressSanitizer: requested allocation size 0xffff (0x1 after) exceeds\n",
                 "requested allocation size N"),
                ("==9==ERROR: LeakSanitizer: detected memory leaks\n", report.LEAKS),
                ("==9==WARNING: MemorySanitizer: use-of-uninitialized-value\n", "use-of-uninitialized-value"),
                ("/a/b.c:5:6: runtime error: signed integer overflow: 5 + 6 cannot be\n", "signed integer overflow"),
                ("/a/b.c:5:6: runtime error: load of address 0x7f01 with insufficient space\n",
                 "load of address N with insufficient space")):
            self.assertEqual(self.read(text).property, wanted)

    def test_nothing_said(self):
        self.assertEqual(self.read("", "signal-ALRM").property, report.ENDLESS)
        self.assertEqual(self.read("", "signal-SEGV").property, "killed by SIGSEGV")
        self.assertIn("exit-3", self.read("", "exit-3").property)

    def test_first_stack_only(self):
        text = ("ERROR: AddressSanitizer: heap-use-after-free on\n    #0 0x1 in reads /s/a.c:1:2\n"
                "    #1 0x2 in LLVMFuzzerTestOneInput /s/b.c:3\n    #2 0x3 in main /s/c.c:4\n\n"
                "freed by thread T0 here:\n    #0 0x4 in free /s/d.c:5\n")
        frames = report.Symbols().frames(self.read(text).stack)
        self.assertEqual([frame.function for frame in frames], ["reads", "LLVMFuzzerTestOneInput"])

    def test_frames_of_the_alarm_are_left_out(self):
        names = ("__pthread_kill_implementation", "raise", "abort", "fuzz_fail", "world_fail", "__asan_memcpy",
                 "check_written.isra.0", "sp_socket_write.cold", "main")
        frames = report.Symbols().frames([("", name) for name in names])
        self.assertEqual([frame.function for frame in frames], ["check_written", "sp_socket_write", "main"])


class Places(Triage):
    KNOWN = {"canary", "state"}

    def found(self, kind, *names, target=""):
        return {str(one.path.relative_to(self.work)): (one.engine, one.target)
                for one in kind([self.work / name for name in names], self.KNOWN, target)}

    def afl(self, out):
        for instance in ("main", "second"):
            self.put(f"{out}/{instance}/fuzzer_stats", b"command_line : afl-fuzz -- /x/fuzz_state\n")
            self.put(f"{out}/{instance}/crashes/README.txt", b"Command line used to find this crash")
            self.put(f"{out}/{instance}/crashes/id:000000,sig:06", instance.encode())
            self.put(f"{out}/{instance}/queue/id:000000,orig:x")
            self.put(f"{out}/{instance}/queue/.state/deterministic_done/id:000000")
        self.put(f"{out}/main/hangs/id:000000")
        self.put(f"{out}/main/crashes.2026-01-02-03:04:05/id:000001")

    def test_afl(self):
        self.afl("out")
        crash = (places.AFL, "state")
        self.assertEqual(self.found(places.crashes, "out"), {
            "out/main/crashes/id:000000,sig:06": crash, "out/second/crashes/id:000000,sig:06": crash,
            "out/main/hangs/id:000000": crash, "out/main/crashes.2026-01-02-03:04:05/id:000001": crash})
        self.assertEqual(self.found(places.corpora, "out"), {
            "out/main/queue/id:000000,orig:x": crash, "out/second/queue/id:000000,orig:x": crash})
        self.assertEqual(len(self.found(places.crashes, "out/main/crashes", "out")), 4)

    def test_libfuzzer(self):
        names = [f"w/{kind}-{'0' * 40}" for kind in ("crash", "leak", "timeout", "oom", "slow-unit", "merge-crash")]
        for name in [*names, "w/corpus/0123", "w/log", "w/fuzz-0.log"]:
            self.put(name)
        self.assertEqual(set(self.found(places.crashes, "w")), set(names))
        self.assertEqual(set(self.found(places.corpora, "w")), {"w/corpus/0123"})

    def test_our_own(self):
        for name in ("crashes/state-1", "corpus/00ff", "libfuzzer/log", "libfuzzer/corpus/11", "afl/seeds/000000",
                     "merge.log"):
            self.put(f"campaign/state/{name}")
        self.assertEqual(self.found(places.crashes, "campaign"), {"campaign/state/crashes/state-1": ("", "state")})
        self.assertEqual(set(self.found(places.corpora, "campaign")),
                         {"campaign/state/corpus/00ff", "campaign/state/libfuzzer/corpus/11"})

    def test_any_folder_or_file(self):
        self.put("canary/some/input")
        self.put("x", b"1")
        self.assertEqual(self.found(places.crashes, "canary", "x", target="state"),
                         {"canary/some/input": ("", "state"), "x": ("", "state")})
        self.assertEqual(self.found(places.crashes, "canary", "x"),
                         {"canary/some/input": ("", "canary"), "x": ("", "")})

    def test_nothing_there(self):
        (self.work / "empty").mkdir()
        for name in ("empty", "nowhere"):
            with self.assertRaisesRegex(places.Unreadable, name):
                self.found(places.crashes, name)
        # A campaign that has found nothing is not nothing.
        self.put("state/fuzzer_stats")
        self.put("state/queue/id:000000")
        self.assertEqual(self.found(places.crashes, "state"), {})

    def test_names_that_forge_a_line(self):
        self.assertEqual(places.printable("a\n\x1b[2J\u2028é\udcff"), r"a\x0a\x1b[2J\xe2\x80\xa8é\xff")


class Bytes:
    """A driver of programs of one step each two bytes, that fail as @rule says."""

    def __init__(self, rule):
        self.rule, self.played = rule, 0

    def play(self, data, _seconds):
        self.played += 1
        wrong = self.rule(data)
        return trials.Run("exit-1", f"world:1: check failed: {wrong}\n  it is\n") if wrong else trials.Run("passed", "")

    def steps(self, data):
        return [(at, f"step{data[at]}") for at in range(0, len(data), 2)]


class Minimising(unittest.TestCase):
    def minimised(self, data, rule, seconds=60):
        driver = Bytes(rule)
        return minimise.Minimiser(driver, data, "wrong", seconds).smallest(), driver

    def test_every_step_is_needed(self):
        for needed in ((b"q1",), (b"a1", b"z2"), (b"a1", b"b2", b"c3", b"d4"), ()):
            def rule(data, needed=needed):
                steps = [data[at:at + 2] for at in range(0, len(data), 2)]
                return "wrong" if all(step in steps for step in needed) else ""
            noise = [b"%c%d" % (65 + number % 26, number % 10) for number in range(97)]
            for number, step in enumerate(needed):
                noise.insert(7 + 23 * number, step)
            smallest, _ = self.minimised(b"".join(noise), rule)
            self.assertEqual(smallest, minimise.Smallest(b"".join(needed), True))

    def test_a_failure_of_another_kind_is_none(self):
        smallest, _ = self.minimised(b"a1b1c1", lambda data: "wrong" if b"b1" in data and b"c1" in data else "other")
        self.assertEqual(smallest.data, b"b1c1")

    def test_pairs_that_must_go_together(self):
        def rule(data):
            return "wrong" if data.count(b"(1") == data.count(b")1") and b"x1" in data else ""
        smallest, _ = self.minimised(b"(1)1" * 9 + b"x1" + b"(1)1" * 5, rule)
        self.assertEqual(smallest.data, b"x1")

    def test_time_is_up(self):
        smallest, driver = self.minimised(b"a1b1c1", lambda data: "wrong", -1)
        self.assertEqual((smallest.data, smallest.complete, driver.played), (b"a1b1c1", False, 0))

    def test_where_it_fails(self):
        data = b"".join(b"%c1" % number for number in range(65, 90))
        step = minimise.Minimiser(Bytes(lambda data: "wrong" if b"F1" in data else ""), data, "wrong").step()
        self.assertEqual(step, f"step{ord('F')}")


class Names(unittest.TestCase):
    def test_kind_of_a_step(self):
        self.assertEqual(groups.kind_of("{c} = connect-abstract {name} {mode}"), "connect-abstract")
        self.assertEqual(groups.kind_of("{c}.flush"), "flush")

    def test_names_are_unique(self):
        said = report.read(trials.Run("exit-1", "world:1: check failed: every-byte\n  x\n"))
        group = groups.Group("pair", said, "{c}.flush", [], [])
        taken = {"every-byte-in-flush"}
        self.assertEqual([groups.propose(group, taken) for _ in range(2)],
                         ["every-byte-in-flush-2", "every-byte-in-flush-3"])


class Command(Triage):
    def test_no_crash(self):
        self.put("canary/fine", b"ege")
        self.assertIn("stale: ", self.run_triage(0, self.work / "canary"))

    def test_canary(self):
        for number in range(3):
            self.put(f"canary/crash-{number}", b"egg" + b"s" * number)
        self.put("canary/timeout-3", b"quick")
        told = self.run_triage(1, "--out", self.work / "new" / "out", "canary")
        self.assertIn("1 crash of 3 files; 0 flaky; 1 file stale", told)
        self.assertIn("files:   3 of libFuzzer: ", told)
        self.assertEqual([path.read_bytes() for path in (self.work / "new" / "out").iterdir()], [b"egg"])
        found = json.loads(self.run_triage(1, "--json", "canary"))
        self.assertEqual([bytes.fromhex(crash["minimised"]) for crash in found["crashes"]], [b"egg"])
        self.assertEqual(len(found["crashes"][0]["files"]), 3)
        self.assertEqual(found["stale"], ["canary/timeout-3"])

    def test_two_properties_are_two_crashes(self):
        self.put("canary/a", b"egg")
        self.put("canary/b", b"drift")
        found = json.loads(self.run_triage(1, "--json", "canary"))["crashes"]
        self.assertEqual(sorted(bytes.fromhex(crash["minimised"]) for crash in found), [b"drift", b"egg"])
        self.assertEqual(len({crash["name"] for crash in found}), 2)

    def test_flaky(self):
        self.put("canary/now-and-then", b"sometimes")
        told = self.run_triage(1, "--driver", self.fake(), "--repeat", "6", "canary")
        self.assertIn("fails 3 of 6 times", told)
        self.assertIn("0 crashes", told)
        self.run_triage(3, "--driver", self.fake(), "--add", "x", "--source", self.tree(), "canary")

    def test_programs_are_minimised_by_steps(self):
        self.put("canary/x", b"one\ntwo\nbad three\nfour\n")
        found = json.loads(self.run_triage(1, "--driver", self.fake(), "--json", "canary"))["crashes"][0]
        self.assertEqual((bytes.fromhex(found["minimised"]), found["steps"], found["name"]),
                         (b"bad", 1, "bad-thing-in-do"))

    def test_names_that_forge_a_line(self):
        name = "canary/x\n1 crash of 0 files\x1b[2J"
        self.put(name, b"egg")
        told = self.run_triage(1, "canary")
        self.assertIn(r"canary/x\x0a1 crash of 0 files\x1b[2J", told)
        self.assertEqual(json.loads(self.run_triage(1, "--json", "canary"))["crashes"][0]["files"], [name])

    def test_wrong_usage(self):
        self.put("canary/x", b"egg")
        for arguments in ([], ["--levitate", "canary"], ["--target", "nobody", "canary"], ["--repeat", "0", "canary"],
                          ["--merge", "--add", "x", "canary"], ["--add", "Not a name", "canary"],
                          ["--cause", "x", "canary"], ["--time", "soon", "canary"]):
            self.run_triage(2, *arguments)

    def test_could_not(self):
        (self.work / "canary" / "empty").mkdir(parents=True)
        self.put("x", b"egg")
        dying = self.put("canary/dying", b"die")
        for words, arguments in (("empty folder", ["canary/empty"]), ("no such file", ["nowhere"]),
                                 ("--target", ["x"]), ("not there; build it", ["--driver", "nowhere", dying]),
                                 ("--trials", ["--driver", "/bin/true", dying]),
                                 ("--trials", ["--driver", self.fake(), dying]),
                                 ("No such file or directory", ["--out", "/proc/x", "--target", "canary", "x"])):
            self.assertIn(words, self.run_triage(3, *arguments))

    def test_unreadable(self):
        self.put("canary/x", b"egg")
        (self.work / "canary" / "y").symlink_to("/proc/self/mem")
        self.assertIn("canary/y", self.run_triage(3, "canary"))


PLANTED = BUILD / "tests" / "defects"


@unittest.skipUnless(PLANTED.joinpath("defect_pair_flush-counts-what-was-queued").exists(),
                     "defects are planted in the dev build only")
class Planted(Triage):
    """Crashes of the library: what was filed once, hidden in the middle of other programs."""

    CASES = (("pair", "flush-counts-what-was-queued", "flush-of-a-part", "written-is-what-was-sent"),
             ("state", "bytes-read-twice", "two-reads-in-a-transaction", "bytes-read"),
             ("path", "close-unlinks-by-name", "name-has-a-new-owner", "foreign-removed"))

    def hide(self, target, name):
        """Files in which a case has programs before and behind it."""
        noise = sorted((SOURCE / "corpus" / target / "seeds").iterdir())
        case = (SOURCE / "corpus" / target / "crashes" / name).read_bytes()
        self.put(f"{target}/alone", case)
        self.put(f"{target}/first", case + noise[0].read_bytes())
        self.put(f"{target}/between", noise[0].read_bytes() + case + noise[1].read_bytes())
        return case

    def test_no_operation_can_be_left_out(self):
        for target, defect, name, wanted in self.CASES:
            case = self.hide(target, name)
            program = PLANTED / f"defect_{target}_{defect}"
            out = self.work / f"out-{target}"
            told = self.run_triage(1, "--repeat", "2", "--driver", program, "--json", "--out", out, target)
            found = [crash for crash in json.loads(told)["crashes"] if crash["property"] == wanted]
            self.assertTrue(found, told)
            for crash in found:
                data = pathlib.Path(crash["file"]).read_bytes()
                self.assertTrue(crash["complete"])
                self.assertLessEqual(len(data), len(case))
                with trials.Driver(program) as driver:
                    starts = [offset for offset, _ in driver.steps(data)] + [len(data)]
                    self.assertEqual(report.read(driver.play(data)).property, wanted)
                    for start, end in zip(starts, starts[1:]):
                        run = driver.play(data[:start] + data[end:])
                        self.assertFalse(run.failed and report.read(run).property == wanted,
                                         f"{target}: {start} to {end} is not needed:\n{crash['program']}")

    def test_stack_of_the_library(self):
        self.hide("pair", "flush-of-a-part")
        told = self.run_triage(1, "--repeat", "1", "--driver", PLANTED / "defect_pair_flush-counts-what-was-queued",
                               "--json", "pair/alone")
        stack = [frame["function"] for frame in json.loads(told)["crashes"][0]["stack"]]
        self.assertEqual((stack[0], stack[-1]), ("check_written", "LLVMFuzzerTestOneInput"))


if __name__ == "__main__":
    unittest.main()
