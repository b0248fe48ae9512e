"""The receiver's own counts against what was sent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from recall_simulator.judge.ledger import Ledger
from recall_simulator.record.findings import Finding
from recall_simulator.record.observations import Claim, Observation
from recall_simulator.record.streams import StreamKey


def judge_counts(ledger: Ledger, observations: Iterable[Observation]) -> list[Finding]:
    """Compare the last count of each stream with what was sent.

    A count that says no recording is that of the one meeting which had the stream. Where several
    had it, it may be the sum of them all; one that is not tells nothing.
    """
    last = {(item.observer, item.stream): item for item in observations if isinstance(item, Claim)}
    claims = list(last.values())
    named = [claim for claim in claims if claim.stream.recording in ledger.scenarios]
    anonymous = [claim for claim in claims if not claim.stream.recording]
    if claims and not named and not anonymous:
        return [
            Finding(
                kind="blind",
                severity="inconclusive",
                what=f"{claims[0].observer}: it counts frames of recordings that are none of this "
                "run's",
                cause="a recording goes by `data.recording.id`",
            )
        ]
    alike: dict[StreamKey, list[StreamKey]] = defaultdict(list)
    for key in ledger.streams:
        alike[StreamKey("", key.participant, key.type)].append(key)
    findings: list[Finding] = []
    for nameless, keys in alike.items():
        if anonymous and (len(keys) == 1 or not named):
            findings += _compare(ledger, keys, nameless, [*anonymous, *named])
        elif named:
            for key in keys:
                findings += _compare(ledger, [key], key, named)
    return findings


def _compare(
    ledger: Ledger, keys: Sequence[StreamKey], of: StreamKey, claims: Sequence[Claim]
) -> Iterable[Finding]:
    """One finding where the largest count that was given does not fit.

    Args:
        ledger: the truth.
        keys: the streams that were counted together.
        of: the stream as it was named.
        claims: of all streams.
    """
    frames = [sent for key in keys for sent in ledger.streams[key].values()]
    least = sum(sent.demanded for sent in frames)
    most = sum(sent.copies for sent in frames)
    counts = [claim.frames for claim in claims if claim.stream in (of, *keys)]
    counted = max(counts, default=0)
    if least <= counted <= most:
        return
    several = len(keys) > 1
    meetings = f" in {len(keys)} meetings" if several else ""
    got = f"{least}" if least == most else f"{least} to {most}"
    yield Finding(
        kind="miscounted",
        column="other" if several else "loses",
        severity="inconclusive" if several else "failed",
        what=f"{of}: the receiver counted {counted} frames, and got {got}{meetings}",
        cause="let it say the recording with each count" if several else "",
        scenario="" if several else ledger.scenarios.get(keys[0].recording, ""),
        count=abs(counted - (least if counted < least else most)),
    )
