# SPDX-License-Identifier: MIT
"""What a test run did: reads what ctest and Criterion wrote.

ctest knows programs, Criterion the tests in them. Where a program left a TAP file, its tests count
one by one; the program itself counts only if it failed although none of its tests did (a leak
reported after the last assertion, a crash of the runner) or left no usable file.
"""

import dataclasses
import pathlib
import re
import xml.etree.ElementTree

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclasses.dataclass(frozen=True)
class Result:
    name: str
    outcome: str
    detail: str = ""


_TAP_PLAN = re.compile(r"^1\.\.(\d+)$")
_TAP_LINE = re.compile(r"^(?P<no>not )?ok - (?P<name>\S+)\s*(?:# SKIP ?(?P<skip>.*)|(?P<rest>.*))$")
_TAP_DETAIL = re.compile(r"^  (?:- |    )(?P<text>.*)$")


def read_tap(path, program):
    """Results of one Criterion program; None if the file is missing or incomplete."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return None
    plan, results = None, []
    for line in lines:
        if match := _TAP_PLAN.match(line):
            plan = int(match[1])
        elif match := _TAP_LINE.match(line):
            name = f"{program}:{match['name']}"
            if match["skip"] is not None:
                results.append(Result(name, SKIPPED, match["skip"]))
            else:
                results.append(Result(name, FAILED if match["no"] else PASSED, match["rest"]))
        elif results and results[-1].outcome == FAILED and (match := _TAP_DETAIL.match(line)):
            last = results.pop()
            results.append(Result(last.name, FAILED, f"{last.detail} {match['text'].strip()}"))
    return results if plan is not None and plan == len(results) else None


def read_ctest(junit, tap_folder, expects_tap):
    """Results of a ctest run.

    junit:       the file of ctest --output-junit
    tap_folder:  holds FOLDER/NAME.tap of the Criterion programs
    expects_tap: names of the tests that are Criterion programs
    """
    results = []
    for case in xml.etree.ElementTree.parse(junit).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        output = case.findtext("system-out") or ""
        last = next((line for line in reversed(output.splitlines()) if line.strip()), "")

        own = []
        if name in expects_tap:
            own = read_tap(pathlib.Path(tap_folder) / f"{name}.tap", name)
            if own is None:
                results.append(Result(name, FAILED, "left no complete result file"))
                continue
        results += own
        if status == "fail":
            if not any(result.outcome == FAILED for result in own):
                results.append(Result(name, FAILED, last))
        elif status == "run":
            if not own:
                results.append(Result(name, PASSED))
        else:
            results.append(Result(name, SKIPPED, last or status))
    return results


def count(results):
    """(passed, failed, skipped)"""
    outcomes = [result.outcome for result in results]
    return tuple(outcomes.count(outcome) for outcome in (PASSED, FAILED, SKIPPED))


def closing_line(results):
    passed, failed, skipped = count(results)
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")
