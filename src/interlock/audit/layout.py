"""In which order the parts of a run file stand, and what each is called. Pure.

    README.txt                     what this file is, for whoever unpacks it
    events/0000000001.msgpack      a page of sealed events, named by the number of its first one
    decisions/0000000001.jsonl     the decisions among them, if there are any
    bundles/HASH.msgpack           what the run goes on on from an event of this page on
    blobs/DIGEST.msgpack           the values that this page mentions and no page before it did
    events/0000001001.msgpack      the next page …
    manifest.json                  the digest of every part before it
    signatures.json                who vouches for the manifest

All of it but the signatures follows from the run alone. Behind each part it is known which one comes next, so a part
that is missing, comes twice or stands elsewhere is named.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Final

README: Final = "README.txt"
README_TEXT: Final = """\
This file holds one run of Interlock: everything that happened in it, signed.

It is a tar archive, so any archiver opens it. Nothing in it is compressed or encrypted: whoever has it reads
what the run was given and what came of it.

  events/        the run's events as they were stored, each a MessagePack array of header, salt and payload
  decisions/     the decisions in them, one JSON object a line
  bundles/       the graph, agents and contracts of tools that the run was pinned to
  blobs/         large values that events mention
  manifest.json  the SHA-256 of each part above
  signatures.json  Ed25519 signatures of the manifest

To verify it, and to keep it where it can be looked at:

  interlock import --verify-only FILE
  interlock import FILE
"""


def events_part(first: int) -> str:
    """The page of events that begins with event number `first`."""
    return f"events/{first:010}.msgpack"


def decisions_part(first: int) -> str:
    """The decisions among the events of the page that begins with event number `first`."""
    return f"decisions/{first:010}.jsonl"


def bundle_part(bundle: str) -> str:
    """A bundle, by its hash."""
    return f"bundles/{bundle}.msgpack"


def blob_part(digest: str) -> str:
    """A value that is kept outside events, by its digest under the key of whoever stored it."""
    return f"blobs/{digest}.msgpack"


def next_blobs(mentioned: Collection[str], known: AbstractSet[str]) -> list[str]:
    """The blobs that stand next, of those that were just mentioned: none twice in a file, in the order of digests."""
    return sorted(digest for digest in mentioned if digest not in known)
