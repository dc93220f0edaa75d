"""The packaged graphs run by their names in an empty folder, without a key, a model or a service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.project import need_a_sandbox
from tests.packaged.folder import files_of, interlock_in, run_in


@pytest.mark.parametrize("graph", ["content_review", "git-to-prod-multi", "research_assessment"])
def test_each_graph_compiles_without_a_word(graph: str, tmp_path: Path) -> None:
    """People learn from what comes along, so nothing about it is to be excused."""
    checked = interlock_in(tmp_path).check(graph)

    assert (checked.is_valid, checked.rendered()) == (True, "")


def test_a_failing_build_is_mended_tested_scanned_and_released(tmp_path: Path) -> None:
    """The fault is in a file, and it is in that file that it has to be gone."""
    need_a_sandbox()

    result = run_in(tmp_path, "git-to-prod-multi", {"pr_number": 42})

    assert (result.status, result.outputs) == (
        "succeeded",
        {"version": "1.0.1", "fix": "The answer is 42.", "passed": 1},
    )
    files = files_of(tmp_path, result.id)
    assert "return 42" in files["app/answer.py"]
    assert files["CHANGELOG.md"].startswith("# Changelog\n\n## 1.0.1\n\n- The answer is 42. (PR 42)\n\n## 1.0.0\n")


def test_research_goes_on_until_two_sources_carry_it(tmp_path: Path) -> None:
    """What a reviewer says reaches whoever works on it, or rounds would be for nothing."""
    result = run_in(tmp_path, "research_assessment", {"topic": "renewable energy"})

    found = result.outputs["findings"]
    assert (result.status, result.outputs["rounds"], result.outputs["completion_reason"]) == (
        "succeeded",
        2,
        "converged",
    )
    assert [each["source"] for each in found] == [
        "corpus:energy/renewable-energy",
        "corpus:energy/limits-of-renewable-energy",
    ]


def test_research_of_what_nobody_wrote_about_says_so(tmp_path: Path) -> None:
    """An honest none is an answer, and no reason for another round."""
    result = run_in(tmp_path, "research_assessment", {"topic": "xylophones"})

    assert (result.outputs["findings"], result.outputs["approved"], result.outputs["rounds"]) == ([], True, 1)


def test_a_draft_is_reviewed_until_it_is_good_enough(tmp_path: Path) -> None:
    """Its original named no condition on which it ends, and could not be loaded."""
    result = run_in(tmp_path, "content_review", {"topic": "API design best practices"})

    assert (result.status, result.outputs["score"], result.outputs["completion_reason"]) == (
        "succeeded",
        0.85,
        "converged",
    )
    assert result.outputs["content"].startswith("API design best practices: A good interface names things")
