"""A graph as lines of text: a line for each node, below what holds it, with what it comes after."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.authoring.drawing.picture import Picture

_NAME_CELLS_MAX = 40


def as_lines(picture: Picture) -> list[str]:
    """The whole graph. Columns are aligned, and no line is cut."""
    rows = list(_rows(picture, 0))
    name_width = min(max((len(name) for name, _, _ in rows), default=0), _NAME_CELLS_MAX)
    what_width = max((len(what) for _, what, _ in rows), default=0)
    return [f"{name:<{name_width}}  {what:<{what_width}}  {after}".rstrip() for name, what, after in rows]


def _rows(picture: Picture, depth: int) -> Iterator[tuple[str, str, str]]:
    sources: dict[int, list[str]] = {}
    for arrow in picture.arrows:
        label = f" [{arrow.label}]" if arrow.label else ""
        sources.setdefault(arrow.target, []).append(picture.boxes[arrow.source].name + label)
    for index, box in enumerate(picture.boxes):
        after = f"← {', '.join(sources[index])}" if index in sources else ""
        yield f"{'  ' * depth}{box.name}", ", ".join((box.what, *box.notes)), after
        if box.inside is not None:
            yield from _rows(box.inside, depth + 1)
    if picture.afterwards is not None:
        yield f"{'  ' * depth}finally", "in any case, at the end", ""
        yield from _rows(picture.afterwards, depth + 1)
