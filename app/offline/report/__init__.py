"""What a run's output says: tables for a terminal, a page for a meeting."""

from app.offline.report import charts, page
from app.offline.report.run import write_report
from app.offline.report.stats import Run

__all__ = ["Run", "charts", "page", "write_report"]
