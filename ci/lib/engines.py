# SPDX-License-Identifier: MIT
"""The two fuzzing engines: how to start them and where they say what they have done.

Both run one process on one target for a given time, write below one folder, and are asked again
and again for their Stats. Neither interprets a crash: see crashes.py.
"""

import dataclasses
import math
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

CORE_PATTERN = pathlib.Path("/proc/sys/kernel/core_pattern")


@dataclasses.dataclass(frozen=True)
class Target:
    """One row of the target list, and what the build made of it."""

    name: str
    libfuzzer: pathlib.Path
    afl: pathlib.Path
    cmplog: pathlib.Path
    mutator: pathlib.Path | None
    dictionary: pathlib.Path | None
    max_len: int
    seeds: tuple[pathlib.Path, ...]


@dataclasses.dataclass
class Stats:
    executions: int = 0
    rate: int = 0
    edges: int = 0
    corpus: int = 0
    stability: str = ""


class Engine:
    """One engine on one target. Subclasses say how it is started and what it prints."""

    name = ""

    def __init__(self, target, folder, seconds):
        self.target, self.folder, self.seconds = target, folder, seconds
        self.stats = Stats()
        self.stopped = False
        self.log = folder / "log"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=os.environ | self.environment(),
                                            start_new_session=True)
        self.started = time.monotonic()

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def read_stats(self):
        raise NotImplementedError

    def crashes(self):
        """Files that made the target fail, as the engine wrote them."""
        raise NotImplementedError

    def corpus(self):
        """The folder with the inputs that the engine kept."""
        raise NotImplementedError

    def failed(self):
        """True if the engine ended though time was not up and it had found nothing."""
        return not self.stopped and self.process.returncode != 0 and not self.crashes()

    def poll(self):
        """Brings stats up to date; True while the engine runs."""
        self.read_stats()
        return self.process.poll() is None

    def stop(self):
        """Ends the process and its children, politely first: both engines then write their last."""
        if self.process.poll() is None:
            self.stopped = True
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, 9)
                self.process.wait()
        self.read_stats()


class LibFuzzer(Engine):
    name = "libFuzzer"

    PULSE = re.compile(rb"^#(\d+)\t.*?cov: (\d+) .*?corp: (\d+)/\S+.*?exec/s: (\d+)", re.MULTILINE)
    DONE = re.compile(rb"^stat::number_of_executed_units: (\d+)", re.MULTILINE)

    def command(self):
        self.offset = 0
        self.corpus().mkdir()
        command = [self.target.libfuzzer, f"-max_total_time={self.seconds}", "-timeout=10",
                   "-rss_limit_mb=2048", "-print_final_stats=1", "-reload=0",
                   f"-max_len={self.target.max_len}", f"-artifact_prefix={self.folder}/"]
        if self.target.dictionary:
            command.append(f"-dict={self.target.dictionary}")
        return [*command, self.corpus(), *self.target.seeds]

    def corpus(self):
        return self.folder / "corpus"

    def crashes(self):
        return sorted(path for kind in ("crash", "leak", "timeout", "oom")
                      for path in self.folder.glob(f"{kind}-*"))

    def read_stats(self):
        with open(self.log, "rb") as log:
            log.seek(self.offset)
            text = log.read()
        end = text.rfind(b"\n") + 1
        self.offset += end
        for match in self.PULSE.finditer(text, 0, end):
            numbers = tuple(map(int, match.groups()))
            self.stats.executions, self.stats.edges, self.stats.corpus, self.stats.rate = numbers
        if match := self.DONE.search(text, 0, end):
            self.stats.executions = int(match[1])
            self.stats.rate = int(self.stats.executions / max(time.monotonic() - self.started, 1))


class Afl(Engine):
    """Its files are minutes behind; what it reports while it runs comes as statsd datagrams."""

    name = "AFL++"

    def command(self):
        # afl-fuzz wants one flat folder; names repeat between the folders of seeds.
        inputs = self.folder / "seeds"
        inputs.mkdir()
        files = (path for folder in self.target.seeds for path in sorted(folder.iterdir()))
        for number, path in enumerate(path for path in files if path.is_file()):
            shutil.copyfile(path, inputs / f"{number:06d}")
        if not self.target.seeds:
            (inputs / "000000").write_bytes(b"0")  # it does not start from nothing
        command = ["afl-fuzz", "-i", inputs, "-o", self.folder / "out", "-V", str(self.seconds),
                   "-t", "5000", "-m", "none", "-G", str(self.target.max_len),
                   "-c", self.target.cmplog]
        if self.target.dictionary:
            command += ["-x", self.target.dictionary]
        return [*command, "--", self.target.afl]

    def environment(self):
        self.statsd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.statsd.bind(("127.0.0.1", 0))
        self.statsd.setblocking(False)
        host, port = self.statsd.getsockname()
        environment = {"AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1",
                       "AFL_STATSD": "1", "AFL_STATSD_HOST": host, "AFL_STATSD_PORT": str(port)}
        if self.target.mutator:
            environment["AFL_CUSTOM_MUTATOR_LIBRARY"] = str(self.target.mutator)
        if crashes_go_elsewhere():
            environment["AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES"] = "1"
        return environment

    def corpus(self):
        return self.folder / "out" / "default" / "queue"

    def crashes(self):
        found = self.folder / "out" / "default"
        return sorted(path for kind in ("crashes", "hangs")
                      for path in (found / kind).glob("id:*"))

    def read_stats(self):
        while True:
            try:
                datagram = self.statsd.recv(4096).decode()
            except BlockingIOError:
                break
            self.take(re.findall(r"^fuzzing\.(\w+):([^|]+)\|g$", datagram, re.MULTILINE))
        if self.process.poll() is not None:
            try:
                text = (self.folder / "out" / "default" / "fuzzer_stats").read_text()
            except OSError:
                return
            self.take(re.findall(r"^(\w+)\s*: (\S+)$", text, re.MULTILINE))

    def take(self, pairs):
        values = dict(pairs)
        self.stats.executions = int(values["execs_done"])
        rate = float(values["execs_per_sec"])
        self.stats.rate = int(rate) if math.isfinite(rate) else 0
        self.stats.edges = int(values["edges_found"])
        self.stats.corpus = int(values["corpus_count"])
        self.stats.stability = values.get("stability", "")

    def stop(self):
        super().stop()
        self.statsd.close()


def crashes_go_elsewhere():
    """True if the kernel hands every crash to another program first.

    afl-fuzz refuses to start then, because it learns of a crash late, perhaps as a hang. Both are
    looked at again here, and a setting of the whole machine is not ours to change.
    """
    try:
        return CORE_PATTERN.read_text().startswith("|")
    except OSError:
        return False
