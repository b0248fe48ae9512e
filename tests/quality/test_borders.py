"""Names that are exported exist, and what should be light is."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("faker", "hypothesis", "locust", "numpy", "PIL", "pytest", "websockets", "rich.live")


FACES = ("api", "engine", "faults", "frames", "judge", "meeting", "report", "session", "wire")


@pytest.mark.parametrize(
    "package", ["recall_receiver", *(f"recall_simulator.{name}" for name in FACES)]
)
def test_every_exported_name_exists_and_the_list_is_sorted(package: str) -> None:
    module = importlib.import_module(package)
    names = list(module.__all__)
    assert names == sorted(
        set(names), key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
    for name in names:
        assert getattr(module, name) is not None


@pytest.mark.parametrize(
    "code",
    [
        "import recall_simulator",
        "import recall_simulator.api",
        "import recall_scenarios",
        "import sys; sys.argv = ['recallsim', '--help']; "
        "import recall_simulator.cli as cli\n"
        "try: cli.main()\nexcept SystemExit: pass",
    ],
)
def test_what_should_be_light_loads_nothing_heavy(code: str) -> None:
    probe = f"{code}\nimport sys\nprint('LOADED', *[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout.splitlines()[-1] == "LOADED"


def test_the_packages_are_typed() -> None:
    for package in ("simulator/recall_simulator", "receiver/recall_receiver"):
        assert (ROOT / package / "py.typed").exists()


def test_the_top_folders_are_no_packages() -> None:
    for folder in ("simulator", "receiver", "scenarios"):
        assert not (ROOT / folder / "__init__.py").exists()
