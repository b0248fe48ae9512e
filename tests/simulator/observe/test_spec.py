from pathlib import Path

import pytest

from recall_simulator.observe import KINDS, parse_observer
from recall_simulator.record.errors import UsageError


def test_the_argument_may_hold_colons() -> None:
    spec = parse_observer(r"stdout:(?P<sha256>\w+): saved")
    assert (spec.kind, spec.argument) == ("stdout", r"(?P<sha256>\w+): saved")
    assert spec.text == r"stdout:(?P<sha256>\w+): saved"
    assert parse_observer("python:checks:saved").argument == "checks:saved"


@pytest.mark.parametrize(
    ("text", "kind", "argument"),
    [
        ("http:http://127.0.0.1:8080/a", "http", "http://127.0.0.1:8080/a"),
        ("http://127.0.0.1:8080/a", "http", "http://127.0.0.1:8080/a"),
        ("https://127.0.0.1/a", "http", "https://127.0.0.1/a"),
        ("wss://127.0.0.1/a", "ws", "wss://127.0.0.1/a"),
    ],
)
def test_an_address_alone_is_taken_for_what_it_is(text: str, kind: str, argument: str) -> None:
    spec = parse_observer(text)
    assert (spec.kind, spec.argument) == (kind, argument)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("file:out/*.png", "did you mean 'files'?"),
        ("web:x", "known are command, files, http, python, stdout, ws"),
        ("out/*.png", "write KIND:ARG"),
        ("files:", "files takes a pattern of files"),
        ("stdout: ", "stdout takes a regular expression"),
    ],
)
def test_a_slip_is_told_with_what_would_be_right(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_observer(text)
    assert hint in str(caught.value)
    assert text in str(caught.value)


def test_every_kind_has_an_example_that_can_be_read() -> None:
    for kind, hint in KINDS.items():
        example = hint.partition("as in ")[2].replace("'", "")
        assert parse_observer(example).kind == kind


def test_every_kind_is_explained() -> None:
    page = (Path(__file__).parents[3] / "docs" / "observers.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| `{kind}:" in page
    assert '| `--exec "CMD"`' in page
