"""The published JSON Schemas are those of what is printed."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("schemas", DOCS / "schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_published_is_what_the_code_says(generator: ModuleType) -> None:
    published = {
        path.name: path.read_text(encoding="utf-8") for path in (DOCS / "schemas").iterdir()
    }
    assert published == generator.texts(), "run `make schemas`"


def test_every_schema_is_one(generator: ModuleType) -> None:
    for text in generator.texts().values():
        schema: dict[str, Any] = json.loads(text)
        assert schema["$schema"].endswith("2020-12/schema")
        jsonschema.Draft202012Validator.check_schema(schema)
