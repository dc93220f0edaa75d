"""The provider that answers from scripts: as slow, as unreliable and as wrong as they say, and alike every time.

What seems to be chance is drawn from the seed, the call and the attempt.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from interlock.core.messages import AskedCall
from interlock.core.plan import Micros
from interlock.models.asked_calls import HeardCall, asked_calls
from interlock.models.estimating import estimated_tokens, size_of
from interlock.models.pacing import Sleep
from interlock.models.provider import Answer, Asking, OnToken, RequestFailed
from interlock.models.scripted.filling import filled, filled_text
from interlock.models.scripted.matching import Match, NoMatch, call_id, find_turn
from interlock.models.scripted.script import Script, Turn
from interlock.models.usage_checks import SaidUsage

_SECOND: Final = 1_000_000
_PIECE: Final = re.compile(r"\S+\s*|\s+")
_COUNT_ERROR: Final = 0.05
"""How far a provider's count of tokens may be from our estimate: theirs are not made as ours are."""


class ScriptedProvider:
    """Answers that were written before."""

    def __init__(self, scripts: Sequence[Script], *, seed: int, sleep: Sleep) -> None:
        self._scripts = scripts
        self._seed = seed
        self._sleep = sleep

    async def ask(self, asking: Asking) -> Answer:
        """What the scripts say, or `RequestFailed`."""
        match = find_turn(self._scripts, asking.request, asking.agent)
        if isinstance(match, NoMatch):
            raise RequestFailed("invalid", match.why)
        taken = await self._wait(self._latency(match, asking), asking, 0)
        self._maybe_fail(match, asking)
        answer = _answer(match, self._usage(match, asking))
        await self._write(answer, match, asking, taken)
        return answer

    async def close(self) -> None:
        """There is nothing to let go."""

    def _latency(self, match: Match, asking: Asking) -> Micros:
        span = match.turn.latency or match.script.latency
        if span is None:
            return 0
        shortest, longest = min(span), max(span)
        return shortest + round((longest - shortest) * self._draw("latency", asking))

    async def _wait(self, wait: Micros, asking: Asking, taken: Micros) -> Micros:
        """Let time go by, but no more than the call has; what has gone by so far."""
        limit = asking.whole if asking.on_token is None or taken else min(asking.whole, asking.first_token)
        if taken + wait > limit:
            await self._sleep(limit - taken)
            raise RequestFailed("timeout", "it did not answer in time", billed="worst")
        if wait:
            await self._sleep(wait)
        return taken + wait

    def _maybe_fail(self, match: Match, asking: Asking) -> None:
        error = match.turn.error
        if error is not None and (error.times is None or asking.attempt <= error.times):
            raise RequestFailed(error.kind, error.message, retry_after=error.retry_after)
        if self._draw("fails", asking) < match.script.fails:
            raise RequestFailed("unavailable", "the script lets some calls fail, and this is one of them")

    def _usage(self, match: Match, asking: Asking) -> SaidUsage:
        tokens = match.turn.tokens
        if tokens is not None:
            return SaidUsage(input=tokens.input, output=tokens.output, cached=tokens.cached)
        off = 1 + _COUNT_ERROR * (2 * self._draw("tokens", asking) - 1)
        text, calls = _written(match)
        answered = estimated_tokens(text + "".join(call.raw or str(call.arguments) for call in calls))
        return SaidUsage(input=round(size_of(asking.request).tokens * off), output=round(answered * off), cached=0)

    async def _write(self, answer: Answer, match: Match, asking: Asking, taken: Micros) -> None:
        """Tell the answer piece by piece, as quickly as the script writes; or break off in the middle of it."""
        pieces = _PIECE.findall(answer.text)
        if match.turn.breaks_off:
            pieces = pieces[: len(pieces) // 2]
        rate = match.script.tokens_per_second
        if rate is not None:
            await self._wait(estimated_tokens("".join(pieces)) * _SECOND // rate, asking, taken)
        _tell(pieces, asking.on_token)
        if match.turn.breaks_off:
            raise RequestFailed("unavailable", "the answer broke off", billed="heard", heard="".join(pieces))

    def _draw(self, what: str, asking: Asking) -> float:
        """A number from 0 up to 1, the same for the same attempt of the same call."""
        words = f"{self._seed}\0{what}\0{asking.call_id}\0{asking.attempt}"
        digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:6], "big") / (1 << 48)


def _tell(pieces: Sequence[str], on_token: OnToken | None) -> None:
    if on_token is not None:
        for piece in pieces:
            on_token(piece)


def _answer(match: Match, usage: SaidUsage) -> Answer:
    text, calls = _written(match)
    return Answer(text=text, calls=calls, finish=match.turn.finish or ("calls" if calls else "stop"), usage=usage)


def _written(match: Match) -> tuple[str, tuple[AskedCall, ...]]:
    turn: Turn = match.turn
    if turn.answer is None:
        text = filled_text(turn.say, match.found)
    else:
        text = msgspec.json.encode(filled(turn.answer, match.found)).decode()
    heard = [
        HeardCall(
            call_id(match.script.script, match.place, number),
            call.tool,
            filled(call.arguments, match.found) if call.raw is None else filled_text(call.raw, match.found),
        )
        for number, call in enumerate(turn.calls, start=1)
    ]
    return text, asked_calls(heard)
