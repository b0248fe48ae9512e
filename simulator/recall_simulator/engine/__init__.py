"""The only code that knows sockets, tasks and clocks: clock, link, bot, run."""

from recall_simulator.engine.bot import Bot
from recall_simulator.engine.clock import (
    Clock,
    RealClock,
    UnpacedClock,
    VirtualClock,
    stopwatch,
    utc_now,
)
from recall_simulator.engine.conduct import Conduct, SlowReceiverPolicy
from recall_simulator.engine.dialer import Dialer, WebSocketDialer
from recall_simulator.engine.inprocess import InProcessDialer, InProcessLink
from recall_simulator.engine.link import DialFailed, Link, LinkLost
from recall_simulator.engine.memory import tune_malloc
from recall_simulator.engine.reach import is_near
from recall_simulator.engine.run import Handler, play
from recall_simulator.engine.wheel import Wheel, WheelClock

__all__ = [
    "Bot",
    "Clock",
    "Conduct",
    "DialFailed",
    "Dialer",
    "Handler",
    "InProcessDialer",
    "InProcessLink",
    "Link",
    "LinkLost",
    "RealClock",
    "SlowReceiverPolicy",
    "UnpacedClock",
    "VirtualClock",
    "WebSocketDialer",
    "Wheel",
    "WheelClock",
    "is_near",
    "play",
    "stopwatch",
    "tune_malloc",
    "utc_now",
]
