"""What the page and the metrics are made of: the board, tiles, words and figures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from recall_receiver import MessageError, Receiver, Reception
from recall_receiver.decode import decode_pillow
from recall_receiver.live import ReceptionBoard, Snapshot
from recall_receiver.live.board import MAX_NAME, MAX_STREAMS, SILENT
from recall_receiver.live.snapshot import MAX_NOTES, Distribution, Note, RecordingCount, StreamCount
from recall_receiver.live.timings import Timings
from recall_receiver.live.view import shown, status, tell, tile, totals
from recall_receiver.metrics import exposition
from recall_receiver.reception import Link

Build = Callable[..., bytes]
Http = Callable[..., Any]

RECORDING = "8b8ed4b5-6d1f-4e3c-9d0a-0c7b6e1f2a33"


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def unix(self) -> float:
        return self.now + 1_700_000_000

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Meeting:
    """A reception with its board, and frames that arrive when told."""

    def __init__(self, frame_message: Build) -> None:
        self.clock = Hands()
        self.reception = Reception()
        self.board = ReceptionBoard(self.reception, self.clock, Timings(decode_pillow, self.clock))
        self._message = frame_message

    def connect(self) -> Link:
        return self.reception.attach()

    def frame(self, link: Link, relative: float, **what: Any) -> None:
        self.reception.message(link, self._message(relative=relative, **what))

    def play(self, link: Link, seconds: float, *participants: int, **what: Any) -> None:
        """Two frames a second of each, from the clock's time on."""
        for _ in range(round(seconds * 2)):
            for participant in participants or (100,):
                self.frame(link, self.clock.now, participant=participant, **what)
            self.clock.now += 0.5

    def now(self) -> Snapshot:
        return self.board.now()

    def tiles(self) -> dict[tuple[int, str], dict[str, Any]]:
        snapshot = self.now()
        return {
            (stream.participant, stream.type): tile(stream, n, snapshot)
            for n, stream in enumerate(shown(snapshot))
        }

    def words(self) -> list[str]:
        return [told.text for told in tell(self.now().notes)]


@pytest.fixture
def meeting(frame_message: Build) -> Meeting:
    return Meeting(frame_message)


# The board


def test_an_empty_board(meeting: Meeting) -> None:
    snapshot = meeting.now()
    assert (snapshot.frames, snapshot.streams, snapshot.notes, snapshot.reconnects) == (
        0,
        [],
        [],
        0,
    )
    assert snapshot.dropped == {"block": 0}
    assert status(snapshot, []) == {"kind": "waiting", "text": "Waiting for a sender"}


def test_a_steady_stream(meeting: Meeting) -> None:
    meeting.play(meeting.connect(), 5)
    (stream,) = meeting.now().streams
    assert (stream.name, stream.width, stream.height) == ("Ada Lovelace", 48, 36)
    assert (stream.frames, stream.picture, stream.gaps, stream.legs) == (10, 10, 0, 1)
    assert stream.fps == 2.0
    assert stream.lag == 0.0
    assert (stream.was, stream.switched) == (None, None)


def test_lag_is_measured_against_the_earliest_frame_whatever_the_senders_clock(
    meeting: Meeting,
) -> None:
    link = meeting.connect()
    for relative, arrival in [(500, 1000), (501, 1001.25), (502, 1001.75), (502, 1009)]:
        meeting.clock.now = arrival
        meeting.frame(link, relative)
    (stream,) = meeting.now().streams
    assert stream.lag == 0.0  # it came earlier than all before; the duplicate says nothing
    assert meeting.now().lags.total == 0.25
    assert sum(meeting.now().lags.counts) == 3


def test_a_switch_of_dimensions_is_pointed_out_for_a_while(meeting: Meeting) -> None:
    link = meeting.connect()
    meeting.play(link, 1)
    meeting.play(link, 1, width=64, height=48)
    assert meeting.tiles()[100, "webcam"]["was"] == (48, 36)
    meeting.play(link, 10, width=64, height=48)
    assert meeting.tiles()[100, "webcam"]["was"] is None


def test_a_pause_is_none_of_the_rate(meeting: Meeting) -> None:
    link = meeting.connect()
    meeting.play(link, 4)
    meeting.clock.now += 8
    meeting.play(link, 1)
    (stream,) = meeting.now().streams
    assert (stream.fps, stream.gaps) == (2.0, 1)


def test_what_is_looked_at_is_bounded(meeting: Meeting, frame_message: Build) -> None:
    for n in range(MAX_STREAMS + 5):
        link = meeting.connect()  # a link may not have as many streams
        meeting.frame(link, n, participant=n, recording=str(n))
        meeting.reception.detach(link)
    snapshot = meeting.now()
    assert len(snapshot.streams) == len(snapshot.recordings) == MAX_STREAMS
    assert snapshot.streams[0].recording == "0"
    assert len(snapshot.notes) == MAX_NOTES
    assert snapshot.frames == snapshot.streams_ever == MAX_STREAMS + 5


def test_what_has_been_silent_makes_way_where_there_are_too_many(meeting: Meeting) -> None:
    for n in range(MAX_STREAMS):
        link = meeting.connect()
        meeting.frame(link, 0, participant=n, recording=str(n))
        meeting.frame(link, 2, participant=n, recording=str(n))
        meeting.reception.detach(link)
    again = meeting.connect()
    meeting.clock.now += SILENT
    meeting.frame(again, 4, participant=0, recording="0")
    meeting.play(again, 1, recording="new")
    snapshot = meeting.now()
    assert len(snapshot.streams) == len(snapshot.recordings) == MAX_STREAMS
    assert {"0", "new"} <= snapshot.recordings.keys()
    assert "1" not in snapshot.recordings
    assert [stream.recording for stream in shown(snapshot)] == ["0", "new"]
    # What they were stays counted.
    assert (snapshot.gaps, snapshot.reconnects) == (MAX_STREAMS + 1, 1)
    assert totals(snapshot)["streams"] == snapshot.streams_ever == MAX_STREAMS + 1
    assert b"\nrecall_receiver_streams 1001.0\n" in exposition(snapshot)


def test_what_made_way_in_the_account_is_not_looked_at(meeting: Meeting) -> None:
    meeting.play(meeting.connect(), 1)
    meeting.reception.streams.clear()
    assert meeting.now().streams == []


def test_a_long_name_is_cut(meeting: Meeting, frame: Callable[..., Any]) -> None:
    message = frame()
    message["data"]["data"]["participant"]["name"] = "x" * 10_000
    meeting.reception.message(meeting.connect(), json.dumps(message).encode())
    assert meeting.now().streams[0].name == "x" * MAX_NAME


def test_refused_messages_are_counted_and_refused_handshakes_are_told(meeting: Meeting) -> None:
    with pytest.raises(MessageError):
        meeting.reception.message(meeting.connect(), b"{")
    for cause in ("wrong-path", "bad-token", "wrong-path"):
        meeting.clock.now += 1
        meeting.reception.refuse(cause)
    told = tell(meeting.now().notes)
    assert [(t.text, t.detail) for t in told] == [
        ("Connected", "connection 1"),
        ("Refused: bad-token", ""),
        ("Refused: wrong-path", "2 times"),
    ]
    assert totals(meeting.now())["refused"] == 4


def test_a_snapshot_does_not_change_any_more_and_travels(meeting: Meeting) -> None:
    link = meeting.connect()
    meeting.play(link, 2)
    before = meeting.now()
    encoded = msgspec.msgpack.encode(before)
    meeting.play(link, 2)
    meeting.reception.detach(link)
    assert msgspec.msgpack.encode(before) == encoded
    assert msgspec.msgpack.decode(encoded, type=Snapshot) == before


# Tiles


def test_a_tile_goes_when_the_others_go_on_without_it(meeting: Meeting) -> None:
    link = meeting.connect()
    meeting.play(link, 2, 100, 200)
    meeting.play(link, 2, 100, 200, kind="screenshare")
    meeting.play(link, 2, 100)
    assert meeting.tiles()[200, "screenshare"]["state"] == "quiet"
    assert [key[1] for key in meeting.tiles()] == ["screenshare", "screenshare", "webcam"]
    meeting.play(link, 2.5, 100)
    assert list(meeting.tiles()) == [(100, "webcam")]


def test_a_tile_stays_when_everything_is_silent(meeting: Meeting) -> None:
    meeting.play(meeting.connect(), 2, 100, 200)
    meeting.clock.now += 60
    assert {tile["state"] for tile in meeting.tiles().values()} == {"quiet"}
    assert len(meeting.tiles()) == 2


def test_a_meeting_that_is_played_slowly_keeps_its_tiles(meeting: Meeting) -> None:
    link = meeting.connect()
    for n in range(20):
        meeting.frame(link, n // 3 * 0.5, participant=100 + n % 3)
        meeting.clock.now += 2
    assert {tile["state"] for tile in meeting.tiles().values()} == {"live"}
    assert len(meeting.tiles()) == 3


def test_tiles_survive_an_outage_and_what_was_gone_does_not_come_back(meeting: Meeting) -> None:
    link = meeting.connect()
    meeting.play(link, 1, 300)
    meeting.play(link, 4, 100, 200)
    meeting.reception.detach(link, 1006)
    meeting.clock.now += 2.5
    assert {tile["state"] for tile in meeting.tiles().values()} == {"cut"}
    assert len(meeting.tiles()) == 2
    again = meeting.connect()
    meeting.clock.now += 0.5
    meeting.play(again, 2, 100)
    tiles = meeting.tiles()
    assert [tile["state"] for tile in tiles.values()] == ["live", "quiet"]
    assert [(tile["legs"], tile["gaps"]) for tile in tiles.values()] == [(2, 1), (1, 0)]
    meeting.play(again, 2, 100)
    assert list(meeting.tiles()) == [(100, "webcam")]


def test_what_an_ended_meeting_leaves_stays_until_another_has_gone_on(meeting: Meeting) -> None:
    link = meeting.connect()
    meeting.play(link, 2)
    meeting.reception.detach(link, 1000)
    meeting.clock.now += 600
    assert meeting.tiles()[100, "webcam"]["state"] == "ended"
    meeting.play(meeting.connect(), 2, 200, recording="another")
    assert list(meeting.tiles()) == [(200, "webcam")]


# Words


def test_a_meeting_that_is_cut_and_comes_back_is_told(meeting: Meeting) -> None:
    link = meeting.connect()
    meeting.play(link, 2)
    assert status(meeting.now(), tell(meeting.now().notes))["kind"] == "connected"
    meeting.reception.detach(link, 1006)
    assert status(meeting.now(), tell(meeting.now().notes))["kind"] == "cut"
    meeting.clock.now += 3
    again = meeting.connect()
    meeting.clock.now += 0.4
    meeting.play(again, 1)
    assert meeting.words() == [
        *("Connected", "First frame of a recording", "Cut off"),
        *("Connected", "Back after 3.0 s"),
    ]
    told = tell(meeting.now().notes)
    assert status(meeting.now(), told) == {"kind": "back", "text": "Back after 3.0 s"}
    assert meeting.now().reconnects == 1
    meeting.play(again, 10)
    assert status(meeting.now(), told)["kind"] == "connected"
    meeting.reception.detach(again, 1000)
    assert meeting.words()[-1] == "Closed with 1000"
    assert status(meeting.now(), tell(meeting.now().notes))["kind"] == "ended"


def test_the_late_close_of_an_old_connection_is_no_loss(meeting: Meeting) -> None:
    old = meeting.connect()
    meeting.play(old, 1)
    new = meeting.connect()
    meeting.play(new, 1)
    meeting.reception.detach(old, 1000)
    meeting.frame(new, 5000.0)
    assert meeting.words()[-2:] == ["Taken over", "Closed with 1000"]
    assert meeting.tiles()[100, "webcam"]["state"] == "live"
    assert status(meeting.now(), tell(meeting.now().notes))["kind"] == "back"


def test_late_frames_of_an_old_connection_take_nothing_back(meeting: Meeting) -> None:
    old, new = meeting.connect(), meeting.connect()
    meeting.play(old, 1)
    meeting.play(new, 1)
    meeting.play(old, 1)
    assert meeting.now().reconnects == 1
    assert meeting.words().count("Taken over") == 1


# Adding up


def test_distributions_add_up() -> None:
    one, other = (Distribution.within((0.1, 1.0)) for _ in range(2))
    for seconds in (0.05, 0.1, 0.5):
        one.add(seconds)
    other.add(7)
    both = one.plus(other)
    assert (both.counts, both.cumulated()) == ([2, 1, 1], [2, 3, 4])
    assert both.total == pytest.approx(7.65)
    assert one.counts == [2, 1, 0]
    with pytest.raises(ValueError, match="other classes"):
        one.plus(Distribution.within((0.1,)))


# Metrics


def figures(text: bytes) -> dict[str, float]:
    families = text_string_to_metric_families(text.decode())
    return {
        sample.name + "".join(f"{{{k}={v}}}" for k, v in sample.labels.items()): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_metrics_of_a_receiver(frame_message: Build, http: Http) -> None:
    async def main() -> dict[str, float]:
        async with Receiver(
            lambda frame: frame.pixels, queue_policy="drop-newest", token="t"
        ) as receiver:
            for n in range(2):
                async with connect(f"{receiver.url}?token=t") as link:
                    await link.send(frame_message(relative=n), text=True)
                    await link.send("{")
            await receiver.drained()
            code, body = await http(receiver.address, "/metrics")
            assert code == 200
            return figures(body)

    got = asyncio.run(main())
    p = "recall_receiver_"
    assert got[p + "frames_total"] == 2
    assert got[p + "bytes_total"] == 2 * len(frame_message(relative=0)) + 2
    assert got[p + "refused_total{cause=bad-json}"] == 2
    assert got[p + "dropped_frames_total{policy=drop-newest}"] == 0
    assert got[p + "queued_frames"] == 0
    assert got[p + "connections"] == 0
    assert got[p + "connections_made_total"] == 2
    assert got[p + "reconnects_total"] == 1
    assert got[p + "streams"] == 1
    assert got[p + "decode_seconds_count"] == got[p + "decode_seconds_bucket{le=+Inf}"] == 2
    assert got[p + "decode_seconds_sum"] > 0
    assert got[p + "lag_seconds_count"] == 2


def test_metrics_are_no_ones_but_this_receivers(meeting: Meeting) -> None:
    from prometheus_client import REGISTRY

    exposition(meeting.now())
    names = {family.name for family in REGISTRY.collect()}
    assert not any(name.startswith("recall_receiver") for name in names)


def test_ids_from_the_wire_are_no_labels(meeting: Meeting) -> None:
    meeting.play(meeting.connect(), 2, recording="mischief")
    assert b"mischief" not in exposition(meeting.now())


def test_values_say_what_they_are() -> None:
    for kind in (Snapshot, StreamCount, RecordingCount, Note, Distribution):
        assert kind.__doc__
        for name in kind.__struct_fields__:
            assert f"        {name}: " in kind.__doc__
