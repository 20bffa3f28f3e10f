"""Validates JSON against a JSON Schema, once as it is and once with no members allowed that the schema does not name.

python validate.py SCHEMA FILE
"""

import json
import sys

from jsonschema import Draft202012Validator

schema, document = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])


def strict(part):
    if isinstance(part, dict):
        closed = {"additionalProperties": False} if "properties" in part else {}
        return closed | {key: strict(value) for key, value in part.items()}
    return [strict(item) for item in part] if isinstance(part, list) else part


Draft202012Validator.check_schema(schema)
errors = [
    f"{error.json_path}: {error.message}"
    for each in (schema, strict(schema))
    for error in Draft202012Validator(each).iter_errors(document)
]
print("\n".join(errors))
sys.exit(bool(errors))
