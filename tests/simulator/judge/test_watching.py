"""Who looked, and how well: observers in trouble, the receiver's process, or nobody at all."""

import msgspec
import pytest
from tests.simulator.judge.invented import ADA, BO, WHO, judge, run, saw, summary

from recall_simulator.record.events import AttemptEnded, BotStarted, EngineEvent, LinkOpened
from recall_simulator.record.observations import (
    Complaint,
    Observation,
    ObserverTrouble,
    ProcessEnded,
    ProcessSample,
    Sighting,
)
from recall_simulator.record.outcomes import Outcome, cut


def test_an_observer_that_saw_nothing_of_this_run_was_blind() -> None:
    stranger = Sighting(observer="stdout:x", where="line 1", at=1.0, sha256="0" * 64)
    verdict = judge(run(ADA), [stranger, stranger])
    assert summary(verdict) == [("blind", "inconclusive", 2)]
    assert "fits no frame of this run" in verdict.findings[0].what


def test_an_observer_that_says_why_it_can_tell_no_picture_is_not_blind_for_other_reasons() -> None:
    trouble = ObserverTrouble(observer="files:*", at=0.0, trouble="no mark that can be read")
    unmarked = Sighting(observer="files:*", where="1.jpg", at=1.0, width=120, height=90)
    (finding,) = judge(run(ADA), [unmarked, trouble]).findings
    assert (finding.kind, finding.severity, finding.cause) == ("blind", "inconclusive", "")


@pytest.mark.parametrize(("severity", "expected"), [("blind", "inconclusive"), ("partial", "ok")])
def test_an_observer_in_trouble(severity: str, expected: str) -> None:
    trouble = ObserverTrouble(observer="files:*", at=0.0, trouble="no file", severity=severity)  # type: ignore[arg-type]
    verdict = judge(run(ADA), [*map(saw, ADA), trouble])
    assert verdict.verdict == expected
    assert "files:*: no file" in verdict.findings[0].what


def test_where_only_samples_were_seen_a_missing_frame_proves_nothing() -> None:
    trouble = ObserverTrouble(observer="http:x", at=0.0, trouble="samples", severity="partial")
    sample = msgspec.structs.replace(saw(ADA[0]), observer="http:x")
    verdict = judge(run(ADA), [trouble, sample])
    assert verdict.verdict == "inconclusive"
    assert "samples were taken" in verdict.findings[-1].cause


def test_files_without_a_picture_in_them_excuse_no_frame_that_is_missing() -> None:
    trouble = ObserverTrouble(observer="files:*.png", at=0.0, trouble="", severity="hollow")
    verdict = judge(run(ADA), [*map(saw, ADA[:9]), trouble])
    assert summary(verdict) == [("hollow", "note", 1), ("lost", "failed", 1)]


def test_where_somebody_else_saw_everything_a_missing_frame_is_lost_all_the_same() -> None:
    trouble = ObserverTrouble(observer="http:x", at=0.0, trouble="samples", severity="partial")
    sample = msgspec.structs.replace(saw(ADA[0]), observer="http:x")
    verdict = judge(run(ADA), [trouble, sample, *map(saw, ADA[1:9])])
    assert summary(verdict) == [("partial", "note", 1), ("lost", "failed", 1)]


def test_a_process_that_ends_has_died_with_its_last_words() -> None:
    ended = ProcessEnded(at=3.0, code=-11, last_lines=["a", "Segmentation fault"])
    verdict = judge(run(ADA), [ended])
    (finding,) = verdict.findings
    assert (finding.kind, finding.column, finding.severity) == ("died", "dies", "failed")
    assert "by signal 11" in finding.what
    assert finding.evidence[-1] == "Segmentation fault"


def test_a_death_is_told_of_the_scenario_that_a_link_was_open_in() -> None:
    def begins(scenario: str, began: float) -> BotStarted:
        return BotStarted(
            scenario=scenario, bot="b", number=0, recording="r", ends_at=9.0, began=began
        )

    def opens(scenario: str) -> LinkOpened:
        return LinkOpened(scenario=scenario, bot="b", attempt=1, at=0.0)

    died: list[Observation] = [ProcessEnded(at=5.0, code=1, last_lines=[])]
    before: list[EngineEvent] = [begins("one", 1.0), opens("one")]
    found_dead = begins("two", 4.9)
    assert judge([*before, found_dead], died).findings[-1].scenario == "one"
    assert judge([*before, found_dead, opens("two")], died).findings[-1].scenario == "two"
    assert judge([begins("two", 6.0)], died).findings[-1].scenario == ""


PLACES = "frames 0, 1, due from 0.0 s to 0.5 s"


def test_what_failed_comes_with_the_errors_that_the_receiver_spoke_of_then() -> None:
    said: list[Observation] = [Complaint(at=3.0, line=f"KeyError: {n // 2}") for n in range(16)]
    seen = [*map(saw, ADA[2:]), *map(saw, BO[2:])]
    lost, also = judge(run([*ADA, *BO]), [*seen, *said]).findings
    assert lost.evidence == [PLACES, *(f"it said: KeyError: {n}" for n in range(3, 8))]
    assert also.evidence == [PLACES]
    begins = BotStarted(scenario="t", bot="c", number=1, recording="q", ends_at=9.0, began=2.0)
    opens = LinkOpened(scenario="t", bot="c", attempt=1, at=0.0)
    lost, _ = judge([*run([*ADA, *BO]), begins, opens], [*seen, *said]).findings
    assert lost.evidence == [PLACES]
    assert judge(run(ADA), [*map(saw, ADA), *said]).findings == []
    trouble = ObserverTrouble(observer="files:*", at=0.0, trouble="no file")
    (blind,) = judge(run(ADA), [trouble, *said[:2]]).findings
    assert blind.evidence == ["it said: KeyError: 0"]


def test_a_dead_receiver_is_not_told_to_be_started_first() -> None:
    refused = Outcome("refused", "unreachable", opened=False)
    end = AttemptEnded(**WHO, attempt=2, at=0.0, outcome=refused, in_doubt=0)
    died = ProcessEnded(at=3.0, code=1, last_lines=[])
    sample = ProcessSample(at=0.0, rss=1, handles=1, threads=1)
    assert "or has it died" in judge([*run(ADA), end]).findings[0].cause
    assert "one connection only?" in judge([*run(ADA), end], [sample]).findings[0].cause
    assert "see what it died of" in judge([*run(ADA), end], [died]).findings[0].cause


def test_a_death_in_one_scenario_is_not_the_cause_of_a_cut_in_another() -> None:
    def cut_in(scenario: str, began: float) -> list[EngineEvent]:
        return [
            BotStarted(
                scenario=scenario, bot=scenario, number=0, recording="r", ends_at=9.0, began=began
            ),
            LinkOpened(scenario=scenario, bot=scenario, attempt=1, at=0.0),
            AttemptEnded(scenario=scenario, bot=scenario, attempt=1, at=1.0, outcome=cut("")),
        ]

    events = [*cut_in("before", 0.0), *cut_in("deadly", 2.0), *cut_in("after", 4.0)]
    died = ProcessEnded(at=3.0, code=1, last_lines=[])
    sample = ProcessSample(at=0.0, rss=1, handles=1, threads=1)
    causes = {
        finding.scenario: finding.cause
        for finding in judge(events, [sample, died]).findings
        if finding.kind == "dropped"
    }
    assert "see what it died of" in causes["deadly"]
    assert "its process lives on" in causes["before"]
    assert "its process lives on" in causes["after"]


def test_a_receiver_that_is_found_dead_is_not_told_to_be_started_either() -> None:
    refused = Outcome("refused", "unreachable", opened=False)
    found_dead: list[EngineEvent] = [
        BotStarted(scenario="two", bot="c", number=1, recording="q", ends_at=9.0, began=5.0),
        AttemptEnded(scenario="two", bot="c", attempt=1, at=0.0, outcome=refused),
    ]
    died = ProcessEnded(at=3.0, code=1, last_lines=[])
    causes = [f.cause for f in judge([*run(ADA), *found_dead], [died]).findings]
    assert "its process was gone: see what it died of" in causes
    assert "start the receiver first" in judge([*found_dead, *run(ADA)], [died]).findings[0].cause


def test_a_receiver_that_kept_nothing_is_told_how_much_that_is() -> None:
    lines = [f"line {n}" for n in range(9)]
    trouble = ObserverTrouble(observer="files:*", at=0.0, trouble="no file", last_lines=lines)
    (finding,) = judge(run(ADA), [trouble]).findings
    assert "it kept none of 10 frames" in finding.cause
    assert finding.evidence == lines[-5:]
    elsewhere = msgspec.structs.replace(trouble, observer="http:x", trouble="refused")
    assert judge(run(ADA), [elsewhere]).findings[0].cause == ""
    assert judge([], [trouble]).findings[0].cause == ""
    assert judge(run(ADA), [*map(saw, ADA), trouble]).findings[0].cause == ""


def test_growth_of_memory_is_noted() -> None:
    def sample(number: int, rss: int) -> ProcessSample:
        return ProcessSample(at=float(number), rss=rss, handles=9, threads=1)

    grown = [sample(n, 100_000_000 if n < 6 else 900_000_000) for n in range(12)]
    assert summary(judge(run(ADA), grown)) == [("grew", "note", 1)]
    small = [sample(n, 10_000_000 if n < 6 else 200_000_000) for n in range(12)]
    assert judge(run(ADA), small).findings == []
    flat = [sample(n, 100_000_000) for n in range(12)]
    assert judge(run(ADA), flat).findings == []
    assert judge(run(ADA), flat[:2]).findings == []


def test_without_observers_nothing_is_said_to_be_good_that_nobody_saw() -> None:
    verdict = judge(run(ADA))
    assert verdict.verdict == "ok"
    assert verdict.not_looked_at == [
        "the receiver's process", "whether the frames were understood, kept and told apart",
    ]  # fmt: skip
