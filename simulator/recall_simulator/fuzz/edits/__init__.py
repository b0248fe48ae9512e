"""Every way in which a message may differ from the plain one, one file a depth.

Each kind of edit belongs to one class: what is asked of a receiver for it. What is called valid
is what the vendor's pages document, or what JSON (RFC 8259), base64 (RFC 4648) and PNG (Third
Edition) say of the forms that they name.
"""

from recall_simulator.fuzz.edits import (  # noqa: F401  they put themselves on the list
    encoding,
    events,
    fields,
    pictures,
    pixels,
    text,
    values,
)
from recall_simulator.fuzz.edits.family import DEPTHS, EDITS, Family

__all__ = ["DEPTHS", "EDITS", "Family"]
