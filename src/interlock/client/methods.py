"""A flow as a method of both clients: written once, it answers a `Client` and is awaited from an `AsyncClient`.

    class Surface:
        start = once(running.start)      client.start(…) -> RunRow        await client.start(…) -> RunRow
        runs = many(running.runs)        for run in client.runs(…)        async for run in client.runs(…)

Parameters, their defaults and their types are those of the flow.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from interlock.client.async_driving import AsyncDriver
from interlock.client.driving import Driver
from interlock.client.errands import Flow, Telling

P = ParamSpec("P")
T = TypeVar("T")
D_co = TypeVar("D_co", covariant=True)


class Driven(Protocol[D_co]):
    """What has such methods: a client, or a part of one."""

    @property
    def driver(self) -> D_co:
        """What runs the flows."""
        ...


class once(Generic[P, T]):  # noqa: N801 - it reads as a word of the surface
    """A method that comes to one thing."""

    def __init__(self, flow: Callable[P, Flow[T]]) -> None:
        self.flow = flow
        self.__doc__ = flow.__doc__

    @overload
    def __get__(self, asked: None, owner: object) -> Self: ...
    @overload
    def __get__(self, asked: Driven[Driver], owner: object) -> Callable[P, T]: ...
    @overload
    def __get__(self, asked: Driven[AsyncDriver], owner: object) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, asked: Driven[Driver] | Driven[AsyncDriver] | None, owner: object) -> object:
        """The method of a client."""
        if asked is None:
            return self
        driver = asked.driver

        @wraps(self.flow)
        def method(*args: P.args, **named: P.kwargs) -> object:
            return driver.drive(self.flow(*args, **named))

        return method


class many(Generic[P, T]):  # noqa: N801 - as above
    """A method that tells one thing after another."""

    def __init__(self, flow: Callable[P, Telling[T]]) -> None:
        self.flow = flow
        self.__doc__ = flow.__doc__

    @overload
    def __get__(self, asked: None, owner: object) -> Self: ...
    @overload
    def __get__(self, asked: Driven[Driver], owner: object) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, asked: Driven[AsyncDriver], owner: object) -> Callable[P, AsyncGenerator[T]]: ...
    def __get__(self, asked: Driven[Driver] | Driven[AsyncDriver] | None, owner: object) -> object:
        """The method of a client."""
        if asked is None:
            return self
        driver = asked.driver

        @wraps(self.flow)
        def method(*args: P.args, **named: P.kwargs) -> object:
            return driver.tell(self.flow(*args, **named))

        return method
