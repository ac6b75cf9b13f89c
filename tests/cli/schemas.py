# SPDX-License-Identifier: MIT
"""Output for programs against its schema, by python3-jsonschema.

The schema of SARIF is not ours and is not kept here: ci/sarif_schema fetches it, and where it has
not been called the tests that need it are skipped.
"""

import json
import os
import pathlib

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SARIF = pathlib.Path(os.environ.get("SUNPATH_SARIF_SCHEMA", SOURCE / "build" / "sarif-schema-2.1.0.json"))

try:
    import jsonschema
except ImportError:
    jsonschema = None


def check_lines(test, text):
    """Every line of `sunpath audit --format json`; returns the objects."""
    if jsonschema is None:
        test.skipTest("python3-jsonschema is not there")
    schema = json.loads((SOURCE / "docs" / "audit.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        jsonschema.Draft202012Validator(schema).validate(line)
    return lines


def check_sarif(test, text):
    """A SARIF log; returns it."""
    log = json.loads(text)
    if jsonschema is None or not SARIF.is_file():
        test.skipTest("python3-jsonschema, or the schema (ci/sarif_schema), is not there")
    schema = json.loads(SARIF.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    return log
