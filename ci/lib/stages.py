# SPDX-License-Identifier: MIT
"""The stages of ci/test and ci/nightly, and how they run.

A stage is a command that passes or fails, or a preset that is configured, built and tested. Each
stage's output goes to build/log/NAME.log; the screen shows one line, and the end of the log when
something went wrong. Every stage runs, also after one has failed.
"""

import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from results import FAILED, PASSED, Result, closing_line, count, read_ctest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "cli"))

import children  # noqa: E402  (found through the line above)
from logs import excerpt  # noqa: E402

BUILD = ROOT / "build"
JOBS = str(os.cpu_count() or 1)

Check = collections.namedtuple("Check", "name title command")
Preset = collections.namedtuple("Preset", "name title")


def fuzz(seconds):
    return Check("fuzz", f"{seconds} seconds of campaign on both engines",
                 ["ci/fuzz", "--time", str(seconds)])


STAGES = {
    "test": [
        Check("lists", "every list agrees with what it lists", ["ci/check_lists"]),
        Check("ids", "the table of defects agrees with the tests", ["ci/check_ids"]),
        Check("semantics", "what Qt does agrees with probes and tests", ["tests/qt/check_semantics"]),
        Check("format", "format of C files", ["ci/check_format"]),
        Preset("dev", "clang, address and undefined-behaviour sanitizers, checks on"),
        Check("tidy", "static analysis of core", ["ci/check_tidy"]),
        Preset("gcc", "gcc, checks on, symbol check"),
        Preset("release", "what is shipped: hardening, installation, symbol check"),
        Check("coverage", "line coverage of core/src", ["ci/coverage"]),
        Check("corpus", "what the corpora reach of core/src", ["ci/coverage", "--corpus"]),
        fuzz(10),
        Check("digest", "every input is the same run in every build", ["ci/check_digest"]),
        Check("campaign", "sunpath fuzz: nothing is lost, however it ends", ["tests/cli/test_fuzz.py"]),
        Check("selftest", "each of these checks can fail", ["ci/selftest"]),
    ],
    "nightly": [
        Preset("tsan", "thread sanitizer"),
        Preset("msan", "memory sanitizer"),
        Preset("valgrind", "gcc, every test under valgrind"),
        Preset("release", "what is shipped, with the commands that the next stages run"),
        Check("exhaustive", "every sequence of six operations on a socket", ["ci/exhaustive"]),
        Check("oss-fuzz", "what OSS-Fuzz would build, on both engines", ["ci/oss_fuzz_local"]),
        Check("browser", "the report of a campaign in a browser; pictures in build/browser",
              ["tests/cli/test_browser.py", "--pictures", "build/browser"]),
        Check("field", "daemons of Debian, audited", ["tests/field/run"]),
        fuzz(3600),
    ],
}


class Failed(Exception):
    """A step of a stage failed; the text says which."""


def run(command, log):
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode


def run_check(stage, log):
    status = run(stage.command, log)
    return [Result(stage.name, PASSED if status == 0 else FAILED, f"exit status {status}")]


def criterion_programs(preset, log):
    """Names of the tests that promise a result file, from the build's own list."""
    listing = subprocess.run(["ctest", "--preset", preset, "--show-only=json-v1"], cwd=ROOT,
                             stdout=subprocess.PIPE, stderr=log, check=True)
    return {test["name"] for test in json.loads(listing.stdout)["tests"]
            if any(argument.startswith("--tap=") for argument in test.get("command", []))}


def run_preset(stage, log):
    folder = BUILD / stage.name
    if run(["cmake", "--preset", stage.name], log) != 0:
        raise Failed("configure")
    if run(["cmake", "--build", "--preset", stage.name, "-j", JOBS], log) != 0:
        raise Failed("build")
    expects_tap = criterion_programs(stage.name, log)
    shutil.rmtree(folder / "results", ignore_errors=True)
    for name in expects_tap:
        (folder / "results" / name).parent.mkdir(parents=True, exist_ok=True)
    junit = folder / "ctest.xml"
    junit.unlink(missing_ok=True)
    status = run(["ctest", "--preset", stage.name, "-j", JOBS, "--output-junit", str(junit)], log)
    if not junit.exists():
        raise Failed("ctest wrote no results")
    results = read_ctest(junit, folder / "results", expects_tap)
    if status != 0 and count(results)[1] == 0:
        raise Failed(f"ctest: exit status {status}")
    return results


def run_stage(stage):
    """Runs one stage, prints its line, returns its results."""
    print(f"== {stage.name}: {stage.title}", flush=True)
    log_path = BUILD / "log" / f"{stage.name}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with open(log_path, "w", encoding="utf-8") as log:
        try:
            results = (run_check if isinstance(stage, Check) else run_preset)(stage, log)
        except Failed as failure:
            results = [Result(stage.name, FAILED, str(failure))]
    for result in results:
        if result.outcome != PASSED:
            print(f"   {result.outcome}: {result.name}: {result.detail}")
    if count(results)[1]:
        print(f"   from {log_path.relative_to(ROOT)}:")
        for line in excerpt(log_path):
            print(f"   | {line}")
    print(f"   {closing_line(results)} ({time.monotonic() - start:.0f} s)", flush=True)
    return [Result(f"{stage.name}/{result.name}", result.outcome, result.detail)
            for result in results]


def main(plan, arguments):
    parser = argparse.ArgumentParser(prog=f"ci/{plan}")
    parser.add_argument("--fuzz-time", type=int, metavar="SECONDS")
    parser.add_argument("stages", nargs="*")
    options = parser.parse_args(arguments)
    stages, wanted = STAGES[plan], options.stages
    if options.fuzz_time:
        stages = [fuzz(options.fuzz_time) if stage.name == "fuzz" else stage for stage in stages]
    unknown = set(wanted) - {stage.name for stage in stages}
    if unknown:
        names = " ".join(stage.name for stage in stages)
        print(f"unknown stage: {' '.join(sorted(unknown))}; there are: {names}", file=sys.stderr)
        return 2
    start = time.monotonic()
    results = []
    for stage in stages:
        if not wanted or stage.name in wanted:
            results += run_stage(stage)
    print(f"\nin {time.monotonic() - start:.0f} s:")
    for result in results:
        if result.outcome != PASSED:
            print(f"{result.outcome}: {result.name}: {result.detail}")
    print(closing_line(results))
    passed, failed, _ = count(results)
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    try:
        with children.ended_with_us():
            sys.exit(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt as signal:
        print(f"\ninterrupted by {signal}", file=sys.stderr)
        sys.exit(1)
