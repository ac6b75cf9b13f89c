# SPDX-License-Identifier: MIT
"""Which files below a folder are crashes, which are a corpus, and whose: what engines leave behind.

    AFL++      OUT/INSTANCE/crashes/id:*, hangs/id:*, queue/id:*; also crashes.DATE of an earlier run,
               and one folder without INSTANCE
    libFuzzer  crash-*, leak-*, timeout-*, oom-*, slow-unit-* anywhere, with any prefix
    here       TARGET/crashes/*, TARGET/corpus/*, TARGET/libfuzzer and TARGET/afl (build/campaign)
    any other  a folder of inputs, or a file: each is tried

Nothing is read but names, and what AFL++ says of the program that it ran.

Tests: tests/cli/test_triage.py
"""

import dataclasses
import os
import pathlib
import re

AFL, LIBFUZZER, SOMEBODY = "AFL++", "libFuzzer", ""

_ARTIFACT = re.compile(r"(.*-)?(crash|leak|timeout|oom|slow-unit)-[^.]+")
_AFL_FOLDER = re.compile(r"(crashes|hangs)(\.[\d:-]+)?")
_AFL_FILE = re.compile(r"id[:_]\d+.*")
# Names that a folder has when engines work in it; in such a one only crashes are crashes.
_WORKING = {"fuzzer_stats", "queue", "libfuzzer", "afl", "campaign.json"}
_NO_INPUTS = {"README.txt", "README.md", "log"}


class Unreadable(Exception):
    """A folder has nothing in it, or cannot be read; the text says which."""


@dataclasses.dataclass(frozen=True)
class Input:
    path: pathlib.Path
    engine: str
    target: str  # "" if the place does not say it


def target_of(path, known):
    """The target whose folder a path lies in, or whose program AFL++ ran there; "" if neither."""
    path = path.absolute()
    for folder in ([] if path.is_file() else [path]) + list(path.parents):
        if name := _target_of_afl(folder, known):
            return name
        if folder.name.removeprefix("fuzz_") in known:
            return folder.name.removeprefix("fuzz_")
    return ""


def _target_of_afl(folder, known):
    try:
        text = (folder / "fuzzer_stats").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for word in re.findall(r"\bfuzz_(\w+)", text):
        if word in known:
            return word
    return ""


def _refuse(error):
    raise Unreadable(f"{printable(error.filename)}: {error.strerror}")


def _walk(path):
    """(folder, names of folders, names of files), sorted; an error is one."""
    for folder, folders, files in os.walk(path, onerror=_refuse):
        # What begins with a dot is an engine's own, and no input.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield (pathlib.Path(folder), folders,
               sorted(name for name in files if not name.startswith(".")))


def _is_afl(folder):
    """Whether a folder is one where afl-fuzz works."""
    return (folder / "fuzzer_stats").exists() or (folder / "queue").is_dir()


def _crash(folder, name):
    """The engine whose crash this file is; None if it is none."""
    if name in _NO_INPUTS:
        return None
    if _AFL_FOLDER.fullmatch(folder.name) and _is_afl(folder.parent):
        return AFL if _AFL_FILE.fullmatch(name) else None
    if _ARTIFACT.fullmatch(name):
        return LIBFUZZER
    if folder.name == "crashes":
        return SOMEBODY
    return None


def _corpus(folder, name):
    """The engine that kept this file; None if it is none of a corpus."""
    if name in _NO_INPUTS or _ARTIFACT.fullmatch(name):
        return None
    if folder.name == "queue" and _is_afl(folder.parent):
        return AFL if _AFL_FILE.fullmatch(name) else None
    if folder.name == "corpus":
        return LIBFUZZER if folder.parent.name == "libfuzzer" else SOMEBODY
    return None


def _find(path, kind, known, target):
    if path.is_file():
        engine = kind(path.absolute().parent, path.name) or SOMEBODY
        return [Input(path, engine, target or target_of(path, known))]
    found, others, is_working = [], [], False
    for folder, folders, files in _walk(path):
        is_working |= bool(_WORKING & {*folders, *files}) or _AFL_FOLDER.fullmatch(folder.name) is not None
        whose = target or target_of(folder, known)
        for name in files:
            engine = kind(folder.absolute(), name)
            if engine is not None:
                found.append(Input(folder / name, engine, whose))
            elif name not in _NO_INPUTS:
                others.append(Input(folder / name, SOMEBODY, whose))
    if not found and not others and not is_working:
        raise Unreadable(f"{printable(path)}: an empty folder")
    return found if found or is_working else others


def _find_all(paths, kind, known, target):
    result = {}
    for path in map(pathlib.Path, paths):
        if not path.exists():
            raise Unreadable(f"{printable(path)}: no such file or folder")
        for found in _find(path, kind, known, target):
            result.setdefault(os.path.realpath(found.path), found)
    return list(result.values())


def crashes(paths, known, target=""):
    """The crashes in files and folders, as Inputs.

    @known: names of targets; @target: whose they are, if that is known"""
    return _find_all(paths, _crash, known, target)


def corpora(paths, known, target=""):
    """The same of what campaigns kept."""
    return _find_all(paths, _corpus, known, target)


def printable(path):
    """A name that cannot forge a line, or move the cursor."""
    return "".join(char if char.isprintable() else
                   "".join(f"\\x{byte:02x}" for byte in os.fsencode(char)) for char in str(path))
