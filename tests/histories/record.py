"""Records the histories that later releases are held to: `python -m tests.histories.record NAME…`.

A history is made once and then kept: recorded anew it would only show that a release agrees with itself. So this
refuses to write over one; before the first release, when nobody has any runs yet, remove the file to record it anew.
"""

from __future__ import annotations

import hashlib
import sys

from interlock.core.values import encode
from interlock.store.sealing import CHAIN_START, SALT_BYTES, seal_all
from tests.histories.history import History, came_to, file_of, write_history
from tests.histories.recording import KEY
from tests.histories.recordings import HISTORIES


def recorded(name: str) -> History:
    """A history as this release makes it. Its salts are no secrets: everybody makes the same file."""
    made = HISTORIES[name]()
    story = made.story
    assert story.state.has_ended, f"{name} does not end: {story.waits}, {story.in_flight}"
    salts = b"".join(hashlib.sha256(f"{name} {event.seq}".encode()).digest()[:SALT_BYTES] for event in story.log)
    sealed, head = seal_all(story.log, tenant="local", run="run", previous=CHAIN_START, salts=salts)
    return History(
        name=name,
        what=(HISTORIES[name].__doc__ or "").strip(),
        run="run",
        bundle=made.bundle.bytes,
        blob_key=KEY,
        blobs={digest: encode(value) for digest, value in story.kept.items()},
        events=tuple(sealed),
        head=head,
        came_to=came_to(story.plan, "run", story.log),
    )


def main(names: list[str]) -> int:
    """Record these, or all that are not there yet."""
    for name in names or [name for name in HISTORIES if not file_of(name).exists()]:
        if file_of(name).exists():
            sys.stderr.write(f"{file_of(name)} is there already: a history is kept as it was recorded\n")
            return 1
        write_history(recorded(name))
        sys.stdout.write(f"recorded {file_of(name).name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
