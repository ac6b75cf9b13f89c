# SPDX-License-Identifier: MIT
"""Where the targets' drivers and corpora are, and what a person means by a target, file or folder.

The layout is the same where sunpath was built and where it was installed:

    bin/sunpath
    libexec/sunpath/sunpath-NAME        the subcommands
    libexec/sunpath/replay_TARGET       a driver for each target
    share/sunpath/corpus/TARGET/...     its inputs: seeds, crashes; "text" made into seeds
"""

import pathlib

PARTS = pathlib.Path(__file__).absolute().parent
CORPUS = PARTS.parents[1] / "share" / "sunpath" / "corpus"


class Unusable(Exception):
    """Something named cannot be played; the text says what, and what to do."""


def targets():
    """Names of the targets that have a driver here."""
    return sorted(path.name.removeprefix("replay_") for path in PARTS.glob("replay_*"))


def driver(target):
    return PARTS / f"replay_{target}"


def command():
    return PARTS.parents[1] / "bin" / "sunpath"


def corpus(target):
    """The folders of a target's inputs."""
    found = [CORPUS / target / part for part in ("seeds", "campaign", "crashes")]
    return [folder for folder in found if folder.is_dir()]


def _target_of(path):
    """The target whose corpus a path lies in: the last of its folders that has a target's name."""
    known = set(targets())
    for folder in reversed(path.absolute().parts[:-1] if path.is_file() else path.absolute().parts):
        if folder in known:
            return folder
    return None


def chosen(names, target):
    """What to play, as {target: [path, ...]}, from what was named on the command line.

    @target: whose inputs the files and folders are, or None to tell by where they lie."""
    result = {}
    known = targets()
    for name in names or [known_name for known_name in known if corpus(known_name)]:
        path = pathlib.Path(name)
        if name in known and target is None:
            if not corpus(name):
                raise Unusable(f"{name}: no corpus in {CORPUS / name}")
            result.setdefault(name, []).extend(corpus(name))
        elif not path.exists():
            raise Unusable(f"{name}: neither a file, nor a folder, nor one of the targets: "
                           f"{' '.join(known)}")
        elif owner := target or _target_of(path):
            result.setdefault(owner, []).append(path)
        else:
            raise Unusable(f"{name}: say whose input it is, with --target NAME")
    if not result:
        raise Unusable(f"nothing to play in {CORPUS}")
    return result
