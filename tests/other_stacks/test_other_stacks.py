"""The simulator against receivers that are not ours: each gets all, or shows what it has.

A well-behaved receiver is played every bundled scenario; what it wrote down is compared, picture
by picture, with the simulator's journal. The others fail, each in its own way, and the simulator
has to class that failure rightly.
"""

import json
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import skimage.data

if TYPE_CHECKING:
    from tests.other_stacks.conftest import Stack, StartStack

pytestmark = pytest.mark.slow

OK, FAILED, USAGE, NOT_RUN = 0, 1, 2, 3
PHOTOGRAPHS = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"]
OVER_ONE_MEBIBYTE = ["coffee.png", "motorcycle_left.png"]
"""Their PNG is 1.1 MB at 1280x720: too much for a message of 1 MiB."""


class Run(NamedTuple):
    """What one call of the command came to."""

    status: int
    summary: dict[str, Any]
    journal: list[dict[str, Any]]
    stderr: str

    @property
    def outcomes(self) -> list[str]:
        return [attempt["outcome"] for attempt in self.summary["attempts"]]

    @property
    def sent(self) -> Counter[tuple[str, int, str, str]]:
        """How often each picture was sent on each stream."""
        return Counter(
            (line["recording"], line["participant"], line["type"], line["sha256"])
            for line in self.journal
            if line["kind"] == "frame"
        )


HOSTILE = "9."
IN_DOUBT = ("torn-message", "reset-in-message")
"""Their cuts come in mid-message, without a ping before: a reset may swallow what was sent."""
OVER_A_DEFAULT = ("over-4-mib", "over-10-mib", "almost-16-mib")
"""Messages that aiohttp refuses, as it takes 4 MiB by default."""


def recallsim(*arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recall_simulator", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def play(url: str, scenarios: list[str], folder: Path, *options: str, timeout: float = 60) -> Run:
    journal = folder / "journal.ndjson"
    ran = recallsim(
        *("run", *scenarios, "--url", url, "--speed", "max", "--seed", "7"),
        *("--journal", str(journal), "--json", *options),
        timeout=timeout,
    )
    try:
        summary = json.loads(ran.stdout)
        lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    except (ValueError, OSError):
        pytest.fail(f"exit {ran.returncode}; stdout:\n{ran.stdout}\nstderr:\n{ran.stderr}")
    return Run(ran.returncode, summary, lines, ran.stderr)


def received(receiver: "Stack") -> Counter[tuple[str, int, str, str]]:
    return Counter((f.recording, f.participant, f.type, f.sha256) for f in receiver.frames())


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the photographs that scikit-image ships in its wheel."""
    folder = tmp_path_factory.mktemp("photographs")
    for name in PHOTOGRAPHS:
        shutil.copy(Path(skimage.data.__file__).parent / name, folder)
    return folder


@pytest.fixture(scope="module")
def heavy_photographs(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heavy")
    for name in OVER_ONE_MEBIBYTE:
        shutil.copy(photographs / name, folder)
    return folder


@pytest.fixture(scope="module")
def all_scenarios() -> list[str]:
    """Those of which a well-behaved receiver, whatever its library's limit, keeps every frame."""
    listed = recallsim("scenarios", "list", "--json")
    assert listed.returncode == OK, listed.stderr
    found = json.loads(listed.stdout)
    entries = found["scenarios"] if isinstance(found, dict) else found
    return [
        entry["name"]
        for entry in entries
        if not entry["number"].startswith(HOSTILE)
        and entry["name"] not in (*OVER_A_DEFAULT, *IN_DOUBT)
    ]


@pytest.fixture(scope="module")
def one_speaker(all_scenarios: list[str]) -> list[str]:
    """The smallest bundled scenario."""
    return [name for name in all_scenarios if "one-speaker" in name.replace("_", "-")][:1]


class Played(NamedTuple):
    run: Run
    receiver: "Stack"


@pytest.fixture(
    scope="module",
    params=["node_ws", "aiohttp_receiver", "fastapi_receiver", "handwritten"],
)
def played(
    request: pytest.FixtureRequest,
    stack: "StartStack",
    all_scenarios: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("every_scenario")
    with stack(request.param, path="/recall?token=a%20b") as receiver:
        yield Played(play(receiver.url, all_scenarios, folder, timeout=300), receiver)


class TestEveryScenario:
    """All bundled scenarios, in one run, into each well-behaved receiver."""

    def test_every_frame_that_was_sent_was_received(self, played: Played) -> None:
        sent = played.run.sent
        assert sent.total() > 0
        assert received(played.receiver) == sent

    def test_the_run_is_judged_well(self, played: Played) -> None:
        assert played.run.status == OK, played.run.stderr
        unplanned = {
            outcome
            for outcome in played.run.outcomes
            if outcome != "completed" and not outcome.startswith("planned ")
        }
        assert unplanned == set()

    def test_the_summary_counts_what_the_journal_tells(self, played: Played) -> None:
        summary = played.run.summary
        assert summary["frames_sent"] == played.run.sent.total()
        by_stream = Counter((key[0], key[1], key[2]) for key in played.run.sent.elements())
        told = {
            (stream["recording"], stream["participant"], stream["type"]): stream["frames"]
            for stream in summary["streams"]
        }
        assert told == by_stream
        assert all(
            sum(count for *_, count in stream["sizes"]) == stream["frames"]
            for stream in summary["streams"]
        )

    def test_every_scenario_was_played(self, played: Played, all_scenarios: list[str]) -> None:
        assert len(all_scenarios) >= 10
        attempted = {attempt["scenario"] for attempt in played.run.summary["attempts"]}
        assert attempted == set(all_scenarios)

    def test_the_receiver_saw_as_many_connections_as_were_made(self, played: Played) -> None:
        made = [outcome for outcome in played.run.outcomes if outcome != "planned abort"]
        assert played.receiver.counts()["connections"] == len(made)


@pytest.fixture(scope="module")
def counts(
    one_speaker: list[str], stack: "StartStack", tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    receiver = stack("handwritten", path="/in/?token=a%2Fb&empty=")
    folder = tmp_path_factory.mktemp("wire")
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    options = ["--secret", secret, "--header", "X-Environment: staging"]
    run = play(receiver.url, one_speaker, folder, *options)
    assert run.status == OK, run.stderr
    return receiver.counts()


class TestOnTheWire:
    """What no library tells: the bytes of the handshake and of the websocket frames."""

    def test_the_url_is_kept_query_included(self, counts: dict[str, Any]) -> None:
        assert {shake["target"] for shake in counts["handshakes"]} == {"/in/?token=a%2Fb&empty="}

    def test_it_signs_and_adds_headers_and_offers_nothing_else(
        self, counts: dict[str, Any]
    ) -> None:
        for shake in counts["handshakes"]:
            headers = {name.lower(): value for name, value in shake["headers"]}
            assert len(headers) == len(shake["headers"])
            assert headers["x-environment"] == "staging"
            assert headers["webhook-id"].startswith("msg_")
            assert headers["webhook-timestamp"].isdecimal()
            assert headers["webhook-signature"].startswith("v1,")
            unwanted = {
                "origin",
                "sec-websocket-extensions",
                "sec-websocket-protocol",
                "user-agent",
            }
            assert not unwanted & headers.keys()

    def test_messages_are_whole_masked_text(self, counts: dict[str, Any]) -> None:
        assert counts["wire"]
        for message in counts["wire"]:
            assert {name: message[name] for name in ("opcode", "fragments", "masked")} == {
                "opcode": 1,
                "fragments": 1,
                "masked": True,
            }
            assert message["reserved"] == 0

    def test_it_ends_with_1000_and_pings_only_then(self, counts: dict[str, Any]) -> None:
        assert counts["closes"][-1] == 1000
        assert counts["controls"] == [0x9]


class TestPhotographs:
    """`--frames` with real pictures."""

    def test_node_receives_every_photograph(
        self, stack: "StartStack", photographs: Path, tmp_path: Path
    ) -> None:
        with stack("node_ws") as receiver:
            run = play(receiver.url, ["gallery"], tmp_path, "--frames", str(photographs))
        assert run.status == OK, run.stderr
        assert received(receiver) == run.sent
        # Photographs are heavy: painted pictures compress to a fraction of this.
        lengths = [line["length"] for line in run.journal if line["kind"] == "frame"]
        assert min(lengths) > 50_000

    def test_a_default_websockets_receiver_takes_360p(
        self, stack: "StartStack", photographs: Path, tmp_path: Path
    ) -> None:
        with stack("websockets_default") as receiver:
            options = ["--frames", str(photographs), "--profile", "docs-2026"]
            run = play(receiver.url, ["gallery"], tmp_path, *options)
        assert run.status == OK, run.stderr
        assert received(receiver) == run.sent

    def test_it_refuses_720p_with_1009_again_and_again(
        self, one_speaker: list[str], stack: "StartStack", heavy_photographs: Path, tmp_path: Path
    ) -> None:
        with stack("websockets_default") as receiver:
            options = ["--frames", str(heavy_photographs), "--profile", "legacy-720p"]
            run = play(receiver.url, one_speaker, tmp_path, *options)
        assert run.status == FAILED, run.stderr
        assert run.summary["verdict"] == "failed"
        assert received(receiver) == Counter()
        # The last dial may come too late for another frame: then there is nothing to refuse.
        with_frames = {line["attempt"] for line in run.journal if line["kind"] == "frame"}
        *earlier, last = run.summary["attempts"]
        assert {attempt["outcome"] for attempt in earlier} == {"closed 1009"}
        tolerated = set() if last["attempt"] in with_frames else {"completed"}
        assert last["outcome"] in {"closed 1009", *tolerated}

    def test_others_take_what_websockets_refuses(
        self, one_speaker: list[str], stack: "StartStack", heavy_photographs: Path, tmp_path: Path
    ) -> None:
        with stack("aiohttp_receiver") as receiver:
            options = ["--frames", str(heavy_photographs), "--profile", "legacy-720p"]
            run = play(receiver.url, one_speaker, tmp_path, *options)
        assert run.status == OK, run.stderr
        assert received(receiver) == run.sent


class TestClosers:
    """A receiver that closes is dialled again, and told apart by its code.

    The gallery is played: it is too much for the buffers between the two, so that the close is
    always met in mid-play.
    """

    @pytest.mark.parametrize("code", [1000, 1008, 1011, 1013])
    def test_a_close_after_some_frames_is_classed_by_its_code(
        self, code: int, stack: "StartStack", tmp_path: Path
    ) -> None:
        with stack("closer", "--after", "3", "--code", str(code)) as receiver:
            run = play(receiver.url, ["gallery"], tmp_path)
        assert run.status == FAILED, run.stderr
        assert len(run.outcomes) > 1
        assert set(run.outcomes) <= {f"closed {code}", "completed"}
        assert run.outcomes.count(f"closed {code}") >= 2
        assert received(receiver) <= run.sent

    def test_an_end_without_a_close_frame_is_a_cut(
        self, stack: "StartStack", tmp_path: Path
    ) -> None:
        with stack("closer", "--after", "3", "--cut", "--times", "2") as receiver:
            run = play(receiver.url, ["gallery"], tmp_path)
        assert run.outcomes == ["cut", "cut", "completed"]
        assert run.status == FAILED
        assert received(receiver) <= run.sent

    def test_one_close_is_got_over(self, stack: "StartStack", tmp_path: Path) -> None:
        options = ["--after", "3", "--code", "1011", "--times", "1"]
        with stack("closer", *options) as receiver:
            run = play(receiver.url, ["gallery"], tmp_path)
        assert run.outcomes == ["closed 1011", "completed"]
        assert run.status == FAILED
        assert received(receiver) <= run.sent


class TestHandshakes:
    """A receiver that is never reached: exit 3, with the cause."""

    @pytest.mark.parametrize("status", [401, 404, 503, 302, 307])
    def test_a_status_is_named_and_tried_again(
        self, one_speaker: list[str], status: int, stack: "StartStack", tmp_path: Path
    ) -> None:
        with stack("handshake", "--status", str(status)) as receiver:
            run = play(receiver.url, one_speaker, tmp_path, "--retry", "max-attempts=3")
        assert run.status == NOT_RUN, run.stderr
        assert run.outcomes == [f"http {status}"] * 3
        assert run.summary["frames_sent"] == 0
        # A redirect is not followed: three attempts, three requests, all for the URL given.
        assert [target for target, _ in receiver.counts()["requests"]] == ["/"] * 3

    def test_a_receiver_that_comes_up_late_is_reached(
        self, one_speaker: list[str], stack: "StartStack", tmp_path: Path
    ) -> None:
        with stack("handshake", "--status", "503", "--times", "2") as receiver:
            run = play(receiver.url, one_speaker, tmp_path)
        assert run.outcomes == ["http 503", "http 503", "completed"]
        assert received(receiver) == run.sent

    @pytest.mark.parametrize("options", [[], ["--together"]], ids=["apart", "together"])
    def test_raw_text_after_the_101_is_named(
        self, one_speaker: list[str], options: list[str], stack: "StartStack", tmp_path: Path
    ) -> None:
        with stack("raw_after_upgrade", *options) as receiver:
            run = play(receiver.url, one_speaker, tmp_path, "--retry", "max-attempts=3")
        assert run.status in {FAILED, NOT_RUN}, run.stderr
        assert set(run.outcomes) == {"junk after 101"}
        assert received(receiver) <= run.sent

    def test_a_silent_server_times_out(
        self, one_speaker: list[str], stack: "StartStack", tmp_path: Path
    ) -> None:
        with stack("plain_tcp") as receiver:
            run = play(receiver.url, one_speaker, tmp_path, "--retry", "max-attempts=1")
        assert run.status == NOT_RUN, run.stderr
        assert run.outcomes == ["timed out"]

    def test_nobody_there_is_refused(self, one_speaker: list[str], tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        url = f"ws://127.0.0.1:{port}/"
        run = play(url, one_speaker, tmp_path, "--retry", "max-attempts=2")
        assert run.status == NOT_RUN
        assert run.outcomes == ["refused", "refused"]
        assert url in run.stderr

    def test_an_unknown_certificate_is_a_tls_failure(
        self, one_speaker: list[str], stack: "StartStack", tmp_path: Path
    ) -> None:
        with stack("tls_receiver") as receiver:
            run = play(receiver.url, one_speaker, tmp_path, "--retry", "max-attempts=2")
        assert run.status == NOT_RUN, run.stderr
        assert run.outcomes == ["tls", "tls"]
        assert received(receiver) == Counter()

    @pytest.mark.parametrize("trust", ["--insecure", "--ca"])
    def test_a_certificate_is_taken_where_it_is_asked_for(
        self, one_speaker: list[str], trust: str, stack: "StartStack", tmp_path: Path
    ) -> None:
        with stack("tls_receiver") as receiver:
            options = [trust]
            if trust == "--ca":
                options.append(str(receiver.folder / "certificate.pem"))
            run = play(receiver.url, one_speaker, tmp_path, *options)
        assert run.status == OK, run.stderr
        assert received(receiver) == run.sent

    @pytest.mark.parametrize("trusted", [True, False])
    def test_a_load_run_takes_an_unknown_certificate_where_it_is_asked_to(
        self, stack: "StartStack", *, trusted: bool
    ) -> None:
        with stack("tls_receiver") as receiver:
            ran = recallsim(
                "load", "--url", receiver.url, "--bots", "3", "--scene", "flat", "--duration",
                "3s", "--json", "--quiet", *(["--insecure"] if trusted else []),
            )  # fmt: skip
        found = json.loads(ran.stdout)
        assert sum(received(receiver).values()) == found["frames_sent"]
        if trusted:
            assert found["frames_sent"] > 10
            assert found["handshake_failures"] == {}
        else:
            assert (ran.returncode, found["frames_sent"]) == (NOT_RUN, 0)
            assert found["handshake_failures"] == {"tls": found["dials"]}
            assert "self-signed" in found["details"]["tls"]

    def test_an_http_url_is_answered_with_the_right_scheme(
        self, one_speaker: list[str], tmp_path: Path
    ) -> None:
        ran = recallsim("run", *one_speaker, "--url", "http://127.0.0.1:9/")
        assert ran.returncode == USAGE
        assert "ws://" in ran.stderr
        assert "Traceback" not in ran.stderr
