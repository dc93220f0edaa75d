"""Where things stand in a picture: boxes in rows from top to bottom, arrows that go round what is between.

The layered method: each box stands one row below the last it comes after, an arrow over several rows keeps a place in
each, rows are ordered so that arrows cross little, and boxes move towards what they are joined to. Deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from interlock.authoring.drawing.picture import Arrow, Box, Picture

LEAF_HEIGHT = 46.0
HEADER_HEIGHT = 44.0
PADDING = 18.0
GAP_ACROSS = 26.0
GAP_DOWN = 42.0
LABELLED_GAP_DOWN = 58.0
LETTER_WIDTH = 7.3
SMALL_LETTER_WIDTH = 6.1
LEAF_WIDTH_MIN = 116.0
_SWEEPS = 8


class PlacedBox(Struct, frozen=True):
    """A box with its place in the drawing; `inside` has places of the same drawing."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    inside: PlacedPicture | None = None


class PlacedArrow(Struct, frozen=True):
    """An arrow through its points, from the edge of a box to the edge of another."""

    points: tuple[tuple[float, float], ...]
    label: str = ""


class PlacedPicture(Struct, frozen=True):
    """A picture whose upper left corner stands at 0, 0 or in its box."""

    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]
    afterwards: PlacedBox | None = None


class _Sized(Struct, frozen=True):
    """A box that has no place yet."""

    box: Box
    width: float
    height: float
    inner: PlacedPicture | None


class _Cell:
    """What stands in a row: a box, or the place that a long arrow keeps."""

    __slots__ = ("centre", "height", "index", "row", "width")

    def __init__(self, index: int | None, row: int, width: float, height: float) -> None:
        self.index = index
        self.row = row
        self.width = width
        self.height = height
        self.centre = 0.0


def placed(picture: Picture) -> PlacedPicture:
    """The picture with everything in its place."""
    sized = [_sized(box) for box in picture.boxes]
    rows, chains = _rows(picture, sized)
    _order(rows, chains)
    width = _spread(rows, chains)
    tops = _tops(rows, picture.arrows, chains)
    boxes = _boxes(rows, tops, sized)
    height = (tops[-1] + max((cell.height for cell in rows[-1]), default=0.0)) if rows else 0.0
    arrows = tuple(_arrow(arrow, chain, rows, tops) for arrow, chain in zip(picture.arrows, chains, strict=True))
    if picture.afterwards is None:
        return PlacedPicture(width, height, boxes, arrows)
    return _with_afterwards(PlacedPicture(width, height, boxes, arrows), picture.afterwards)


def _with_afterwards(above: PlacedPicture, afterwards: Picture) -> PlacedPicture:
    sized = _sized(Box("finally", "finally", "in any case, at the end", inside=afterwards))
    whole = max(above.width, sized.width)
    last = _placed_box(sized, (whole - sized.width) / 2, above.height + GAP_DOWN)
    shift = (whole - above.width) / 2
    return PlacedPicture(
        whole,
        above.height + GAP_DOWN + sized.height,
        tuple(moved(each, shift, 0) for each in above.boxes),
        tuple(_moved_arrow(each, shift, 0) for each in above.arrows),
        last,
    )


# --- sizes -----------------------------------------------------------------------------------------------------------


def _sized(box: Box) -> _Sized:
    text = max(len(box.name) * LETTER_WIDTH, len(second_line(box)) * SMALL_LETTER_WIDTH)
    width = max(LEAF_WIDTH_MIN, text + 2 * PADDING)
    if box.inside is None:
        return _Sized(box, width, LEAF_HEIGHT, None)
    inner = placed(box.inside)
    return _Sized(box, max(width, inner.width + 2 * PADDING), inner.height + HEADER_HEIGHT + PADDING, inner)


def second_line(box: Box) -> str:
    """What stands below a box's name; a long text is cut."""
    text = " · ".join((box.what, *box.notes))
    return text if len(text) <= SECOND_LINE_MAX else f"{text[: SECOND_LINE_MAX - 1]}…"


SECOND_LINE_MAX = 44


# --- rows ------------------------------------------------------------------------------------------------------------


def _rows(picture: Picture, sized: Sequence[_Sized]) -> tuple[list[list[_Cell]], list[list[_Cell]]]:
    """The cells by row, and for each arrow the cells it goes through."""
    levels = _levels(len(sized), picture.arrows)
    rows: list[list[_Cell]] = [[] for _ in range(max(levels, default=-1) + 1)]
    cells: list[_Cell] = []
    for index, each in enumerate(sized):
        cells.append(_Cell(index, levels[index], each.width, each.height))
        rows[levels[index]].append(cells[-1])
    chains: list[list[_Cell]] = []
    for arrow in picture.arrows:
        between = [_Cell(None, row, 10.0, 0.0) for row in range(levels[arrow.source] + 1, levels[arrow.target])]
        for cell in between:
            rows[cell.row].append(cell)
        chains.append([cells[arrow.source], *between, cells[arrow.target]])
    return rows, chains


def _levels(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """Each box one row below the lowest it comes after."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for arrow in arrows:
        leaving[arrow.source].append(arrow.target)
        waiting[arrow.target] += 1
    levels = [0] * count
    ready = [index for index in range(count) if waiting[index] == 0]
    for index in ready:
        for target in leaving[index]:
            levels[target] = max(levels[target], levels[index] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return levels


def _order(rows: list[list[_Cell]], chains: list[list[_Cell]]) -> None:
    """Each cell towards the middle of those it is joined to, from above and from below in turn."""
    above, below = _neighbours(chains)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        place = {id(cell): number for row in rows for number, cell in enumerate(row)}
        for row in rows if down else reversed(rows):
            joined = above if down else below
            row.sort(key=lambda cell: _mean([place[id(each)] for each in joined.get(id(cell), ())], place[id(cell)]))
            place.update({id(cell): number for number, cell in enumerate(row)})


def _neighbours(chains: list[list[_Cell]]) -> tuple[dict[int, list[_Cell]], dict[int, list[_Cell]]]:
    above: dict[int, list[_Cell]] = {}
    below: dict[int, list[_Cell]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain):
            below.setdefault(id(upper), []).append(lower)
            above.setdefault(id(lower), []).append(upper)
    return above, below


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


# --- across ----------------------------------------------------------------------------------------------------------


def _spread(rows: list[list[_Cell]], chains: list[list[_Cell]]) -> float:
    """Where each cell stands across, so that arrows run straight where they can. Gives the width of the whole."""
    for row in rows:
        total = sum(cell.width for cell in row) + GAP_ACROSS * (len(row) - 1)
        x = -total / 2
        for cell in row:
            cell.centre = x + cell.width / 2
            x += cell.width + GAP_ACROSS
    above, below = _neighbours(chains)
    for sweep in range(_SWEEPS):
        joined = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean([each.centre for each in joined.get(id(cell), ())], cell.centre) for cell in row]
            _settle_row(row, wanted)
    return _from_zero(rows)


def _settle_row(row: list[_Cell], wanted: list[float]) -> None:
    """Each cell as near to where it wants to be as its neighbours allow: pushed apart from the left, then the right."""
    left = list(wanted)
    for index in range(1, len(row)):
        left[index] = max(left[index], left[index - 1] + _apart(row[index - 1], row[index]))
    right = list(wanted)
    for index in range(len(row) - 2, -1, -1):
        right[index] = min(right[index], right[index + 1] - _apart(row[index], row[index + 1]))
    for cell, one, other in zip(row, left, right, strict=True):
        cell.centre = (one + other) / 2


def _apart(left: _Cell, right: _Cell) -> float:
    return left.width / 2 + GAP_ACROSS + right.width / 2


def _from_zero(rows: list[list[_Cell]]) -> float:
    cells = [cell for row in rows for cell in row]
    if not cells:
        return 0.0
    start = min(cell.centre - cell.width / 2 for cell in cells)
    for cell in cells:
        cell.centre -= start
    return max(cell.centre + cell.width / 2 for cell in cells)


# --- down ------------------------------------------------------------------------------------------------------------


def _tops(rows: list[list[_Cell]], arrows: Sequence[Arrow], chains: list[list[_Cell]]) -> list[float]:
    """Where each row begins. Below a row whose arrows have labels there is more room."""
    labelled = {chain[0].row for arrow, chain in zip(arrows, chains, strict=True) if arrow.label}
    tops: list[float] = []
    y = 0.0
    for number, row in enumerate(rows):
        tops.append(y)
        gap = LABELLED_GAP_DOWN if number in labelled else GAP_DOWN
        y += max((cell.height for cell in row), default=0.0) + gap
    return tops


def _boxes(rows: list[list[_Cell]], tops: list[float], sized: Sequence[_Sized]) -> tuple[PlacedBox, ...]:
    places: dict[int, PlacedBox] = {}
    for row, top in zip(rows, tops, strict=True):
        for cell in row:
            if cell.index is not None:
                places[cell.index] = _placed_box(sized[cell.index], cell.centre - cell.width / 2, top)
    return tuple(places[index] for index in range(len(sized)))


def _placed_box(sized: _Sized, x: float, y: float) -> PlacedBox:
    inside: PlacedPicture | None = None
    if sized.inner is not None:
        inside = _moved_picture(sized.inner, x + (sized.width - sized.inner.width) / 2, y + HEADER_HEIGHT)
    return PlacedBox(sized.box, x, y, sized.width, sized.height, inside)


def _arrow(arrow: Arrow, chain: list[_Cell], rows: list[list[_Cell]], tops: list[float]) -> PlacedArrow:
    first, *between, last = chain
    points = [(first.centre, tops[first.row] + first.height)]
    for cell in between:
        row_height = max(each.height for each in rows[cell.row])
        points += [(cell.centre, tops[cell.row]), (cell.centre, tops[cell.row] + row_height)]
    points.append((last.centre, tops[last.row]))
    return PlacedArrow(tuple(points), arrow.label)


# --- moving ----------------------------------------------------------------------------------------------------------


def moved(box: PlacedBox, x: float, y: float) -> PlacedBox:
    """The box with all that it holds, further to the right and down."""
    inside = None if box.inside is None else _moved_picture(box.inside, x, y)
    return PlacedBox(box.box, box.x + x, box.y + y, box.width, box.height, inside)


def _moved_picture(picture: PlacedPicture, x: float, y: float) -> PlacedPicture:
    return PlacedPicture(
        picture.width,
        picture.height,
        tuple(moved(box, x, y) for box in picture.boxes),
        tuple(_moved_arrow(arrow, x, y) for arrow in picture.arrows),
        None if picture.afterwards is None else moved(picture.afterwards, x, y),
    )


def _moved_arrow(arrow: PlacedArrow, x: float, y: float) -> PlacedArrow:
    return PlacedArrow(tuple((left + x, top + y) for left, top in arrow.points), arrow.label)
