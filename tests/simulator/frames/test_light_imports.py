"""What must stay light stays light."""

import subprocess
import sys

import pytest

import recall_simulator.frames as frames


@pytest.mark.slow
def test_profiles_load_neither_numpy_nor_pillow() -> None:
    code = (
        "import sys; from recall_simulator.frames import PROFILES, check_size;"
        "print(sorted({'numpy', 'PIL'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_face_holds_what_it_names() -> None:
    for name in frames.__all__:
        assert getattr(frames, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = frames.nothing
