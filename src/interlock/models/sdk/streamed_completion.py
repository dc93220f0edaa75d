"""A streamed chat completion put together again: its pieces are told as they come, and in the end it is one answer.

Providers' libraries make an object of every few letters, which costs more than the network does. Here a piece is read
and told, and what it belongs to grows; the whole is handed on as if it had come in one piece. Reads what servers of
OpenAI's protocol send and judges none of it: whoever takes the whole does.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
from msgspec import Struct

from interlock.core.values import is_list, is_map
from interlock.models.pieces import OnPiece
from interlock.models.sdk.sound_usage import sound_usage

DONE: Final = b"[DONE]"
"""What servers send in place of another piece."""
_THINKING_BEGINS: Final = "<think>"
_THINKING_ENDS: Final = "</think>"


class StreamProblem(ValueError):
    """A piece that cannot be read, or by which the server says that it has failed. `body` is what it said."""

    def __init__(self, message: str, body: object = None) -> None:
        super().__init__(message)
        self.body = body


# --- A piece, as it is on the wire ------------------------------------------------------------------------------------


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: Any = None
    """Text, a piece of it; some servers send the whole as data."""


class _CallPiece(Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(Struct, frozen=True):
    content: Any = None
    """Text; some servers send a list of parts, of which some are text."""
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[_CallPiece] | None = None


class _Choice(Struct, frozen=True):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(Struct, frozen=True):
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


_CHUNKS: Final = msgspec.json.Decoder(_Chunk)


# --- The whole --------------------------------------------------------------------------------------------------------


class _Call:
    """A call that grows."""

    def __init__(self, identity: str | None) -> None:
        self.id = identity
        self.name: list[str] = []
        self.arguments: list[str] = []

    def as_data(self) -> dict[str, Any]:
        function = {"name": _mended("".join(self.name)), "arguments": _mended("".join(self.arguments))}
        return {"id": _mended(self.id or ""), "type": "function", "function": function}


class StreamedCompletion:
    """A chat completion while it is streamed."""

    def __init__(self, on_piece: OnPiece) -> None:
        self._on_piece = on_piece
        self._is_thinking = False
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._finish: str | None = None
        self._usage: Any = None
        self._has_choice = False
        self._is_done = False

    @property
    def has_broken_off(self) -> bool:
        """Whether the server stopped in the middle: it gave no reason to end, and did not say that it was done either.

        Some servers leave out the one and some the other; a connection that is lost leaves out both, and where its
        end is that of the stream nothing else tells of it.
        """
        return self._has_choice and self._finish is None and not self._is_done

    def take(self, data: bytes) -> None:
        """Take one piece; `StreamProblem` if it is none."""
        if data == DONE:
            self._is_done = True
            return
        chunk = _read(data)
        if chunk.error:
            raise StreamProblem(_said_in(chunk.error), chunk.error)
        self._usage = chunk.usage or self._usage
        if chunk.choices:
            self._has_choice = True
            self._grow(chunk.choices[0])

    def whole(self) -> dict[str, Any]:
        """The answer, as it would have come in one piece; `StreamProblem` if none has come."""
        if not self._has_choice:
            raise StreamProblem("its answer ended before it had begun")
        message: dict[str, Any] = {
            "role": "assistant",
            "content": _mended("".join(self._text)) or None,
            "refusal": _mended("".join(self._refusal)) or None,
        }
        if self._calls:
            message["tool_calls"] = [call.as_data() for call in self._calls]
        return {
            "id": "",
            "object": "chat.completion",
            "created": 0,
            "model": "",
            "choices": [{"index": 0, "finish_reason": self._finish, "logprobs": None, "message": message}],
            "usage": sound_usage(self._usage),
        }

    # --- how it grows ---

    def _grow(self, choice: _Choice) -> None:
        self._finish = choice.finish_reason or self._finish
        delta = choice.delta
        if delta is None:
            return
        if text := _text_of(delta.content):
            self._say(text)
        if delta.refusal:
            self._refusal.append(delta.refusal)
        if thought := delta.reasoning_content or delta.reasoning:
            self._on_piece(thought, False)  # noqa: FBT003 - see OnPiece
        for piece in delta.tool_calls or ():
            self._ask(piece)

    def _say(self, text: str) -> None:
        """Some servers send a model's thoughts as text, between two marks that are pieces of their own."""
        self._text.append(text)
        if text == _THINKING_BEGINS:
            self._is_thinking = True
        self._on_piece(_mended(text), not self._is_thinking)
        if text == _THINKING_ENDS:
            self._is_thinking = False

    def _ask(self, piece: _CallPiece) -> None:
        call = self._call_of(piece)
        if piece.function is None:
            return
        call.name.append(piece.function.name or "")
        arguments = _arguments_in(piece.function.arguments)
        call.arguments.append(arguments)
        self._on_piece(arguments, False)  # noqa: FBT003 - see OnPiece

    def _call_of(self, piece: _CallPiece) -> _Call:
        """The call that a piece belongs to. Some servers leave the index out, or give the same one to all."""
        known = self._by_index.get(piece.index) if piece.index is not None else (self._calls or [None])[-1]
        if known is not None and (not piece.id or known.id in (None, piece.id)):
            known.id = known.id or piece.id
            return known
        call = _Call(piece.id)
        self._calls.append(call)
        if piece.index is not None:
            self._by_index[piece.index] = call
        return call


# --- What servers send ------------------------------------------------------------------------------------------------


def _read(data: bytes) -> _Chunk:
    try:
        return _CHUNKS.decode(data)
    except msgspec.DecodeError:
        pass  # perhaps for half a character, which some servers send in one piece, and its other half in the next
    try:
        return msgspec.convert(json.loads(data), _Chunk)
    except (ValueError, RecursionError) as error:
        raise StreamProblem(f"a piece of its answer cannot be read: {error}") from error


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    texts = [part.get("text") for part in content if is_map(part)] if is_list(content) else []
    return "".join(text for text in texts if isinstance(text, str))


def _arguments_in(said: object) -> str:
    if said is None or isinstance(said, str):
        return said or ""
    return json.dumps(said)


def _said_in(error: object) -> str:
    message = error.get("message") if is_map(error) else error
    return message if isinstance(message, str) and message else "it has failed while it answered"


def _mended(text: str) -> str:
    """The text with its half characters put together; those that stand alone can be kept by nobody."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
