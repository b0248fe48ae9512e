"""Receivers that answer over HTTP: with a report, a picture, rows, or something else."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from recall_simulator.observe.http import HttpObserver
from recall_simulator.record.errors import UsageError
from recall_simulator.record.observations import Claim, ObserverTrouble, Sighting
from recall_simulator.record.streams import StreamKey

from .conftest import PngMaker, Told

Run = Callable[[Callable[[], Any]], None]


class Answers:
    """What a server answers, to be changed while it runs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 200
        self.kind = "application/json"
        self.body = b""
        self.drips = self.is_over = False
        self.asked = 0
        self.released = threading.Event()

    def watch(self, told: Told) -> HttpObserver:
        return HttpObserver(f"http:{self.url}", self.url, now=told.now, tell=told.tell)


@pytest.fixture
def answers() -> Iterator[Answers]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given.asked += 1
            self.send_response(given.status)
            self.send_header("Content-Type", given.kind)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            if given.drips:
                self.drip()
            else:
                self.wfile.write(given.body)

        def drip(self) -> None:
            for byte in given.body:
                self.wfile.write(bytes([byte]))
                if given.released.wait(0.02):
                    return
            given.is_over = True

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        given = Answers(f"http://127.0.0.1:{server.server_address[1]}/x")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield given
        given.released.set()
        server.shutdown()
        thread.join()


def report(frames: int) -> bytes:
    streams = [{"recording": "r", "participant": 100, "type": "webcam", "frames": frames}]
    return json.dumps({"schema": "recallsim.receiver-report/1", "streams": streams}).encode()


def test_the_report_of_the_reference_receiver_becomes_claims(
    run: Run, told: Told, answers: Answers
) -> None:
    answers.body = report(3)

    async def main() -> None:
        observer = answers.watch(told)
        await observer.start()
        await told.until(Claim)
        answers.body = report(9)
        await observer.stop()

    run(main)
    claims = told.of(Claim)
    assert [claim.frames for claim in claims] == [3, 9]
    assert claims[0].stream == StreamKey("r", 100, "webcam")
    assert told.of(ObserverTrouble) == []


def test_the_latest_picture_is_a_sample_and_says_so(
    run: Run, told: Told, answers: Answers, png: PngMaker
) -> None:
    answers.kind, answers.body = "image/png", png(1)

    async def main() -> None:
        observer = answers.watch(told)
        await observer.start()
        await told.until(Sighting)
        answers.body = png(2)
        await told.until(Sighting, 2)
        await observer.stop()

    run(main)
    assert [sighting.sequence for sighting in told.of(Sighting)] == [1, 2]
    assert told.trouble.severity == "partial"
    assert "2 were seen: what changed between two looks was not" in told.trouble.trouble


def test_rows_of_frames_are_taken_at_the_end_and_counts_at_any_time(
    run: Run, told: Told, answers: Answers
) -> None:
    count = {"participant": 100, "type": "webcam", "frames": 2}
    frame = {"participant": 100, "type": "webcam", "relative": 1.5, "recording": "r"}
    answers.body = json.dumps([count, frame]).encode()

    async def main() -> None:
        observer = answers.watch(told)
        await observer.start()
        await told.until(Claim)
        assert told.of(Sighting) == []
        await observer.stop()

    run(main)
    (seen,) = told.of(Sighting)
    assert (seen.recording, seen.relative, seen.sequence) == ("r", 1.5, -1)
    assert len(told.of(Claim)) == 1


def test_a_row_that_cannot_be_read_is_told_and_stepped_over(
    run: Run, told: Told, answers: Answers
) -> None:
    good = {"participant": 100, "type": "webcam", "sequence": 3}
    answers.body = json.dumps([good, {"participant": "bob"}, {**good, "sequence": 4}]).encode()

    async def main() -> None:
        observer = answers.watch(told)
        await observer.start()
        await observer.stop()

    run(main)
    assert [seen.sequence for seen in told.of(Sighting)] == [3, 4]
    assert told.trouble.severity == "partial"
    assert "1 of 3 rows can't be read: row 2: a row needs sha256" in told.trouble.trouble


@pytest.mark.parametrize(
    ("status", "kind", "body", "words"),
    [
        (404, "text/html", b"no", "it answered 404 Not Found"),
        (200, "text/html", b"<html>", "neither a picture nor a report: line 1 is not JSON"),
        (200, "application/json", b'{"ok": true}', "a row needs sha256"),
        (200, "application/json", b"", "it answered nothing"),
        (200, "application/json", b"[" * 10**5, "line 1 is not JSON"),
        (200, "multipart/x-mixed-replace", b"--", "a stream of pictures"),
        (200, "application/json", b'{"schema": "recallsim.receiver-report/1"}', "'streams'"),
    ],
)
def test_an_answer_that_says_nothing_makes_it_blind(
    status: int, kind: str, body: bytes, words: str, run: Run, told: Told, answers: Answers
) -> None:
    answers.status, answers.kind, answers.body = status, kind, body

    async def main() -> None:
        observer = answers.watch(told)
        await observer.start()
        await observer.stop()

    run(main)
    assert told.trouble.severity == "blind"
    assert words in told.trouble.trouble
    assert answers.url in told.trouble.observer


def test_an_answer_without_an_end_is_given_up(
    run: Run, told: Told, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events or pictures that go on coming: no wait for a byte is long, and their sum is."""
    monkeypatch.setattr("recall_simulator.observe.http.WHOLE", 0.05)
    answers.drips, answers.body = True, bytes(100)

    async def main() -> None:
        observer = answers.watch(told)
        await observer.start()
        await observer.stop()

    run(main)
    assert told.trouble.severity == "blind"
    assert "has no end after 0.05 s: is it a stream?" in told.trouble.trouble
    assert not answers.is_over
    assert answers.asked == 1  # each that is under way has a thread of its own


def test_nobody_there_makes_it_blind(run: Run, told: Told, free_port: int) -> None:
    async def main() -> None:
        url = f"http://127.0.0.1:{free_port}/"
        observer = HttpObserver("http:x", url, now=told.now, tell=told.tell)
        await observer.start()
        await observer.stop()

    run(main)
    assert "Connection refused" in told.trouble.trouble


def test_an_answer_that_stays_away_at_the_end_makes_it_partial(
    run: Run, told: Told, answers: Answers
) -> None:
    answers.body = report(3)

    async def main() -> None:
        observer = answers.watch(told)
        await observer.start()
        await told.until(Claim)
        answers.status = 503
        await observer.stop()

    run(main)
    assert told.trouble.severity == "partial"
    assert "503" in told.trouble.trouble


def test_what_is_no_address_is_refused(told: Told) -> None:
    for url in ("8080/x", "localhost:8080/x", "ftp://h/x"):
        with pytest.raises(UsageError, match="is no HTTP address"):
            HttpObserver(f"http:{url}", url, now=told.now, tell=told.tell)
