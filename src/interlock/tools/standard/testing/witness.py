"""Runs pytest inside the sandbox and sees for itself how each test ends: what the tested code says of it is not asked.

This file is a program of its own: it is handed to a bare interpreter as text and imports nothing of Interlock. What it
saw goes out as the last line of its errors, behind a word that it reads from its input only when all tests are over.

It stands against tests, fixtures, `conftest.py` and plugins that use pytest's own means: reports that are edited, hooks
that swallow a failure or call no test, functions that stand in for a test's own, marks that are put on late, a changed
exit status, tests that are dropped. It shares an interpreter with the code it watches, so code that is written against
this very program can deceive it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import os
import sys
import unittest
from collections.abc import Callable, Generator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

BENIGN_EXITS = (0, 1, 5)
"""All passed, some failed, none found. Anything else means that pytest itself came to grief."""
NAMES_MAX = 200


class Witness:
    """What was seen of each test, by its node id."""

    def __init__(self) -> None:
        self.collected: dict[str, frozenset[str]] = {}
        self.written: dict[str, CodeType | None] = {}
        self.entered: set[str] = set()
        self.returned: set[str] = set()
        self.replaced: set[str] = set()
        self.raised: dict[str, dict[str, Any]] = {}
        self.reported: dict[str, set[str]] = {}
        self.collect_errors: list[str] = []

    # --- what pytest calls -------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """A test, with the marks that stand in its own code: those that are put on later do not excuse it."""
        self.collected[item.nodeid] = frozenset(mark.name for mark in item.iter_markers())
        self.written[item.nodeid] = code_of(written_function(item))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that could not be read as tests."""
        if report.failed:
            self.collect_errors.append(report.nodeid)

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """The test's own function is watched while it is called, from as near as can be."""
        function = getattr(item, "obj", None)
        if not callable(function):
            self.entered.add(item.nodeid)
            yield
            self.returned.add(item.nodeid)
            return
        if stands_in(code_of(function), self.written.get(item.nodeid)):
            self.replaced.add(item.nodeid)
        watched: Any = item
        watched.obj = self._watched(item.nodeid, function)
        try:
            with shown_to_unittest(item, watched.obj):
                yield
        finally:
            watched.obj = function

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """How a phase ended, before anybody makes a report of it."""
        phases = self.raised.setdefault(item.nodeid, {})
        # What unittest has caught itself lies with the item, until pytest makes it the end of the phase.
        caught: list[pytest.ExceptionInfo[BaseException]] = getattr(item, "_excinfo", None) or []
        excinfo = caught[0] if caught else call.excinfo
        phases[call.when] = None if excinfo is None else excinfo.value

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What is said of a phase, after everybody had a hand in it."""
        outcome = "xfailed" if report.skipped and hasattr(report, "wasxfail") else report.outcome
        self.reported.setdefault(report.nodeid, set()).add(outcome)

    def _watched(self, test: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a test's own
                self.entered.add(test)
                result = await function(*args, **kwargs)
                self.returned.add(test)
                return result

            return awaited

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a test's own
            self.entered.add(test)
            result = function(*args, **kwargs)
            self.returned.add(test)
            return result

        return called

    # --- what is made of it ------------------------------------------------------------------------------------------

    def verdict(self, exit_code: int) -> dict[str, Any]:
        """How the tests ended."""
        ended = {test: self._ending(test) for test in self.collected}
        hidden = [test for test, ending in ended.items() if self._is_hidden(test, ending)]
        failing = [test for test, ending in ended.items() if ending in {"failed", "error"}]
        counts = {kind: list(ended.values()).count(kind) for kind in KINDS}
        counts["error"] += len(self.collect_errors) + (exit_code not in BENIGN_EXITS)
        told = [*self.collect_errors, *failing]
        return {**counts, "failing": told[:NAMES_MAX], "hidden": hidden[:NAMES_MAX], "exit_code": exit_code}

    def _ending(self, test: str) -> str:
        """The worse of what was seen and what was said."""
        phases, said = self.raised.get(test, {}), self.reported.get(test, set())
        setup, call, teardown = (phases.get(when) for when in ("setup", "call", "teardown"))
        if "setup" not in phases:
            return "not_run"
        if is_skip(setup) or is_skip(call):
            return "skipped"
        if setup is not None or teardown is not None:
            return "error"
        if is_xfail(call) or (call is not None and "xfail" in self.collected[test] and "xfailed" in said):
            return "xfailed"
        if call is not None or "failed" in said or test not in self.returned or test in self.replaced:
            return "failed"
        return "passed"

    def _is_hidden(self, test: str, ending: str) -> bool:
        """Whether a test that did not end well was said to have."""
        return ending in {"failed", "error"} and "failed" not in self.reported.get(test, set())


KINDS = ("passed", "failed", "error", "skipped", "xfailed", "not_run")


@contextlib.contextmanager
def shown_to_unittest(item: pytest.Item, function: Callable[..., Any]) -> Generator[None, None, None]:
    """Unittest takes an asynchronous method from its instance by name, and never asks pytest's item for it."""
    case = getattr(item, "instance", None)
    if not (isinstance(case, unittest.TestCase) and inspect.iscoroutinefunction(function)):
        yield
        return
    setattr(case, item.name, function)
    try:
        yield
    finally:
        delattr(case, item.name)


def written_function(item: pytest.Item) -> object:
    """What the test's module or class holds under its name."""
    name = getattr(item, "originalname", None) or item.name
    return inspect.getattr_static(getattr(item.parent, "obj", None), name, None)


def code_of(function: object) -> CodeType | None:
    """What runs when it is called, if that is Python; of a method, that of its function."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code if isinstance(code, CodeType) else None


def stands_in(called: CodeType | None, written: CodeType | None) -> bool:
    """Whether something else is called than the test. Installed plugins may call it in their own way."""
    if written is None or called is written:
        return False
    return called is None or not any(f"{os.sep}{each}{os.sep}" in called.co_filename for each in INSTALLED)


INSTALLED = ("site-packages", "dist-packages")


def is_skip(raised: BaseException | None) -> bool:
    """Whether a test said that it does not apply."""
    return isinstance(raised, SKIPPED)


def is_xfail(raised: BaseException | None) -> bool:
    """Whether a test said itself that it was to fail."""
    return isinstance(raised, XFAILED)


SKIPPED, XFAILED = pytest.skip.Exception, pytest.xfail.Exception


def main() -> None:
    """Run the tests named on the command line, and say how they ended."""
    own_input, own_errors = os.dup(0), os.dup(2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # What is needed in the end is taken now: the tested code may put something else in its place.
    run, dump, write, read, end = pytest.main, json.dumps, os.write, os.read, os._exit
    witness = Witness()
    sys.path.insert(0, str(Path.cwd()))
    exit_code = int(run(sys.argv[1:], plugins=[witness]))
    sys.stdout.flush()
    word = read(own_input, 200).decode()
    write(own_errors, f"\n{word}{dump(witness.verdict(exit_code))}\n".encode())
    end(0)


if __name__ == "__main__":
    main()
