"""The receiver without its sockets: what is counted, and a state machine against a model."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Protocol

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from websockets.asyncio.client import ClientConnection, connect

from recall_receiver import MessageError, OtherEvent, Receiver, Reception
from recall_receiver.events import StreamKey
from recall_receiver.reception import MAX_EVENT_NAMES, OTHER_NAMES, REPORT_SCHEMA, Intake, Link
from recall_receiver.streams import MAX_SIZES, OTHER_SIZES, StreamState, Totals

Build = Callable[..., bytes]
RECORDING = "8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a33"
WITHIN = 60.0
"""Real seconds after which what is waited for will not come."""
Report = Callable[..., Any]

STREAM_KEYS = {
    *("recording", "participant", "type", "frames", "width", "height", "sizes", "gaps"),
    *("duplicates", "legs", "out_of_order", "size_changes", "connected"),
    *("dropped", "skew", "skew_range"),
}


def test_an_empty_report() -> None:
    assert Reception().report() == {
        "schema": REPORT_SCHEMA,
        "frames": 0,
        "refused": {},
        "streams": [],
        "streams_ever": 0,
        "dropped": 0,
        "events": {},
        "bytes": 0,
        "connections": {"now": 0, "ever": 0},
    }


def test_a_refused_message_is_counted_and_changes_nothing_else(frame_message: Build) -> None:
    reception = Reception()
    link = reception.attach()
    reception.message(link, frame_message())
    for bad in (b"{", b"[]", frame_message(picture=b"GIF89a"), frame_message(picture=b"\x89PNG")):
        with pytest.raises(MessageError):
            reception.message(link, bad)
    with pytest.raises(MessageError, match="binary-message"):
        reception.message(link, frame_message(relative=99), binary=True)
    report = reception.report()
    assert report["frames"] == report["streams"][0]["frames"] == 1
    assert report["streams"][0].keys() == STREAM_KEYS
    assert report["refused"] == {
        "bad-json": 1,
        "wrong-type": 1,
        "not-a-png": 1,
        "truncated-png": 1,
        "binary-message": 1,
    }


def test_other_events_are_counted_by_name_up_to_a_bound() -> None:
    reception = Reception()
    link = reception.attach()
    for n in [*range(MAX_EVENT_NAMES + 5), 3]:
        event = reception.message(link, json.dumps({"event": f"e{n}", "data": None}).encode())
        assert isinstance(event, OtherEvent)
    events = reception.report()["events"]
    assert events["e3"] == 2
    assert events[OTHER_NAMES] == 5
    assert len(events) == MAX_EVENT_NAMES + 1


def test_streams_whose_link_is_gone_make_way_for_new_ones_and_stay_in_the_totals(
    frame_message: Build,
) -> None:
    reception = Reception(Intake(max_kept=3))
    stays, *links = [reception.attach() for _ in range(4)]
    for participant, link in enumerate((links[0], stays, links[1], links[2])):
        for relative in (0, 0, 5):  # a duplicate and a gap
            reception.message(link, frame_message(participant=participant, relative=relative))
        reception.drop(StreamKey(RECORDING, participant, "webcam"))
        if link is not stays:
            reception.detach(link)
    report = reception.report()
    assert [stream["participant"] for stream in report["streams"]] == [1, 2, 3]
    reception.drop(StreamKey(RECORDING, 0, "webcam"))
    assert reception.totals() == Totals(streams=4, gaps=4, duplicates=4, dropped=5)
    assert reception.report()["streams_ever"] == 4
    reception.message(reception.attach(), frame_message(participant=4))
    assert [stream.participant for stream in reception.streams] == [1, 3, 4]
    for participant in (5, 6, 7):  # of connections that are open, none makes way
        reception.message(stays, frame_message(participant=participant))
    assert [stream.participant for stream in reception.streams] == [1, 4, 5, 6, 7]
    assert reception.report()["frames"] == 16


def test_sizes_are_counted_one_by_one_up_to_a_bound() -> None:
    stream = StreamState(StreamKey(RECORDING, 100, "webcam"))
    for n in [*range(MAX_SIZES + 5), 7]:
        stream.add(1, n, 10 + n, 10)
    assert stream.sizes[17, 10] == 2
    assert stream.sizes[OTHER_SIZES] == 5
    assert len(stream.sizes) == MAX_SIZES + 1
    assert stream.size_changes == MAX_SIZES + 5


def test_the_late_close_of_an_old_link_changes_nothing(frame_message: Build) -> None:
    reception = Reception()
    old = reception.attach()
    reception.message(old, frame_message(relative=0))
    new = reception.attach()
    reception.message(new, frame_message(relative=0.5))
    before = reception.report()["streams"]
    reception.detach(old)
    assert reception.report()["streams"] == before
    assert before[0]["connected"]
    assert before[0]["legs"] == 2
    reception.message(new, frame_message(relative=1))
    reception.detach(new, 1000)
    reception.detach(new, 1006)  # twice is harmless
    assert new.code == 1000
    (stream,) = reception.report()["streams"]
    assert (stream["frames"], stream["connected"]) == (3, False)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)


class Target(Protocol):
    """What the machine drives: the bare reception, or a server over sockets."""

    def connect(self) -> Any: ...
    def send(self, link: Any, message: bytes) -> None: ...
    def close(self, link: Any) -> None: ...
    def cut(self, link: Any) -> None: ...
    def report(self) -> dict[str, Any]: ...
    def end(self) -> None: ...


class BareReception:
    def __init__(self) -> None:
        self.reception = Reception()

    def connect(self) -> Link:
        return self.reception.attach()

    def send(self, link: Link, message: bytes) -> None:
        with contextlib.suppress(MessageError):
            self.reception.message(link, message)

    def close(self, link: Link) -> None:
        self.reception.detach(link)

    cut = close

    def report(self) -> dict[str, Any]:
        return self.reception.report()

    def end(self) -> None:
        pass


class OverSockets:
    """The state machine's target: a server, and clients, on one loop."""

    def __init__(self, report_of: Report) -> None:
        self.runner = asyncio.Runner()
        self.report_of = report_of
        self.receiver = Receiver()
        self.links: set[ClientConnection] = set()
        self.runner.run(self.receiver.start(port=0))

    async def _connect(self) -> ClientConnection:
        link = await connect(self.receiver.url, compression=None)
        self.links.add(link)
        await until(lambda: len(self.receiver.reception.links) == len(self.links))
        return link

    async def _close(self, link: ClientConnection, *, abruptly: bool) -> None:
        if abruptly:
            await (await link.ping())
            link.transport.abort()
        await link.close()
        self.links.discard(link)
        await until(lambda: len(self.receiver.reception.links) == len(self.links))

    async def _report(self) -> dict[str, Any]:
        report: dict[str, Any] = await self.report_of(self.receiver.address)
        assert report.pop("drained")
        return report

    async def _end(self) -> None:
        for link in self.links:
            await link.close()
        await self.receiver.stop()

    def connect(self) -> ClientConnection:
        return self.runner.run(self._connect())

    def send(self, link: ClientConnection, message: bytes) -> None:
        self.runner.run(link.send(message, text=True))

    def close(self, link: ClientConnection) -> None:
        self.runner.run(self._close(link, abruptly=False))

    def cut(self, link: ClientConnection) -> None:
        self.runner.run(self._close(link, abruptly=True))

    def report(self) -> dict[str, Any]:
        return self.runner.run(self._report())

    def end(self) -> None:
        self.runner.run(self._end())
        self.runner.close()


SIZES = [(4, 3), (8, 6), (16, 9)]


class MeetingMachine(RuleBasedStateMachine):
    """Links come and go; whatever arrives, the report says just that.

    The model is a plain list of what was sent, counted anew for each report.
    """

    links = Bundle("links")

    def __init__(self, build: Build, target: Target) -> None:
        super().__init__()
        self.build = build
        self.target = target
        self.sent: list[tuple[int, tuple[str, int, str], float, tuple[int, int]]] = []
        self.refused = 0
        self.opened = 0
        self.open: set[int] = set()
        self.now: Counter[tuple[str, int, str]] = Counter()  # quarters of a second

    @rule(target=links)
    def connect(self) -> Any:
        return self.dial()

    def dial(self) -> tuple[int, Any]:
        self.opened += 1
        self.open.add(self.opened)
        return self.opened, self.target.connect()

    @rule(
        link=links,
        recording=st.sampled_from(["r1", "r2"]),
        participant=st.sampled_from([100, 200]),
        kind=st.sampled_from(["webcam", "screenshare"]),
        later=st.integers(-6, 8),
        size=st.sampled_from(SIZES),
    )
    def frame(
        self,
        link: tuple[int, Any],
        recording: str,
        participant: int,
        kind: str,
        later: int,
        size: tuple[int, int],
    ) -> None:
        key = (recording, participant, kind)
        self.now[key] = max(0, self.now[key] + later)
        self.deliver(link, key, self.now[key] / 4, size)

    @rule(link=links, data=st.data())
    def duplicate(self, link: tuple[int, Any], data: st.DataObject) -> None:
        if self.sent:
            _, key, relative, size = data.draw(st.sampled_from(self.sent))
            self.deliver(link, key, relative, size)

    def deliver(
        self,
        link: tuple[int, Any],
        key: tuple[str, int, str],
        relative: float,
        size: tuple[int, int],
    ) -> None:
        recording, participant, kind = key
        message = self.build(
            recording=recording,
            participant=participant,
            kind=kind,
            relative=relative,
            width=size[0],
            height=size[1],
        )
        self.target.send(link[1], message)
        self.sent.append((link[0], key, relative, size))

    @rule(link=links)
    def nonsense(self, link: tuple[int, Any]) -> None:
        self.target.send(link[1], b"{")
        self.refused += 1

    @rule(link=consumes(links), target=links)
    def close(self, link: tuple[int, Any]) -> Any:
        self.target.close(link[1])
        self.open.discard(link[0])
        return multiple()

    @rule(link=consumes(links), target=links)
    def cut_and_reconnect(self, link: tuple[int, Any]) -> Any:
        self.target.cut(link[1])
        self.open.discard(link[0])
        return self.dial()

    @rule(old=consumes(links), target=links)
    def reconnect_and_close_late(self, old: tuple[int, Any]) -> Any:
        new = self.dial()
        if self.sent:
            _, key, relative, size = self.sent[-1]
            self.deliver(new, key, relative + 0.5, size)
        self.target.close(old[1])
        self.open.discard(old[0])
        return new

    def model(self) -> list[dict[str, Any]]:
        streams = []
        for key in dict.fromkeys(key for _, key, _, _ in self.sent):
            mine = [(link, time, size) for link, k, time, size in self.sent if k == key]
            seen: set[float] = set()
            newest = holder = -1.0
            count: Counter[str] = Counter()
            for link, time, _ in mine:
                if link > holder:
                    holder = link
                    count["legs"] += 1
                if time in seen:
                    count["duplicates"] += 1
                elif time < newest:
                    count["out_of_order"] += 1
                else:
                    count["gaps"] += bool(seen) and time - newest > 1
                    newest = time
                seen.add(time)
            sizes = [size for _, _, size in mine]
            streams.append(
                {
                    "recording": key[0],
                    "participant": key[1],
                    "type": key[2],
                    "frames": len(mine),
                    "width": sizes[-1][0],
                    "height": sizes[-1][1],
                    "sizes": [[*size, sizes.count(size)] for size in dict.fromkeys(sizes)],
                    "gaps": count["gaps"],
                    "duplicates": count["duplicates"],
                    "legs": count["legs"],
                    "out_of_order": count["out_of_order"],
                    "size_changes": sum(a != b for a, b in pairwise(sizes)),
                    "dropped": 0,
                    "connected": holder in self.open,
                }
            )
        return streams

    @invariant()
    def the_report_equals_the_model(self) -> None:
        report = self.target.report()
        for stream in report["streams"]:
            least, most = stream.pop("skew_range")
            assert least <= stream.pop("skew") <= most
        assert report["schema"] == REPORT_SCHEMA
        assert report["frames"] == len(self.sent)
        assert report["refused"] == ({"bad-json": self.refused} if self.refused else {})
        assert report["connections"] == {"now": len(self.open), "ever": self.opened}
        assert report["streams"] == self.model()

    def teardown(self) -> None:
        self.target.end()


def test_the_report_equals_a_model(frame_message: Build) -> None:
    run_state_machine_as_test(
        lambda: MeetingMachine(frame_message, BareReception()),  # type: ignore[arg-type]
        settings=settings(max_examples=40, stateful_step_count=30, deadline=None),
    )


@pytest.mark.slow
def test_the_report_equals_a_model_over_sockets(frame_message: Build, report_of: Report) -> None:
    run_state_machine_as_test(
        lambda: MeetingMachine(frame_message, OverSockets(report_of)),  # type: ignore[arg-type]
        settings=settings(max_examples=4, stateful_step_count=10, deadline=None),
    )
