"""`recallsim demo` says where the page is, and opens it where somebody can see it."""

import sys
import webbrowser

import pytest

from recall_simulator.cli.demo import show_page


@pytest.mark.parametrize(
    ("wanted", "terminal", "screen", "opened"),
    [
        (True, True, True, True),
        (False, True, True, False),
        (True, False, True, False),
        (True, True, False, False),
    ],
)
def test_opens_the_page_on_a_screen(
    wanted: bool,
    terminal: bool,
    screen: bool,
    opened: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pages: list[str] = []
    monkeypatch.setattr(webbrowser, "open", pages.append)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0" if screen else "")
    show_page("ws://127.0.0.1:8765/", wanted=wanted)
    assert pages == (["http://127.0.0.1:8765/"] if opened else [])
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "watch it arrive at http://127.0.0.1:8765/\n"
