"""One run of the store in memory: its log, and what is derived from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from interlock.core.events import NodeStarted
from interlock.store.imports import imported_changes
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunChanges, RunEnding, RunOrigin, RunRow, changes
from interlock.store.sealing import CHAIN_START, Sealed, unseal


@dataclass
class MemoryRun:
    """One run: its log, and what is derived from it."""

    tenant: str
    name: str
    origin: RunOrigin
    log: list[Sealed] = field(default_factory=list[Sealed])
    head: bytes = CHAIN_START
    status: str = ""
    due: int | None = None
    ending: RunEnding | None = None
    ledger: dict[str, LedgerRow] = field(default_factory=dict[str, LedgerRow])
    questions: dict[str, QuestionRow] = field(default_factory=dict[str, QuestionRow])
    imported_from: str = ""

    def apply(self, changed: RunChanges, *, status: str, due: int | None) -> None:
        """Bring the derived rows up to date."""
        self.status, self.due = status, due
        self.ledger.update(changed.intended)
        for effect, end in changed.settled.items():
            if effect in self.ledger:
                self.ledger[effect] = replace(self.ledger[effect], status=end.status, settled_seq=end.seq)
        closed = set(changed.closed)
        self.questions = {p: row for p, row in self.questions.items() if not closed & {row.path, row.node}}
        self.questions.update(changed.asked)
        if changed.pin is not None:
            self.origin = replace(self.origin, bundle=changed.pin.bundle, graph_hash=changed.pin.graph_hash)
        if changed.ending is not None:
            self.ending, self.status, self.due = changed.ending, changed.ending.status, None

    def row(self) -> RunRow:
        """The run as lists show it."""
        origin, ending = self.origin, self.ending
        return RunRow(
            tenant=self.tenant,
            run=self.name,
            status=self.status,
            graph=origin.graph,
            graph_hash=origin.graph_hash,
            bundle=origin.bundle,
            kind=origin.kind,
            parent=origin.parent,
            key=origin.key,
            labels=origin.labels,
            started_at=origin.started_at,
            ended_at=ending.ended_at if ending else None,
            seq=len(self.log),
            head=self.head,
            due=self.due,
            waiting=len(self.questions),
            error=ending.error if ending else "",
            priority=origin.priority,
            imported_from=self.imported_from,
        )

    def rebuild(self, *, status: str, due: int | None) -> None:
        """Derive it all anew."""
        self.ledger, self.questions, self.ending = {}, {}, None
        derive = imported_changes if self.imported_from else changes
        self.apply(derive(self.name, [unseal(one) for one in self.log]), status=status, due=due)

    def outbox(self) -> list[OutboxRow]:
        """What it wants to be sent out and does not know to have been."""
        if self.imported_from:
            return []
        pending = [
            line for line in self.ledger.values() if line.kind == "emit" and line.status in ("intended", "unknown")
        ]
        rows: list[OutboxRow] = []
        for line in pending:
            sealed = self.log[line.intended_seq - 1]
            if sealed.payload is None:
                continue  # erased: what would be sent is gone
            body = unseal(sealed).body
            assert isinstance(body, NodeStarted)
            rows.append(OutboxRow(self.name, line.effect, line.path, line.name, body.input, line.intended_seq))
        return rows
