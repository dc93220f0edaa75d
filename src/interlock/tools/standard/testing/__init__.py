"""Running a workspace's tests, and seeing for oneself how they end."""

from interlock.tools.standard.testing.run_tests import TestReport, testing_tools
from interlock.tools.standard.testing.verdict import Verdict, verdict_in

__all__ = ["TestReport", "Verdict", "testing_tools", "verdict_in"]
