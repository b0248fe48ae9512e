"""`RecallBotUser`: one bot as a Locust user, for locustfiles of your own.

    from recall_simulator.load.users import RecallBotUser

    class Gallery(RecallBotUser):
        host = "ws://127.0.0.1:8765/"
        participants = 9

`locust -f that.py` does the rest: web page, workers, CSV files and report are Locust's.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from locust import User, events, task
from locust.env import Environment

from recall_simulator.load.conductor import conductor_of
from recall_simulator.load.mission import Mission
from recall_simulator.wire import parse_endpoint


class RecallBotUser(User):
    """A bot that joins meeting after meeting, and streams each into the receiver at `host`.

    Attributes:
        host: the receiver's URL, as `ws://127.0.0.1:8765/`.
        participants: streams of the bot, 1 to 16.
        scene: what they show: `webcam`, `flat`, `slide`, `photo` and so on.
        profile: picture sizes: `docs`, `docs-2026` or `legacy-720p`.
        meeting: seconds that a meeting lasts; then the next one begins.
        speed: how many times as fast as real time it is played.
        secret: signs handshakes.
        headers: further headers of the handshake.
        insecure: take any certificate of a wss receiver.
        seed: of everything random.
    """

    abstract = True
    participants: ClassVar[int] = 1
    scene: ClassVar[str] = "webcam"
    profile: ClassVar[str] = "docs"
    meeting: ClassVar[float] = 600.0
    speed: ClassVar[float] = 1.0
    secret: ClassVar[str | None] = None
    headers: ClassVar[Sequence[tuple[str, str]]] = ()
    insecure: ClassVar[bool] = False
    seed: ClassVar[int] = 1

    def mission(self) -> Mission:
        """What this bot does."""
        url = self.host or ""
        parse_endpoint(url)
        return Mission(
            url=url,
            participants=self.participants,
            scene=self.scene,
            profile=self.profile,
            meeting=self.meeting,
            speed=self.speed,
            duration=10**9,
            secret=self.secret,
            headers=list(self.headers),
            insecure=self.insecure,
            seed=self.seed,
        )

    @task
    def meet(self) -> None:
        """One meeting, from the dial to the close."""
        conductor_of(self.environment).play(self.mission())


def _install(environment: Environment, **_: Any) -> None:
    conductor = conductor_of(environment)
    if environment.web_ui is not None:
        # Only here: most runs have no page.
        from recall_simulator.load.web import add_tab

        add_tab(environment.web_ui, conductor)


_hooks: Any = events
_hooks.init.add_listener(_install)
