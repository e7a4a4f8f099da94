"""What a run's output says: tables for a terminal, a page for a meeting."""

from app.offline.report.run import write_report
from app.offline.report.stats import Run

__all__ = ["Run", "write_report"]
