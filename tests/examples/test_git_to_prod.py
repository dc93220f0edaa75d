"""The example from a failing build to a release: its graph, and each of its tools on a copy of its sample repository.

What the whole of it does is claimed, and checked, by the demo itself: `make demo`.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RunResult
from interlock.authoring.drawing.picture import picture_of
from interlock.authoring.drawing.svg import as_svg
from interlock.tools import DidNotTakePlace, TookPlace

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "git-to-prod"
PICTURE = ROOT / "docs" / "images" / "git-to-prod.svg"

PLAN = {"goal": "links stay", "failing": ["test_a_link_is_the_same_in_every_process"], "file": "receipts/links.py"}
PATCH = [
    {"file": "receipts/totals.py", "old": "TOTAL = 1\n", "new": "TOTAL = 2\n"},
    {"file": "receipts/taxes.py", "old": "", "new": "TAX = 3\n"},
]
RELEASE = {"pr": 7, "fix": "links stay"}


class Project:
    """A copy of the example, and in it a repository that is worked on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.interlock = Interlock(tools=[folder / "tools"], graphs=folder / "graphs")

    def call(self, tool: str, **input: object) -> RunResult:
        """What comes of a run that calls nothing but this tool, for the repository."""
        call = {"tool": tool, "input": {"repository": "repository", **input}}
        return self.interlock.run({"graph": "call", "nodes": {"call": call}})

    def given_by(self, tool: str, **input: object) -> Any:  # noqa: ANN401 - JSON data
        """What a tool gives."""
        result = self.call(tool, **input)
        assert result.succeeded, result.error
        return result.nodes["call"].output

    def whether_released(self, effect: str) -> object:
        """What the release tool says when it is asked, after a crash, what became of an effect."""
        reconcile = self.interlock.toolbox.get("release").reconcile
        assert reconcile is not None
        return reconcile(repository="repository", effect_id=effect)

    def text(self, file: str) -> str:
        """A file of the repository."""
        return (self.repository / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        """Write a file of the repository."""
        (self.repository / file).write_text(text, encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Everything in the repository."""
        paths = sorted(path for path in self.repository.rglob("*") if path.is_file())
        return {path.relative_to(self.repository).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example is copied once, because Python imports the modules of its tools once."""
    ignored = shutil.ignore_patterns("demo", ".interlock", ".copies", "diary.jsonl", "__pycache__")
    copy = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("example") / EXAMPLE.name, ignore=ignored)
    return Project(Path(copy))


@pytest.fixture
def project(example: Project) -> Project:
    """The repository is fresh for every test."""
    shutil.rmtree(example.repository, ignore_errors=True)
    shutil.copytree(example.folder / "sample_repo", example.repository)
    return example


# --- the graph -------------------------------------------------------------------------------------------------------


def test_the_graph_is_valid_and_warns_of_nothing(example: Project) -> None:
    """The first graph that people read must not teach them to ignore warnings."""
    checked = example.interlock.check("git-to-prod")

    assert checked.rendered() == ""
    assert checked.is_valid


def test_the_picture_in_the_documentation_is_this_graph(example: Project) -> None:
    """Drawn anew by, in the example's folder: interlock graph show git-to-prod --format svg > …/git-to-prod.svg."""
    plan, _ = example.interlock.check("git-to-prod").accepted()

    assert PICTURE.read_text(encoding="utf-8") == as_svg(picture_of(plan))


def test_the_tools_that_stand_in_for_agents_say_so(example: Project) -> None:
    """Whoever looks at the example must not take a fixed edit for the work of a model."""
    descriptions = {tool.name: tool.contract.description for tool in example.interlock.toolbox}

    assert [name for name, text in descriptions.items() if text.endswith("Stands in an agent's place.")] == [
        "planner",
        "quick_fixer",
        "sound_fixer",
        "thorough_fixer",
    ]


def test_each_tool_says_what_repeating_it_would_do(example: Project) -> None:
    """By this Interlock knows after a crash what may be called again, and what has to be asked about first."""
    effects = {tool.name: tool.contract.effect for tool in example.interlock.toolbox}

    assert effects == {
        "apply_patch": "idempotent",
        "planner": "read",
        "quick_fixer": "read",
        "release": "once",
        "revert_patch": "idempotent",
        "revert_release": "idempotent",
        "run_tests": "read",
        "security_scan": "read",
        "sound_fixer": "read",
        "thorough_fixer": "read",
    }


# --- finding and fixing ----------------------------------------------------------------------------------------------


def test_the_plan_names_the_test_that_fails(project: Project) -> None:
    """It is found by running the tests, not told by the pull request."""
    plan = project.given_by("planner", pr=7)

    assert plan["failing"] == ["test_a_link_is_the_same_in_every_process"]


def test_there_is_no_plan_where_nothing_fails(project: Project) -> None:
    """A run that has nothing to do says so instead of releasing the same again."""
    project.given_by("apply_patch", patch=project.given_by("sound_fixer", plan=PLAN)["patch"])

    result = project.call("planner", pr=7)

    assert result.error is not None
    assert "nothing is to be fixed: all 5 tests pass" in result.error.message


@pytest.mark.parametrize(
    ("fixer", "known"),
    [
        ("quick_fixer", {"fix": "links are MD5 sums", "lines": 4, "passed": 5, "failed": 0}),
        ("sound_fixer", {"fix": "links are keyed digests", "lines": 6, "passed": 5, "failed": 0}),
        ("thorough_fixer", {"fix": "links are keyed digests, with tests", "lines": 19, "passed": 7, "failed": 0}),
    ],
)
def test_a_fixer_offers_a_tested_patch_and_touches_nothing(
    project: Project, fixer: str, known: dict[str, object]
) -> None:
    """Three of them work side by side: none may see, or harm, what another does."""
    before = project.files()

    candidate = project.given_by(fixer, plan=PLAN)

    assert {**candidate, "patch": []} == {**known, "patch": []}
    assert project.files() == before


# --- the checks ------------------------------------------------------------------------------------------------------


def test_failing_tests_are_counted_and_named(project: Project) -> None:
    """A gate reads the number, a person the name."""
    report = project.given_by("run_tests")

    assert report == {"passed": 4, "failed": 1, "failing": ["test_a_link_is_the_same_in_every_process"]}


def test_tests_that_cannot_run_are_a_failure_of_the_tool(project: Project) -> None:
    """No test that failed is not the same as no test that ran."""
    project.write("tests/test_links.py", "this is not Python")

    result = project.call("run_tests")

    assert result.error is not None
    assert "pytest could not run the tests" in result.error.message


def test_the_scan_of_the_quick_fix_finds_what_its_tests_do_not(project: Project) -> None:
    """It is why there is a gate behind the scan."""
    project.given_by("apply_patch", patch=project.given_by("quick_fixer", plan=PLAN)["patch"])

    scan = project.given_by("security_scan")

    assert (scan["high"], scan["medium"], scan["low"]) == (1, 0, 0)
    assert "weak MD5" in scan["where"][0]


# --- patches ---------------------------------------------------------------------------------------------------------


def test_a_patch_can_be_applied_again_and_taken_back_again(project: Project) -> None:
    """After a crash nobody knows whether it was applied, so a repeat has to lead to the same."""
    project.write("receipts/totals.py", "TOTAL = 1\n")
    before = project.files()

    project.given_by("apply_patch", patch=PATCH)
    project.given_by("apply_patch", patch=PATCH)
    applied = project.files()
    project.given_by("revert_patch", patch=PATCH)
    project.given_by("revert_patch", patch=PATCH)

    assert applied == {**before, "receipts/totals.py": b"TOTAL = 2\n", "receipts/taxes.py": b"TAX = 3\n"}
    assert project.files() == before


def test_a_file_that_somebody_else_changed_is_not_touched(project: Project) -> None:
    """Taking a patch back must not take back somebody's work of the meantime."""
    project.write("receipts/totals.py", "TOTAL = 100\n")
    before = project.files()

    result = project.call("revert_patch", patch=PATCH)

    assert result.error is not None
    assert "changed by somebody else meanwhile: receipts/totals.py" in result.error.message
    assert project.files() == before


# --- releases --------------------------------------------------------------------------------------------------------


@pytest.fixture
def fixed(project: Project) -> Project:
    """A project whose repository can be released."""
    project.given_by("apply_patch", patch=project.given_by("sound_fixer", plan=PLAN)["patch"])
    return project


def test_a_release_has_a_version_an_archive_and_an_entry(fixed: Project) -> None:
    """The three have to name the same version."""
    released = fixed.given_by("release", **RELEASE)

    assert released == {"version": "1.4.1", "archive": "dist/receipts-1.4.1.zip"}
    assert (fixed.repository / "dist/receipts-1.4.1.zip").is_file()
    assert 'version = "1.4.1"' in fixed.text("pyproject.toml")
    assert re.search(r"## 1\.4\.1\n\n- links stay \(PR 7\) .*\n\n## 1\.4\.0\n", fixed.text("CHANGELOG.md"))


def test_what_fails_its_tests_is_not_released(project: Project) -> None:
    """The tests run against the archive: what is released is what was tested."""
    before = project.files()

    result = project.call("release", **RELEASE)

    assert result.error is not None
    assert "the archive fails its tests" in result.error.message
    assert project.files() == before


def test_a_release_in_doubt_is_found_by_the_effect_that_made_it(fixed: Project) -> None:
    """The entry of another run must not be taken for one's own."""
    released = fixed.given_by("release", **RELEASE)
    effect = re.findall(r"<!-- (\w+) -->", fixed.text("CHANGELOG.md"))[0]

    found, missing = fixed.whether_released(effect), fixed.whether_released("another")

    assert isinstance(found, TookPlace)
    assert vars(found.out) == released
    assert isinstance(missing, DidNotTakePlace)


def test_a_release_can_be_taken_back(fixed: Project) -> None:
    """Without a trace: the next release has the version that this one had."""
    before = fixed.files()
    released = fixed.given_by("release", **RELEASE)

    fixed.given_by("revert_release", version=released["version"])
    fixed.given_by("revert_release", version=released["version"])

    assert fixed.files() == before
