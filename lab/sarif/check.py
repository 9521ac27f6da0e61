"""Holds each document against a JSON schema: `check.py SCHEMA DOCUMENT...`. Prints what is wrong, and fails where something is."""

import json
import sys
from pathlib import Path

from jsonschema import validators

schema = json.loads(Path(sys.argv[1]).read_text())
kind = validators.validator_for(schema)
kind.check_schema(schema)
wrong = 0
for path in sys.argv[2:]:
    for error in kind(schema, format_checker=kind.FORMAT_CHECKER).iter_errors(json.loads(Path(path).read_text())):
        wrong += 1
        print(f"{path}: {error.json_path}: {error.message[:300]}")
sys.exit(1 if wrong else 0)
