"""Gives the message beside this file to a function, and says what becomes of it.

    python reproduce.py [MODULE:FUNCTION]

Needs Python alone. The function runs in a process of its own. Exit codes: 0 it is well, 1 it went
wrong, 3 the function could not be imported.
"""

import asyncio
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FINDING = json.loads((HERE / "finding.json").read_text(encoding="utf-8"))
OK, WRONG, UNCLEAR = 0, 1, 3


def call(target: str, file: str) -> int:
    """Call the function; this is done in the process of its own."""
    sys.path.insert(0, str(Path.cwd()))
    name, _, path = target.partition(":")
    try:
        function: Any = importlib.import_module(name)
        for part in path.split("."):
            function = getattr(function, part)
    except (ImportError, AttributeError) as error:
        print(f"{target} can't be imported: {error}")
        return UNCLEAR
    data = (HERE / file).read_bytes()
    try:
        answer = function(data)
        if inspect.isawaitable(answer):
            asyncio.run(wait_for(answer))
    except Exception as error:
        names = {each.__name__ for each in type(error).__mro__}
        print(f"it raised {type(error).__name__}: {str(error)[:300]}")
        allowed = {re.split("[.:]", name)[-1] for name in FINDING["allow"]}
        if FINDING["expect"] == "must accept" or not names & allowed:
            raise
    return OK


async def wait_for(answer: Awaitable[object]) -> object:
    """What comes of an asynchronous function."""
    return await answer


def height() -> int:
    """Bytes that the largest process so far took at its height; 0 where nobody knows."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


def child(target: str, file: str) -> tuple[int, str]:
    """Call the function in a process of its own: its exit code, and its last line."""
    command = [sys.executable, __file__, "--here", target, file]
    # A process that is slow to start is no hang: importing the target may take its time.
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=FINDING["timeout"] + 20, errors="replace"
    )
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode, lines[-1] if lines else ""


def run(target: str = "") -> tuple[int, str]:
    """Give it to the function; the exit code, and what happened."""
    target = target or FINDING["target"]
    child(target, "next.json")
    before = height()
    try:
        code, words = child(target, FINDING["file"])
    except subprocess.TimeoutExpired:
        return WRONG, "it hangs"
    if code == UNCLEAR:
        return UNCLEAR, words
    if code != OK:
        return WRONG, f"exit code {code}: {words}" if code != 1 else words
    grown = height() - before
    if grown > FINDING["memory"]:
        return WRONG, f"it took {grown / 2**20:,.0f} MB more than a valid message"
    return OK, words or "the function took it"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        sys.exit(call(*sys.argv[2:4]))
    code, words = run(*sys.argv[1:2])
    print(f"{FINDING['what']}\n{words}")
    sys.exit(code)
