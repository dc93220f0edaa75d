"""Telling a sink what the feed says: every event at least once, those of a run in their order, and no run waits for it.

The place in the feed moves on only once the sink has taken what lies before it, so whatever is cut off is told again.
An event that a sink refuses for good holds its own run back, which is seen and can be sent again; all other runs go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.plan import Micros
from interlock.engine.errors import NothingHeldError
from interlock.engine.relaying.feed_portions import EVENTS_AT_ONCE, Letter, Span, portion_of, read_letters
from interlock.engine.relaying.sink_records import HeldRun, LeftOut, SinkProgress, SinkRecords
from interlock.sinks.errors import EventRefusedError, SinkGoneError, TryAgainError
from interlock.sinks.sink import Sink
from interlock.store.errors import RecordChangedError
from interlock.store.event_store import Clock, EventStore

PORTIONS_A_TURN: Final = 20
"""After so many the turn ends, although there is more: whoever holds the duty looks at its lease in between."""
HELD_RUNS_MAX: Final = 1_000
"""A sink that refuses events of more runs than this is taken to be broken itself, and waits to be mended."""
BACKOFF_FIRST_MICROS: Final = 1_000_000
BACKOFF_MAX_MICROS: Final = 300_000_000


def backoff(failures: int) -> Micros:
    """How long to wait after so many failures in a row: twice as long each time, up to five minutes."""
    return min(BACKOFF_MAX_MICROS, BACKOFF_FIRST_MICROS << min(failures - 1, 30))


class Refusal(Struct, frozen=True):
    """An event that the sink will not take."""

    letter: Letter
    why: str


class FeedRelay:
    """Tells one sink on. It is a duty; two that do it at once do no harm but tell some events twice."""

    def __init__(self, store: EventStore, *, tenant: str, sink_name: str, sink: Sink, now: Clock) -> None:
        self._store = store
        self._tenant = tenant
        self._sink = sink
        self._now = now
        self._kept = SinkRecords(store.records, tenant, sink_name)
        self.sink_name = sink_name

    @property
    def name(self) -> str:
        """What the duty is called."""
        return f"sink {self.sink_name}"

    # --- the duty ---

    async def turn(self) -> Micros | None:
        """Tell the sink what is new, up to a bound."""
        progress, version = await self._kept.progress()
        if progress.is_gone:
            return None
        if progress.retry_at > self._now():
            return progress.retry_at
        try:
            for _ in range(PORTIONS_A_TURN):
                told = await self._tell_next(progress)
                if told is progress:
                    return None
                version = await self._kept.put_progress(told, expected=version)
                progress = told
        except RecordChangedError:
            pass  # somebody else has told it on, or sends again what is held: look again from there
        except Exception as error:  # noqa: BLE001 - the boundary of a plugin: its trouble is recorded and shown
            return await self._note_failure(progress, version, error)
        return self._now()

    async def tell_all(self) -> None:
        """One turn after the other, until the sink knows everything or cannot take more now."""
        await self._try_now()
        while (again := await self.turn()) is not None and again <= self._now():
            pass

    async def _try_now(self) -> None:
        """Forget that the sink failed or was gone: the next turn tries it at once."""
        progress, version = await self._kept.progress()
        if progress.is_gone or progress.retry_at:
            await self._kept.put_progress(replace(progress, is_gone=False, retry_at=0), expected=version)

    async def close(self) -> None:
        """Let go of the sink."""
        await self._sink.close()

    async def _tell_next(self, progress: SinkProgress) -> SinkProgress:
        """Where the sink stands after the next portion; as before if nothing is new."""
        entries = await self._store.feed(self._tenant, after=progress.position)
        if not entries:
            return progress
        held = await self._kept.held(limit=HELD_RUNS_MAX)
        portion = portion_of(entries, position=progress.position, part=progress.part, held=held)
        await self._pass(portion.passed, held)
        letters = await read_letters(self._store, self._tenant, portion.spans)
        refusals = await self._deliver(letters)
        await self._hold(refusals, portion.spans, room=HELD_RUNS_MAX - len(held))
        taken = _taken(letters, refusals)
        return SinkProgress(
            position=portion.position,
            part=portion.part,
            told=progress.told + len(taken),
            told_at=self._now() if taken else progress.told_at,
            last=f"{taken[-1].run}/{taken[-1].seq}" if taken else progress.last,
        )

    async def _pass(self, passed: Sequence[Span], held: dict[str, tuple[HeldRun, int]]) -> None:
        """Note how far the feed has gone past runs that are held back, before the place in the feed moves on."""
        last = {span.run: span.last for span in passed}
        for run, seq in last.items():
            record, version = held[run]
            if seq > record.upto:
                await self._kept.put_held(run, replace(record, upto=seq), expected=version)

    async def _hold(self, refusals: Sequence[Refusal], spans: Sequence[Span], *, room: int) -> None:
        if len(refusals) > room:
            raise TryAgainError(f"events of more than {HELD_RUNS_MAX:,} runs were refused: {refusals[0].why}")
        upto = {span.run: span.last for span in spans}
        for refusal in refusals:
            run = refusal.letter.run
            record = HeldRun(refusal.letter.seq, upto[run], refusal.why, since=self._now())
            await self._kept.put_held(run, record, expected=0)

    async def _note_failure(self, progress: SinkProgress, version: int, error: Exception) -> Micros | None:
        now, failures = self._now(), progress.failures + 1
        asked = int(error.after_seconds * 1_000_000) if isinstance(error, TryAgainError) else 0
        noted = replace(
            progress,
            failures=failures,
            failing_since=progress.failing_since or now,
            error=str(error) or type(error).__name__,
            retry_at=now + max(backoff(failures), asked),
            is_gone=isinstance(error, SinkGoneError),
        )
        try:
            await self._kept.put_progress(noted, expected=version)
        except RecordChangedError:
            return now
        return None if noted.is_gone else noted.retry_at

    # --- delivering ---

    async def _deliver(self, letters: Sequence[Letter]) -> list[Refusal]:
        """Hand letters over in order. Of a run whose letter is refused, those behind it are not handed over."""
        sound = [letter for letter in letters if not letter.damage]
        refusals = [Refusal(letter, letter.damage) for letter in letters if letter.damage]
        # What stands before the damage of a run is told; of several in one run the first one counts.
        first_of = {refusal.letter.run: refusal for refusal in reversed(refusals)}
        before = [each for each in sound if each.run not in first_of or each.seq < first_of[each.run].letter.seq]
        for refusal in await self._deliver_parts(before):
            first_of[refusal.letter.run] = refusal
        return list(first_of.values())

    async def _deliver_parts(self, letters: Sequence[Letter]) -> list[Refusal]:
        """Hand over at once what is taken at once; where something is refused, halves are tried until it is found."""
        if not letters:
            return []
        try:
            await self._sink.deliver([event for letter in letters for event in letter.events])
        except EventRefusedError as error:
            if len(letters) == 1:
                return [Refusal(letters[0], str(error))]
            middle = len(letters) // 2
            refused = await self._deliver_parts(letters[:middle])
            runs = {refusal.letter.run for refusal in refused}
            return refused + await self._deliver_parts([each for each in letters[middle:] if each.run not in runs])
        return []

    # --- what is held back ---

    async def resend(self, run: str) -> int:
        """Tell the sink what was held back of a run, and how many events that were; the run then goes on as others do.

        Raises `EventRefusedError` if the sink refuses again, and what else keeps it from taking them; what it has taken
        by then is not told again.
        """
        told = 0
        while True:
            held, version = await self._find_held(run)
            try:
                if held.seq > held.upto:
                    # Only now the relay takes the run up; if it has passed more of it meanwhile, that comes first.
                    await self._kept.drop_held(run, expected=version)
                    return told
                told += await self._resend_part(run, held, version)
            except RecordChangedError:
                continue

    async def leave_out(self, run: str, *, by: str, why: str) -> int:
        """Give up the event of a run that was refused, and tell the sink those behind it, as `resend` does."""
        held, version = await self._find_held(run)
        await self._kept.put_left_out(run, held.seq, LeftOut(why, held.why, by, self._now()))
        await self._kept.put_held(run, replace(held, seq=held.seq + 1), expected=version)
        return await self.resend(run)

    async def _find_held(self, run: str) -> tuple[HeldRun, int]:
        found = await self._kept.find_held(run)
        if found is None:
            raise NothingHeldError(self.sink_name, run)
        return found

    async def _resend_part(self, run: str, held: HeldRun, version: int) -> int:
        last = min(held.upto, held.seq + EVENTS_AT_ONCE - 1)
        letters = await read_letters(self._store, self._tenant, [Span(run, held.seq, last)])
        refusals = await self._deliver(letters)
        if refusals:
            [refusal] = refusals
            again = replace(held, seq=refusal.letter.seq, why=refusal.why, tries=held.tries + 1)
            await self._kept.put_held(run, again, expected=version)
            raise EventRefusedError(f"event {refusal.letter.seq} of run {run} was refused again: {refusal.why}")
        await self._kept.put_held(run, replace(held, seq=last + 1), expected=version)
        return len(letters)


def _taken(letters: Sequence[Letter], refusals: Sequence[Refusal]) -> list[Letter]:
    first = {refusal.letter.run: refusal.letter.seq for refusal in refusals}
    return [letter for letter in letters if letter.run not in first or letter.seq < first[letter.run]]
