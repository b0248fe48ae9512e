"""`recallsim bench decode`: every decoder beside every other, and beside the user's own."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from recall_receiver.decode import installed_decoders
from recall_simulator.cli import app
from recall_simulator.record.errors import UsageError

OWN = """
import io
import numpy as np
from PIL import Image

def rgb(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

class Decoders:
    @staticmethod
    def bgr(png):
        return rgb(png)[:, :, ::-1]

def broken(png):
    raise RuntimeError("mine")

number = 7
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for n in range(3):
        colours = np.random.default_rng(n).integers(0, 256, (9, 13, 3)).astype(np.uint8)
        file = BytesIO()
        Image.fromarray(colours).save(file, "PNG")
        (tmp_path / f"{n}.png").write_bytes(file.getvalue())
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    line = ["bench", "decode", "--seconds", "0.01", *arguments]
    result = CliRunner().invoke(app, line)
    if isinstance(result.exception, UsageError):
        return 2, str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.stdout


def test_a_folder_by_every_decoder(folder: Path) -> None:
    code, out = run(str(folder), "--json")
    assert code == 0
    report = json.loads(out)
    assert report["schema"] == "recallsim.bench-decode/1"
    assert [row["decoder"] for row in report["results"]] == list(installed_decoders())[::-1]
    assert report["results"][0]["ratio"] == 1
    assert all(row["agrees"] and row["per_second"] > 0 for row in report["results"])


def test_ones_own_function_stands_beside_ours(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_decoders.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    for name, agrees in (("rgb", True), ("Decoders.bgr", False)):
        _, out = run(str(folder / "0.png"), "--target", f"own_decoders:{name}", "--json")
        row = json.loads(out)["results"][-1]
        assert (row["decoder"], row["agrees"]) == (f"own_decoders:{name}", agrees)
    _, table = run(str(folder), "--target", "own_decoders:Decoders.bgr")
    assert "other pixels" in table
    assert table.count("other pixels") == 1
    assert run(str(folder), "--target", "own_decoders:broken") == (
        2,
        "a decoder failed: RuntimeError: mine",
    )
    code, said = run(str(folder), "--target", "own_decoders:number")
    assert (code, "no function" in said) == (2, True)


@pytest.mark.slow
def test_without_files_it_takes_the_simulators_scenes() -> None:
    _, out = run("--json")
    named = {row["pictures"] for row in json.loads(out)["results"]}
    assert named == {"webcam", "flat", "slide", "photo"}


@pytest.mark.parametrize("target", ["nothing", "no_such_module:f", "json:nothing", ":f"])
def test_a_target_that_is_none(folder: Path, target: str) -> None:
    code, said = run(str(folder), "--target", target)
    assert code == 2
    assert said.startswith(f"--target {target}: ")


def test_files_that_are_no_pictures(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no PNG files" in run(str(tmp_path / "empty"))[1]
    assert "notes.txt" in run(str(folder / "notes.txt"))[1]
    assert "No such file" in run(str(tmp_path / "nowhere.png"))[1]
