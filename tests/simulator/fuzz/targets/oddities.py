"""Targets that are hard to run."""

import asyncio
import ctypes
import os
import sys
import time
from typing import NoReturn

FRAME = b'"event":"video_separate_png.data"'


def quiet(message: bytes) -> None:
    """Nothing is wrong with it."""


def prints(message: bytes) -> None:
    print("so much" * 100)
    print("so much" * 100, file=sys.stderr)
    os.write(1, b"so much" * 100)


def reads_input(message: bytes) -> None:
    assert sys.stdin.read() == ""


calls = 0


def fails_at_its_tenth_call(message: bytes) -> None:
    global calls
    calls += 1
    assert calls != 10


def raises_without_email(message: bytes) -> None:
    if b'"email"' not in message:
        raise KeyError("email")


def raises_and_ends(message: bytes) -> None:
    if b'"email"' not in message:
        raise KeyError("email")
    if FRAME not in message:
        os._exit(7)


def exits(message: bytes) -> NoReturn:
    sys.exit(message.decode("latin-1")[:1])


def ends_the_process(message: bytes) -> None:
    if FRAME not in message:
        os._exit(7)


def crashes(message: bytes) -> None:
    if FRAME not in message:
        ctypes.string_at(0)


def computes_for_ever(message: bytes) -> None:
    while FRAME not in message:
        pass


def waits_for_ever(message: bytes) -> None:
    if FRAME not in message:
        time.sleep(1_000)  # noqa: TID251


async def waits_for_ever_on_a_loop(message: bytes) -> None:
    if FRAME not in message:
        await asyncio.Event().wait()


async def raises_on_a_loop(message: bytes) -> None:
    await asyncio.sleep(0)  # noqa: TID251
    if FRAME not in message:
        raise KeyError("event")


class Broken(Exception):
    def __str__(self) -> str:
        raise ValueError


def raises_what_cannot_be_shown(message: bytes) -> None:
    raise Broken


class Refused(Exception):
    """A message is not liked."""


NotLiked = Refused


class ReallyRefused(Refused):
    """A message is really not liked."""


def refuses_all(message: bytes) -> None:
    raise ReallyRefused("no")


def takes_two(message: bytes, other: bytes) -> None:
    """It cannot be called."""


def takes_none() -> None:
    """It cannot be called."""


NUMBER = 7


class Parser:
    class Unreadable(Exception):
        """Nobody can read this."""

    @staticmethod
    def parse(message: bytes) -> None:
        """It stands in a class."""


kept: list[bytes] = []


def keeps_everything(message: bytes) -> None:
    kept.append(bytes(10_000))
