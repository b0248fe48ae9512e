"""A receiver's limits, found by bisection: how large a message, how many streams."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Unpack, cast

import msgspec
from msgspec import Meta

from recall_simulator.api.arguments import (
    Access,
    How,
    Texts,
    check_names,
    see_that_no_loop_runs,
    settings_of,
    texts,
)
from recall_simulator.api.bisection import Bisection

if TYPE_CHECKING:
    from recall_simulator.engine import Handler
    from recall_simulator.meeting import Plan, Timed
    from recall_simulator.observe import Observers
    from recall_simulator.record.events import AttemptEnded, EngineEvent
    from recall_simulator.record.observations import Observation
    from recall_simulator.session import Session

SCHEMA: Final = "recallsim.probe/1"
LARGEST_MESSAGE = 64 * 2**20
"""Bytes; four times what a receiver need take."""
MOST_STREAMS = 1024
"""On one connection, one after the other: many more than any meeting has."""

Of = Literal["message bytes", "streams"]

_SHORTEST = 16 * 2**10
_RESOLUTION = 2**10
_MEETING = 1.0
_PICTURE = (256, 144)
"""Just large enough for a mark, by which observers know it."""
_AT_THE_END = ("command", "python")
"""Observers that are asked once, when all is over: nothing can be halved by them."""
_APART = 1e-4
"""Schedule seconds between streams: with the meeting, less than the wait before another dial."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One question and its answer.

    Attributes:
        of: what was tried.
        number: how much of it.
        taken: whether the receiver answered the close frame after it, did not die of it, and has it
            in the end, where somebody looked.
        outcome: how the connection ended.
        detail: one line of evidence.
    """

    of: Of
    number: int
    taken: bool
    outcome: str
    detail: str = ""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver takes of something.

    Attributes:
        of: what.
        takes: the most that was taken; 0 where nothing was.
        refuses: the least that was not; None where all that was tried was taken.
        outcome: what became of the connection then.
        detail: one line of evidence.
        cause: the usual one, and its fix; empty where none is known.
        trials: how many it took to find out.
    """

    of: Of
    takes: Annotated[int, Meta(description="The most that was taken; 0: nothing was.")]
    refuses: Annotated[int | None, Meta(description="The least that was not; null: all was taken.")]
    outcome: Annotated[str, Meta(description="Of the connection that refused.")] = ""
    detail: str = ""
    cause: Annotated[str, Meta(description="The usual one, and its fix, where one is known.")] = ""
    trials: Annotated[int, Meta(description="How many it took to find out.")]


class ProbeDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What `recallsim probe --json` prints."""

    schema: Literal["recallsim.probe/1"]
    url: Annotated[str, Meta(description="Of the receiver, without the values of its query.")]
    limits: list[Limit]


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a receiver.

    Attributes:
        url: of the receiver.
        limits: one of each kind.
    """

    url: str
    limits: list[Limit]

    @property
    def document(self) -> dict[str, Any]:
        """The object that `recallsim probe --json` prints."""
        document = ProbeDocument(schema=SCHEMA, url=self.url, limits=self.limits)
        told: dict[str, Any] = msgspec.to_builtins(document)
        return told

    @property
    def exit_code(self) -> int:
        """0 where limits were found; 3 where not even the least was taken."""
        return 0 if all(limit.takes for limit in self.limits) else 3


def probe_receiver(
    url: str,
    *,
    observe: Texts = (),
    on_trial: Callable[[Trial], None] = lambda trial: None,
    **how: Unpack[Access],
) -> ProbeResult:
    """Find a receiver's limits: what it takes over one connection before that suffers.

    Args:
        url: of the receiver.
        observe: `KIND:ARG` each, of kinds that look while it runs; what they don't see was not
            taken, though the connection says nothing.
        on_trial: is told of each trial.
        **how: see `Access`.

    Raises:
        UsageError: an argument won't do, or an observer looks at the end alone; nothing was sent.
        ReceiverError: the receiver of `command` could not be started.
    """
    from recall_simulator.observe import parse_observer
    from recall_simulator.record.errors import UsageError
    from recall_simulator.session import Session

    check_names(how, Access, "observe", "on_trial")
    see_that_no_loop_runs()
    watched = texts("observe", observe)
    for text in watched:
        if parse_observer(text).kind in _AT_THE_END:
            raise UsageError(
                f"--observe {text} is asked once, at the end, and a probe looks after each trial: "
                "give files:, http:, ws: or stdout:"
            )
    settings = settings_of(url, [], cast(How, {**how, "observe": watched}))
    session = Session.open(settings)
    limits = asyncio.run(_Probe(session, on_trial).limits())
    return ProbeResult(url=session.settings.endpoint.shown, limits=limits)


class _Probe:
    """Trials at one receiver, each over a connection of its own."""

    def __init__(self, session: "Session", on_trial: Callable[[Trial], None]) -> None:
        self._session = session
        self._on_trial = on_trial
        self._trials = 0
        self._observations: list[Observation] = []

    async def limits(self) -> list[Limit]:
        """Both of them, the receiver being started first where that is ours to do."""
        from recall_simulator.engine import stopwatch

        elapsed = stopwatch()
        async with self._session.observers(elapsed, self._observations.append) as observers:
            sizes = Bisection(least=_SHORTEST, most=LARGEST_MESSAGE, resolution=_RESOLUTION)
            streams = Bisection(least=1, most=MOST_STREAMS, resolution=1)
            return [
                await self._limit("message bytes", sizes, observers),
                await self._limit("streams", streams, observers),
            ]

    async def _limit(self, of: Of, search: Bisection, observers: "Observers") -> Limit:
        from recall_simulator.judge.causes import limit_between, usual_cause
        from recall_simulator.record.outcomes import Outcome

        process, looked = observers.process, bool(self._session.settings.observe)
        taken, refused = 0, None
        refusal: Outcome | None = None
        while (number := search.next) is not None:
            before = len(self._observations)
            end, events = await self._try(of, number)
            if of == "message bytes":
                number = max(number, end.largest_message)
            outcome = end.outcome
            is_taken = outcome.cause == "plan" and end.in_doubt == 0
            # What was read may be handled after the close frame was answered.
            if looked:
                await observers.settled()
                if is_taken and (unseen := self._unseen(events, before)):
                    outcome = Outcome("not seen", "receiver", opened=True, detail=unseen)
                    is_taken = False
            if process is not None:
                await process.rest()
                if not process.is_alive:
                    said = await process.last_words()
                    outcome = Outcome("died", "receiver", opened=True, detail="".join(said[-1:]))
                    is_taken = False
                    await process.restart()
            if is_taken:
                taken = number
            else:
                refused, refusal = number, outcome
            search.told(taken=is_taken)
            self._on_trial(
                Trial(
                    of=of,
                    number=number,
                    taken=is_taken,
                    outcome=outcome.text,
                    detail=outcome.detail,
                )
            )
        if refused is None or refusal is None:
            return Limit(of=of, takes=taken, refuses=None, trials=search.asked)
        told = of == "message bytes" and taken and refusal.text != "not seen"
        of_library = limit_between(taken, refused) if told else ""
        return Limit(
            of=of,
            takes=taken,
            refuses=refused,
            outcome=refusal.text,
            detail=refusal.detail,
            cause=of_library or usual_cause(refusal, refused if of == "message bytes" else 0),
            trials=search.asked,
        )

    def _unseen(self, events: "Sequence[EngineEvent]", before: int) -> str:
        """What of a trial no observer has seen, in words; empty where all of it was.

        Args:
            events: of the trial.
            before: how many observations there were when it began.
        """
        from recall_simulator.judge.counts import judge_counts
        from recall_simulator.judge.ledger import Ledger
        from recall_simulator.judge.sightings import match
        from recall_simulator.record.observations import Claim

        ledger, new = Ledger(events), self._observations[before:]
        seen = {frame for frame, _ in match(ledger, new).seen}
        counts = [item for item in new if isinstance(item, Claim) and item.stream.recording]
        if counts and not seen:
            missing = sum(finding.count for finding in judge_counts(ledger, counts))
        else:
            missing = sum(
                sent.demanded and (stream, number) not in seen
                for stream, frames in ledger.streams.items()
                for number, sent in frames.items()
            )
        sent = sum(map(len, ledger.streams.values()))
        return f"{missing} of {sent} frames were never seen" if missing else ""

    async def _try(self, of: Of, number: int) -> "tuple[AttemptEnded, list[EngineEvent]]":
        """Send that much over a connection; a message may be three bytes longer than asked for."""
        from recall_simulator.engine import stopwatch
        from recall_simulator.record.events import AttemptEnded, EngineEvent

        events: list[EngineEvent] = [self._session.begins]
        self._trials += 1
        handlers: list[Handler] = [events.append]
        await self._session.play_plans([self._plan(of, number)], handlers, stopwatch())
        (end,) = [event for event in events if isinstance(event, AttemptEnded)]
        return end, events

    def _plan(self, of: Of, number: int) -> "Plan":
        """A meeting of one second: one large message, or one small frame of each stream."""
        from datetime import datetime

        from recall_simulator.meeting import Frame, FrameForm, Scenario, Timed, make_plans
        from recall_simulator.meeting.scenario import Person

        begins = self._session.begins
        scenario = Scenario(
            title="probe",
            duration=_MEETING,
            people=[Person(key="probe", scene="black", webcam=_PICTURE)],
        )
        (plan,) = make_plans(
            f"probe-{self._trials}",
            scenario,
            seed=begins.seed,
            run_id=begins.run_id,
            start_time=datetime.fromisoformat(begins.start_time),
            first_number=self._trials,
        )
        (span,) = plan.spans
        if of == "message bytes":
            form = FrameForm(message_bytes=number)
            items = [Timed(0.0, 1, Frame(span, 0, 0.0, form))]
            return msgspec.structs.replace(plan, schedule=lambda: iter(items))

        def frames() -> "list[Timed]":
            return [
                Timed(
                    at,
                    1,
                    Frame(
                        msgspec.structs.replace(
                            span,
                            participant=msgspec.structs.replace(span.participant, id=100 * stream),
                        ),
                        0,
                        at,
                    ),
                )
                for stream in range(1, number + 1)
                for at in [round(_APART * stream, 6)]
            ]

        return msgspec.structs.replace(plan, schedule=lambda: iter(frames()))
