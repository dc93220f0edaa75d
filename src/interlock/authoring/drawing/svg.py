"""A graph as SVG: light or dark as the reader's page is, and the same bytes for the same graph."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from interlock.authoring.drawing.picture import Picture
from interlock.authoring.drawing.placing import PlacedArrow, PlacedBox, PlacedPicture, placed, second_line

_MARGIN = 16.0
_STYLE = """\
  text { font-family: Inter, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1b2330; }
  .name { font-size: 13px; font-weight: 600; }
  .what, .label { font-size: 11px; fill: #5a6678; }
  .label { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
  .box { fill: #ffffff; stroke: #b9c3d0; stroke-width: 1.2; }
  .holder { fill: #f5f7fa; stroke: #cfd7e1; stroke-width: 1.2; }
  .gate { fill: #fff7e6; stroke: #d9a441; }
  .choose { fill: #fff7e6; stroke: #d9a441; }
  .human { fill: #eef4ff; stroke: #6f95d8; }
  .wait { fill: #eef4ff; stroke: #6f95d8; }
  .fuse { fill: #eefaf3; stroke: #58a97a; }
  .arrow { fill: none; stroke: #8793a5; stroke-width: 1.4; }
  .head { fill: #8793a5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf2; }
    .what, .label { fill: #9aa7ba; }
    .label { stroke: #0f141b; }
    .box { fill: #18202b; stroke: #3b4757; }
    .holder { fill: #131a23; stroke: #2d3744; }
    .gate { fill: #2b2413; stroke: #a57b2c; }
    .choose { fill: #2b2413; stroke: #a57b2c; }
    .human { fill: #17233a; stroke: #4b6fae; }
    .wait { fill: #17233a; stroke: #4b6fae; }
    .fuse { fill: #142a1e; stroke: #3f8059; }
    .arrow { stroke: #66738a; }
    .head { fill: #66738a; }
  }
"""


_ARROW_HEAD = """\
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path class="head" d="M0,0.5 L8,4 L0,7.5 z"/></marker></defs>"""


def as_svg(picture: Picture) -> str:
    """The whole graph as a drawing that needs nothing else: no script, no font, no file."""
    whole = placed(picture)
    width, height = whole.width + 2 * _MARGIN, whole.height + 2 * _MARGIN
    size = f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{_text(picture.title)}</title>",
        f"<style>\n{_STYLE}</style>",
        _ARROW_HEAD,
        f'<g transform="translate({_n(_MARGIN)} {_n(_MARGIN)})">',
        *_picture(whole),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _picture(picture: PlacedPicture) -> Iterator[str]:
    for arrow in picture.arrows:
        yield f'<path class="arrow" d="{_path(arrow)}" marker-end="url(#head)"/>'
    for box in picture.boxes:
        yield from _box(box)
    if picture.afterwards is not None:
        yield from _box(picture.afterwards)
    # Above everything else, so that no line runs through a word.
    for arrow in picture.arrows:
        if arrow.label:
            yield _label(arrow)


def _box(placed_box: PlacedBox) -> Iterator[str]:
    box, middle = placed_box.box, placed_box.x + placed_box.width / 2
    shape = "holder" if placed_box.inside else f"box {box.kind}"
    yield (
        f'<rect class="{shape}" x="{_n(placed_box.x)}" y="{_n(placed_box.y)}" width="{_n(placed_box.width)}" '
        f'height="{_n(placed_box.height)}" rx="8"/>'
    )
    yield _centred("name", middle, placed_box.y + 19, box.name)
    yield _centred("what", middle, placed_box.y + 35, second_line(box))
    if placed_box.inside is not None:
        yield from _picture(placed_box.inside)


def _path(arrow: PlacedArrow) -> str:
    """Straight down along the rows, and in a soft curve between them."""
    (x, y), *_ = arrow.points
    parts = [f"M{_n(x)},{_n(y)}"]
    for (from_x, from_y), (to_x, to_y) in pairwise(arrow.points):
        if from_x == to_x:
            parts.append(f"L{_n(to_x)},{_n(to_y)}")
        else:
            middle = (from_y + to_y) / 2
            parts.append(f"C{_n(from_x)},{_n(middle)} {_n(to_x)},{_n(middle)} {_n(to_x)},{_n(to_y)}")
    return " ".join(parts)


def _label(arrow: PlacedArrow) -> str:
    """In the middle of the arrow's first stretch, where it has just left its node."""
    (x, y), (to_x, to_y), *_ = arrow.points
    return _centred("label", (x + to_x) / 2, (y + to_y) / 2 + 4, _cut(arrow.label))


def _centred(style: str, x: float, y: float, text: str) -> str:
    return f'<text class="{style}" x="{_n(x)}" y="{_n(y)}" text-anchor="middle">{_text(text)}</text>'


_LABEL_MAX = 36


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL_MAX else f"{label[: _LABEL_MAX - 1]}…"


def _text(text: str) -> str:
    return escape("".join(character if character.isprintable() else " " for character in text))


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
