"""The verdict on the connection alone."""

from collections.abc import Iterable
from typing import Literal

import pytest
from tests.simulator.judge import invented

from recall_simulator.judge.causes import usual_cause
from recall_simulator.record import outcomes
from recall_simulator.record.events import (
    AttemptEnded,
    AttemptStarted,
    BotEnded,
    BotStarted,
    EngineEvent,
    FrameDropped,
    FrameSent,
    LinkOpened,
    Probed,
    RunEnded,
)
from recall_simulator.record.findings import Verdict
from recall_simulator.record.outcomes import Outcome


def judge(events: Iterable[EngineEvent]) -> Verdict:
    return invented.judge(events, frames=False)


REFUSED = Outcome("refused", "unreachable", opened=False, detail="nothing listens there")
UNAVAILABLE = outcomes.http_status(503, "")


def life(
    *ends: Outcome, reason: str = "finished", bot: str = "b", size: int = 0
) -> list[EngineEvent]:
    """The events of a bot whose attempts ended so."""
    events: list[EngineEvent] = []
    for number, outcome in enumerate(ends, start=1):
        who = {"scenario": "s", "bot": bot, "attempt": number, "at": 0.0}
        events.append(AttemptStarted(**who))  # type: ignore[arg-type]
        if outcome.opened:
            events.append(LinkOpened(**who))  # type: ignore[arg-type]
        events.append(AttemptEnded(**who, outcome=outcome, largest_message=size))  # type: ignore[arg-type]
    events.append(BotEnded(scenario="s", bot=bot, at=9.0, reason=reason))  # type: ignore[arg-type]
    return events


def test_all_as_planned_is_ok_and_says_what_was_not_looked_at() -> None:
    verdict = judge(life(outcomes.PLANNED_ABORT, outcomes.PLANNED_CUT, outcomes.COMPLETED))
    assert (verdict.verdict, verdict.exit_code, verdict.findings) == ("ok", 0, [])
    assert verdict.not_looked_at


@pytest.mark.parametrize(
    ("events", "verdict", "exit_code", "kinds"),
    [
        (life(outcomes.closed(1011, "x"), outcomes.COMPLETED), "failed", 1, ["dropped"]),
        (life(outcomes.cut("x"), outcomes.COMPLETED), "failed", 1, ["dropped"]),
        (
            life(outcomes.PLANNED_CUT, UNAVAILABLE, outcomes.COMPLETED),
            "tolerated", 0, ["refused"],
        ),
        (life(REFUSED, REFUSED, reason="unconnected"), "inconclusive", 3,
         ["refused", "unconnected"]),
        (life(UNAVAILABLE, reason="gave up"), "inconclusive", 3, ["refused", "gave-up"]),
        (life(outcomes.PLANNED_CUT, REFUSED, reason="gave up"), "failed", 1,
         ["refused", "gave-up"]),
        (life(outcomes.INTERRUPTED, reason="interrupted"), "inconclusive", 3, ["interrupted"]),
        (
            [*life(outcomes.INTERRUPTED, reason="interrupted"), RunEnded(interrupted=True)],
            "inconclusive", 3, ["interrupted"],
        ),
        (
            [*life(outcomes.COMPLETED), RunEnded(interrupted=True)],
            "inconclusive", 3, ["interrupted"],
        ),
        ([*life(outcomes.COMPLETED), RunEnded(interrupted=False)], "ok", 0, []),
        (
            [*life(outcomes.COMPLETED, bot="a"), *life(REFUSED, reason="unconnected", bot="b")],
            "inconclusive", 3, ["refused", "unconnected"],
        ),
        (
            [*life(outcomes.cut(""), bot="a"), *life(REFUSED, reason="unconnected", bot="b")],
            "failed", 1, ["dropped", "refused", "unconnected"],
        ),
    ],
)  # fmt: skip
def test_the_verdict_is_the_worst_finding(
    events: list[EngineEvent], verdict: str, exit_code: int, kinds: list[str]
) -> None:
    judged = judge(events)
    assert (judged.verdict, judged.exit_code) == (verdict, exit_code)
    assert [finding.kind for finding in judged.findings] == kinds


@pytest.mark.parametrize("reason", ["unconnected", "gave up"])
def test_who_lets_no_bot_back_has_dropped_it(reason: str) -> None:
    finding = judge(life(outcomes.PLANNED_CUT, UNAVAILABLE, reason=reason)).findings[-1]
    assert (finding.column, finding.severity) == ("drops", "failed")
    assert "did not let it back" in finding.cause
    never = judge(life(REFUSED, reason=reason)).findings[-1]
    assert (never.column, never.severity, never.cause) == ("drops", "inconclusive", "")


def test_who_is_refused_after_a_connection_that_was_let_in_lacks_no_token() -> None:
    forbidden = outcomes.http_status(403, "")
    refused = judge(life(outcomes.PLANNED_CUT, forbidden, outcomes.COMPLETED)).findings[0]
    assert refused.severity == "tolerated"
    assert "had let the same bot in" in refused.cause
    never = judge(life(forbidden, reason="unconnected")).findings[0]
    assert "give --secret" in never.cause
    (at_first,) = judge(life(forbidden, outcomes.COMPLETED)).findings
    assert (at_first.severity, "had let" in at_first.cause) == ("tolerated", False)


def test_who_listens_no_more_is_neither_to_be_started_nor_said_to_turn_a_bot_away() -> None:
    cut, refused, unconnected = judge(
        life(outcomes.cut(""), REFUSED, reason="unconnected")
    ).findings
    assert "may have died" in cut.cause
    assert "had listened there before" in refused.cause
    assert (unconnected.severity, unconnected.cause) == ("failed", "")
    (at_first,) = judge(life(REFUSED, outcomes.COMPLETED)).findings
    assert "start the receiver first" in at_first.cause


def test_equal_ends_are_one_finding_with_their_number_and_cause() -> None:
    ends = [outcomes.closed(1009, "message too big")] * 3
    (finding,) = judge(life(*ends, reason="unconnected", size=int(1.31 * 2**20))).findings
    assert finding.count == 3
    assert finding.what == "closed 1009 3 times (message too big)"
    assert "1.31 MiB" in finding.cause
    assert "`websockets` default max_size is 1 MiB" in finding.cause


def test_what_was_dropped_comes_with_when_and_after_how_much() -> None:
    outcome = outcomes.closed(1011, "")
    ends = [
        AttemptEnded(
            scenario="s", bot="b", attempt=number, at=3.0 * number, outcome=outcome,
            in_doubt=number - 1, largest_message=313_362,
        )
        for number in range(1, 8)
    ]  # fmt: skip
    (dropped,) = judge(ends).findings
    assert dropped.evidence[:2] == [
        "attempt 1 ended at 3.0 s: messages of up to 313,362 bytes",
        "attempt 2 ended at 6.0 s: messages of up to 313,362 bytes, 1 frame in doubt",
    ]
    assert len(dropped.evidence) == 5
    (refused, _) = judge(life(REFUSED, reason="unconnected")).findings
    assert refused.evidence == []  # no connection was there to end


def test_frames_given_up_for_slowness_are_tolerated() -> None:
    dropped = FrameDropped(
        scenario="s", bot="b", at=1.0, recording="r", participant=100, type="webcam",
        sequence=1, name=None, reason="slow receiver",
    )  # fmt: skip
    verdict = judge([dropped, *life(outcomes.COMPLETED)])
    assert (verdict.verdict, verdict.exit_code) == ("tolerated", 0)
    assert "1 frames were given up" in verdict.findings[0].what


@pytest.mark.parametrize(
    ("outcome", "size", "words"),
    [
        (outcomes.closed(1009, ""), 500, "after a message of 0.00 MiB"),
        (outcomes.closed(1009, ""), 40_000, "SetReadLimit"),
        (outcomes.closed(1009, ""), 4 * 2**20, "aiohttp"),  # refuses one that is as large
        (outcomes.closed(1009, ""), 5_000_000, "aiohttp"),
        (outcomes.closed(1009, ""), 18_000_000, "uvicorn"),
        (outcomes.closed(1011, ""), 0, "handler raised"),
        (outcomes.closed(1011, "keepalive ping timeout"), 0, "off it"),
        (outcomes.closed(1000, ""), 0, "mid-meeting"),
        (outcomes.closed(1008, ""), 0, "dials again all the same"),
        (REFUSED, 0, "start the receiver"),
        (Outcome("timed out", "unreachable", opened=False), 0, "is it a web server"),
        (Outcome("tls", "unreachable", opened=False), 0, "--ca FILE"),
        (Outcome("tls", "unreachable", False, "[SSL: WRONG_VERSION_NUMBER] …"), 0, "use ws://"),
        (Outcome("bad handshake", "receiver", opened=False), 0, "wss://"),
        (Outcome("bad handshake", "receiver", False, "got HTTP/1.0 200 OK"), 0, "no websocket"),
        (outcomes.stalled(10.0, 5), 0, "stopped reading"),
        (outcomes.unanswered_ping(20.0, held_back=False), 0, "answer each ping"),
        (outcomes.CLOSED_FOR_SLOWNESS, 0, "keep up"),
        (outcomes.http_status(401, ""), 0, "--secret"),
        (outcomes.http_status(401, ""), 0, "with an empty body"),
        (outcomes.http_status(404, ""), 0, "path in --url"),
        (outcomes.http_status(302, ""), 0, "final URL"),
        (Outcome("junk after 101", "receiver", opened=True), 0, "lenient = true"),
        (outcomes.cut(""), 0, "may have died"),
        (outcomes.cut(""), 5_000_000, "aiohttp default"),
        (Outcome("network", "unreachable", opened=False), 0, ""),
    ],
)
def test_the_usual_cause(outcome: Outcome, size: int, words: str) -> None:
    cause = usual_cause(outcome, size)
    assert words in cause
    assert bool(words) == bool(cause)


def test_the_smallest_message_that_was_too_large_names_the_limit() -> None:
    opened = LinkOpened(scenario="s", bot="b", attempt=1, at=0.0)
    ends = [
        AttemptEnded(
            scenario=f"over-{size}", bot="b", attempt=1, at=0.0,
            outcome=outcomes.closed(1009, ""), largest_message=size * 2**20,
        )
        for size in (11, 5)
    ]  # fmt: skip
    causes = [found.cause for found in judge([opened, *ends, *life(outcomes.COMPLETED)]).findings]
    assert [cause.split(": ")[0] for cause in causes] == [
        "after a message of 11.00 MiB",
        "after a message of 5.00 MiB",
    ]
    assert all("aiohttp" in cause for cause in causes)


def test_a_process_that_lives_on_is_not_said_to_have_died() -> None:
    assert "its handler raised" in usual_cause(outcomes.cut(""), 0, lives=True)
    assert "aiohttp default" in usual_cause(outcomes.cut(""), 5_000_000, lives=True)


def test_closing_for_a_message_that_may_be_refused_is_tolerated() -> None:
    ended = AttemptEnded(
        scenario="s", bot="b", attempt=1, at=0.0, outcome=outcomes.closed(1009, ""),
        last_expect="may refuse",
    )  # fmt: skip
    opened = LinkOpened(scenario="s", bot="b", attempt=1, at=0.0)
    verdict = judge([opened, ended, *life(outcomes.COMPLETED)])
    assert (verdict.verdict, verdict.exit_code) == ("tolerated", 0)


@pytest.mark.parametrize(
    ("code", "refusable", "reason", "verdict"),
    [
        (1007, True, "finished", "tolerated"),
        (1007, True, "unconnected", "tolerated"),
        (1007, False, "finished", "failed"),
        (1007, False, "unconnected", "failed"),
        (1011, True, "finished", "failed"),
        (1000, True, "unconnected", "failed"),
    ],
)
def test_a_refusal_may_come_late_if_its_code_says_so(
    code: int, refusable: bool, reason: Literal["finished", "unconnected"], verdict: str
) -> None:
    ended = AttemptEnded(
        scenario="s", bot="b", attempt=1, at=0.0, outcome=outcomes.closed(code, ""),
        refusable=refusable,
    )  # fmt: skip
    opened = LinkOpened(scenario="s", bot="b", attempt=1, at=0.0)
    gone = BotEnded(scenario="s", bot="b", at=0.0, reason=reason)
    assert judge([opened, ended, gone]).verdict == verdict


def test_a_cut_that_leaves_no_time_to_dial_again_is_nobodys_failure() -> None:
    for ends in ([outcomes.PLANNED_CUT], [outcomes.PLANNED_CUT, outcomes.PLANNED_ABORT]):
        verdict = judge(life(*ends, reason="unconnected"))
        assert (verdict.verdict, verdict.findings) == ("ok", [])
    never_up = judge(life(outcomes.PLANNED_ABORT, reason="unconnected"))
    assert (never_up.verdict, never_up.findings[0].kind) == ("inconclusive", "unconnected")


def test_a_link_that_the_receiver_ended_too_late_for_another_is_told_once() -> None:
    verdict = judge(life(outcomes.closed(1009, ""), reason="unconnected"))
    assert [finding.kind for finding in verdict.findings] == ["dropped"]
    kept_away = judge(life(outcomes.closed(1009, ""), REFUSED, reason="unconnected"))
    assert "unconnected" in [finding.kind for finding in kept_away.findings]


def test_being_unconnected_at_the_end_after_having_been_up_is_a_failure() -> None:
    verdict = judge(life(outcomes.PLANNED_CUT, REFUSED, reason="unconnected"))
    assert verdict.verdict == "failed"
    assert [f.kind for f in verdict.findings] == ["refused", "unconnected"]


def ended(outcome: Outcome, in_doubt: int) -> AttemptEnded:
    return AttemptEnded(
        scenario="s", bot="b", attempt=1, at=0.0, outcome=outcome, in_doubt=in_doubt
    )


@pytest.mark.parametrize(
    ("outcome", "answered", "in_doubt", "kinds"),
    [
        (outcomes.PLANNED_CUT, False, 48, ["unproven"]),
        (outcomes.PLANNED_CUT, True, 0, []),
        (outcomes.PLANNED_CUT, None, 48, []),
        (Outcome("completed", "plan", True, outcomes.UNANSWERED_CLOSE.detail), None, 10,
         ["unproven"]),
        (Outcome("completed", "plan", True, outcomes.CUT_AT_CLOSE.detail), None, 10, []),
    ],
)  # fmt: skip
def test_frames_that_nothing_proves_to_have_been_read_are_not_called_good(
    outcome: Outcome, answered: bool | None, in_doubt: int, kinds: list[str]
) -> None:
    events: list[EngineEvent] = [LinkOpened(scenario="s", bot="b", attempt=1, at=0.0)]
    if answered is not None:
        events.append(Probed(scenario="s", bot="b", attempt=1, at=0.0, answered=answered))
    verdict = judge([*events, ended(outcome, in_doubt)])
    assert [finding.kind for finding in verdict.findings] == kinds
    assert verdict.verdict == ("inconclusive" if kinds else "ok")


def test_a_ping_that_a_slow_network_of_ours_held_back_is_no_sign_against_a_receiver() -> None:
    for held_back, kinds in ((True, []), (False, ["unproven"])):
        probed = Probed(
            scenario="s", bot="b", attempt=1, at=0.0, answered=False, held_back=held_back
        )
        opened = LinkOpened(scenario="s", bot="b", attempt=1, at=0.0)
        verdict = judge([opened, probed, ended(outcomes.PLANNED_CUT, 48)])
        assert [finding.kind for finding in verdict.findings] == kinds


def test_a_receiver_that_holds_frames_up_is_called_slow() -> None:
    def sent(stall: float) -> FrameSent:
        return FrameSent(
            scenario="s", bot="b", attempt=1, at=0.0, recording="r", participant=1, type="webcam",
            sequence=1, relative=0.0, name=None, width=1, height=1, length=1, message_bytes=1,
            sha256="", expect="must accept", written=0.0, lag=0.0, stall=stall,
        )  # fmt: skip

    begun = BotStarted(scenario="s", bot="b", number=0, recording="r", ends_at=4.0)
    late = judge([begun, sent(5.0), *life(outcomes.COMPLETED)])
    assert (late.verdict, late.findings[0].kind) == ("tolerated", "slow")
    assert "held frames up for as long as 5.0 s, and the meeting's end 5.0 s late" in (
        late.findings[0].what
    )
    assert judge([begun, sent(1.9), *life(outcomes.COMPLETED)]).findings == []
    slow = judge([begun, sent(2.0), *life(outcomes.COMPLETED)]).findings
    assert [finding.kind for finding in slow] == ["slow"]


def test_what_a_receiver_says_gives_no_orders_to_the_terminal() -> None:
    assert outcomes.closed(4000, "\x1b[2J\x1b]0;title\x07bye\x08 ä").detail == "bye\ufffd ä"
    assert outcomes.http_status(503, "10 %\r90 %\r").detail == "90 %"
