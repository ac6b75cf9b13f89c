# SPDX-License-Identifier: MIT
"""From a file that an engine wrote to a finding: does it fail again, why, and with how few bytes?"""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

MINIMISE_SECONDS = 10

SYMBOLIZER = "/usr/bin/llvm-symbolizer-19"

# What kind of failure: of several lines that say it, the first is the most exact.
_KIND = re.compile(r"(?:ERROR: \w+: |runtime error: )(?P<kind>[^(\n]*?)(?: on | \(|$)", re.MULTILINE)
# Where: the first frame in our own sources.
_FRAME = re.compile(r"^\s*#\d+ 0x\w+ in (?P<function>\S+) (?P<place>\S+)", re.MULTILINE)


@dataclasses.dataclass
class Finding:
    target: str
    engines: list[str]
    file: pathlib.Path
    summary: str
    replay: str


def replay(program, path, root):
    """(failed, what the report says in one line) of one input in one process.

    libFuzzer's driver takes the input as an argument, that for AFL++ from its standard input.
    """
    try:
        with open(path, "rb") as data:
            done = subprocess.run([program, path], stdin=data, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=60, check=False,
                                  env=os.environ | {"ASAN_SYMBOLIZER_PATH": SYMBOLIZER})
    except subprocess.TimeoutExpired:
        return True, "does not end"
    text = done.stdout.decode(errors="replace")
    kind = _KIND.search(text)
    said = kind["kind"].strip() if kind else f"exit status {done.returncode}"
    for frame in _FRAME.finditer(text):
        if frame["place"].startswith(f"{root}/"):
            place = os.path.relpath(frame["place"], root)
            return done.returncode != 0, f"{said} in {frame['function']} ({place})"
    return done.returncode != 0, said


def minimise(program, path, result, root):
    """Writes the smallest input found in MINIMISE_SECONDS that still fails."""
    scratch = result.with_suffix(".scratch")
    subprocess.run([program, "-minimize_crash=1", f"-max_total_time={MINIMISE_SECONDS}",
                    "-timeout=10", f"-exact_artifact_path={scratch}", path],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=10 * MINIMISE_SECONDS, check=False)
    if scratch.exists() and replay(program, scratch, root)[0]:
        scratch.replace(result)
    else:
        scratch.unlink(missing_ok=True)
        shutil.copyfile(path, result)


def is_timeout(path):
    """By the name that the engine gave it."""
    return path.name.startswith("timeout-") or path.parent.name == "hangs"


def triage(target, engines, folder, root):
    """One minimised finding for each different report among the files of all engines."""
    files = [(path, engine.name) for engine in engines for path in engine.crashes()]
    findings, origin = {}, {}
    folder.mkdir(parents=True, exist_ok=True)
    for path, engine in sorted(files, key=lambda entry: entry[0].stat().st_size):
        # A crash of one build may not be one of the other: compilers and layouts differ.
        for program in (target.libfuzzer, target.afl):
            failed, summary = replay(program, path, root)
            if failed:
                break
        else:
            if is_timeout(path):
                print(f"note: {engine} took {path} for too slow, and it is not: a busy machine")
                continue
            summary = f"reported by {engine}, did not fail again"
        if summary not in findings:
            result = folder / f"{target.name}-{len(findings) + 1}"
            how = "<" if program == target.afl else ""
            command = f"{os.path.relpath(program, root)} {how}{os.path.relpath(result, root)}"
            findings[summary] = Finding(target.name, [], result, summary, command)
            origin[summary] = (program, path)
        if engine not in findings[summary].engines:
            findings[summary].engines.append(engine)

    for summary, finding in findings.items():
        program, path = origin[summary]
        if program == target.libfuzzer:
            minimise(program, path, finding.file, root)
        else:
            shutil.copyfile(path, finding.file)
    return list(findings.values())
