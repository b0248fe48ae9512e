"""No token stands in a report."""

import pytest

from recall_simulator.report.masking import mask, mask_command, secrets_of_command, values_of_query


@pytest.mark.parametrize(
    ("command", "masked"),
    [
        ("python r.py --token abc123 --port 1", "python r.py --token … --port 1"),
        ("python r.py --secret=whsec_AAAA", "python r.py --secret=…"),
        ("env API_KEY=k python r.py", "env API_KEY=… python r.py"),
        ("env RECALL_TOKEN='k y' node r.js", "env RECALL_TOKEN=… node r.js"),
        ("r --x whsec_MfKQ9r8GKYqr/TwjUPD8=", "r --x whsec_…"),
        ("python tokens.py --port 8765", "python tokens.py --port 8765"),
        ("curl -H 'Authorization: Bearer abc'", "curl -H 'Authorization: …'"),
    ],
)
def test_what_looks_like_a_token_is_left_out_of_a_command(command: str, masked: str) -> None:
    assert mask_command(command) == masked


def test_what_is_left_out_of_a_command_is_known() -> None:
    command = "env API_KEY='k y' python r.py --token abc -H 'Authorization: Bearer b'"
    assert secrets_of_command(command) == {"k y", "abc", "Bearer b"}


def test_the_values_of_a_query_are_secrets_as_written_and_as_read() -> None:
    url = "ws://h/?token=open%20sesame&room=blue&flag"
    assert values_of_query(url) == {"open%20sesame", "open sesame", "blue", ""}
    assert values_of_query("ws://h/") == {""}


def test_secrets_are_masked_wherever_they_stand() -> None:
    value = {
        "a": ["GET /?token=open%20sesame", "open sesame, blue", 3, None],
        "b": {"whsec_abc=": "whsec_abc="},
    }
    assert mask(value, {"open%20sesame", "open sesame", "blue", ""}) == {
        "a": ["GET /?token=…", "…, blue", 3, None],
        "b": {"whsec_abc=": "…"},
    }
    assert mask("nothing to hide", set()) == "nothing to hide"
    assert mask(["out/\udcff.png"], set()) == ["out/\ufffd.png"]
