"""What the receiver made of it: its process, its files, its HTTP or websocket output.

`Observers` opens them all round a run; each tells `record.observations`. Knows nothing of what was
sent: the judge compares.
"""

from recall_simulator.observe.observer import Now, Observer, Tell
from recall_simulator.observe.observers import Observers
from recall_simulator.observe.process import ReceiverProcess
from recall_simulator.observe.spec import KINDS, ObserverSpec, parse_observer
from recall_simulator.observe.standing import Standing

__all__ = [
    "KINDS",
    "Now",
    "Observer",
    "ObserverSpec",
    "Observers",
    "ReceiverProcess",
    "Standing",
    "Tell",
    "parse_observer",
]
