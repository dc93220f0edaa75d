"""A graph as Mermaid, which wikis and code hosts draw by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.authoring.drawing.picture import Arrow, Box, Picture

_SHAPES = {
    "gate": ("{{", "}}"),
    "choose": ("{", "}"),
    "human": ("([", "])"),
    "wait": ("([", "])"),
    "fuse": ("[/", "\\]"),
    "emit": (">", "]"),
}


def as_mermaid(picture: Picture) -> str:
    """The whole graph as a flowchart from top to bottom."""
    return "\n".join(["flowchart TB", *_statements(picture, "", "    ")]) + "\n"


def _statements(picture: Picture, prefix: str, indent: str) -> Iterator[str]:
    for index, box in enumerate(picture.boxes):
        yield from _box(box, f"{prefix}n{index}", indent)
    for arrow in picture.arrows:
        yield indent + _arrow(arrow, prefix)
    if picture.afterwards is not None:
        yield f"{indent}subgraph {prefix}f [finally]"
        yield from _statements(picture.afterwards, f"{prefix}f_", indent + "    ")
        yield f"{indent}end"


def _box(box: Box, id: str, indent: str) -> Iterator[str]:
    text = f'"{_quoted(box.name)}<br/><small>{_quoted(", ".join((box.what, *box.notes)))}</small>"'
    if box.inside is None:
        before, after = _SHAPES.get(box.kind, ("[", "]"))
        yield f"{indent}{id}{before}{text}{after}"
        return
    yield f"{indent}subgraph {id} [{text}]"
    yield from _statements(box.inside, f"{id}_", indent + "    ")
    yield f"{indent}end"


def _arrow(arrow: Arrow, prefix: str) -> str:
    source, target = f"{prefix}n{arrow.source}", f"{prefix}n{arrow.target}"
    return f'{source} -->|"{_quoted(arrow.label)}"| {target}' if arrow.label else f"{source} --> {target}"


def _quoted(text: str) -> str:
    """Text within quotes: Mermaid reads entities there, and no escapes."""
    entities = {"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;", "#": "&num;", "`": "&#96;"}
    return "".join(entities.get(character, character) for character in " ".join(text.split()))
