"""The events of a verified file followed on the run's own graph, as whoever drove it folded them.

What is kept is shown, inspected and replayed by folding its events, so what this release cannot fold, or no database
could keep, is found before anything is. It decides nothing anew: that is for a replay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from interlock.audit.errors import NotImportedError
from interlock.audit.exporting import Progress
from interlock.audit.run_file import FilePage, RunFileReading, VerifiedFile
from interlock.core.bundle import BundleProblem
from interlock.core.compile import open_bundle
from interlock.core.evolve import evolve
from interlock.core.plan import Plan
from interlock.core.state import RunState, status_of
from interlock.store.imports import imported_changes
from interlock.store.sealing import header_hash

_MADE_UP: Final = (AssertionError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What comes of events that no engine has written: whoever made the file may have made up anything."""
INT_MAX: Final = 2**63 - 1
"""The largest number that every store keeps."""
_NO_CHARACTER: Final = "\0"
"""The one character that not every store keeps."""


def pages_again(file: BinaryIO, verified: VerifiedFile) -> Iterator[FilePage]:
    """The pages of a file that was verified, from its beginning; each part is the one that was found then."""
    file.seek(0)
    return RunFileReading(file, known=verified.manifest).pages()


def hash_in_file(file: BinaryIO, verified: VerifiedFile, seq: int) -> bytes:
    """The hash of the header of event `seq`, as the file has it."""
    for page in pages_again(file, verified):
        if page.first + len(page.sealed) > seq:
            return header_hash(page.sealed[seq - page.first].header)
    raise AssertionError("the file has more events than that")


def followed(file: BinaryIO, verified: VerifiedFile, progress: Progress) -> Iterator[str]:
    """The status of the run after each page, as its graph leads there; `NotImportedError` where it does not."""
    manifest = verified.manifest
    plan = _plan_of(file, verified)
    state = RunState(manifest.run, manifest.tenant)
    for page in pages_again(file, verified):
        for event in page.events:
            try:
                state = evolve(plan, state, event)
            except _MADE_UP as problem:
                why = f"event {event.seq} ({event.type}) cannot follow what is before it ({problem})"
                raise NotImportedError(manifest.run, why) from problem
        _check_keepable(manifest.run, page)
        progress("following", state.seq, manifest.events)
        yield status_of(state)


def _plan_of(file: BinaryIO, verified: VerifiedFile) -> Plan:
    """What the run is on where its log ends: that has all of the log to answer for."""
    run, bundle = verified.manifest.run, verified.manifest.summary.bundle
    found = next((page.bundles[bundle] for page in pages_again(file, verified) if bundle in page.bundles), None)
    assert found is not None, "a verified file holds what its events name"
    try:
        plan = open_bundle(found)
    except (BundleProblem, RecursionError) as problem:
        raise NotImportedError(run, f"{problem}; `--verify-only` says whether the file is whole") from problem
    if plan.bundle_hash != bundle:
        why = f"its graph means something else in this release (bundle {plan.bundle_hash} instead of {bundle})"
        raise NotImportedError(run, f"{why}; `--verify-only` says whether the file is whole")
    return plan


def _check_keepable(run: str, page: FilePage) -> None:
    """Refuse numbers and names that no run of ours has, before they meet a database."""
    try:
        changed = imported_changes(run, page.events)
    except _MADE_UP as problem:
        raise NotImportedError(run, f"the events from {page.first} on cannot be listed ({problem})") from problem
    numbers = [number for line in changed.intended.values() for number in (line.attempt, line.ordinal)]
    texts = [text for line in changed.intended.values() for text in (line.effect, line.digest)]
    texts += [one.effect for one in changed.settled.values()]
    if changed.origin is not None:
        numbers.append(changed.origin.priority)
        texts += [changed.origin.graph, changed.origin.graph_hash, changed.origin.parent]
    if changed.pin is not None:
        texts.append(changed.pin.graph_hash)
    if any(abs(number) > INT_MAX for number in numbers) or any(_NO_CHARACTER in text for text in texts):
        raise NotImportedError(run, f"the events from {page.first} on hold a number or a name that cannot be kept")
