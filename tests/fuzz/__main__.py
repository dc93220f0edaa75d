"""Twenty thousand hostile results, arguments and schemas, and whatever else is drawn with them: `python -m tests.fuzz`.

    python -m tests.fuzz                       20,000 of each through its door, and 20,000 through whole runs
    python -m tests.fuzz --items 2000          fewer
    python -m tests.fuzz --only runs --seed 73 one case again, as the failure says

Stops at the first case that breaks a rule, with its seed; else tells what was thrown and what became of it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from typing import Final

from tests.fuzz.at_the_doors import schemas, steps, streams, tools, written_calls
from tests.fuzz.tally import Broken, Case, Tally, judged
from tests.fuzz.whole_loop import runs

ITEMS: Final = 20_000
CASES: Final[dict[str, tuple[Case, tuple[str, ...]]]] = {
    "schemas": (schemas, ("schemas",)),
    "arguments": (written_calls, ("arguments",)),
    "streams": (streams, ("streams",)),
    "tools": (tools, ("results",)),
    "steps": (steps, ("arguments", "results")),
    "runs": (runs, ("arguments", "results", "schemas")),
}
"""Each with what is counted of it."""
PROGRESS_SECONDS: Final = 30.0


def main() -> None:
    """Throw, and tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--items", type=int, default=ITEMS, help="how many results, arguments and schemas go each way")
    parser.add_argument("--only", choices=tuple(CASES), action="append", help="one way; without it, all")
    parser.add_argument("--seed", type=int, help="one case again")
    given = parser.parse_args()
    try:
        for name in given.only or CASES:
            _thrown(name, given.items, given.seed)
    except Broken as broken:
        sys.exit(str(broken))


def _thrown(name: str, items: int, seed: int | None) -> None:
    case, counted = CASES[name]
    tally, began, cases = Tally(), time.monotonic(), 0
    told = began
    for each in [seed] if seed is not None else itertools.count():
        judged(case, each, tally)
        cases += 1
        thrown = sum(tally.counts[what] for what in counted)
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            sys.stderr.write(f"{name}: {thrown:,} of {items:,}\n")
        if thrown >= items:
            break
    told_of = ", ".join(f"{count:,} {what}" for what, count in sorted(tally.counts.items()))
    slowest, slow_seed = tally.slowest
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{name}: {cases:,} cases in {seconds:.0f} s, the slowest {slowest:.2f} s (seed {slow_seed}): {told_of}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
