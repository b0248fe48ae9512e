"""Faults of the connection: how it ends, stalls, dawdles and shakes hands."""

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from recall_simulator.faults import Fault
from recall_simulator.meeting import Close, Cut, Overlap, Stall, Torn

if TYPE_CHECKING:
    from tests.simulator.faults.conftest import Faulted

MESSAGE = bytes(1000)


@pytest.mark.parametrize(
    ("table", "item"),
    [
        ({"do": "cut"}, Cut()),
        ({"do": "cut", "how": "rst", "probe": False}, Cut(probe=False, how="rst")),
        ({"do": "cut", "how": "silent"}, Cut(how="silent")),
        ({"do": "close"}, Close(1001)),
        ({"do": "close", "code": 4321, "reason": "ciao"}, Close(4321, "ciao")),
        ({"do": "close", "junk": "00ff", "probe": False}, Close(1001, "", False, b"\x00\xff")),
        ({"do": "overlap"}, Overlap(0.5)),
        ({"do": "overlap", "close_after": "2s", "probe": False}, Overlap(2.0, probe=False)),
        ({"do": "stall", "lasts": "1.5s"}, Stall(1.5)),
    ],
)
def test_ends_stand_in_the_schedule(faulted: "Faulted", table: dict[str, Any], item: Any) -> None:
    assert [timed.item for timed in faulted.timed(type(item), {"at": 3, **table})] == [item]


@pytest.mark.parametrize(
    ("table", "leave"),
    [
        ({}, 500),
        ({"fraction": 0.999}, 999),
        ({"fraction": 0}, 0),
        ({"at_byte": 7}, 7),
        ({"at_byte": 5000, "how": "rst"}, 999),
    ],
)
def test_a_message_is_torn_at_a_byte_and_never_leaves_whole(
    faulted: "Faulted", table: dict[str, Any], leave: int
) -> None:
    (timed,) = faulted.timed(Torn, {"do": "tear", "who": "bob", "frame": 4, **table})
    torn = timed.item
    assert isinstance(torn, Torn)
    assert (torn.frame.sequence, torn.frame.span.who) == (4, "bob")
    assert torn.how == table.get("how", "fin")
    assert torn.bytes_of(MESSAGE) == leave


def test_from_a_time_on_the_first_frame_of_the_stream_is_torn(faulted: "Faulted") -> None:
    table = {"do": "tear", "at": "2.2s", "who": "ada", "type": "screenshare"}
    (timed,) = faulted.timed(Torn, table)
    assert isinstance(timed.item, Torn)
    later = [f for f in faulted.frames() if f.span.type == "screenshare" and f.relative >= 2.2]
    assert timed.item.frame == later[0]
    assert len(faulted.timed(Torn, {"do": "tear", "every": 5, "who": "bob"})) == 3


def test_a_slow_network_changes_what_it_names(faulted: "Faulted") -> None:
    plan = faulted.plan(
        {"do": "slow-network", "bandwidth": 5000},
        {"do": "slow-network", "delay": "250ms", "attempts": [2]},
        {"do": "slow-network", "bandwidth": 7000, "attempts": [2, 3]},
    )
    assert [(plan.links(n).bandwidth, plan.links(n).delay) for n in (1, 2, 3)] == [
        (5000, 0.0), (7000, 0.25), (7000, 0.0),
    ]  # fmt: skip


def test_handshakes_and_signatures_are_of_an_attempt(faulted: "Faulted") -> None:
    plan = faulted.plan(
        {"do": "handshake", "how": "slow", "attempts": [1]},
        {"do": "handshake", "how": "abort", "attempts": [2]},
        {"do": "signature", "form": "wrong-key", "attempts": [3]},
    )
    links = [plan.links(number) for number in (1, 2, 3, 4)]
    assert [link.handshake for link in links] == ["slow", "abort", "complete", "complete"]
    assert [link.signature for link in links] == ["right", "right", "wrong-key", "right"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"code": 1006}, "1006 can't stand in a close frame"),
        ({"code": 999}, ">= 1000"),
        ({"reason": "ä" * 62}, "more than 123 bytes"),
        ({"junk": "abc"}, "odd number"),
        ({"junk": "xyz"}, "matching regex"),
    ],
)
def test_what_no_close_frame_can_say_is_refused(table: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({"do": "close", "at": 1, **table}, Fault)
