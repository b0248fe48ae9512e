"""Reports as one page that can be mailed: drawn from the object of `--json` alone."""

from recall_simulator.report.html.campaign import campaign_page
from recall_simulator.report.html.comparison import comparison_page
from recall_simulator.report.html.report import report_page

__all__ = ["campaign_page", "comparison_page", "report_page"]
