"""The one way out: every HTTP request that a tool makes leaves through `fetch`.

A host must be allowed by name, each of its addresses must be public (or the host granted as private), and the
connection goes to the very address that was judged. Proxies of the environment, redirects and cookies do not exist
here. What a request means, and whether it may be made at all, is decided elsewhere.
"""

from interlock.tools.outgoing.errors import OutgoingFailed, OutgoingRefused
from interlock.tools.outgoing.fetching import fetch
from interlock.tools.outgoing.hosts import host_is_allowed
from interlock.tools.outgoing.messages import FetchLimits, OutgoingRequest, OutgoingResponse
from interlock.tools.outgoing.network import MACHINE, Network
from interlock.tools.outgoing.target import Target, parse_target

__all__ = [
    "MACHINE",
    "FetchLimits",
    "Network",
    "OutgoingFailed",
    "OutgoingRefused",
    "OutgoingRequest",
    "OutgoingResponse",
    "Target",
    "fetch",
    "host_is_allowed",
    "parse_target",
]
