"""What a receiver's process says: always read, and shown as lines."""

import asyncio

import pytest

from .conftest import LISTENS, WITHIN, Run, Script, Told, failure, receiver


def test_much_output_never_blocks_it_and_long_lines_are_cut(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    then = (
        "print('x' * 300_000)\n"
        "for number in range(40_000): print('line', number)\n"
        "print('last, without an end', end='', flush=True)"
    )
    lines: list[str] = []
    done = asyncio.Event()

    def on_line(fd: int, line: str) -> None:
        lines.append(line)
        if line == "line 39999":
            done.set()

    async def main() -> None:
        command = script(LISTENS.format(port=free_port, then=then))
        process = receiver(command, free_port, told, on_line=on_line)
        await process.start()
        await asyncio.wait_for(done.wait(), WITHIN)
        await process.settle()  # until it has written what comes after that line
        await process.stop()
        assert len(lines) == 40_003
        assert lines[1] == "x" * 65_536
        assert lines[-1] == process.last_lines[-1] == "last, without an end"
        assert len(process.last_lines) == 20

    run(main)


def test_its_last_lines_give_no_orders_to_the_terminal(
    run: Run, script: Script, free_port: int, told: Told
) -> None:
    """It may clear the screen, name the window, or write from right to left."""
    written = [
        "\x1b[2J\x1b[1;31mred\x1b[0m, \x1b(Bas ever",
        "\x1b]0;title\x07\x1b]8;;http://h/\x1b\\link\x9b5m",
        " 10 %\r 90 %\rdone\x1b[K\r",
        "\x1b[2K\r",
        "bell \x07 nul \0 \u202ebidi",
        "tab\there, caf\u00e9 \U0001f600, [bold]kept[/bold]",
    ]
    command = script(
        f"import sys\nsys.stderr.buffer.write({chr(10).join(written).encode()!r})\nsys.exit(1)"
    )
    lines: list[str] = []
    error = failure(
        run,
        lambda: receiver(command, free_port, told, on_line=lambda fd, line: lines.append(line)),
    )
    assert error.last_lines == [
        "red, as ever",
        "link\ufffd5m",
        "done",
        "bell \ufffd nul \ufffd \ufffdbidi",
        "tab\there, caf\u00e9 \U0001f600, [bold]kept[/bold]",
    ]
    assert lines == [line.rstrip("\r") for line in written]  # observers read it as it came


def test_what_it_does_not_flush_is_read_all_the_same(
    run: Run, script: Script, free_port: int, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    lines: list[str] = []
    said = asyncio.Event()

    def on_line(fd: int, line: str) -> None:
        lines.append(line)
        if len(lines) == 2:
            said.set()

    async def main() -> None:
        then = "sys.stdout.buffer.write(b'caf\\xe9\\n')"
        command = script(LISTENS.format(port=free_port, then=then))
        process = receiver(command, free_port, told, on_line=on_line)
        await process.start()
        await asyncio.wait_for(said.wait(), WITHIN)
        await process.stop()
        assert lines == ["up", "caf\ufffd"]

    run(main)
