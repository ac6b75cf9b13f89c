# SPDX-License-Identifier: MIT
"""The programs that engines run: from which source tree, built where, with which sanitizer.

    build/fuzz, build/afl               AddressSanitizer and UndefinedBehaviorSanitizer
    build/fuzz-NAME, build/afl-NAME     the other rows of SANITIZERS

libFuzzer's build is always made: it also merges corpora, and its driver plays crashes again.

Tests: tests/cli/test_fuzz.py
"""

import configparser
import contextlib
import dataclasses
import fcntl
import pathlib
import shutil
import subprocess
import time

from logs import excerpt

CANARY = "canary"
# What engines are measured with, and nothing is found in.
HARNESS = {CANARY, "empty"}
# Whose corpus and mutator every subject has.
SUBJECT = "subject"
DEFAULT_MAX_LEN = 4096

# Of --sanitizer: what the folder of a build has behind its name, and what the compilers are told.
SANITIZERS = {"address": ("", "address,undefined"), "memory": ("-memory", "memory"),
              "undefined": ("-undefined", "undefined")}
# AFL++ loads the mutators into its own program, which is not watched: what they write it would not know.
LIBFUZZER_ONLY = "memory"

# For each preset: the programs that it needs, and the package that has each.
NEEDED = {"fuzz": {"cmake": "cmake", "ninja": "ninja-build", "clang-19": "clang-19", "lld-19": "lld-19"},
          "afl": {"cmake": "cmake", "ninja": "ninja-build", "afl-clang-fast": "afl++", "afl-fuzz": "afl++",
                  "afl-cmin": "afl++"}}


class CannotBuild(Exception):
    """There is nothing to run; the text says why, and what to do."""


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
    seeds: tuple[pathlib.Path, ...]         # folders
    replays: tuple[pathlib.Path, ...]       # drivers that play an input again, the most exact first


def names(source):
    """The targets that are there to find something."""
    return [name for name in _listed(source) if name not in HARNESS]


def _listed(source):
    lines = (source / "fuzz" / "targets.list").read_text(encoding="utf-8").splitlines()
    return [line.split("|")[0].strip() for line in lines if line.strip() and line[0] != "#"]


def check_names(source, wanted):
    unknown = [name for name in wanted if name not in _listed(source)]
    if unknown:
        raise CannotBuild(f"no target {unknown[0]} in fuzz/targets.list; there are: {' '.join(_listed(source))}")


class Builds:
    """@presets: of fuzz and afl those that are wanted; @subject: a name, or the path of a file"""

    def __init__(self, source, sanitizer, presets, subject=None):
        self.source, self.presets = source, presets
        self.suffix, self.flags = SANITIZERS[sanitizer]
        self.subject, self.subject_file = subject, None
        if subject and pathlib.Path(subject).suffix:
            self.subject_file = pathlib.Path(subject).absolute()
            self.subject = self.subject_file.stem
            if not self.subject_file.is_file():
                raise CannotBuild(f"{subject}: no such file")

    def folder(self, preset):
        return self.source / "build" / f"{preset}{self.suffix}"

    def label(self, target):
        """What a target is called with the subject that it attacks."""
        return f"{SUBJECT}_{self.subject}" if target == SUBJECT and self.subject else target

    def _programs(self, preset, target):
        """What is built of a target, by the names that the build has for it."""
        program = self.label(target)
        has_steps = (self.source / "corpus" / target / "text").is_dir()
        yield from (f"fuzz_{program}", f"replay_{program}")
        if preset == "afl":
            yield f"fuzz_{program}.cmplog"
            if has_steps:
                yield f"mutator_{target}"
        elif has_steps:
            yield f"corpus_{target}"

    def make(self, targets):
        """Builds; yields a line for each build. Output goes to a log, which is shown when one fails."""
        for preset in self.presets:
            for program, package in NEEDED[preset].items():
                if not shutil.which(program):
                    other = {"fuzz": "", "afl": ", or choose --engine libfuzzer"}[preset]
                    raise CannotBuild(f"{program} is not installed; as root: apt-get install {package}{other}")
        with self._alone():
            for preset in self.presets:
                start = time.monotonic()
                self._make(preset, targets)
                yield f"built {self.folder(preset).name} in {time.monotonic() - start:.0f} s"

    @contextlib.contextmanager
    def _alone(self):
        """Nobody else builds meanwhile: two campaigns may begin at once."""
        place = self.source / "build" / "log"
        try:
            place.mkdir(parents=True, exist_ok=True)
            lock = open(place / "lock", "w", encoding="utf-8")
        except OSError as error:
            raise CannotBuild(f"{error.filename}: {error.strerror}") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make(self, preset, targets):
        folder = self.folder(preset)
        log = self.source / "build" / "log" / f"build-{folder.name}.log"
        wanted = [program for target in dict.fromkeys([CANARY, *targets])
                  for program in self._programs(preset, target)]
        configure = ["cmake", "--preset", preset, "-B", folder, f"-DSUNPATH_SANITIZE={self.flags}"]
        if self.subject_file:
            configure.append(f"-DSUNPATH_SUBJECT={self.subject_file}")
        try:
            with open(log, "w", encoding="utf-8") as out:
                for command in (configure, ["cmake", "--build", folder, "--target", *wanted]):
                    if subprocess.run(command, cwd=self.source, stdin=subprocess.DEVNULL, stdout=out,
                                      stderr=out, check=False).returncode != 0:
                        raise CannotBuild("\n".join([*excerpt(log), f"the build {folder.name} failed; "
                                                     f"all of it: {log}"]))
        except OSError as error:
            raise CannotBuild(f"{error.filename}: {error.strerror}") from error

    def target(self, name, kept=None):
        """What was built of a target. @kept: a further folder of seeds"""
        corpus = self.source / "corpus" / name
        options = configparser.ConfigParser()
        options.read(corpus / f"{name}.options")
        dictionary = corpus / f"{name}.dict"
        fuzz, afl = self.folder("fuzz") / "fuzz", self.folder("afl") / "fuzz"
        label = self.label(name)
        # Only where inputs are steps.
        mutator = afl / f"mutator_{name}.so"
        folders = [fuzz / "seeds" / name, corpus / "seeds", corpus / "crashes", kept]
        result = Target(
            name=label, libfuzzer=fuzz / f"fuzz_{label}", afl=afl / f"fuzz_{label}",
            cmplog=afl / f"fuzz_{label}.cmplog", mutator=mutator if mutator.exists() else None,
            dictionary=dictionary if dictionary.exists() else None,
            max_len=options.getint("libfuzzer", "max_len", fallback=DEFAULT_MAX_LEN),
            seeds=tuple(path for path in folders if path and path.is_dir() and any(path.iterdir())),
            replays=tuple(self.folder(preset) / "fuzz" / f"replay_{label}" for preset in self.presets))
        needed = (result.libfuzzer, *result.replays) + ((result.afl, result.cmplog) if "afl" in self.presets else ())
        for program in needed:
            if not program.exists():
                raise CannotBuild(f"{program} was not built; remove {program.parents[1]} and try again")
        return result
