# SPDX-License-Identifier: MIT
"""A campaign: one target after the other, on the engines that were asked for, for its share of the
time.

Before it starts, the canary must be reported by each engine: a campaign that cannot see a crash says
nothing. What there is afterwards, below OUT:

    campaign.json, history.jsonl, report.html   the record (record.py) and its page (report.py)
    lock                                        held while a campaign runs here
    TARGET/corpus/         inputs that reach what the seeds do not; the next campaign begins with them too
    TARGET/crashes/        the smallest input of each finding
    TARGET/libfuzzer/, TARGET/afl/   logs and working files of the engines
    TARGET/collected       there if the two above have been gone through: nothing in them is needed

Whatever ends a campaign, also a kill, inputs and crashes are in the engines' folders; the next one in
the same OUT goes on with them, or goes through them first.

Tests: tests/cli/test_fuzz.py
"""

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import shlex
import shutil
import time

import children
from fuzz import builds, findings, kept, record
from fuzz.board import Board, JsonBoard, shown
from fuzz.engines import Afl, LibFuzzer, crashes_go_elsewhere, end_leftovers
from fuzz.journal import Journal
from logs import excerpt

NO_CRASH, CRASHES, COULD_NOT = 0, 1, 3
# Seconds are enough; the rest is for busy machines and bad luck.
CANARY_SECONDS = 120
# Neither engine stops at the second; past this it is stopped.
GRACE_SECONDS = 15
# How long one crash is made smaller, and how long when somebody waits for the end.
MINIMISE_SECONDS, HURRIED_SECONDS = 10, 2
# Engines that cannot write lose what they find, and do not all say so.
ROOM_BYTES = 32 << 20
TICK_SECONDS = 0.2

KINDS = {"libfuzzer": (LibFuzzer,), "afl": (Afl,), "both": (LibFuzzer, Afl)}


class CannotRun(Exception):
    """The campaign could not be run to its end; the text says why, and what to do."""


@dataclasses.dataclass
class Options:
    """What was asked for; the command's help says what each means."""

    source: pathlib.Path
    out: pathlib.Path
    targets: list[str]
    seconds: float
    engine: str = "both"
    jobs: int = 0
    corpus: pathlib.Path | None = None
    sanitizer: str = "address"
    resume: bool = False
    seed: int | None = None
    subject: str | None = None
    sync: pathlib.Path | None = None
    host: str = ""
    json: bool = False
    command: str = ""


def resumed(out, seconds, jobs):
    """The options of the campaign in @out, as record.Campaign keeps them."""
    before = record.load_summary(out)
    if not before.engine:
        raise record.Unreadable(f"{out / record.SUMMARY}: does not say how it was run; begin anew, with another --out")
    targets = [builds.SUBJECT] if before.subject else [target.name for target in before.targets]
    return {"targets": targets, "engine": before.engine,
            "sanitizer": before.sanitizer, "seconds": seconds or before.planned, "jobs": jobs or before.jobs,
            "seed": int(before.seed) if before.seed else None, "subject": before.subject or None,
            "corpus": pathlib.Path(before.corpus) if before.corpus else None,
            "sync": pathlib.Path(before.sync) if before.sync else None, "host": before.host,
            "command": before.command}


@contextlib.contextmanager
def alone(out):
    """Nobody else runs a campaign in @out."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = open(out / "lock", "a+", encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"{error.filename}: {error.strerror}; name another folder with --out") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotRun(f"{out}: a campaign runs there (process {lock.read().strip() or 'unknown'}); wait for "
                            "its end, or name another folder with --out") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def resume_command(out):
    return shlex.join(["sunpath", "fuzz", "--resume", "--out", shown(out)])


def check_room(out):
    left = shutil.disk_usage(out).free
    if left < ROOM_BYTES:
        raise CannotRun(f"{out}: only {left >> 20} MiB free there, and {ROOM_BYTES >> 20} are needed; make room, "
                        f"and go on with: {resume_command(out)}")


class Campaign:
    def __init__(self, options):
        self.options = options
        self.out = options.out
        self.jobs = options.jobs or os.cpu_count() or 1
        self.share = max(options.seconds / len(options.targets), 1)
        self.kinds = KINDS[options.engine]
        presets = ("fuzz", "afl") if Afl in self.kinds else ("fuzz",)
        self.builds = builds.Builds(options.source, options.sanitizer, presets, options.subject)
        self.board = (JsonBoard if options.json else Board)(self.share)
        self.journal = Journal(self.out, self.record(), self.board)

    def record(self):
        options = self.options
        if options.resume:
            result = record.load_summary(self.out)
            result.state, result.planned, result.jobs = record.RUNNING, options.seconds, self.jobs
            return result
        return record.Campaign(
            started=time.time(), planned=options.seconds, command=options.command, engine=options.engine,
            sanitizer=options.sanitizer, jobs=self.jobs, seed="" if options.seed is None else str(options.seed),
            subject=options.subject or "", corpus=str(options.corpus or ""), sync=str(options.sync or ""),
            host=options.host, targets=[record.Target(self.builds.label(name)) for name in options.targets])

    def folder(self, name):
        return self.out / self.builds.label(name)

    def kept(self, name):
        """The folder of a target's kept inputs: the user's own, or one below OUT."""
        own = self.options.corpus
        if own is None:
            return self.folder(name) / "corpus"
        return own if len(self.options.targets) == 1 and not (own / name).is_dir() else own / name

    def target(self, name):
        return self.builds.target(name, self.kept(name))

    def start(self, kind, jobs, target, folder, seconds, entry=None, seeds=None):
        """An engine at work.

        @entry: the record.Target; None for the alarm, which is of no record
        @seeds: what AFL++ begins with"""
        before = {engine.name: engine for engine in entry.engines}.get(kind.name) if entry else None
        resume = bool(entry) and self.options.resume
        named = {"seed": self.options.seed, "resume": resume, "before": before}
        place = folder / kind.__name__.lower()
        if kind is Afl and entry:
            named["seeds"] = seeds
            if LibFuzzer in self.kinds:
                named["neighbour"] = folder / "libfuzzer" / "corpus"
            if self.options.sync:
                named |= {"sync": self.options.sync / target.name, "host": self.options.host}
        return kind(target, place, seconds, jobs, **named)

    def watch(self, engines, seconds, done, tell):
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
                tell(left)
                time.sleep(TICK_SECONDS)
        finally:
            for engine in running:
                engine.stop()

    def check_alarm(self):
        """The canary must be reported by each engine, or nothing that follows means anything."""
        target = self.builds.target(builds.CANARY)
        folder = self.out / "alarm"
        engines = [self.start(kind, 1, target, folder, CANARY_SECONDS) for kind in self.kinds]
        took = {}

        def rang(engine):
            if engine.crashes():
                took.setdefault(engine.name, time.monotonic() - engine.started)
            return engine.name in took

        self.watch(engines, CANARY_SECONDS, rang, lambda left: None)
        for engine in engines:
            if not rang(engine):
                raise CannotRun("\n".join([*excerpt(engine.log), f"the alarm is broken: {engine.name} did not "
                                           f"report the canary within {CANARY_SECONDS} s"]))
        shutil.rmtree(folder, ignore_errors=True)
        times = ", ".join(f"{name} after {seconds:.1f} s" for name, seconds in took.items())
        self.board.say(f"the alarm works: canary reported by {times}")

    def groups(self):
        """Which engines run at the same time, each with its number of workers: [[(kind, jobs), ...], ...]"""
        if len(self.kinds) == 1:
            return [[(self.kinds[0], self.jobs)]]
        if self.jobs == 1:
            return [[(kind, 1)] for kind in self.kinds]
        return [[(LibFuzzer, self.jobs - self.jobs // 2), (Afl, self.jobs // 2)]]

    def fuzz(self, name):
        """One target for what is left of its share."""
        entry = self.journal.target(self.builds.label(name))
        target, folder = self.target(name), self.folder(name)
        left = self.share - entry.fuzzed
        if left < 1:
            return
        (folder / "collected").unlink(missing_ok=True)
        engines, groups, trouble = [], self.groups(), None
        part = left / len(groups)
        try:
            seeds = self.seeds_for_afl(target, folder, part)
            for group in groups:
                now = []
                for kind, jobs in group:
                    now.append(self.start(kind, jobs, target, folder, part, entry, seeds))
                    engines.append(now[-1])
                self.run_group(entry, engines, now, part)
        except (KeyboardInterrupt, CannotRun) as reason:
            trouble = reason
        self.board.erase()
        for engine in engines:
            for text in engine.notes:
                self.journal.note(text)
        self.collect(name, entry, [(engine.corpora(), engine.crashes(), engine.name) for engine in engines],
                     HURRIED_SECONDS if trouble else MINIMISE_SECONDS)
        if trouble:
            raise trouble
        self.check_engines(engines, entry)

    def seeds_for_afl(self, target, folder, seconds):
        if Afl not in self.kinds:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        seeds, note = kept.to_begin_with(target, folder, seconds)
        self.journal.note(note)
        return seeds

    def run_group(self, entry, engines, now, seconds):
        began, before = time.monotonic(), entry.fuzzed
        self.journal.begin_target()
        next_look = 0.0

        def tell(left):
            nonlocal next_look
            entry.fuzzed = min(before + time.monotonic() - began, before + seconds)
            known = {engine.name: engine.stats for engine in engines}
            entry.engines = [known.get(old.name, old) for old in entry.engines] + [
                stats for name, stats in known.items() if name not in {old.name for old in entry.engines}]
            self.journal.running(entry, self.share, left)
            if time.monotonic() >= next_look:
                check_room(self.out)
                next_look = time.monotonic() + 1

        try:
            self.watch(now, seconds, lambda engine: False, tell)
        except OSError as error:
            raise CannotRun(f"{error.filename or self.out}: {error.strerror}; mend that, and go on with: "
                            f"{resume_command(self.out)}") from error

    def check_engines(self, engines, entry):
        for engine in engines:
            for worker in engine.failed():
                reason = f"{worker.name} on {entry.name} ended with status {worker.process.returncode}"
                # Perhaps because a seed crashes, and that the other engine has reported.
                if not entry.crashes:
                    raise CannotRun("\n".join([*excerpt(worker.log), f"{reason}; all it said: {worker.log}"]))
                self.journal.note(reason)

    def collect(self, name, entry, left, seconds):
        """Goes through what engines left: [(folders of inputs, crashes, name of the engine), ...]"""
        folder, target = self.folder(name), self.target(name)
        try:
            new = kept.new_inputs(target, [path for corpora, _, _ in left for path in corpora],
                                  self.kept(name), folder)
            files = [(path, engine) for _, crashes, engine in left for path in crashes]
            found, notes = findings.find(target, files, folder / "crashes", self.out, seconds)
        except (OSError, kept.CannotKeep) as error:
            self.journal.note(str(error))
            return
        entry.new_inputs += new
        known = {crash.file for crash in entry.crashes}
        entry.crashes += [crash for crash in found if crash.file not in known]
        for text in notes:
            self.journal.note(text)
        self.board.say(f"{entry.name}: {new} new inputs kept in {shown(self.kept(name))}")
        (folder / "collected").touch()

    def rescue(self, name):
        """Goes through what a campaign that was killed left, before engines begin anew there."""
        folder = self.folder(name)
        if (folder / "collected").exists() or not any((folder / place).is_dir() for place in ("libfuzzer", "afl")):
            return
        self.board.say(f"{name}: an earlier campaign here did not end; going through what it left")
        queues = sorted(folder.glob("afl/out/*/queue"))
        scratch = sorted(folder.glob("libfuzzer/scratch/libFuzzerTemp.FuzzWithFork*/C*"))
        crashes = sorted(path for kind in ("crash", "leak", "timeout", "oom") for path in
                         folder.glob(f"libfuzzer/{kind}-*"))
        afl = sorted(path for kind in ("crashes", "hangs") for path in folder.glob(f"afl/out/*/{kind}*/id:*"))
        self.collect(name, self.journal.target(self.builds.label(name)),
                     [([folder / "libfuzzer" / "corpus", *scratch], crashes, LibFuzzer.name),
                      (queues, afl, Afl.name)], MINIMISE_SECONDS)

    def run(self):
        with alone(self.out):
            end_leftovers(self.out)
            check_room(self.out)
            for line in self.builds.make(self.options.targets):
                self.board.say(line)
            if crashes_go_elsewhere() and Afl in self.kinds:
                self.journal.note("this kernel hands crashes to another program, so AFL++ may report one as a hang; "
                                  "it is played again to tell. To mend it, as root: "
                                  "echo core >/proc/sys/kernel/core_pattern")
            self.check_alarm()
            if not self.options.resume:
                (self.out / record.HISTORY).unlink(missing_ok=True)
                for name in self.options.targets:
                    self.rescue(name)
            engines = " and ".join(kind.name for kind in self.kinds)
            self.board.say(f"{', '.join(map(self.builds.label, self.options.targets))}: {self.share:.0f} s each on {engines}, "
                           f"{self.jobs} at once; {Board.LEGEND}")
            return self.run_targets()

    def run_targets(self):
        state, signal = record.INTERRUPTED, None
        try:
            self.journal.save()
            for name in self.options.targets:
                self.fuzz(name)
            state = record.FINISHED
        except KeyboardInterrupt as reason:
            signal = reason
        finally:
            try:
                self.journal.end(state)
            except OSError as error:
                self.board.say(f"{error.filename or self.out}: {error.strerror}: the record is not up to date")
        if signal:
            self.board.say(f"interrupted by {signal}; what was found is kept: go on with: {resume_command(self.out)}")
            return COULD_NOT
        return CRASHES if any(target.crashes for target in self.journal.campaign.targets) else NO_CRASH
