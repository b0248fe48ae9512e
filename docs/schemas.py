"""Writes the JSON Schemas of what `--json` prints: `make schemas`."""

import json
from pathlib import Path

from recall_simulator.api import probing
from recall_simulator.load import document
from recall_simulator.report import comparison
from recall_simulator.report.document import SCHEMAS, json_schema

FOLDER = Path(__file__).parent / "schemas"


def texts() -> dict[str, str]:
    """The text of each file."""
    schemas = {name: json_schema(kind, name) for kind, name in SCHEMAS.items()}
    schemas[comparison.SCHEMA] = json_schema(comparison.Comparison, comparison.SCHEMA)
    schemas[probing.SCHEMA] = json_schema(probing.ProbeDocument, probing.SCHEMA)
    schemas[document.SCHEMA] = json_schema(document.LoadDocument, document.SCHEMA)
    return {
        f"{name.replace('/', '-')}.json": json.dumps(schema, indent=2) + "\n"
        for name, schema in schemas.items()
    }


def main() -> None:
    """Write all of them."""
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
