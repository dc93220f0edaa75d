"""What stands in `interlock.__all__`: promised to everybody who imports it, so documented and typed."""

from __future__ import annotations

import inspect
import re
from importlib.resources import files

import pytest

import interlock

PYTHON = {
    "AsyncGenerator",
    "AsyncIterator",
    "Awaitable",
    "Callable",
    "Event",
    "Iterable",
    "Literal",
    "Mapping",
    "None",
    "Path",
    "Sequence",
}
WORDS_AND_JSON = {"Mode", "Remedy", "Value", "Verdict"}
"""Written as what they are: words in quotes, and data."""
INSIDE = {"Plan", "Request"}
"""Of `plan()` and `submit()`, for whoever knows the house."""


@pytest.mark.parametrize("name", interlock.__all__)
def test_a_public_name_says_what_it_is(name: str) -> None:
    """An editor shows the docstring where the name is written, and nothing else is as near."""
    assert inspect.getdoc(getattr(interlock, name))


@pytest.mark.parametrize("name", [each for each in interlock.__all__ if inspect.isclass(getattr(interlock, each))])
def test_the_methods_of_a_public_class_say_what_they_do(name: str) -> None:
    """Most of what is used stands in methods."""
    methods = inspect.getmembers(getattr(interlock, name), inspect.isfunction)
    ours = [(method, code) for method, code in methods if code.__module__.startswith("interlock")]

    assert [method for method, code in ours if not method.startswith("_") and not inspect.getdoc(code)] == []


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    """Without the mark a checker knows nothing of it, however well it is annotated."""
    assert files("interlock").joinpath("py.typed").is_file()


def test_whatever_methods_of_the_client_give_and_take_can_be_imported_from_the_one_place() -> None:
    """Who annotates a function of theirs must not need to know where in the house a type is made."""
    methods = [
        code
        for each in (interlock.Interlock, interlock.RunHandle)
        for name, code in inspect.getmembers(each, inspect.isfunction)
        if not name.startswith("_")
    ]
    annotations = " ".join(str(written) for code in methods for written in code.__annotations__.values())

    named = set(re.findall(r"[A-Z]\w+", annotations))

    assert named - set(interlock.__all__) - PYTHON == WORDS_AND_JSON | INSIDE
