"""What went wrong, as RFC 9457 has it: every code there is, and which error is told by which.

The one place where an error of Interlock meets a status of HTTP. A code never changes its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import UNSET

from interlock.agents.errors import UnknownAgent
from interlock.api.errors import ApiError
from interlock.artifacts import ArtifactInUseError, ArtifactNotFoundError, ArtifactTooLongError
from interlock.audit.errors import RunFileError, RunFileTooLongError, UntrustedSignerError
from interlock.authoring.errors import AuthoringError
from interlock.core.errors import InterlockError
from interlock.core.values import ValueProblem
from interlock.embedded.drafts import DraftNotFoundError, DraftTooLargeError
from interlock.embedded.errors import InvalidGraphError, UnknownGraphError, UnknownModelError, UnknownSinkError
from interlock.embedded.jobs import JobNotFoundError, JobsFullError
from interlock.engine import errors as engine
from interlock.governance.errors import PolicyError
from interlock.showing.problems import places
from interlock.store import errors as store
from interlock.tenancy import KeyNotFoundError, TenancyError
from interlock.webhooks.errors import (
    WebhookDeclaredError,
    WebhookNotFoundError,
    WebhookRefusedError,
    WebhookUnmappedError,
)
from interlock.wire.problems import Place, Problem

PROBLEM_TYPE: Final = "application/problem+json"


class Meaning(NamedTuple):
    """What a code means: the status it goes with, in short, and what can be done."""

    status: int
    title: str
    advice: str


MEANINGS: Final[Mapping[str, Meaning]] = {
    # --- the request ---
    "invalid_request": Meaning(
        422, "The request does not fit", "Mend what `detail` names, and `problems` field by field."
    ),
    "unreadable_body": Meaning(400, "The body cannot be read", "Send one JSON value, in UTF-8."),
    "body_too_large": Meaning(413, "The body is too large", "Send less, or upload it as an artifact and name that."),
    "body_too_slow": Meaning(408, "The body did not arrive in time", "Send it again over a better connection."),
    "not_found": Meaning(404, "There is nothing at this address", "Look at /v1/openapi.json for what there is."),
    "method_not_allowed": Meaning(405, "The address takes other methods", "See the header Allow."),
    "invalid_cursor": Meaning(404, "There is no such page", "Begin again without `cursor`."),
    "invalid_task_type": Meaning(400, "There is no such kind of task", "Name it as `detail` says."),
    "unclear_task": Meaning(422, "It is not clear whose task it is", "Send one of the two bodies in `detail`."),
    "unsupported_media_type": Meaning(415, "The body is of another type", "See the type that the address takes."),
    "not_acceptable": Meaning(406, "The answer has no such form", "Leave the header Accept out."),
    # --- who asks ---
    "key_required": Meaning(401, "A key is needed", "Send `Authorization: Bearer ilk_…`; `interlock keys` makes keys."),
    "delivery_refused": Meaning(401, "The delivery opens nothing", "Check its address, its secret and its clock."),
    "key_refused": Meaning(
        401, "The key opens nothing", "Use a key that is in force: `interlock keys list` shows them."
    ),
    "not_allowed": Meaning(403, "The caller may not do this", "Use a key with the role or scope that `detail` names."),
    "foreign_tenant": Meaning(
        403, "The tenant is another's", "Leave the tenant out: the key says whose it is, and nothing else does."
    ),
    "foreign_page": Meaning(
        403, "The request is not for this server", "Without a key, ask it as localhost, and from no page elsewhere."
    ),
    # --- too much ---
    "too_many_requests": Meaning(429, "The server has enough to do", "Try again after what Retry-After says."),
    "too_many_runs": Meaning(429, "Enough runs wait already", "Try again after what Retry-After says, or add workers."),
    "too_many_jobs": Meaning(429, "Enough jobs are under way", "Wait for one of them, or cancel it."),
    "too_many_listeners": Meaning(429, "Enough streams are open", "Try again after what Retry-After says."),
    # --- models that are asked ---
    "model_not_found": Meaning(404, "There is no such model", "List what can be asked with GET /openai/v1/models."),
    "model_busy": Meaning(429, "The model is asked too often", "Try again after what Retry-After says."),
    "model_away": Meaning(503, "The model cannot be reached", "Try again, or ask a pool that has others."),
    "model_timeout": Meaning(504, "The model did not answer in time", "Ask for less, or give it more time."),
    "model_refused": Meaning(422, "The model is not asked this", "Mend what `detail` names."),
    "model_failed": Meaning(502, "The model did not answer", "The run that `run` names says what happened."),
    "budget_spent": Meaning(429, "What may be spent is spent", "Raise the budget that `detail` names."),
    "call_given_up": Meaning(409, "The call was given up", "Somebody cancelled its run; ask again."),
    "answer_broken_off": Meaning(502, "The answer broke off", "Ask again; the run has what was said in the end."),
    # --- things ---
    "run_not_found": Meaning(404, "There is no such run", "List runs with GET /v1/runs."),
    "run_pruned": Meaning(410, "The run was given up", "Only what `detail` says is kept of it."),
    "graph_not_found": Meaning(404, "There is no such graph", "List graphs with GET /v1/graphs."),
    "agent_not_found": Meaning(404, "There is no such agent", "List agents with GET /v1/agents."),
    "tool_not_found": Meaning(404, "There is no such tool", "List tools with GET /v1/tools."),
    "draft_not_found": Meaning(404, "There is no such draft", "Save one with PUT and If-None-Match: *."),
    "release_not_found": Meaning(
        404, "There is no such version", "List versions with GET /v1/graphs/{graph}/versions."
    ),
    "policy_not_found": Meaning(404, "There is no such policy", "List policies with GET /policies."),
    "snapshot_not_found": Meaning(404, "There is no such moment", "List them with GET …/snapshots of the run."),
    "schedule_not_found": Meaning(404, "There is no such trigger", "List triggers with GET /v1/schedules."),
    "sink_not_found": Meaning(404, "There is no such sink", "List sinks with GET /v1/sinks."),
    "key_not_found": Meaning(404, "There is no such key", "List keys with GET /v1/keys."),
    "question_not_found": Meaning(404, "Nobody is asked this any more", "List questions with GET /v1/questions."),
    "value_not_found": Meaning(404, "There is no such value", "Take the digest from a reference of this tenant."),
    "artifact_not_found": Meaning(404, "There is no such file", "List files with GET /v1/artifacts, or of the run."),
    "job_not_found": Meaning(404, "There is no such job", "List jobs with GET /v1/jobs."),
    "webhook_not_found": Meaning(404, "There is no such webhook", "List webhooks with GET /v1/webhooks."),
    "nothing_held": Meaning(404, "Nothing is held back", "See GET /v1/sinks."),
    "node_not_found": Meaning(404, "Nothing has happened there", "See the nodes of GET /v1/runs/{run}."),
    "thing_not_found": Meaning(404, "There is no such thing", "See the list that it would stand in."),
    # --- what is refused ---
    "graph_invalid": Meaning(422, "The graph cannot be run", "Mend what `problems` names."),
    "value_invalid": Meaning(422, "That is no value", "Mend what `detail` names."),
    "set_elsewhere": Meaning(409, "No request sets this", "Write it where `detail` says, and start the server anew."),
    "declared_wrongly": Meaning(422, "It cannot be as it was declared", "Mend what `detail` names."),
    "refused": Meaning(
        409, "It cannot be done now", "Do what `detail` says; `actions` of a run says what can be done."
    ),
    "artifact_in_use": Meaning(409, "Runs on record name it", "Prune those runs first, or leave it."),
    "path_refused": Meaning(422, "The path leads to no file of the run", "Write the path as the list of files has it."),
    "range_not_satisfiable": Meaning(416, "There are no such bytes", "Content-Range says how many there are."),
    "run_file_invalid": Meaning(422, "The file is not what was signed", "Ask whoever sent it for another copy."),
    "signer_untrusted": Meaning(422, "Nobody who is trusted has signed it", "Compare the fingerprint with theirs."),
    "delivery_unmapped": Meaning(422, "Nothing can be made of the delivery", "Mend its webhook: `detail` says where."),
    "key_taken": Meaning(409, "The key names another run", "Use another key, or the run that `run` names."),
    "changed_meanwhile": Meaning(412, "Somebody changed it first", "Fetch it again, and decide again."),
    "precondition_required": Meaning(428, "It has to be said what was seen", "Send If-Match with the ETag you have."),
    "plan_outdated": Meaning(409, "The plan does not hold any more", "Ask for a plan again, and present its token."),
    "plan_required": Meaning(428, "It has to be planned first", "Ask for a plan, and present its token."),
    "held_elsewhere": Meaning(409, "Another process holds it", "Try again in some seconds."),
    "payload_erased": Meaning(410, "What it said was erased", "Only headers are kept: see the events of the run."),
    # --- the server ---
    "store_away": Meaning(503, "What is kept cannot be reached", "Try again; if it lasts, look at the store."),
    "damaged": Meaning(500, "What is kept is damaged", "Restore it from a backup; `detail` names where."),
    "not_installed": Meaning(501, "The server was installed without it", "Install the extra that `detail` names."),
    "stopping": Meaning(503, "The server is about to stop", "Try again: another takes over."),
    "fault": Meaning(500, "Interlock has a fault", "Report it with the request's id: the log says more."),
}
"""Every code."""

_CODES: Final[Sequence[tuple[type[Exception], str]]] = (
    (engine.RunPrunedError, "run_pruned"),
    (engine.RunNotFoundError, "run_not_found"),
    (engine.NoReleaseError, "release_not_found"),
    (engine.UnknownTriggerError, "schedule_not_found"),
    (engine.NothingHeldError, "nothing_held"),
    (engine.UnknownEventTypeError, "invalid_request"),
    (engine.EventNameError, "invalid_request"),
    (engine.EngineStoppedError, "stopping"),
    (engine.EngineError, "refused"),
    (ArtifactNotFoundError, "artifact_not_found"),
    (ArtifactInUseError, "artifact_in_use"),
    (ArtifactTooLongError, "body_too_large"),
    (JobNotFoundError, "job_not_found"),
    (JobsFullError, "too_many_jobs"),
    (RunFileError, "run_file_invalid"),
    (UntrustedSignerError, "signer_untrusted"),
    (RunFileTooLongError, "body_too_large"),
    (WebhookRefusedError, "delivery_refused"),
    (WebhookUnmappedError, "delivery_unmapped"),
    (WebhookNotFoundError, "webhook_not_found"),
    (WebhookDeclaredError, "declared_wrongly"),
    (UnknownGraphError, "graph_not_found"),
    (UnknownModelError, "model_not_found"),
    (UnknownAgent, "agent_not_found"),
    (DraftNotFoundError, "draft_not_found"),
    (DraftTooLargeError, "body_too_large"),
    (InvalidGraphError, "graph_invalid"),
    (UnknownSinkError, "sink_not_found"),
    (KeyNotFoundError, "key_not_found"),
    (TenancyError, "declared_wrongly"),
    (PolicyError, "declared_wrongly"),
    (AuthoringError, "graph_invalid"),
    (ValueProblem, "value_invalid"),
    (store.RunKeyTakenError, "key_taken"),
    (store.LeaseHeldError, "held_elsewhere"),
    (store.RecordChangedError, "changed_meanwhile"),
    (store.SignalsFullError, "too_many_requests"),
    (store.RunKeptError, "refused"),
    (store.ImportedRunError, "refused"),
    (store.RunOfThisPlaceError, "refused"),
    (store.BlobNameTakenError, "refused"),
    (store.ErasedError, "payload_erased"),
    (store.DamagedError, "damaged"),
    (store.MissingError, "thing_not_found"),
    (store.StoreError, "store_away"),
    (InterlockError, "refused"),
)
"""Errors by their code, the narrower first."""


def problem_of(error: Exception, request: str) -> Problem:
    """How an error is told. What is none of ours is a fault, and says nothing of itself to the outside."""
    if isinstance(error, ApiError):
        return _problem(error.code, error.detail, request, field=error.field, problems=error.problems, run=error.run)
    if isinstance(error, engine.InputsRefusedError):  # and no `run`: none was started
        where = Place(message=str(error), field=error.field)
        return _problem("invalid_request", str(error), request, field=error.field, problems=[where])
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "fault")
    detail = MEANINGS[code].title if code == "fault" else str(error)
    problems = places(error.problems, error.subject) if isinstance(error, InvalidGraphError) else []
    return _problem(code, detail, request, problems=problems, run=getattr(error, "run", ""))


def _problem(
    code: str, detail: str, request: str, *, field: str = "", problems: Sequence[Place] = (), run: str = ""
) -> Problem:
    status, title, advice = MEANINGS[code]
    return Problem(
        type=f"/v1/problems/{code}",
        title=title,
        status=status,
        code=code,
        detail=detail,
        request=request,
        field=field or UNSET,
        advice=advice,
        problems=list(problems) or UNSET,
        run=run or UNSET,
    )
