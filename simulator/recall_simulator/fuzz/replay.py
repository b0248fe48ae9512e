"""Findings of earlier campaigns, given to a function again."""

from collections.abc import Sequence

from recall_simulator.fuzz.custody import Custody
from recall_simulator.fuzz.exchange import Done
from recall_simulator.fuzz.in_process import MEMORY, SLOW
from recall_simulator.fuzz.records import Input, Replayed


def replay_target(
    target: str,
    known: Sequence[tuple[str, Input]],
    *,
    allow: Sequence[str] = (),
    slow: float = SLOW,
    memory: int = MEMORY,
) -> list[Replayed]:
    """Give known messages to a function, one by one.

    Args:
        target: `module:function`, as `fuzz_target` takes it.
        known: messages by the name of their finding.
        allow: names of exceptions by which it refuses a message.
        slow: CPU seconds that no message may take.
        memory: bytes that no message may take.

    Raises:
        UsageError: the target cannot be imported, or cannot be called with one argument.
    """
    custody = Custody(target, allow, slow=slow, memory=memory)
    try:
        return [
            Replayed(name=name, what=message.what, now=_now(custody, message))
            for name, message in known
        ]
    finally:
        custody.close()


def _now(custody: Custody, message: Input) -> str:
    answer = custody.run([message])
    wrong = answer if not isinstance(answer, Done) else next(iter(answer.offences), None)
    if wrong is None:
        return ""
    named = " ".join(filter(None, (wrong.outcome, wrong.error)))
    return ": ".join(filter(None, (named, wrong.message)))
