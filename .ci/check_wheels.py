"""Check that every dependency has a wheel for the newest Python that we name, 3.14.

Asks pip to resolve the extras for that Python with wheels alone; installs nothing.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

PYTHON = "3.14"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def main() -> int:
    """Resolve; 0 when all have wheels."""
    root = Path(__file__).resolve().parent.parent
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = list(project["dependencies"])
    for name in ("api", "fast", "load", "video", "dev"):
        wanted += [line for line in extras[name] if not line.startswith("recallsim")]
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--dry-run",
        "--quiet", "--ignore-installed", "--only-binary=:all:", "--python-version", PYTHON,
        "--implementation", "cp", *platforms, "--target", "unused", *wanted,
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr)
        print(f"some dependency has no wheel for Python {PYTHON}")
        return 1
    print(f"all {len(wanted)} dependencies have wheels for Python {PYTHON}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
