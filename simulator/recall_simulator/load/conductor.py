"""What runs in Locust's own thread of each process: engines are started, figures passed on.

On a worker, a greenlet takes what the engines counted, merges it into Locust's statistics, and
hands it to the reports that Locust sends to the master. On the master, or where there is only one
process, everything comes together in `figures`.
"""

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import gevent
import locust
import msgspec
from gevent import monkey
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from locust import runners
from locust.env import Environment

from recall_simulator import __version__
from recall_simulator.engine import stopwatch, utc_now
from recall_simulator.load.figures import Delta, Figures
from recall_simulator.load.locust_stats import merge
from recall_simulator.load.mission import Mission
from recall_simulator.load.orders import Trouble
from recall_simulator.load.thread import LEAVE_WITHIN, EngineThread

PUMP = 0.25
"""Seconds between two looks at what the engines counted."""

KEPT = 120
"""Seconds of figures that are kept here, for whoever asks what happened last."""

STOP_WITHIN = LEAVE_WITHIN + 0.5
"""Seconds that workers get to stop their engines and to tell their last figures."""

_MOST_BOTS = 1_000_000
"""Of one worker: the numbers of its bots begin at this times its index."""

_AT_WORK = ("spawning", "running")
_DELTAS = "recallsim"
_log = logging.getLogger("recallsim")


class Conductor:
    """Of one process and environment; `conductor_of` gives it.

    Attributes:
        figures: of all processes; on a worker, nobody's.
        on_delta: take what comes in, where figures come together.
        on_trouble: take what went wrong with a worker.
    """

    def __init__(self, environment: Environment) -> None:
        self.figures = Figures(KEPT)
        self.on_delta: list[Callable[[Delta], None]] = []
        self.on_trouble: list[Callable[[Trouble], None]] = []
        self._environment = environment
        self._engines: dict[bytes, EngineThread] = {}
        self._waiting: dict[int, Event] = {}
        self._broken: set[EngineThread] = set()
        self._pending: list[Delta] = []
        self._bots = 0
        self._one_at_a_time = BoundedSemaphore()
        self._stopping = False
        self._stopped: set[str] = set()
        self._known: dict[str, float] = {}
        self._elapsed = stopwatch()
        events: Any = environment.events
        runner = environment.runner
        events.test_start.add_listener(self._start)
        events.test_stopping.add_listener(self._stop)
        events.test_stop.add_listener(self._drain)
        if isinstance(runner, runners.WorkerRunner):
            events.report_to_master.add_listener(self._report)
            runner.register_message("recallsim.stop", self._stop_as_told, concurrent=True)
            runner.register_message("recallsim.refused", self._refused)
            runner.send_message("recallsim.hello", versions())
        elif isinstance(runner, runners.MasterRunner):
            events.worker_report.add_listener(self._take_report)
            runner.register_message("recallsim.stopped", self._note_stopped)
            runner.register_message("recallsim.hello", self._greet)
            runner.register_message(
                "recallsim.bug", lambda msg, **_: self.trouble(msg.node_id, msg.data["sentence"])
            )
            gevent.spawn(self._watch_workers)

    @property
    def seconds(self) -> float:
        """Since the test began."""
        return self._elapsed()

    def play(self, mission: Mission) -> None:
        """Let one bot play the mission, and wait in this greenlet until its life is over.

        When the greenlet is killed, the bot leaves.
        """
        runner = self._environment.runner
        number = max(0, getattr(runner, "worker_index", 0)) * _MOST_BOTS + self._bots
        self._bots += 1
        over = self._waiting[number] = Event()
        with self._one_at_a_time:
            engine = self._engine(mission)
        engine.join(number)
        try:
            over.wait()
        finally:
            self._waiting.pop(number, None)
            if not over.is_set():
                engine.leave(number)
        if self.seconds >= mission.duration - 1:
            Event().wait()  # the run is over: Locust would begin another meeting

    def take(self, delta: Delta) -> None:
        """Figures that come from elsewhere: what observers saw."""
        merge(self._environment.stats, delta.counts, utc_now().timestamp())
        self._gather(delta)

    def trouble(self, worker: str, sentence: str, *, bots: int = 0, heard: float = 0.0) -> None:
        """Say what went wrong with a worker, as `Trouble` has it."""
        _log.error(sentence)
        for tell in self.on_trouble:
            tell(Trouble(worker, sentence, self.seconds, bots, heard))

    def _engine(self, mission: Mission) -> EngineThread:
        key = msgspec.json.encode(mission)
        if key not in self._engines:
            name = getattr(self._environment.runner, "client_id", "local")
            self._engines[key] = EngineThread(
                mission,
                worker=name,
                start_thread=monkey.get_original("_thread", "start_new_thread"),
            )
        return self._engines[key]

    def _start(self, environment: Environment, **_: Any) -> None:
        self.figures = Figures(KEPT)
        self._stopping = False
        self._stopped.clear()
        self._known.clear()
        self._elapsed = stopwatch()
        if not isinstance(environment.runner, runners.MasterRunner):
            gevent.spawn(self._pump_on)

    def _pump_on(self) -> None:
        while not self._stopping:
            gevent.sleep(PUMP)
            self._pump()

    def _pump(self) -> None:
        """Pass on what the engines have counted, and wake the users whose bots have left."""
        for engine in self._engines.values():
            while engine.deltas:
                delta = engine.deltas.popleft()
                merge(self._environment.stats, delta.counts, utc_now().timestamp())
                if isinstance(self._environment.runner, runners.WorkerRunner):
                    self._pending.append(delta)
                else:
                    self._gather(delta)
            while engine.left:
                over = self._waiting.get(engine.left.popleft())
                # When all stop, users stay where they are: Locust would only start them anew.
                if over is not None and not self._stopping:
                    over.set()
            if engine.trouble is not None and engine not in self._broken:
                self._broken.add(engine)
                traceback.print_exception(engine.trouble)
                self._tell_of_bug(f"a bug in recallsim ended bots: {engine.trouble!r}")

    def _tell_of_bug(self, sentence: str) -> None:
        runner = self._environment.runner
        if isinstance(runner, runners.WorkerRunner):
            runner.send_message("recallsim.bug", {"sentence": sentence})
        else:
            self.trouble("local", sentence)

    def _gather(self, delta: Delta) -> None:
        self.figures.add(delta)
        for take in self.on_delta:
            take(delta)

    def _stop(self, environment: Environment, **_: Any) -> None:
        """Let every bot leave, here and on all workers, and have their last figures."""
        self._stopping = True
        for engine in self._engines.values():
            engine.stop()
        runner = environment.runner
        if not isinstance(runner, runners.MasterRunner):
            return
        self._tell_lost()  # with its last worker, Locust ends the test
        here = [client.id for client in runner.clients.all if client.state != "missing"]
        with suppress(Exception):
            runner.send_message("recallsim.stop")
        elapsed = stopwatch()
        while not self._stopped.issuperset(here) and elapsed() < STOP_WITHIN:
            gevent.sleep(0.02)

    def _drain(self, environment: Environment, **_: Any) -> None:
        """Wait for the engines to end, and take the last of what they counted."""
        self._stopping = True
        elapsed = stopwatch()
        while elapsed() < STOP_WITHIN and not all(e.is_over for e in self._engines.values()):
            gevent.sleep(0.02)
        self._pump()
        self._engines.clear()

    def _stop_as_told(self, environment: Environment, **_: Any) -> None:
        runner = environment.runner
        assert isinstance(runner, runners.WorkerRunner)
        self._stop(environment)
        self._drain(environment)
        # In this order: the master has all figures when it learns that this worker stopped.
        runner._send_stats()
        runner.send_message("recallsim.stopped")

    def _note_stopped(self, msg: Any, **_: Any) -> None:
        self._stopped.add(msg.node_id)

    def _report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        data[_DELTAS] = msgspec.msgpack.encode(self._pending)
        self._pending = []

    def _take_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        self._known[client_id] = self.seconds
        for delta in msgspec.msgpack.decode(data.get(_DELTAS, b"\x90"), type=list[Delta]):
            self._gather(delta)

    def _watch_workers(self) -> None:
        """Say which workers go while the test runs."""
        runner = self._environment.runner
        while True:
            gevent.sleep(0.5)
            if not self._stopping and runner is not None and runner.state in _AT_WORK:
                self._tell_lost()

    def _tell_lost(self) -> None:
        runner = self._environment.runner
        assert isinstance(runner, runners.MasterRunner)
        here = {client.id for client in runner.clients.all if client.state != "missing"}
        for name in self._known.keys() - here:
            heard = self._known.pop(name)
            had = self.figures.links.get(name)
            bots = had.up + had.dialling + had.waiting if had else 0
            self.figures.lose(name)
            self.trouble(
                name,
                f"a worker was lost with {bots} bots: last heard of at {heard:.0f} s, missed at "
                f"{self.seconds:.0f} s",
                bots=bots,
                heard=heard,
            )

    def _greet(self, environment: Environment, msg: Any, **_: Any) -> None:
        """A worker says which versions it runs: others than the master's are refused."""
        runner = environment.runner
        assert isinstance(runner, runners.MasterRunner)
        if msg.data == versions():
            return
        sentence = refusal(msg.data)
        runner.send_message("recallsim.refused", {"sentence": sentence}, msg.node_id)
        runner.clients.pop(msg.node_id, None)
        self.trouble(msg.node_id, sentence)

    def _refused(self, environment: Environment, msg: Any, **_: Any) -> None:
        _log.error(msg.data["sentence"])
        environment.process_exit_code = 2
        assert environment.runner is not None
        environment.runner.quit()


def versions() -> dict[str, str]:
    """What has to be the same at the master and at every worker."""
    return {"recallsim": __version__, "locust": locust.__version__}


def refusal(theirs: dict[str, str]) -> str:
    """Why a worker is refused, with both versions."""
    ours = versions()
    return (
        f"a worker with recallsim {theirs.get('recallsim')} and Locust {theirs.get('locust')} was "
        f"refused: the master has recallsim {ours['recallsim']} and Locust {ours['locust']}; "
        "install the same on both"
    )


_conductors: "WeakKeyDictionary[Environment, Conductor]" = WeakKeyDictionary()


def conductor_of(environment: Environment) -> Conductor:
    """The conductor of an environment; the first call makes it."""
    if environment not in _conductors:
        _conductors[environment] = Conductor(environment)
    return _conductors[environment]
