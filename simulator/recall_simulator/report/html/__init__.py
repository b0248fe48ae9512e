"""Reports as one page that can be mailed: drawn from the object of `--json` alone."""

from recall_simulator.report.html.page import report_page

__all__ = ["report_page"]
