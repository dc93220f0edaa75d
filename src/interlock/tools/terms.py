"""On what terms a tool is called, read from how people write them: its risk, what it needs, how often, at what cost.

The terms are part of the contract and judged by policy and budget; of them only the pace is kept at the door itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, get_args

from interlock.core.plan import Permissions, Risk, ToolTerms
from interlock.core.spending import MICROS_PER_USD, MicroUsd

RATE_PER_MINUTE_MAX: Final = 100_000
USD_MAX: Final = 1_000_000
RISKS: Final[tuple[Risk, ...]] = get_args(Risk)
_HOST: Final = re.compile(r"(\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class TermsProblem(ValueError):
    """Terms that cannot be meant: which word, and what to write instead."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


def read_terms(
    *,
    risk: str = "low",
    hosts: Sequence[str] = (),
    reads: Sequence[str] = (),
    writes: Sequence[str] = (),
    external: bool = False,
    rate_per_minute: int | None = None,
    usd: str | None = None,
    undo: str = "",
) -> ToolTerms | None:
    """The terms; None where nothing is said, so that the contract stays what it was before there were any."""
    terms = ToolTerms(
        risk=_risk(risk),
        permissions=Permissions(
            hosts=tuple(_host(each) for each in _texts("hosts", hosts)),
            reads=_texts("reads", reads),
            writes=_texts("writes", writes),
            external=external,
        ),
        rate_per_minute=_rate(rate_per_minute),
        usd=0 if usd is None else parse_usd(usd),
        undo=undo,
    )
    return None if terms == ToolTerms() else terms


def parse_usd(written: object) -> MicroUsd:
    """Dollars as text in micro-dollars, without the loss that a float would bring."""
    if not isinstance(written, str):
        raise TermsProblem("usd", f'usd is {written!r}: write dollars as text, such as "0.002"')
    try:
        micros = Decimal(written) * MICROS_PER_USD
        whole = micros.to_integral_value()
    except (InvalidOperation, ValueError):
        raise TermsProblem("usd", f'usd is {written[:40]!r}: write dollars as text, such as "0.002"') from None
    if not micros.is_finite() or micros != whole or not 0 <= micros <= USD_MAX * MICROS_PER_USD:
        raise TermsProblem("usd", f"usd is {written[:40]!r}: it is counted in millionths of a dollar, from 0 on")
    return int(whole)


def _risk(risk: str) -> Risk:
    for known in RISKS:
        if known == risk:
            return known
    raise TermsProblem("risk", f"risk={risk!r} is unknown: it is one of {', '.join(RISKS)}")


def _rate(rate: int | None) -> int | None:
    if rate is not None and (isinstance(rate, bool) or not 0 < rate <= RATE_PER_MINUTE_MAX):
        raise TermsProblem(
            "rate_per_minute", f"rate_per_minute={rate!r} is no number from 1 to {RATE_PER_MINUTE_MAX:,}"
        )
    return rate


def _host(host: str) -> str:
    if not _HOST.fullmatch(host):
        told = f"{host!r} names no host: write `api.example.com`, `*.example.com` or `*`, perhaps with `:443`"
        raise TermsProblem("hosts", told)
    return host


def _texts(word: str, texts: Sequence[object]) -> tuple[str, ...]:
    if isinstance(texts, str):
        raise TermsProblem(word, f'{word} is the text {texts!r}: write {word}=("{texts}",)')
    checked = tuple(text for text in texts if isinstance(text, str) and text)
    if len(checked) < len(texts):
        raise TermsProblem(word, f"{word} holds what is no text: {list(texts)!r}")
    return checked
