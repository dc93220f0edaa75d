"""What the API itself refuses, by code: `problems.MEANINGS` says what each means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interlock.core.errors import InterlockError
from interlock.wire.problems import Place


class ApiError(InterlockError):
    """A request that is not done. The code is for programs, the detail for people."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str = "",
        problems: Sequence[Place] = (),
        run: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.field, self.run = code, detail, field, run
        self.problems = tuple(problems)
        self.headers = dict(headers or {})
