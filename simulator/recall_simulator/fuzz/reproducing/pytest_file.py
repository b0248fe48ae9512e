"""Passes once the receiver is mended. `RECALLSIM_TARGET` names another URL or function.

Where finding.json names the command that starts the receiver, it is started for the test.
"""

import importlib.util
import json
import os
from pathlib import Path

HERE = Path(__file__).parent
FINDING = json.loads((HERE / "finding.json").read_text(encoding="utf-8"))


def test_it_is_mended() -> None:
    """The message does no harm any more."""
    spec = importlib.util.spec_from_file_location("reproduce", HERE / "reproduce.py")
    assert spec is not None
    assert spec.loader is not None
    reproduce = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reproduce)
    code, words = reproduce.run(os.environ.get("RECALLSIM_TARGET", ""))
    assert code == 0, f"{FINDING['what']}: {words}"
