# SPDX-License-Identifier: MIT
"""What a campaign keeps of the inputs that engines found, and what AFL++ begins with.

Both are chosen by the engines' own tools: libFuzzer's merge adds to the kept corpus what reaches
more than seeds and kept inputs together, and afl-cmin leaves out what other inputs reach too. A
kept input is never removed.

Tests: tests/cli/test_fuzz.py
"""

import os
import pathlib
import shutil
import subprocess

from fuzz.engines import INPUT_SECONDS, gather

# afl-cmin takes some hundredths of a second for each input: worth it before a long run only.
CMIN_WORTH_SECONDS = 300


class CannotKeep(Exception):
    """Nothing is lost: it lies where the engines left it. The text says why, and what to do."""


def new_inputs(target, corpora, kept, work):
    """Adds to the folder @kept what reaches more than it and the seeds do; returns how many.

    @corpora: folders of what the engines kept
    @work:    a folder for what is needed meanwhile"""
    merged = work / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    for folder in target.seeds:
        for path in folder.iterdir():
            if path.is_file():
                shutil.copyfile(path, merged / f"seed-{folder.name}-{path.name}")
    # A crash among them must not end the merge: libFuzzer runs it in a process of its own.
    log = work / "merge.log"
    with open(log, "wb") as out:
        done = subprocess.run([target.libfuzzer, "-merge=1", f"-max_len={target.max_len}",
                               f"-timeout={INPUT_SECONDS}", f"-artifact_prefix={work}/merge-", merged,
                               *(path for path in corpora if path.is_dir())],
                              stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
    if done.returncode != 0:
        shutil.rmtree(merged, ignore_errors=True)
        raise CannotKeep(f"{target.name}: libFuzzer's merge ended with status {done.returncode} ({log}); "
                         "what was found is still in the engines' folders: go on with --resume")
    kept.mkdir(parents=True, exist_ok=True)
    new = [path for path in merged.iterdir() if not path.name.startswith("seed-")]
    for path in new:
        # A copy with a name of its own until it is whole: @kept may be on another disk.
        scratch = kept / f".{path.name}"
        shutil.copyfile(path, scratch)
        scratch.replace(kept / path.name)
    shutil.rmtree(merged)
    return len(new)


def to_begin_with(target, folder, seconds):
    """The inputs for AFL++ in one folder; (folder, a note or "")"""
    inputs = gather(target.seeds, folder / "seeds")
    if seconds < CMIN_WORTH_SECONDS:
        return inputs, ""
    fewer = folder / "seeds-fewer"
    shutil.rmtree(fewer, ignore_errors=True)
    with open(folder / "cmin.log", "wb") as out:
        done = subprocess.run(["afl-cmin", "-i", inputs, "-o", fewer, "-t", str(INPUT_SECONDS * 1000), "-m", "none",
                               "--", target.afl], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                              env=os.environ | {"AFL_ALLOW_TMP": "1", "AFL_SKIP_CPUFREQ": "1"}, check=False)
    if done.returncode != 0 or not fewer.is_dir() or not any(fewer.iterdir()):
        return inputs, f"{target.name}: afl-cmin ended with status {done.returncode}: AFL++ begins with all inputs"
    return pathlib.Path(fewer), ""
