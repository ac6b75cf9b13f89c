# SPDX-License-Identifier: MIT
"""What a campaign kept becomes part of the corpus: the inputs that reach more than what is there.

libFuzzer chooses (-set_cover_merge), by the coverage of its own build; the checking build has the
last word: an input that fails there is a crash and no seed. Nothing that is there is changed or
removed, and until the chosen ones get their names, at the end and all at once, nothing is written
below corpus/.

Tests: tests/cli/test_triage_merge.py
"""

import configparser
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from triage import filing, places, trials

MAX_LEN = 4096
SECONDS_EACH = 10
_OUTCOME = re.compile(r"MERGE-OUTER: (\d+) new files with (\d+) new features added; (\d+) new coverage edges")
_FOUND = re.compile(r"found-(\d+)")


class CannotMerge(Exception):
    """Nothing was added; the text says why, and what to do."""


@dataclasses.dataclass
class Merged:
    looked_at: int
    features: int   # of the chosen ones, as libFuzzer counts
    edges: int
    added: list     # paths in the corpus
    failed: list    # places.Inputs that the checking build failed on: crashes


def _max_len(corpus, target):
    options = configparser.ConfigParser()
    options.read(corpus / f"{target}.options")
    return options.getint("libfuzzer", "max_len", fallback=MAX_LEN)


def _link_all(folder, paths, prefix=""):
    folder.mkdir()
    for number, path in enumerate(paths):
        (folder / f"{prefix}{number:06d}").symlink_to(path.absolute())


def _files(folders):
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())
            if path.is_file() and not path.name.startswith(".")]


def _choose(fuzzer, stage, max_len):
    """Runs libFuzzer on stage/have and stage/new; (features, edges) that the new ones bring."""
    command = [fuzzer, "-set_cover_merge=1", f"-max_len={max_len}", f"-timeout={SECONDS_EACH}",
               f"-artifact_prefix={stage}/", stage / "have", stage / "new"]
    try:
        with open(stage / "log", "wb") as log:
            # A process of its own for each crash on the way: it must not outlive us either.
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       cwd=stage, start_new_session=True)
            try:
                status = process.wait()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    except OSError as error:
        raise CannotMerge(f"{fuzzer}: {error.strerror}") from error
    said = (stage / "log").read_text(encoding="utf-8", errors="replace")
    outcome = _OUTCOME.findall(said)
    if status != 0 or not outcome:
        last = "\n".join(said.splitlines()[-5:])
        raise CannotMerge(f"{fuzzer} -set_cover_merge ended with status {status}:\n{last}")
    return int(outcome[-1][1]), int(outcome[-1][2])


def _commit(seeds, contents):
    """Gives inputs their names: all, or on an error none."""
    numbers = [int(match[1]) for path in seeds.iterdir() if (match := _FOUND.fullmatch(path.name))]
    added, number = [], max(numbers, default=0)
    with filing.uninterrupted():
        try:
            for data in contents:
                number += 1
                place = seeds / f"found-{number:03d}"
                scratch = filing.write_beside(place, data)
                try:
                    os.link(scratch, place)  # unlike a rename, it replaces nothing
                    added.append(place)
                finally:
                    scratch.unlink()
        except OSError as error:
            for place in added:
                place.unlink()
            raise CannotMerge(f"{error.filename or seeds}: {error.strerror}; the corpus is as before") from error
    return added


def merge(source, target, inputs, fuzzer, program, texts):
    """Adds to corpus/TARGET/seeds. Returns a Merged.

    @inputs:  places.Inputs that campaigns kept
    @fuzzer:  fuzz_TARGET of the libFuzzer build
    @program: replay_TARGET of a checking build
    @texts:   the folder of seeds that were made from texts"""
    corpus = source / "corpus" / target
    seeds = corpus / "seeds"
    if not os.access(fuzzer, os.X_OK):
        raise CannotMerge(f"{fuzzer}: not there; build it with: cmake --preset fuzz && "
                          f"cmake --build --preset fuzz --target fuzz_{target}")
    stage = pathlib.Path(tempfile.mkdtemp(prefix="sunpath-merge-"))
    try:
        _link_all(stage / "have", _files([seeds, corpus / "crashes", texts]), "have-")
        _link_all(stage / "new", [found.path for found in inputs])
        features, edges = _choose(fuzzer, stage, _max_len(corpus, target))
        chosen = sorted((path.read_bytes() for path in (stage / "have").iterdir()
                         if not path.name.startswith("have-")), key=lambda data: (len(data), data))
    except OSError as error:
        raise CannotMerge(f"{error.filename}: {error.strerror}") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    with trials.Driver(program) as driver:
        failing = {data for data in chosen if driver.play(data).failed}
    good = [data for data in chosen if data not in failing]
    if good and not seeds.is_dir():
        try:
            seeds.mkdir()
        except OSError as error:
            raise CannotMerge(f"{seeds}: {error.strerror}") from error
    added = _commit(seeds, good) if good else []
    return Merged(len(inputs), features, edges, added, [found for found in inputs
                                                        if found.path.read_bytes() in failing])
