# SPDX-License-Identifier: MIT
"""Results as other programs read them: TAP 13, JUnit's XML, lines of JSON, SARIF 2.1.0.

A failure carries everything a person needs: what is wrong, at which step, the program with that step
marked, the command that plays it again, and where the same is as a C file.

Each is a function of (run) and returns text. What no input is responsible for, a driver that cannot
be started, stands in run.problems.

Tests: tests/cli/test_replay.py
"""

import dataclasses
import json
import pathlib
import re
import shlex
import xml.etree.ElementTree as xml


@dataclasses.dataclass
class Run:
    """@played:   [driver.Played, ...]
    @problems: ["what could not be done", ...]
    @c_files:  {(target, name): path}
    @version:  of the command"""

    played: list
    problems: list
    c_files: dict
    version: str

    @property
    def results(self):
        return [result for played in self.played for result in played.results]

    @property
    def failures(self):
        return [result for result in self.results if result.failed]

    @property
    def left_out(self):
        return [result for result in self.results if not result.played]

    @property
    def rate(self):
        runs = sum(sum(result.played for result in played.results) * played.runs for played in self.played)
        seconds = sum(played.seconds for played in self.played)
        return runs / seconds if seconds > 0 else 0.0


def is_a_file(result):
    """The empty input and the end of all inputs have none."""
    return pathlib.Path(result.name).is_file()


def command(result):
    return f"sunpath replay --target {result.target} {shlex.quote(result.name)}"


def where(result):
    if result.step == 0:
        return ""
    steps = len(result.text.splitlines())
    return f"step {result.step} of {steps}" if result.step <= steps else f"at the end, behind step {steps}"


def details(run, result):
    """What is said of one that failed, as lines."""
    lines = [f"property: {result.broken}", f"message: {result.message}"]
    if where(result):
        lines.append(f"where: {where(result)}")
    lines.append("program:")
    lines += [f"  {line}" for line in result.marked]
    if is_a_file(result):
        lines.append(f"again: {command(result)}")
        c_file = run.c_files.get((result.target, result.name))
        lines.append(f"in C: {c_file}" if c_file else f"in C: inputs of {result.target} have no C form")
    return lines


# ---- text ----

def text(run):
    lines = []
    for played in run.played:
        for result in played.results:
            if result.failed:
                lines += [f"FAILED {result.name}"] + [f"  {line}" for line in details(run, result)]
                lines += ["  said:"] + [f"    {line}" for line in tail(result.said)]
            elif not result.played:
                lines.append(f"{result.name}: {result.broken}: {result.message}")
        counted = sum(result.played for result in played.results)
        failed = sum(result.failed for result in played.results)
        lines.append(f"{played.target}: {counted} inputs, {played.runs} runs each, "
                     f"{played.rate:.0f} a second: {failed} failed")
    lines += run.problems
    lines.append(f"all: {sum(result.played for result in run.results)} inputs, {run.rate:.0f} runs a second, "
                 f"{len(run.left_out) + len(run.problems)} not played: {len(run.failures)} failed")
    return "\n".join(lines) + "\n"


SAID_LINES = 40


def tail(said):
    """What was printed, without the program, which stands above."""
    said = re.sub(r"^\nthe program:\n.*?\n(?=\nworld:)", "", said, flags=re.DOTALL | re.MULTILINE)
    lines = said.strip("\n").splitlines()
    left = len(lines) - SAID_LINES
    return lines if left <= 0 else lines[:SAID_LINES] + [f"... {left} lines more"]


# ---- TAP ----

def _tap_name(result):
    return re.sub(r"[#\\\n]", lambda found: {"\n": "\\n"}.get(found[0], "\\" + found[0]),
                  f"{result.target}: {result.name}")


def tap(run):
    results = run.results
    lines = ["TAP version 13", f"1..{len(results) + len(run.problems)}"]
    for number, result in enumerate(results, 1):
        lines.append(f"{'ok' if result.passed else 'not ok'} {number} - {_tap_name(result)}")
        if not result.passed:
            about = details(run, result) if result.failed else [f"{result.broken}: {result.message}"]
            lines += ["  ---", "  about: |"] + [f"    {line}" for line in about] + ["  ..."]
    for number, problem in enumerate(run.problems, len(results) + 1):
        lines.append(f"not ok {number} - {problem.replace('#', 'No ')}")
    return "\n".join(lines) + "\n"


# ---- JUnit ----

# Characters that XML 1.0 has no way to say.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml_text(string):
    return _NO_XML.sub("\ufffd", string)


def junit(run):
    root = xml.Element("testsuites", name="sunpath replay", tests=str(len(run.results) + len(run.problems)),
                       failures=str(len(run.failures)), errors=str(len(run.left_out) + len(run.problems)),
                       time=f"{sum(played.seconds for played in run.played):.6f}")
    for played in run.played:
        suite = xml.SubElement(
            root, "testsuite", name=played.target, tests=str(len(played.results)), skipped="0",
            failures=str(sum(result.failed for result in played.results)),
            errors=str(sum(not result.played for result in played.results)), time=f"{played.seconds:.6f}")
        for result in played.results:
            case = xml.SubElement(suite, "testcase", name=_xml_text(result.name),
                                  classname=f"sunpath.{played.target}", time=f"{result.seconds:.6f}")
            if not result.passed:
                wrong = xml.SubElement(case, "failure" if result.failed else "error",
                                       type=_xml_text(result.broken), message=_xml_text(result.message))
                wrong.text = _xml_text("\n".join(details(run, result)) if result.failed else result.message)
            if result.failed:
                xml.SubElement(case, "system-err").text = _xml_text("\n".join(tail(result.said)))
    if run.problems:
        suite = xml.SubElement(root, "testsuite", name="drivers", tests=str(len(run.problems)), failures="0",
                               errors=str(len(run.problems)), skipped="0", time="0")
        for problem in run.problems:
            case = xml.SubElement(suite, "testcase", name=_xml_text(problem), classname="sunpath.drivers", time="0")
            xml.SubElement(case, "error", type="driver", message=_xml_text(problem))
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


# ---- JSON ----

def lines_of_json(run):
    """An object for each input, one for each problem, and one at the end."""
    lines = []
    for result in run.results:
        about = {"target": result.target, "input": result.name, "status": result.status,
                 "digest": result.digest, "seconds": result.seconds}
        if not result.passed:
            about |= {"property": result.broken, "message": result.message}
        if result.failed:
            about |= {"step": result.step or None, "program": result.text.splitlines(), "said": result.said,
                      "command": command(result) if is_a_file(result) else None,
                      "c": run.c_files.get((result.target, result.name))}
        lines.append(about)
    lines += [{"problem": problem} for problem in run.problems]
    lines.append({"inputs": sum(result.played for result in run.results), "failed": len(run.failures),
                  "notPlayed": len(run.left_out) + len(run.problems), "runsPerSecond": round(run.rate),
                  "targets": {played.target: {"inputs": sum(result.played for result in played.results),
                                              "runs": played.runs, "runsPerSecond": round(played.rate)}
                              for played in run.played}})
    return "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines)


# ---- SARIF ----

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def _rule_id(result):
    words = re.findall(r"[a-z0-9]+", result.broken.lower())
    return "-".join([result.target] + words)[:120]


def _sarif_result(run, result, rules):
    location = {"artifactLocation": {"uri": pathlib.Path(result.name).absolute().as_uri()}}
    if 0 < result.step <= len(result.text.splitlines()):
        # Lines are those of the text form, which the message holds: the file itself is bytes.
        location["region"] = {"startLine": result.step,
                              "snippet": {"text": result.text.splitlines()[result.step - 1]}}
    return {
        "ruleId": _rule_id(result),
        "ruleIndex": rules.index(_rule_id(result)),
        "level": "error",
        "message": {"text": "\n".join(details(run, result))},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"property/v1": f"{result.target}/{result.broken}"},
        "properties": {"target": result.target, "status": result.status, "step": result.step or None,
                       "command": command(result), "c": run.c_files.get((result.target, result.name))},
    }


def sarif(run):
    failures = run.failures
    rules = sorted({_rule_id(result) for result in failures})
    named = {_rule_id(result): result for result in failures}
    problems = run.problems + [f"{result.name}: {result.broken}: {result.message}" for result in run.left_out]
    invocation = {"executionSuccessful": not problems}
    if problems:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": problem}} for problem in problems]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "sunpath replay",
                "semanticVersion": run.version,
                "rules": [{"id": rule, "shortDescription": {"text": named[rule].broken}} for rule in rules],
            }},
            "invocations": [invocation],
            "results": [_sarif_result(run, result, rules) for result in failures],
        }],
    }
    return json.dumps(log, indent=2) + "\n"


FORMATS = {"text": text, "tap": tap, "junit": junit, "json": lines_of_json, "sarif": sarif}
