"""What a verdict costs: each frame as much in a long run of many streams as in a short one."""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from tests.simulator.judge.invented import ADA, OBSERVER, begun, frame, judge, run, saw

from recall_simulator.judge import Evidence
from recall_simulator.judge import judge as judge_evidence
from recall_simulator.record.events import EngineEvent
from recall_simulator.record.observations import Complaint, Sighting


class _Counted(list[EngineEvent]):
    """Events that count how often they are gone through."""

    times = 0

    def __iter__(self) -> Iterator[EngineEvent]:
        self.times += 1
        return super().__iter__()


def test_a_talkative_receiver_costs_no_look_at_all_events_for_each_line() -> None:
    def looks(lines: int) -> int:
        evidence = Evidence(frames=True)
        events = evidence.events = _Counted(run(ADA))
        judge_evidence(evidence, [Complaint(at=0.1, line=f"Error {n}") for n in range(lines)])
        return events.times

    assert looks(100) == looks(1)


def test_a_frame_costs_the_same_however_many_streams_there_are() -> None:
    def steps(streams: int) -> int:
        """Lines that run, loops' each time around."""
        sent = [frame(n, id) for n in range(720 // streams) for id in range(1, streams + 1)]
        torn = Sighting(observer=OBSERVER, where="torn.png", at=1.0)
        seen = [*(saw(one) for one in sent if one.sequence % 3), torn]
        count = 0

        def trace(code: FrameType, event: str, arg: object) -> Any:
            nonlocal count
            count += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            verdict = judge([*begun(), *sent], [*seen, saw(sent[-1], where="again.png")])
        finally:
            sys.settrace(before)
        assert len([finding for finding in verdict.findings if finding.kind == "lost"]) == streams
        return count

    assert steps(120) < 3 * steps(8)
