# SPDX-License-Identifier: MIT
"""A crash becomes a case: its input in corpus/TARGET/crashes, its row in docs/findings.md.

Both or neither. The row is written to a new file that replaces the old one in one step, the input to
a hidden one that gets its name in one step, and an interrupt waits until both have happened.

Tests: tests/cli/test_triage_add.py
"""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
COLUMNS = ("input", "shows", "found by", "cause", "proof")


class Refused(Exception):
    """It was not filed and nothing has changed; the text says why."""


def crashes(source, target):
    return source / "corpus" / target / "crashes"


def findings(source):
    return source / "docs" / "findings.md"


def _read(source):
    try:
        return findings(source).read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"{findings(source)}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{findings(source)}: not UTF-8 at byte {error.start}") from error


def taken(source, target):
    """Names that a new case cannot have: of a file, or of a row whose file is missing."""
    names = set(re.findall(rf"^\| `{target}/([^`/]+)` \|", _read(source), re.MULTILINE))
    if crashes(source, target).is_dir():
        names |= {path.name for path in crashes(source, target).iterdir()}
    return names


def check_name(source, target, name):
    if not NAME.fullmatch(name):
        raise Refused(f"{name!r}: a name is words in small letters with '-' between them")
    if name in taken(source, target):
        raise Refused(f"{target}/{name} exists already; choose another name")


def _cell(text):
    """Text that stays in its cell."""
    return re.sub(r"\s+", " ", "".join(char if char.isprintable() else " " for char in text)).replace(
        "|", "\\|").strip()


def row(target, name, shows, found_by, cause, proof):
    return f"| `{target}/{name}` | {' | '.join(map(_cell, (shows, found_by, cause, proof)))} |"


def with_row(text, target, line):
    """The findings with a row behind the last one of the target; a section of its own if it has none."""
    heading = f"## fuzz_{target}"
    lines = text.splitlines()
    if heading not in lines:
        return "\n".join([*lines, "", heading, "", f"| {' | '.join(COLUMNS)} |",
                          "|" + "---|" * len(COLUMNS), line]) + "\n"
    begin = lines.index(heading) + 1
    end = next((at for at in range(begin, len(lines)) if lines[at].startswith("## ")), len(lines))
    rows = [at for at in range(begin, end) if lines[at].startswith("|")]
    if not rows:
        raise Refused(f"docs/findings.md: no table below '{heading}'")
    return "\n".join(lines[:rows[-1] + 1] + [line] + lines[rows[-1] + 1:]) + "\n"


@contextlib.contextmanager
def uninterrupted():
    """Signals that would end the process wait until the end of this."""
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def write_beside(path, data):
    """Writes a hidden file next to @path, all of it and to the disk, and returns its name."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(scratch, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    return scratch


def add(source, target, name, data, **cells):
    """Files @data as corpus/TARGET/crashes/NAME with a row of @cells. Returns its path."""
    place, story = crashes(source, target) / name, findings(source)
    with contextlib.ExitStack() as undo:
        undo.enter_context(uninterrupted())
        try:
            # Two at once would each lose the other's row.
            folder = os.open(story.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            undo.callback(os.close, folder)
            fcntl.flock(folder, fcntl.LOCK_EX)
            check_name(source, target, name)
            text = with_row(_read(source), target, row(target, name, **cells))
            if not place.parent.is_dir():
                place.parent.mkdir()
                undo.push(lambda kind, *_: place.parent.rmdir() if kind else None)
            new_story = write_beside(story, text.encode())
            undo.callback(new_story.unlink, missing_ok=True)
            shutil.copymode(story, new_story)
            new_place = write_beside(place, data)
            undo.callback(new_place.unlink, missing_ok=True)
            os.link(new_place, place)  # unlike a rename, it replaces nothing
            undo.push(lambda kind, *_: place.unlink() if kind else None)
            os.replace(new_story, story)
        except OSError as error:
            raise Refused(f"{error.filename or place}: {error.strerror}; nothing was filed") from error
    return place


def source_of(start):
    """The source tree that a folder lies in, or None."""
    for folder in [start, *start.parents]:
        if (folder / "fuzz" / "targets.list").is_file() and (folder / "corpus").is_dir():
            return pathlib.Path(folder)
    return None
