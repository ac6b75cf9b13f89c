# SPDX-License-Identifier: MIT
"""A fuzz campaign: every target on both engines, for a given time. Called by ci/fuzz.

    campaign.py SECONDS [TARGET...]

Before it starts, the canary must be reported by both engines: a campaign that cannot see a crash
says nothing. What is left afterwards, below build/campaign/TARGET:
    corpus/     inputs that reach what the seeds do not; the next campaign starts from them too
    crashes/    one minimised file per finding of this campaign
    libfuzzer/, afl/   logs and working files of the engines

Exit status: 0 no crash; 1 a crash; 3 it could not run.
"""

import configparser
import os
import pathlib
import shutil
import subprocess
import sys
import time
import traceback

import board
import children
from crashes import triage
from engines import Afl, LibFuzzer, Target, crashes_go_elsewhere
from logs import excerpt

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CAMPAIGN = BUILD / "campaign"
TARGET_LIST = ROOT / "fuzz" / "targets.list"
CANARY = "canary"
# Seconds are enough; the rest is for busy machines and bad luck.
CANARY_SECONDS = 120
DEFAULT_MAX_LEN = 4096
# Neither engine stops at the second; past this it is stopped.
GRACE_SECONDS = 15


class CannotRun(Exception):
    """The campaign could not be run; the text says why."""


def build():
    """Both builds; their output goes to a log, which is shown when one fails."""
    for preset in ("fuzz", "afl"):
        start = time.monotonic()
        log = BUILD / "log" / f"build-{preset}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w", encoding="utf-8") as out:
            for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset]):
                if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=out, check=False).returncode != 0:
                    print("\n".join(excerpt(log)))
                    raise CannotRun(f"{' '.join(command)} failed; all of it: {log}")
        print(f"built {preset} in {time.monotonic() - start:.0f} s", flush=True)


def target_names():
    """The targets that are there to find something; the harness's own have no text corpus."""
    lines = TARGET_LIST.read_text(encoding="utf-8").splitlines()
    names = [line.split("|")[0].strip() for line in lines if line.strip() and line[0] != "#"]
    return [name for name in names if (ROOT / "corpus" / name / "text").is_dir()]


def load_target(name):
    corpus = ROOT / "corpus" / name
    options = configparser.ConfigParser()
    options.read(corpus / f"{name}.options")
    dictionary = corpus / f"{name}.dict"
    # Only where inputs are steps.
    mutator = BUILD / "afl" / "fuzz" / f"mutator_{name}.so"
    folders = (BUILD / "fuzz" / "fuzz" / "seeds" / name, corpus / "seeds", corpus / "crashes",
               CAMPAIGN / name / "corpus")
    target = Target(
        name=name,
        libfuzzer=BUILD / "fuzz" / "fuzz" / f"fuzz_{name}",
        afl=BUILD / "afl" / "fuzz" / f"fuzz_{name}",
        cmplog=BUILD / "afl" / "fuzz" / f"fuzz_{name}.cmplog",
        mutator=mutator if mutator.exists() else None,
        dictionary=dictionary if dictionary.exists() else None,
        max_len=options.getint("libfuzzer", "max_len", fallback=DEFAULT_MAX_LEN),
        seeds=tuple(path for path in folders if path.is_dir() and any(path.iterdir())))
    for program in (target.libfuzzer, target.afl, target.cmplog):
        if not program.exists():
            raise CannotRun(f"{program} was not built")
    return target


def watch(engines, seconds, done, show):
    """Runs engines side by side until all have ended, time is up, or done(engine) for each."""
    start = time.monotonic()
    running = list(engines)
    try:
        while running:
            children.stop_if_interrupted()
            left = seconds - (time.monotonic() - start)
            for engine in list(running):
                if not engine.poll() or done(engine) or left < -GRACE_SECONDS:
                    engine.stop()
                    running.remove(engine)
            show(left)
            time.sleep(0.2)
    finally:
        for engine in running:
            engine.stop()


def start_engines(target, seconds, folder, kinds=(LibFuzzer, Afl)):
    return [kind(target, folder / kind.__name__.lower(), seconds) for kind in kinds]


def check_alarm():
    """The canary must be reported by both engines, or nothing that follows means anything."""
    target = load_target(CANARY)
    engines = start_engines(target, CANARY_SECONDS, CAMPAIGN / CANARY)
    took = {}

    def rang(engine):
        if engine.crashes():
            took.setdefault(engine.name, time.monotonic() - engine.started)
        return engine.name in took

    watch(engines, CANARY_SECONDS, rang, lambda left: None)
    for engine in engines:
        if not rang(engine):
            print("\n".join(excerpt(engine.log)))
            raise CannotRun(f"the alarm is broken: {engine.name} did not report the canary within "
                            f"{CANARY_SECONDS} s")
    times = ", ".join(f"{name} after {seconds:.1f} s" for name, seconds in took.items())
    print(f"the alarm works: canary reported by {times}", flush=True)


def keep_new_inputs(target, engines):
    """Adds to the target's kept corpus what reaches more than seeds and kept inputs together."""
    kept = CAMPAIGN / target.name / "corpus"
    merged = CAMPAIGN / target.name / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    for folder in target.seeds:
        for path in folder.iterdir():
            if path.is_file():
                shutil.copyfile(path, merged / f"seed-{folder.name}-{path.name}")
    sources = [engine.corpus() for engine in engines if engine.corpus().is_dir()]
    # A crash among them must not end the merge: libFuzzer runs it in a process of its own.
    with open(CAMPAIGN / target.name / "merge.log", "wb") as log:
        subprocess.run([target.libfuzzer, "-merge=1", f"-max_len={target.max_len}", "-timeout=10",
                        f"-artifact_prefix={merged.parent}/merge-", merged, *sources],
                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    kept.mkdir(parents=True, exist_ok=True)
    new = [path for path in merged.iterdir() if not path.name.startswith("seed-")]
    for path in new:
        path.replace(kept / path.name)
    shutil.rmtree(merged)
    return len(new)


def fuzz(target, seconds, live):
    """One target on both engines: (rows of the table, findings)."""
    folder = CAMPAIGN / target.name
    shutil.rmtree(folder / "crashes", ignore_errors=True)
    together = (os.cpu_count() or 1) > 1
    engines = []
    for kinds in [(LibFuzzer, Afl)] if together else [(LibFuzzer,), (Afl,)]:
        share = seconds if together else max(seconds // 2, 1)
        group = start_engines(target, share, folder, kinds)
        watch(group, share, lambda _: False, lambda left, now=group: live.show(target, now, left))
        engines += group
    live.erase()

    found = any(engine.crashes() for engine in engines)
    for engine in engines:
        if engine.failed():
            print("\n".join(excerpt(engine.log)))
            reason = f"{engine.name} on {target.name} ended with status {engine.process.returncode}"
            # Perhaps because a seed crashes, and that the other engine has reported.
            if not found:
                raise CannotRun(reason)
            print(f"note: {reason}")
    new = keep_new_inputs(target, engines)
    print(f"{target.name}: {new} new inputs kept in build/campaign/{target.name}/corpus", flush=True)
    rows = [(target.name, engine.name, engine.stats.executions, engine.stats.rate,
             engine.stats.edges, engine.stats.corpus, engine.stats.stability or "-",
             len(engine.crashes())) for engine in engines]
    return rows, triage(target, engines, folder / "crashes", ROOT)


def campaign(seconds, wanted):
    names = wanted or target_names()
    start = time.monotonic()
    build()
    if crashes_go_elsewhere():
        print("note: this kernel hands crashes to another program (core_pattern), so AFL++ may "
              "report one as a hang; it is replayed to tell")
    check_alarm()
    targets = [load_target(name) for name in names]
    each = max(seconds // len(targets), 1)
    print(f"{', '.join(names)}: {each} s each on both engines; {board.LiveLine.LEGEND}")
    live, rows, findings = board.LiveLine(), [], []
    for target in targets:
        more_rows, more_findings = fuzz(target, each, live)
        rows += more_rows
        findings += more_findings
    print()
    board.table(rows)
    for finding in findings:
        print(f"\ncrash: {finding.target}, found by {' and '.join(finding.engines)}: {finding.summary}\n"
              f"  file:   {finding.file.relative_to(ROOT)} ({finding.file.stat().st_size} bytes)\n"
              f"  replay: {finding.replay}")
    verdict = f"{len(findings)} crashes" if findings else "no crash"
    print(f"\n{verdict} in {time.monotonic() - start:.0f} s")
    return 1 if findings else 0


def main(arguments):
    try:
        with children.ended_with_us():
            return campaign(int(arguments[0]), arguments[1:])
    except CannotRun as reason:
        print(f"ci/fuzz: could not run: {reason}", file=sys.stderr)
        return 3
    except KeyboardInterrupt as signal:
        print(f"\nci/fuzz: interrupted by {signal}", file=sys.stderr)
        return 3
    except Exception:  # not as Python would, with 1: that means a crash was found
        traceback.print_exc()
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
