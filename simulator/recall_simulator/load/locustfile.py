"""The locustfile of `recallsim load`; one of your own builds on `recall_simulator.load.users`.

The orders come in an environment variable; each thing that happens at the master leaves as a line
of JSON on standard output. Standard input takes deltas of what observers saw; where it ends, the
run does.
"""

import logging
import os
import signal
from typing import Any

import gevent
import msgspec
from gevent.os import tp_read
from locust import LoadTestShape, events, runners
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from recall_simulator.load.conductor import conductor_of
from recall_simulator.load.figures import Delta
from recall_simulator.load.limit import Course, Search
from recall_simulator.load.mission import Mission
from recall_simulator.load.orders import (
    ENVIRONMENT,
    Aimed,
    Began,
    Flushed,
    Line,
    Orders,
    Over,
    Tried,
    Why,
)
from recall_simulator.load.users import RecallBotUser

GIVE_UP = 10.0
"""Seconds after which a receiver that nobody has reached is given up."""

AT_ONCE = 10_000
"""Bots a second, for Locust: the engine itself spreads them out."""

WORKERS_WITHIN = 120.0
"""Seconds that the expected workers get to come to the master."""

_LINGER = 1.0
"""Seconds after the end of the run for which bots may still close their links."""

_LAST = 10.0
"""Seconds for an orderly end, after which this process and its workers are killed."""

_ORDERS = "recallsim_orders"

# A killed worker is taken for lost after three missed heartbeats; figures come each second.
runners.WORKER_REPORT_INTERVAL = 1.0


def _orders(environment: Environment) -> Orders:
    return msgspec.json.decode(getattr(environment.parsed_options, _ORDERS), type=Orders)


class Bot(RecallBotUser):
    """One bot of the run."""

    def mission(self) -> Mission:
        """As the orders say."""
        return _orders(self.environment).mission


class Run(LoadTestShape):
    """How many bots there are when, until the end."""

    def tick(self) -> tuple[int, float] | None:
        """Asked once a second at the master, or where there is only one process."""
        return _run.tick(conductor_of(_run.here).seconds)


class _Run:
    """The run at the master."""

    def __init__(self) -> None:
        self.environment: Environment | None = None
        self._why: Why = "stopped"
        self._began = False
        self._aim = 0
        self._course: Course | None = None

    def begin(self, environment: Environment, **_: Any) -> None:
        if isinstance(environment.runner, runners.WorkerRunner):
            return
        self.environment = environment
        conductor = conductor_of(environment)
        conductor.on_delta.append(lambda delta: tell(Flushed(delta)))
        conductor.on_trouble.append(tell)
        hooks: Any = environment.events
        hooks.test_stop.add_listener(self.over)  # after the conductor's: it has taken all figures
        gevent.spawn(self._listen)
        gevent.spawn_later(WORKERS_WITHIN, self._never_began, "no workers")

    def start(self, environment: Environment, **_: Any) -> None:
        """Every process gets its share of the spawn rate, before it gets its bots."""
        runner = environment.runner
        if runner is None or isinstance(runner, runners.WorkerRunner):
            return
        orders = _orders(environment)
        if orders.find_limit:
            self._course = Course(
                Search(orders.shape.bots),
                spawn_rate=orders.mission.spawn_rate,
                frames_per_second=orders.mission.frames_per_second,
                tell=lambda trial: tell(Tried(trial)),
            )
        processes = getattr(runner, "worker_count", 1) or 1
        share = orders.mission.spawn_rate / processes
        mission = msgspec.structs.replace(orders.mission, spawn_rate=share)
        orders = msgspec.structs.replace(orders, mission=mission)
        setattr(environment.parsed_options, _ORDERS, msgspec.json.encode(orders).decode())
        self._began = True
        tell(Began(processes))

    def tick(self, now: float) -> tuple[int, float] | None:
        orders = _orders(self.here)
        figures = conductor_of(self.here).figures
        if now > GIVE_UP and not figures.total.opened:
            self._why = "unreachable"
            return None
        if now >= orders.mission.duration + _LINGER:
            self._why = "done"
            return None
        aim: int | None = orders.shape.bots_at(now)
        if self._course is not None:
            aim = self._course.bots_at(now, figures)
        if aim is None:
            self._why = "done"
            return None
        if aim != self._aim:
            self._aim = aim
            tell(Aimed(aim, now))
        return aim, AT_ONCE

    def over(self, environment: Environment, **_: Any) -> None:
        """All figures are in."""
        if not isinstance(environment.runner, runners.WorkerRunner):
            tell(Over(self._why))

    def _never_began(self, why: Why) -> None:
        """Say that it is over, if not all workers have come: Locust would wait for ever."""
        if not self._began:
            tell(Over(why))

    @property
    def here(self) -> Environment:
        """Where the run is; there once Locust has started up."""
        assert self.environment is not None
        return self.environment

    def _listen(self) -> None:
        """Take deltas from standard input; its end ends the run."""
        rest = b""
        while data := tp_read(0, 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                conductor_of(self.here).take(msgspec.json.decode(line, type=Delta))
        # Whoever started this may be gone for good, and then nobody ends what does not end itself.
        gevent.spawn_later(_LAST, os.killpg, 0, signal.SIGKILL)
        self._never_began("stopped")
        if self.here.runner is not None:
            self.here.runner.quit()
        web: Any = self.here.web_ui
        if web is not None:
            web.stop()


def tell(line: Line) -> None:
    """Write one line for whoever started this Locust."""
    data = msgspec.json.encode(line) + b"\n"
    while data:
        data = data[os.write(1, data) :]


def _add_option(parser: LocustArgumentParser, **_: Any) -> None:
    parser.add_argument(
        "--recallsim-orders",
        env_var=ENVIRONMENT,
        include_in_web_ui=False,
        help="JSON, from `recallsim load`",
    )


_run = _Run()
_hooks: Any = events
_hooks.init_command_line_parser.add_listener(_add_option)
_hooks.init.add_listener(_run.begin)
_hooks.test_start.add_listener(_run.start)
logging.getLogger("locust").setLevel(logging.WARNING)
