# SPDX-License-Identifier: MIT
"""From what a failing input printed to what is wrong and where.

What is wrong is a property: the same words for every input that breaks it, without numbers,
addresses and names that the input chose. Where is a stack: the functions on the way to it that are
neither the alarm's nor the driver's.

Reads reports of the alarm (fuzz/engine/fail.c, fuzz/world/check.c), of the sanitizers of clang and
gcc, and what the driver says when there is none.

Tests: tests/cli/test_triage.py
"""

import dataclasses
import json
import pathlib
import re
import subprocess

# The last one counts: before it stands the program, in which strings are in quotes.
_CHECK = re.compile(r'^(?P<file>[^"\n]*):(?P<line>\d+): check failed: (?P<check>.*)\n  (?P<what>.*)$',
                    re.MULTILINE)
_UNDEFINED = re.compile(r"^\S[^\n\"]*: runtime error: (?P<what>.*)$", re.MULTILINE)
_SANITIZER = re.compile(r"(?:ERROR|WARNING): (?P<tool>\w+Sanitizer): (?P<what>[^\n]*)")
_FRAME = re.compile(r"^ *#(?P<number>\d+) (?P<address>0x[0-9a-f]+) +"
                    r"(?:in (?P<function>\S+) )?.*?"
                    r"(?:\((?P<module>/[^\n]*)\+(?P<offset>0x[0-9a-f]+)\))?(?: \(BuildId.*)?$",
                    re.MULTILINE)

# Frames that say how a failure was noticed and not where: of the alarm, of C, of sanitizers.
_ALARM = re.compile(r"fuzz_fail|world_fail|stage_fail|abort|raise|gsignal|pthread_kill|_{0,2}(asan|ubsan|msan|tsan|lsan|"
                    r"sanitizer|interceptor|pthread_kill)_\w*|_{1,2}libc_\w+|_start")
# What compilers put behind the name of a function that they have split.
_SPLIT = re.compile(r"\.(cold|isra|part|constprop|llvm|lto_priv)\b.*")
# Here a stack ends: what called it is the driver.
_TOP = {"LLVMFuzzerTestOneInput", "play_input"}
# The property of an input that takes too long.
ENDLESS = "does not end"
# That of memory which nobody has a pointer to any more, as the sanitizer says it.
LEAKS = "detected memory leaks"
# Functions that two crashes must have in common.
FRAMES = 3

_SYMBOLIZERS = ("llvm-symbolizer-19", "llvm-symbolizer")


@dataclasses.dataclass(frozen=True)
class Report:
    """@property: what is wrong, the same for all that fail in this way
    @message:  the same as it was said this time
    @words:    of it for a file's name
    @stack:    ((module, offset in it), ...) not yet looked up; or (("", function), ...)"""

    property: str
    message: str
    words: tuple
    stack: tuple


def general(text):
    """A message without what is different from one input to the next."""
    text = re.sub(r'"[^"]*"|\'[^\']*\'', '"..."', text)
    text = re.sub(r"\bSP_\w+", "SP_...", text)
    text = re.sub(r"-?\b0x[0-9a-fA-F]+|-?\b\d[\d.]*", "N", text)
    text = re.sub(r"\b([cspu])\d\b", r"\1N", text)
    return re.sub(r"\s+", " ", text).strip()


# Who names the property that does not hold, instead of the place that noticed it.
_NAMED = {"world", "subject"}

_EMPTY_WORDS = {"a", "an", "and", "be", "bytes", "gave", "in", "is", "it", "must", "n", "of", "on", "or",
                "out", "sp", "that", "the", "there", "to", "was", "were", "are", "not"}
WORDS = 4


def _words(text, of_property=False):
    found = re.findall(r"[a-z]+", text.lower())
    if of_property:
        return tuple(found)
    return tuple([word for word in found if word not in _EMPTY_WORDS][:WORDS])


def _check(match):
    check, what = match["check"], match["what"]
    if match["file"] in _NAMED:
        # The property has a name; "in step N: " is where, and is found in another way.
        what = re.sub(r"^in step \d+: ", "", what)
        return check, what, _words(check, of_property=True)
    place = pathlib.PurePath(match["file"]).stem
    meant = general(re.sub(r"^step \d+: ", "", what))
    return f"{place}: {meant}", what, _words(meant) or _words(place)


def _kind(what):
    """'use-after-poison on address 0x...' is a use-after-poison."""
    return general(re.split(r" on | \(|: |\bof size\b", what)[0])


def _stack(text):
    """The first stack of a report; another one may say where memory was allocated."""
    frames = []
    for frame in _FRAME.finditer(text):
        if int(frame["number"]) == 0 and frames:
            break
        if frame["function"]:
            frames.append(("", frame["function"]))
        elif frame["module"]:
            frames.append((frame["module"], frame["offset"]))
    return tuple(frames)


def read(run):
    """What a Run (trials.py) that failed says."""
    stack = _stack(run.text)
    checks = list(_CHECK.finditer(run.text))
    if checks:
        return Report(*_check(checks[-1]), stack)
    if found := _UNDEFINED.search(run.text):
        kind = general(found["what"].split(":")[0])
        return Report(kind, found["what"], _words(kind), stack)
    if found := _SANITIZER.search(run.text):
        kind = _kind(found["what"])
        return Report(kind, f"{found['tool']}: {kind}", _words(kind, of_property=True), stack)
    if run.status == "signal-ALRM":
        return Report(ENDLESS, "does not end in time", ("does", "not", "end"), ())
    if run.status.startswith("signal-"):
        name = run.status.removeprefix("signal-")
        return Report(f"killed by SIG{name}", f"killed by SIG{name}", ("killed", f"sig{name.lower()}"), ())
    return Report(f"ended the process ({run.status})", f"ended the process ({run.status})", ("exit",), ())


@dataclasses.dataclass(frozen=True)
class Frame:
    function: str
    file: str = ""
    line: int = 0


class Symbols:
    """Names of places in programs. Without a symbolizer there are none, and stacks are addresses."""

    def __init__(self):
        self.known = {}
        self.missing = False

    def learn(self, places):
        """Looks up [(module, offset)] all at once."""
        places = sorted(set(place for place in places if place[0]) - self.known.keys())
        if not places or self.missing:
            return
        asked = "".join(f'"{module}" {offset}\n' for module, offset in places)
        for program in _SYMBOLIZERS:
            try:
                done = subprocess.run([program, "--output-style=JSON", "--no-demangle"], text=True,
                                      input=asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      check=False)
            except FileNotFoundError:
                continue
            for place, line in zip(places, done.stdout.splitlines()):
                self.known[place] = [Frame(found["FunctionName"] or place[1], found["FileName"],
                                           found["Line"])
                                     for found in json.loads(line).get("Symbol", [])]
            return
        self.missing = True

    def frames(self, stack):
        """A stack without the alarm and the driver, as Frames."""
        result = []
        for module, where in stack:
            for frame in [Frame(where)] if not module else self.known.get((module, where)) or [
                    Frame(f"{pathlib.PurePath(module).name}+{where}")]:
                name = _SPLIT.sub("", frame.function)
                if not _ALARM.fullmatch(name):
                    result.append(dataclasses.replace(frame, function=name))
                if name in _TOP:
                    return result
        return result
