"""What stands in `interlock.__all__`: promised to everybody who imports it, so documented and typed."""

from __future__ import annotations

import inspect
from importlib.resources import files

import pytest

import interlock


@pytest.mark.parametrize("name", interlock.__all__)
def test_a_public_name_says_what_it_is(name: str) -> None:
    """An editor shows the docstring where the name is written, and nothing else is as near."""
    assert inspect.getdoc(getattr(interlock, name))


@pytest.mark.parametrize("name", [each for each in interlock.__all__ if inspect.isclass(getattr(interlock, each))])
def test_the_methods_of_a_public_class_say_what_they_do(name: str) -> None:
    """Most of what is used stands in methods."""
    methods = inspect.getmembers(getattr(interlock, name), inspect.isfunction)

    assert [method for method, code in methods if not method.startswith("_") and not inspect.getdoc(code)] == []


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    """Without the mark a checker knows nothing of it, however well it is annotated."""
    assert files("interlock").joinpath("py.typed").is_file()
