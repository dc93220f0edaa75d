"""Follows the links of a page that lead into this repository; what lies elsewhere is not visited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tests.docs.page import Link, Page, read_page

ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def broken_links(page: Page, *, root: Path) -> list[str]:
    """One sentence for each link that leads nowhere, in the order of the page."""
    return list(_broken_links(page, root))


def _broken_links(page: Page, root: Path) -> Iterator[str]:
    for link in page.links:
        if not ELSEWHERE.match(link.target) and (problem := _problem_with(link, page, root)):
            yield f"{page.path.relative_to(root)}:{link.line}: {link.target} {problem}"


def _problem_with(link: Link, page: Page, root: Path) -> str | None:
    file, _, anchor = unquote(link.target).partition("#")
    if file.startswith("/"):
        return "starts with /: write it relative to this page, as every host reads it"
    path = (page.path.parent / file).resolve() if file else page.path
    if not path.is_relative_to(root):
        return "leads out of the repository"
    if not path.exists():
        return "does not exist"
    if not anchor:
        return None
    if path.suffix != ".md":
        return "names a place in a file that is no page: link to the file"
    return None if anchor in read_page(path).anchors else f"names no heading of {path.name}"
