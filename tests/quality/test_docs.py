"""The docs name what there is, and what they show works."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from recall_receiver.__main__ import argument_parser
from recall_simulator.cli import app
from recall_simulator.sources.scenarios import bundled, load_scenarios, read_toml

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = {page.name: page.read_text(encoding="utf-8") for page in PAGES}


def commands() -> list[tuple[str, set[str]]]:
    """Every command with its options."""
    found: list[tuple[str, set[str]]] = []
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        for inner, leaf in getattr(command, "commands", {"": command}).items():
            options = {option for parameter in leaf.params for option in parameter.opts}
            if name == "receive":
                options = set(argument_parser("receive")._option_string_actions)
            found.append((f"{name} {inner}".strip(), options))
    return found


def test_every_command_is_in_the_readme() -> None:
    for name, _ in commands():
        first, _, second = name.partition(" ")
        assert f"recallsim {first}" in TEXT["README.md"]
        assert second in TEXT["README.md"]


def test_every_option_of_run_is_explained() -> None:
    options = dict(commands())["run"]
    prose = "".join(TEXT.values())
    assert {option for option in options if option.startswith("--")} <= {
        option for option in options if option in prose
    } | {"--quiet", "--scene", "--no-marks", "--i-own-this-receiver"}


def test_every_option_that_the_docs_show_exists() -> None:
    known = {option for _, options in commands() for option in options}
    plugin = ROOT / "simulator" / "recall_simulator" / "pytest_plugin.py"
    known |= set(re.findall(r'addoption\(\s*"(--[a-z-]+)"', plugin.read_text(encoding="utf-8")))
    known.add("--junitxml")  # pytest's own
    for page in ("README.md", "ci.md", "scenarios.md", "sender.md"):
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT[page]):
            assert option in known, f"{page} shows {option}"


def test_every_bundled_scenario_is_in_its_table_with_its_number() -> None:
    rows = re.findall(r"^\| ([0-9.]+) \| `([a-z0-9-]+)` \|", TEXT["scenarios.md"], re.MULTILINE)
    assert [(named.scenario.number, name) for name, named in bundled().items()] == rows


def test_the_example_scenario_can_be_read_and_its_error_is_what_it_says() -> None:
    from recall_simulator.record.errors import ScenarioError

    toml = next(
        block
        for block in re.findall(r"```toml\n(.*?)```", TEXT["scenarios.md"], re.DOTALL)
        if "title" in block
    )
    assert read_toml(toml, "mine.toml").crowd == 3
    with pytest.raises(ScenarioError) as caught:
        read_toml(toml.replace('do = "share"', 'do = "shear"'), "mine.toml")
    assert f"recallsim: {caught.value}" in TEXT["scenarios.md"]


def test_the_example_function_can_be_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(def big_meeting.*?)```", TEXT["scenarios.md"], re.DOTALL)
    (tmp_path / "meetings.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (named,) = load_scenarios(["meetings:big_meeting"])
    assert named.scenario.crowd == 40


def test_every_action_is_in_the_table() -> None:
    from typing import get_args

    from recall_simulator.meeting.actions import Action

    for action in get_args(Action):
        assert f"`{action.__struct_config__.tag}`" in TEXT["scenarios.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXT[page.name]):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_project_file_and_the_package_have_one_version() -> None:
    import recall_simulator

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert recall_simulator.__version__ == project["version"]
    assert f"## {project['version']}" in TEXT["CHANGELOG.md"]
