"""Rewrites an OpenAPI document for openapi-python-client: `simplify.py <openapi.json >simple.json`.

The generator omits schemas in which `allOf` narrows a text to a constant, as each problem does, and operations with a
header that is a constant.
"""

import json
import sys

document = json.load(sys.stdin)
schemas = document["components"]["schemas"]

for schema in schemas.values():
    base, *parts = schema.pop("allOf", [{}])
    for part in [schemas[base["$ref"].rsplit("/", 1)[-1]], *parts] if base else []:
        schema["type"] = "object"
        schema.setdefault("properties", {}).update(part["properties"])
        schema["required"] = [*schema.get("required", []), *part["required"]]

for path in document["paths"].values():
    for operation in path.values():
        for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
            if parameter.get("in") == "header":
                parameter["schema"].pop("const", None)

json.dump(document, sys.stdout)
