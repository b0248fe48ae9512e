"""All that a run can be told, checked."""

import ssl
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from recall_simulator.engine import Conduct
from recall_simulator.record.streams import StreamType
from recall_simulator.sources.scenarios import Reference
from recall_simulator.wire import Endpoint, Signer


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is to do.

    Attributes:
        endpoint: the receiver.
        scenarios: names, numbers, files, `module:function` or scenarios themselves, as
            `load_scenarios` takes them.
        seed: of everything random; None for a new one.
        run_id: eight hex digits; None for new ones.
        start_time: when the recordings began, with a time zone; None for now.
        speed: how many times as fast as real time; None for as fast as the link takes it.
        profile: a named profile in place of the scenarios' own.
        scenes: what streams show whose person chose nothing.
        frames: a folder of pictures, or a film, in place of the scenes.
        marks: write identity into the pixels of frames.
        signer: signs handshakes.
        headers: further headers of the handshake.
        tls: how a wss receiver's certificate is checked; None for the system's way.
        conduct: choices where the vendor's behaviour is not public.
        command: starts the receiver, which will listen at the endpoint; None where it runs already.
        observe: `KIND:ARG` of each observer.
        owned: the user says that a receiver at a public address is theirs.
        strict_url: refuse a URL that Recall.ai may refuse.
    """

    endpoint: Endpoint
    scenarios: Sequence[Reference]
    seed: int | None = None
    run_id: str | None = None
    start_time: datetime | None = None
    speed: float | None = 1.0
    profile: str | None = None
    scenes: dict[StreamType, str] = {}
    frames: Path | None = None
    marks: bool = True
    signer: Signer | None = None
    headers: list[tuple[str, str]] = []
    tls: ssl.SSLContext | None = None
    conduct: Conduct = Conduct()
    command: str | None = None
    observe: list[str] = []
    owned: bool = False
    strict_url: bool = False
