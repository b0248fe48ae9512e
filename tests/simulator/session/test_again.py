"""The command that plays a case again: with the same options, without their secrets."""

import inspect
import shlex
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recall_simulator.cli import check, run
from recall_simulator.engine import Conduct
from recall_simulator.session import Settings, command_again, secrets_of
from recall_simulator.sources.scenarios import bundled, load_scenarios
from recall_simulator.wire import RetryPolicy, Signer, parse_endpoint

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "ws://127.0.0.1:8765/?token=open%20sesame"


def settings(**more: Any) -> Settings:
    return Settings(endpoint=parse_endpoint(URL), scenarios=[], **more)


def again(name: str = "late-close", *, checks: bool = True, **more: Any) -> list[str]:
    words = shlex.split(command_again(bundled()[name], settings(**more), seed=7, checks=checks))
    assert words.pop(0) == "recallsim"
    return words


def test_a_case_is_named_by_its_number_and_a_scenario_by_its_name() -> None:
    assert again(speed=None) == [
        "check", "--only", "4.4", "--url", "ws://127.0.0.1:8765/?…", "--seed", "7",
    ]  # fmt: skip
    assert again(checks=False)[:2] == ["run", "late-close"]
    assert again(speed=4.0)[-2:] == ["--speed", "4"]
    assert again(checks=False, speed=None)[-2:] == ["--speed", "max"]


def test_a_scenario_of_ones_own_is_named_by_its_file_and_a_value_has_no_name(
    tmp_path: Path,
) -> None:
    file = tmp_path / "my own.toml"
    file.write_text("title = 't'\nduration = 9\ncrowd = 1")
    (named,) = load_scenarios([str(file)])
    command = command_again(named, settings(), seed=7, checks=True)
    assert shlex.split(command)[1:3] == ["run", str(file)]
    (given,) = load_scenarios([{"title": "t", "duration": 9}])
    assert command_again(given, settings(), seed=7, checks=True) == ""


def test_every_choice_is_repeated_and_no_secret_is() -> None:
    insecure = ssl.create_default_context()
    insecure.check_hostname = False
    insecure.verify_mode = ssl.CERT_NONE
    words = again(
        checks=False, run_id="0badcafe", start_time=datetime(2026, 9, 20, tzinfo=UTC), speed=None,
        profile="docs-2026", scenes={"webcam": "flat"}, frames=Path("pictures"), marks=False,
        signer=Signer(SECRET), headers=[("X-Key", "let me in")], tls=insecure,
        conduct=Conduct(retry=RetryPolicy(3), outage_buffer=5, slow_receiver="close"),
        command=f"python r.py --secret {SECRET}", observe=["http:http://h/?token=abc"],
        owned=True, strict_url=True,
    )  # fmt: skip
    assert words[2:] == [
        "--url", "ws://127.0.0.1:8765/?…", "--exec", "python r.py --secret …",
        "--observe", "http:http://h/?token=…", "--seed", "7", "--speed", "max",
        "--profile", "docs-2026", "--scene", "flat", "--frames", "pictures", "--no-marks",
        "--run-id", "0badcafe", "--start-time", "2026-09-20T00:00:00+00:00",
        "--secret", "whsec_…", "--header", "X-Key: …", "--insecure", "--retry", "max-attempts=3",
        "--outage", "buffer=5", "--slow-receiver", "close", "--strict-url",
        "--i-own-this-receiver",
    ]  # fmt: skip
    assert again(tls=ssl.create_default_context())[-2:] == ["--ca", "FILE…"]


def test_every_setting_but_those_of_the_run_itself_is_repeated() -> None:
    source = Path(command_again.__code__.co_filename).read_text(encoding="utf-8")
    elsewhere = {"scenarios", "seed"}
    for field in set(Settings.__struct_fields__) - elsewhere:
        assert f"settings.{field}" in source, field
    repeated = {"digests", "backlog"}
    for field in set(Conduct.__struct_fields__) - repeated:
        assert f"conduct.{field}" in source, field


@pytest.mark.parametrize("checks", [True, False])
def test_the_options_are_those_of_the_command(checks: bool) -> None:
    options = set(inspect.signature(check.check if checks else run.run).parameters)
    for word in again(checks=checks, signer=Signer(SECRET), owned=True, speed=2.0):
        if word.startswith("--"):
            name = word.removeprefix("--").replace("-", "_")
            assert {"exec": "command"}.get(name, name) in options


def test_what_a_report_must_not_show() -> None:
    secrets = secrets_of(settings(headers=[("X-Key", "let me in")], command="r --token abc"))
    assert {"open sesame", "open%20sesame", "let me in", "abc"} <= secrets
