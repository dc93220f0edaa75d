"""The core stays pure and libraries stay in their place: what the layers contract of pyproject.toml cannot say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "interlock"

# The parts of the standard library that neither look at the world nor change it.
PURE = frozenset(
    "__future__ abc base64 bisect collections contextlib copy dataclasses datetime decimal difflib enum fractions"
    " functools hashlib heapq hmac itertools json keyword math operator re string struct textwrap types typing"
    " unicodedata".split()
)
CORE_LIBRARIES = frozenset({"msgspec", "pydantic", "pydantic_core", "jsonschema_rs", "cel_expr_python"})

# A library that only one part may know, so that replacing it is a change to that part.
HOME_OF = {
    "cel_expr_python": "core/cel/",
    "jsonschema_rs": "core/",
    "yaml": "authoring/",
    "typer": "cli/",
}


def test_the_core_imports_nothing_that_could_touch_the_world() -> None:
    """Replay, verification and the simulator rest on it: the same log must give the same state anywhere."""
    allowed = PURE | CORE_LIBRARIES | {"interlock"}

    found = [place for place, module in imports_under(PACKAGE / "core") if module.partition(".")[0] not in allowed]

    assert found == []


def test_the_core_never_asks_what_time_it_is_and_never_prints_or_opens() -> None:
    """Time reaches the core as `at` on events; a clock read there would make two replays differ."""
    worldly = {".now", ".utcnow", ".today", "open", "print", "input", "id", "exec", "eval", "breakpoint"}

    found = [place for place, name in calls_under(PACKAGE / "core") if name in worldly]

    assert found == []


def test_each_library_is_known_to_the_one_part_that_is_its_home() -> None:
    """A young or replaceable library behind one door can be exchanged without a search through the product."""
    strays = [
        place
        for place, module in imports_under(PACKAGE)
        if (home := HOME_OF.get(module.partition(".")[0])) and not place.startswith(home)
    ]

    assert strays == []


def test_no_part_imports_the_package_as_a_whole() -> None:
    """`interlock` itself offers the highest layers, so importing it from below would be an arrow upwards."""
    strays = [place for place, module in imports_under(PACKAGE) if module == "interlock"]

    assert strays == []


def imports_under(folder: Path) -> Iterator[tuple[str, str]]:
    """Each imported module with its place, as `core/plan.py:12 msgspec`."""
    for path, node in _nodes_under(folder):
        modules: list[str] = []
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module)):
                modules = [module]
            case _:
                continue
        for module in modules:
            yield f"{_place(path, node)} {module}", module


def calls_under(folder: Path) -> Iterator[tuple[str, str]]:
    """Each call with its place: a function by its name, a method by its name after a dot."""
    for path, node in _nodes_under(folder):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield f"{_place(path, node)} {name}()", name
            case ast.Call(func=ast.Attribute(attr=name)):
                yield f"{_place(path, node)} .{name}()", f".{name}"
            case _:
                continue


def _nodes_under(folder: Path) -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node


def _place(path: Path, node: ast.stmt | ast.expr) -> str:
    return f"{path.relative_to(PACKAGE)}:{node.lineno}"
