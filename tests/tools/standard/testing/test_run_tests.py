"""A run's tests are run in the sandbox, and how they end is seen, not asked."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.tools.standard.bench import Bench
from tests.tools.standard.sandboxes import sandboxed_bench

FAILING = "def test_fails(): assert False\n"
PASSING = "def test_passes(): pass\n"


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """An empty workspace with all tools."""
    return sandboxed_bench(tmp_path)


def test_tests_are_counted_by_how_they_ended(bench: Bench) -> None:
    """Whoever decides on a patch needs more than one word, and which tests they are."""
    bench.holds(
        {
            "src/sums.py": "def add(a, b): return a - b\n",
            "tests/test_sums.py": "import sys; sys.path.insert(0, 'src')\nimport sums\n"
            "def test_zero(): assert sums.add(1, 0) == 1\ndef test_one(): assert sums.add(1, 1) == 2\n",
            "tests/test_others.py": "import pytest, unittest\n"
            "@pytest.fixture\ndef broken(): raise OSError\ndef test_error(broken): pass\n"
            "@pytest.mark.xfail\ndef test_known(): assert 0\n@pytest.mark.skip\ndef test_later(): pass\n"
            "class Old(unittest.TestCase):\n    def test_good(self): pass\n    def test_bad(self): self.fail()\n",
            "tests/test_unreadable.py": "def (:\n",
        }
    )

    report = bench.call("run_tests")

    counts = {name: report[name] for name in ("passed", "failed", "errors", "skipped", "xfailed", "not_run", "total")}
    assert counts == {"passed": 2, "failed": 2, "errors": 2, "skipped": 1, "xfailed": 1, "not_run": 0, "total": 8}
    assert sorted(report["failing"]) == [
        "tests/test_others.py::Old::test_bad",
        "tests/test_others.py::test_error",
        "tests/test_sums.py::test_one",
        "tests/test_unreadable.py",
    ]
    assert (report["succeeded"], report["hidden"]) == (False, [])
    assert "assert 0 == 2" in report["output"]


OLDER = """
import unittest

class Old(unittest.TestCase):
    @unittest.skip("later")
    def test_later(self): self.fail()
    def test_not_here(self): self.skipTest("not here")
    @unittest.expectedFailure
    def test_known(self): self.fail()
    @unittest.expectedFailure
    def test_known_no_more(self): pass
    def test_parts(self):
        with self.subTest(part=1): pass
        with self.subTest(part=2): self.fail()

class Nowhere(unittest.TestCase):
    def setUp(self): raise unittest.SkipTest("nowhere")
    def test_never(self): self.fail()

class Waiting(unittest.IsolatedAsyncioTestCase):
    async def test_good(self): pass
    async def test_bad(self): self.fail()
"""


def test_tests_of_the_older_kind_are_seen_as_they_end(bench: Bench) -> None:
    """Unittest catches what its tests raise, and calls asynchronous ones itself: neither makes a failure of them."""
    bench.holds({"test_old.py": OLDER})

    report = bench.call("run_tests")

    assert {kind: report[kind] for kind in ("passed", "skipped", "xfailed")} == {
        "passed": 1,
        "skipped": 3,
        "xfailed": 1,
    }
    assert (sorted(report["failing"]), report["hidden"]) == (
        [f"test_old.py::{name}" for name in ("Old::test_known_no_more", "Old::test_parts", "Waiting::test_bad")],
        [],
    )


def test_only_what_is_asked_for_is_run_and_nothing_stays(bench: Bench) -> None:
    """A fixer runs one test again and again; what tests write is nobody's work."""
    bench.holds({"test_a.py": PASSING + FAILING + "def test_writes(): open('left.txt', 'w')\n", "test_b.py": FAILING})

    report = bench.call("run_tests", paths=["test_a.py"], select="passes or writes")

    assert (report["succeeded"], report["passed"], report["total"]) == (True, 2, 2)
    assert sorted(bench.files) == ["test_a.py", "test_b.py"]


FORGERIES = {
    "edits_the_report": """
        import pytest
        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            outcome = yield
            report = outcome.get_result()
            report.outcome, report.longrepr = "passed", None
    """,
    "swallows_the_failure": """
        import pytest
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_call(item):
            try:
                return (yield)
            except BaseException:
                return None
    """,
    "calls_no_test": """
        import pytest
        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            return True
    """,
    "excuses_it_late": """
        import pytest
        def pytest_runtest_setup(item):
            item.add_marker(pytest.mark.xfail)
    """,
    "puts_another_test_in_its_place": """
        def pytest_runtest_setup(item):
            item.runtest = lambda: None
    """,
    "puts_a_function_in_its_place": """
        def pytest_collection_modifyitems(items):
            for item in items:
                item.obj = lambda: None
    """,
    "puts_one_there_as_soon_as_it_is_found": """
        import pytest
        @pytest.hookimpl(wrapper=True)
        def pytest_pycollect_makeitem(collector, name, obj):
            found = yield
            for item in found or ():
                item.obj = print
            return found
    """,
    "puts_a_silent_one_there_that_wraps_it": """
        import functools
        def pytest_runtest_setup(item):
            test = item.obj
            @functools.wraps(test)
            def silent():
                try:
                    test()
                except AssertionError:
                    pass
            item.obj = silent
    """,
    "puts_a_silent_one_of_a_library_there": """
        import contextlib
        @contextlib.contextmanager
        def silence():
            try:
                yield
            except AssertionError:
                pass
        def pytest_runtest_setup(item):
            item.obj = silence()(item.obj)
    """,
}
SILENT_PLUGIN = """
    import pytest
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(item):
        try:
            return (yield)
        except BaseException:
            return None
"""


def test_a_conftest_that_edits_the_verdict_is_seen_through(bench: Bench) -> None:
    """An agent that writes the code also writes the tests beside it: its word must not open a gate."""
    bench.holds({f"{name}/conftest.py": dedent(code) for name, code in FORGERIES.items()})
    bench.holds({f"{name}/test_{name}.py": FAILING for name in FORGERIES})

    report = bench.call("run_tests")

    assert sorted(report["failing"]) == sorted(f"{name}/test_{name}.py::test_fails" for name in FORGERIES)
    assert (report["succeeded"], report["passed"], report["failed"]) == (False, 0, len(FORGERIES))
    assert sorted(report["hidden"]) == sorted(f"{name}/test_{name}.py::test_fails" for name in FORGERIES)


@pytest.mark.parametrize(
    "named",
    [
        {"conftest.py": "pytest_plugins = ['forged']\n"},
        {
            "forged-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: forged\nVersion: 1\n",
            "forged-1.dist-info/entry_points.txt": "[pytest11]\nforged = forged\n",
        },
    ],
    ids=["named", "as if installed"],
)
def test_a_plugin_that_edits_the_verdict_is_seen_through(named: dict[str, str], bench: Bench) -> None:
    """Pytest takes plugins from wherever the workspace says that there are some."""
    bench.holds({**named, "forged.py": dedent(SILENT_PLUGIN), "test_a.py": PASSING + FAILING})

    report = bench.call("run_tests")

    assert (report["succeeded"], report["failed"], report["hidden"]) == (False, 1, ["test_a.py::test_fails"])


@pytest.mark.parametrize(
    "conftest",
    [
        "def pytest_collection_modifyitems(items): items[:] = [i for i in items if 'fails' not in i.name]",
        "def pytest_sessionfinish(session): session.exitstatus = session.testsfailed = 0",
        "def pytest_runtestloop(session): return True",
        "import pytest\ndef pytest_runtest_teardown(item): pytest.exit('all is well', returncode=0)",
    ],
)
def test_tests_that_are_dropped_or_denied_are_missed(conftest: str, bench: Bench) -> None:
    """All that were run have passed, and that is not what was asked."""
    bench.holds({"conftest.py": conftest, "test_a.py": PASSING + FAILING})

    report = bench.call("run_tests")

    assert report["succeeded"] is False
    assert report["not_run"] + report["failed"] + report["errors"] > 0


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(0)",
        "import os, sys; sys.stderr.write('0' * 64 + ' {\"passed\": 1}'); sys.stderr.flush(); os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import sys; sys.modules['json'] = None; import builtins; builtins.len = None",
    ],
)
def test_an_end_without_a_verdict_is_no_success(code: str, bench: Bench) -> None:
    """Exit code 0 says that a program ended, and no more."""
    bench.holds({"test_a.py": PASSING, "test_b.py": f"def test_b():\n    {code}\n"})

    kind, message = bench.refusal("run_tests")

    assert kind == "failed"
    assert "so they have not passed" in message


def test_settings_of_the_project_hide_no_tests_and_its_files_shadow_no_library(bench: Bench) -> None:
    """`-k`, `--co` and a file called `pytest.py` have all made suites green."""
    bench.holds(
        {
            "pytest.ini": "[pytest]\naddopts = -k passes --co -p forged\n",
            "pytest.py": "raise SystemExit(0)\n",
            "sitecustomize.py": "import os; os._exit(0)\n",
            "forged.py": "import os; os._exit(0)\n",
            "test_a.py": PASSING + FAILING,
        }
    )

    report = bench.call("run_tests")

    assert (report["succeeded"], report["passed"], report["failed"]) == (False, 1, 1)


def test_no_tests_are_no_success(bench: Bench) -> None:
    """Nothing was proved."""
    bench.holds({"main.py": "pass\n"})

    report = bench.call("run_tests")

    assert (report["succeeded"], report["total"]) == (False, 0)


def test_tests_that_hang_are_stopped_and_told_as_such(bench: Bench) -> None:
    """A patch that loops for ever must not hold a run for ever."""
    bench.holds({"test_a.py": "def test_hangs():\n    while True: pass\n"})

    kind, message = bench.refusal("run_tests", timeout=2)

    assert kind == "timeout"
    assert message.startswith("the tests were stopped at their time limit, so they have not passed.")


@pytest.mark.parametrize("path", ["nowhere", "../outside", "-x"])
def test_tests_that_are_not_there_are_refused(path: str, bench: Bench) -> None:
    """A misspelt path would else be a suite without failures."""
    kind, _ = bench.refusal("run_tests", paths=[path])

    assert kind == "invalid"
