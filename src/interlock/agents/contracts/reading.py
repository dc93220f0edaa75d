"""Reading a contract's file: YAML with its prompts beside it. Never raises for what is in it: problems are told.

Prompts stand in the folder of the contract or below it, so that a contract from somewhere else cannot show a model
whatever can be read on this machine.
"""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Final

from msgspec import Struct
from pydantic import ValidationError

from interlock.agents.contracts.meaning import Template, meant_contract
from interlock.agents.contracts.misspelt import problems_of_shape
from interlock.agents.contracts.written import WrittenAgent
from interlock.authoring.limits import Limits
from interlock.authoring.yaml_document import Document, read_document
from interlock.core.agent_contract import AgentContract
from interlock.core.problems import Problem, nearest, shortened
from interlock.core.values import Value

CONTRACT_BYTES_MAX: Final = 1024 * 1024
PROMPT_BYTES_MAX: Final = 256 * 1024
_PROMPT_FILE: Final = re.compile(r"[^\n{}]{1,200}\.(?:md|txt|jinja|j2)")


class ReadContract(Struct, frozen=True):
    """What a file holds: its contract if it may be used, and what is wrong with it."""

    file: Path
    document: Document
    contract: AgentContract | None
    problems: tuple[Problem, ...]
    prompts: tuple[Path, ...] = ()
    """The files of its prompts."""


def read_contract(file: Path) -> ReadContract:
    """The contract in a file. Raises `OSError` if the file cannot be read."""
    document = read_document(_bytes_of(file, CONTRACT_BYTES_MAX), source=str(file), limits=_LIMITS)
    if document.problems:
        return ReadContract(file, document, None, document.problems)
    try:
        written = WrittenAgent.model_validate(document.data)
    except ValidationError as error:
        rest = _without_what_is_wrong(document.data, error)
        further = _with_prompts(file, document, rest).problems if rest is not None else ()
        problems = (*map(shortened, problems_of_shape(error)), *further)
        return ReadContract(file, document, None, problems)
    return _with_prompts(file, document, written)


def _without_what_is_wrong(data: dict[str, Value], error: ValidationError) -> WrittenAgent | None:
    """The rest of a contract, so that what is wrong with it is told in the same breath."""
    wrong = {detail["loc"][0] for detail in error.errors(include_url=False) if detail["loc"]}
    try:
        return WrittenAgent.model_validate(_NEEDED | {key: item for key, item in data.items() if key not in wrong})
    except ValidationError:
        return None


_NEEDED: Final[dict[str, Value]] = {"agent": "unnamed", "prompt": "unread"}


_LIMITS: Final = Limits(document_bytes=CONTRACT_BYTES_MAX)


def _with_prompts(file: Path, document: Document, written: WrittenAgent) -> ReadContract:
    problems: list[Problem] = []
    templates: dict[str, Template] = {}
    prompts: list[Path] = []
    for key, text in (("prompt", written.prompt), ("task", written.task)):
        match _template(file.parent, key, text):
            case Problem() as problem:
                problems.append(problem)
                templates[key] = Template("")
            case template:
                templates[key] = template
                prompts += [file.parent / template.file] if template.file else []
    meant = meant_contract(written, templates["prompt"], templates["task"])
    found = tuple(map(shortened, (*problems, *meant.problems)))
    return ReadContract(file, document, None if problems else meant.contract, found, tuple(prompts))


def _template(folder: Path, key: str, text: str) -> Template | Problem:
    """The text of a prompt: what stands in the contract, unless that is the name of a file."""
    if not _PROMPT_FILE.fullmatch(text):
        return Template(text)
    try:
        path = (folder / text).resolve()
        if not path.is_relative_to(folder.resolve()):
            message = f"the prompt `{text}` lies outside the folder of the contract"
            return Problem(place=(key,), message=message, advice="put it beside the contract")
        data = _bytes_of(path, PROMPT_BYTES_MAX)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Problem(
            place=(key,), message=f"the prompt `{text}` cannot be read: {why}", advice=_instead(folder, text)
        )
    if len(data) > PROMPT_BYTES_MAX:
        return Problem(place=(key,), message=f"the prompt `{text}` is longer than {PROMPT_BYTES_MAX:,} bytes")
    try:
        return Template(data.decode("utf-8-sig").replace("\r\n", "\n"), text)
    except UnicodeDecodeError as error:
        message = f"the prompt `{text}` is not text in UTF-8 (byte {error.start:,})"
        return Problem(place=(key,), message=message, advice="save it as UTF-8")


def _instead(folder: Path, name: str) -> str:
    try:
        there = sorted(each.name for each in folder.iterdir() if _PROMPT_FILE.fullmatch(each.name))
    except OSError:
        there = []
    meant = nearest(name, there)
    return f"did you mean `{meant}`?" if meant else f"write the prompt into {folder / name}"


def _bytes_of(file: Path, bytes_max: int) -> bytes:
    """What is in a file, and one byte more than may be if it is too long. Pipes and devices are no files."""
    if not file.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(file))
    if not file.is_file():
        raise OSError(errno.EINVAL, "it is a folder, a pipe or a device, and no file", str(file))
    with file.open("rb") as opened:
        return opened.read(bytes_max + 1)
