"""The SDK: what a server can do, from Python, over HTTP. It carries nothing of the server itself.

    from interlock.client import Client

    with Client() as client:
        run = client.run("hello", {"name": "Ada"})
        print(run.status, run.outputs)

`AsyncClient` does the same in an event loop. What comes back are the shapes of `interlock.wire`; what goes wrong is
told by errors of one tree, `ClientError`.
"""

from interlock.client.client import AsyncClient, Client
from interlock.client.errors import (
    ChangedMeanwhile,
    ClientError,
    Gone,
    GraphNotFound,
    Invalid,
    KeyRefused,
    KeyTaken,
    NotAllowed,
    NotFound,
    NotUnderstood,
    PlanOutdated,
    PlanRequired,
    ProblemTold,
    QuestionNotFound,
    Refused,
    RunNotFound,
    ServerFailed,
    StillGoing,
    TooMany,
    Unreachable,
    ValueNotFound,
)
from interlock.client.flows.following import FeedEvent
from interlock.client.flows.people import Reply
from interlock.client.flows.together import Selection
from interlock.client.patience import Patience

__all__ = [
    "AsyncClient",
    "ChangedMeanwhile",
    "Client",
    "ClientError",
    "FeedEvent",
    "Gone",
    "GraphNotFound",
    "Invalid",
    "KeyRefused",
    "KeyTaken",
    "NotAllowed",
    "NotFound",
    "NotUnderstood",
    "Patience",
    "PlanOutdated",
    "PlanRequired",
    "ProblemTold",
    "QuestionNotFound",
    "Refused",
    "Reply",
    "RunNotFound",
    "Selection",
    "ServerFailed",
    "StillGoing",
    "TooMany",
    "Unreachable",
    "ValueNotFound",
]
