"""A document as the content of a file."""

from typing import Literal

import msgspec

from recall_simulator.report.document import Document
from recall_simulator.report.html import report_page
from recall_simulator.report.markdown import markdown_report


def encode_report(kind: Literal["json", "html", "markdown"], document: Document) -> bytes:
    """The content of a report.

    Args:
        kind: that can be made of the document alone.
        document: the object of `--json`.
    """
    match kind:
        case "json":
            return msgspec.json.encode(document)
        case "html":
            return report_page(document).encode()
        case "markdown":
            return markdown_report(document).encode()
