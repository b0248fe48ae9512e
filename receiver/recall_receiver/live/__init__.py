"""Looking at what arrives: a page of tiles, and the values that it and the metrics are made of.

`Board` is what is read; `ReceptionBoard` is fed by one reception.
"""

from recall_receiver.live.access import Access
from recall_receiver.live.board import Board, ReceptionBoard
from recall_receiver.live.site import Site
from recall_receiver.live.snapshot import Snapshot

__all__ = ["Access", "Board", "ReceptionBoard", "Site", "Snapshot"]
