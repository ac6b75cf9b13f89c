# SPDX-License-Identifier: MIT
"""The two fuzzing engines: how to start them, and where they say what they have done.

An engine works on one target for a given time with some workers, writes below one folder, and is
asked again and again how it stands. It is the engines' own machinery that runs: libFuzzer's -fork,
which starts its workers itself, and AFL++'s instances, which read one another's finds.

A worker that dies is started again where it was, a few times. Neither engine interprets a crash:
see findings.py.

Tests: tests/cli/test_fuzz.py
"""

import contextlib
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from fuzz import record

CORE_PATTERN = pathlib.Path("/proc/sys/kernel/core_pattern")
# In the environment of whatever a campaign starts: the folder that it writes to.
MARK = "SUNPATH_CAMPAIGN"
# How long an engine that is told to end may take to write its last.
POLITE_SECONDS = 10
# A worker is started again that often, and only if it had worked: what ends at once ends again.
RESTARTS_MAX = 3
WORKED_SECONDS = 5
# Longest time for one input.
INPUT_SECONDS = 10


class Worker:
    """A process of an engine."""

    def __init__(self, name, command, environment, log):
        self.name, self.command, self.environment, self.log = name, command, environment, log
        self.restarts = 0
        self.start()

    def start(self):
        self.started = time.monotonic()
        with open(self.log, "ab") as log:
            # With us it ends, also if we are killed. A session of its own: an interrupt from the
            # terminal is ours to handle.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *self.command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=os.environ | self.environment, start_new_session=True)

    def runs(self):
        return self.process.poll() is None

    def has_died(self):
        """Whether it ended by something that may not happen again."""
        status = self.process.poll()
        return (status not in (None, 0) and self.restarts < RESTARTS_MAX
                and (status < 0 or time.monotonic() - self.started >= WORKED_SECONDS))

    def restart(self):
        self.restarts += 1
        self.start()

    def stop(self, number):
        if self.runs():
            self.process.send_signal(number)

    def kill(self):
        """The process and its children, if they do not end by themselves."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=POLITE_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Engine:
    """One engine on one target. Subclasses say how it is started and what it prints.

    @folder:  below which it writes
    @seconds: how long
    @jobs:    how many workers
    @seed:    of its random numbers; None for one of its own choice
    @resume:  whether it goes on with what lies in @folder; otherwise that is removed
    @before:  a record.Engine: what was done until now"""

    name = ""

    def __init__(self, target, folder, seconds, jobs=1, seed=None, resume=False, before=None):
        self.target, self.folder, self.seconds, self.jobs = target, folder, seconds, jobs
        self.seed, self.resume, self.notes, self.stopped = seed, resume, [], False
        self.before = before or record.Engine(self.name)
        self.stats = record.Engine(self.name, self.before.executions, workers=jobs)
        self.workers = []
        if not resume:
            self.discard()
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        self.prepare()
        for number in range(self.processes()):
            name = self.worker_name(number)
            self.workers.append(Worker(
                name, [str(word) for word in self.command(number)],
                {MARK: str(self.folder)} | self.environment(number), folder / f"log{number or ''}"))

    def discard(self):
        """What an earlier run has left elsewhere than in the folder goes."""

    def prepare(self):
        """What must be there before the first worker is started."""

    def processes(self):
        """How many are started here: workers, unless the engine starts them itself."""
        return self.jobs

    def worker_name(self, number):
        return f"worker {number + 1} of {self.name}"

    def command(self, number):
        raise NotImplementedError

    def environment(self, number):
        raise NotImplementedError

    def read_stats(self):
        raise NotImplementedError

    def crashes(self):
        """Files that made the target fail, as the engine wrote them."""
        raise NotImplementedError

    def corpora(self):
        """The folders with inputs that the engine has kept."""
        raise NotImplementedError

    @property
    def log(self):
        return self.folder / "log"

    def failed(self):
        """Workers that ended though time was not up and nothing had been found."""
        return [worker for worker in self.workers
                if not self.stopped and worker.process.poll() not in (None, 0) and not self.crashes()]

    def poll(self):
        """Brings stats up to date, and starts again what has died; True while the engine runs."""
        self.read_stats()
        for worker in self.workers:
            if worker.has_died() and self.seconds > time.monotonic() - self.started:
                how = worker.process.returncode
                why = f"by {signal.Signals(-how).name}" if how < 0 else f"with status {how}"
                self.notes.append(f"{self.target.name}: {worker.name} ended {why}, and was started again")
                self.has_restarted(worker)
                worker.restart()
        self.stats.crashes = len(self.crashes())
        return any(worker.runs() for worker in self.workers)

    def has_restarted(self, worker):
        """A worker will count from the beginning again."""

    def stop(self, number=signal.SIGTERM):
        """Ends the workers, politely first: both engines then write their last."""
        for worker in self.workers:
            self.stopped |= worker.runs()
            worker.stop(number)
        for worker in self.workers:
            worker.kill()
        self.read_stats()
        self.stats.crashes = len(self.crashes())


class LibFuzzer(Engine):
    name = "libFuzzer"

    PULSE = re.compile(rb"^#(\d+): cov: (\d+) .*? corp: (\d+) exec/s: (\d+) .*$", re.MULTILINE)

    def prepare(self):
        self.offset = self.log.stat().st_size if self.log.exists() else 0
        self.corpus.mkdir(exist_ok=True)
        self.rescue()
        self.discard()
        # Sockets are made below it: where our own folder is, their names may not fit an address.
        self.scratch.symlink_to(tempfile.mkdtemp(prefix="sunpath-"))

    def discard(self):
        if self.scratch.is_symlink():
            shutil.rmtree(self.scratch.resolve(), ignore_errors=True)
            self.scratch.unlink()

    def processes(self):
        return 1

    def command(self, number):
        command = [self.target.libfuzzer, f"-fork={self.jobs}", "-ignore_crashes=1", "-ignore_ooms=1",
                   "-ignore_timeouts=1", f"-max_total_time={max(round(self.seconds), 1)}",
                   f"-timeout={INPUT_SECONDS}", "-rss_limit_mb=2048", "-reload=0",
                   f"-max_len={self.target.max_len}", f"-artifact_prefix={self.folder}/"]
        if self.seed is not None:
            command.append(f"-seed={self.seed}")
        if self.target.dictionary:
            command.append(f"-dict={self.target.dictionary}")
        return [*command, self.corpus, *self.target.seeds]

    def environment(self, number):
        return {"TMPDIR": str(self.scratch.resolve())}

    @property
    def corpus(self):
        return self.folder / "corpus"

    @property
    def scratch(self):
        """Where its workers keep what they have found until the next time they report: a link."""
        return self.folder / "scratch"

    def rescue(self):
        """What workers that were killed had found becomes part of the corpus."""
        for path in self.scratch.glob("libFuzzerTemp.FuzzWithFork*/C*/*"):
            if path.is_file() and not (self.corpus / path.name).exists():
                shutil.move(path, self.corpus / path.name)
        for path in self.scratch.glob("libFuzzerTemp.*"):
            shutil.rmtree(path, ignore_errors=True)

    def corpora(self):
        return [self.corpus]

    def crashes(self):
        return sorted(path for kind in ("crash", "leak", "timeout", "oom")
                      for path in self.folder.glob(f"{kind}-*"))

    def has_restarted(self, worker):
        self.before.executions = self.stats.executions
        self.rescue()

    def stop(self, number=signal.SIGTERM):
        super().stop(number)
        self.rescue()
        self.discard()

    def read_stats(self):
        with open(self.log, "rb") as log:
            log.seek(self.offset)
            text = log.read()
        end = text.rfind(b"\n") + 1
        self.offset += end
        for match in self.PULSE.finditer(text, 0, end):
            executions, self.stats.edges, self.stats.corpus, rate = map(int, match.groups())
            # Where most inputs crash its own figure is 0.
            self.stats.rate = rate or int(executions / max(time.monotonic() - self.started, 1))
            self.stats.executions = self.before.executions + executions


# How often AFL++'s workers read one another's finds, at least a minute apart.
SYNCS_WANTED = 20

# How AFL++'s workers differ, one after the other: schedule, whether comparisons are looked at
# (CmpLog: dear, and enough in one of three), further options, further environment.
SPREAD = (
    ("explore", True, (), {}),
    ("fast", False, (), {}),
    ("exploit", False, (), {"AFL_DISABLE_TRIM": "1"}),
    ("rare", True, (), {}),
    ("coe", False, ("-L", "0"), {}),
    ("explore", False, ("-Z",), {}),
    ("fast", True, (), {"AFL_DISABLE_TRIM": "1"}),
    ("lin", False, (), {}),
)


class Afl(Engine):
    """Its files are minutes behind; what it reports while it runs comes as statsd datagrams.

    @seeds: the folder of inputs to begin with
    @sync:  the folder that several machines share, or None; @host: the name of this one there"""

    name = "AFL++"

    def __init__(self, *arguments, sync=None, host="", seeds=None, neighbour=None, **named):
        self.out, self.host = sync, host
        self.seeds, self.neighbour = seeds, neighbour
        self.sockets, self.figures = [], {}
        super().__init__(*arguments, **named)

    def prepare(self):
        self.out = self.out or self.folder / "out"
        self.out.mkdir(parents=True, exist_ok=True)
        if self.seeds is None:
            self.seeds = gather(self.target.seeds, self.folder / "seeds")

    def instance(self, number):
        """The name of a worker, as AFL++ has it."""
        return f"{self.host}-{number}" if self.host else ("main" if number == 0 else f"worker-{number}")

    def instances(self):
        return [self.out / self.instance(number) for number in range(self.jobs)]

    def command(self, number):
        schedule, cmplog, options, _ = SPREAD[number % len(SPREAD)]
        # -M does not trim, and of several machines only one may have it: for the first of several
        # workers on one machine only.
        leads = number == 0 and self.jobs > 1 and not self.host
        command = ["afl-fuzz", "-i", self.seeds, "-o", self.out, "-M" if leads else "-S", self.instance(number),
                   "-V", max(round(self.seconds), 1), "-p", schedule, *options,
                   "-t", INPUT_SECONDS * 500, "-m", "none", "-G", self.target.max_len]
        if cmplog:
            command += ["-c", self.target.cmplog]
        if leads and self.neighbour:
            command += ["-F", self.neighbour]
        if self.seed is not None:
            command += ["-s", self.seed + number]
        if self.target.dictionary:
            command += ["-x", self.target.dictionary]
        return [*command, "--", self.target.afl]

    def environment(self, number):
        statsd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        statsd.bind(("127.0.0.1", 0))
        statsd.setblocking(False)
        self.sockets.append(statsd)
        host, port = statsd.getsockname()
        # Where an instance has been before it goes on; where it has not, this changes nothing. The
        # others' finds come first, and then every few minutes: its own half an hour is longer than
        # many a run.
        environment = {"AFL_AUTORESUME": "1", "AFL_IMPORT_FIRST": "1",
                       "AFL_SYNC_TIME": str(max(1, round(self.seconds / 60 / SYNCS_WANTED))), "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1",
                       "AFL_NO_AFFINITY": "1", "AFL_STATSD": "1", "AFL_STATSD_HOST": host,
                       "AFL_STATSD_PORT": str(port)} | SPREAD[number % len(SPREAD)][3]
        if self.target.mutator:
            environment["AFL_CUSTOM_MUTATOR_LIBRARY"] = str(self.target.mutator)
        if crashes_go_elsewhere():
            environment["AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES"] = "1"
        return environment

    def corpora(self):
        return [path for instance in self.instances() for path in sorted(instance.glob("queue"))]

    def crashes(self):
        # Those of an earlier run are in folders with its date.
        return sorted(path for instance in self.instances() for kind in ("crashes", "hangs")
                      for path in instance.glob(f"{kind}*/id:*"))

    def read_stats(self):
        for number, (worker, statsd) in enumerate(zip(self.workers, self.sockets)):
            with contextlib.suppress(BlockingIOError, OSError):
                while True:
                    said = statsd.recv(4096).decode()
                    self.take(number, re.findall(r"^fuzzing\.(\w+):([^|]+)\|g$", said, re.MULTILINE))
            if not worker.runs():
                with contextlib.suppress(OSError):
                    said = (self.instances()[number] / "fuzzer_stats").read_text()
                    self.take(number, re.findall(r"^(\w+)\s*: (\S+)$", said, re.MULTILINE))
        self.add_up()

    def take(self, number, pairs):
        values = dict(pairs)
        with contextlib.suppress(KeyError, ValueError):
            rate = float(values["execs_per_sec"])
            self.figures[number] = (int(values["execs_done"]), int(rate) if math.isfinite(rate) else 0,
                                    int(values["edges_found"]), int(values["corpus_count"]),
                                    values.get("stability", ""))

    def add_up(self):
        """Workers read one another's finds: what they reach and keep is not added up."""
        if self.figures:
            executions, rates, edges, corpora, stabilities = zip(*self.figures.values())
            self.stats.executions = max(sum(executions), self.stats.executions)
            self.stats.rate, self.stats.edges, self.stats.corpus = sum(rates), max(edges), max(corpora)
            self.stats.stability = min(stabilities)

    def stop(self, number=signal.SIGTERM):
        super().stop(number)
        for statsd in self.sockets:
            statsd.close()


def gather(folders, result):
    """Copies all inputs to one flat folder, as AFL++ wants it: names repeat between folders."""
    shutil.rmtree(result, ignore_errors=True)
    result.mkdir(parents=True)
    files = (path for folder in folders for path in sorted(folder.iterdir()) if path.is_file())
    for number, path in enumerate(files):
        shutil.copyfile(path, result / f"{number:06d}")
    if not any(result.iterdir()):
        (result / "000000").write_bytes(b"0")  # it does not start from nothing
    return result


def crashes_go_elsewhere():
    """True if the kernel hands every crash to another program first.

    afl-fuzz refuses to start then, because it learns of a crash late, perhaps as a hang. Both are
    looked at again here, and a setting of the whole machine is not ours to change.
    """
    try:
        return CORE_PATTERN.read_text().startswith("|")
    except OSError:
        return False


def end_leftovers(out):
    """Ends engines of a campaign in @out that was killed: they would write beside the new ones.
    Returns how many."""
    mark = f"{MARK}={out}/".encode()
    ended = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if any(word.startswith(mark) for word in path.read_bytes().split(b"\0")):
                os.kill(int(path.parent.name), signal.SIGKILL)
                ended += 1
    return ended
