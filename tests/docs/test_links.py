"""Every link of the documentation that leads into this repository leads somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.links import broken_links
from tests.docs.page import ROOT, name_of, pages, read_page


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    """A reader who follows a dead link stops trusting the page."""
    assert broken_links(read_page(path), root=ROOT) == []


def test_a_link_that_leads_nowhere_is_told_with_its_line_and_why(tmp_path: Path) -> None:
    """Whoever renamed the file or the heading has to find the pages that still name it."""
    (tmp_path / "other.md").write_text("# Ways to *fail* again\n\n## `plan`\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[good](other.md#ways-to-fail-again), [code](other.md#plan), [away](https://example.com/x), [here](#end)\n\n"
        "[gone](gone.md)\n\n[heading](other.md#nowhere)\n\n[root](/other.md)\n\n[out](../x)\n\n"
        '<img alt="a drawing" src="drawing.svg">\n\n# End\n'
    )

    told = broken_links(read_page(page), root=tmp_path)

    assert told == [
        "page.md:3: gone.md does not exist",
        "page.md:5: other.md#nowhere names no heading of other.md",
        "page.md:7: /other.md starts with /: write it relative to this page, as every host reads it",
        "page.md:9: ../x leads out of the repository",
        "page.md:11: drawing.svg does not exist",
    ]
