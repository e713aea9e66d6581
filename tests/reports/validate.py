#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""validate.py SCHEMA [EDIT]: checks the JSON on stdin. EDIT is a Python statement that spoils
`doc` first, for showing that the schema would notice."""

import json
import sys

import jsonschema


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    doc = json.loads(sys.stdin.buffer.read().decode("utf-8"), parse_constant=float.fromhex)
    for edit in sys.argv[2:]:
        exec(edit, {"doc": doc})
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(doc))
    for error in errors:
        print("/".join(map(str, error.absolute_path)) or "document", error.message[:300], sep=": ")
    return bool(errors)


sys.exit(main())
