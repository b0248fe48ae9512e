"""What every test may ask for."""

import os
import shutil
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def require_program() -> Callable[[str, str], str]:
    """A program that is no Python package: its path, or a skip that says what to install.

    Where `CI` is `true` nothing is skipped for want of a program: the test fails.
    """

    def require(program: str, install: str) -> str:
        found = shutil.which(program)
        if found is not None:
            return found
        reason = f"`{program}` is not on the PATH: install {install}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return require
