#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `sunpath audit` prints for programs, against what is promised of it.

Usage: audit_output.py SCHEMA LINES SARIF PATH
  SCHEMA   docs/audit.schema.json
  LINES    output of --format json
  SARIF    output of --format sarif for the same paths
  PATH     a path among them, with a finding
Exit status: 0 as promised; 1 and the first difference on stderr if not.
"""

import json
import os
import re
import sys
import urllib.parse

TYPES = {"string": str, "integer": int, "boolean": bool}


def fits(value, rule):
    """Whether a value is what a property of the schema says; the words the schema uses, no others."""
    unknown = rule.keys() - {"type", "const", "enum", "pattern", "minimum", "description"}
    assert not unknown, f"the schema uses {unknown}"
    return (("type" not in rule or type(value) is TYPES[rule["type"]])
            and ("const" not in rule or value == rule["const"])
            and ("enum" not in rule or value in rule["enum"])
            and ("pattern" not in rule or re.search(rule["pattern"], value) is not None)
            and ("minimum" not in rule or value >= rule["minimum"]))


def check_lines(schema, lines):
    for line in lines:
        kinds = [kind for kind in schema["oneOf"] if kind["properties"]["type"]["const"] == line["type"]]
        assert len(kinds) == 1, f"{line['type']}: no such type"
        properties = kinds[0]["properties"]
        assert set(kinds[0]["required"]) <= line.keys() <= properties.keys(), f"members: {sorted(line)}"
        for name, value in line.items():
            assert fits(value, properties[name]), f"{name}: {value!r}"
    assert [line["type"] for line in lines].index("summary") == len(lines) - 1, "the summary is not last"
    assert lines[-1]["findings"] == len(lines) - 1, "the summary counts otherwise"


def check_sarif(sarif, findings, path):
    assert sarif["version"] == "2.1.0" and len(sarif["runs"]) == 1
    run = sarif["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    taxa = {taxon["id"] for taxon in run["taxonomies"][0]["taxa"]}
    for rule in rules:
        assert {item["target"]["id"] for item in rule["relationships"]} <= taxa, rule["id"]
    assert run["invocations"][0]["executionSuccessful"] is True
    assert len(run["results"]) == len(findings), "not the findings of the other format"
    for result, finding in zip(run["results"], findings):
        rule = rules[result["ruleIndex"]]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert rule["id"] == result["ruleId"] == finding["rule"]
        assert rule["defaultConfiguration"]["level"] == result["level"]
        assert result["partialFingerprints"]["sunpathAudit/v1"] == finding["fingerprint"]
        assert re.fullmatch(r"file:///([\w./~-]|%[0-9A-F]{2})*", uri), uri
        assert urllib.parse.unquote_to_bytes(uri[7:]) == bytes.fromhex(finding["path_hex"]), uri
    assert os.fsencode(path) in {bytes.fromhex(finding["path_hex"]) for finding in findings}


def main():
    schema_file, lines_file, sarif_file, path = sys.argv[1:]
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    with open(lines_file, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    with open(sarif_file, encoding="utf-8") as file:
        sarif = json.load(file)
    check_lines(schema, lines)
    check_sarif(sarif, lines[:-1], path)


if __name__ == "__main__":
    main()
