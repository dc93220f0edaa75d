"""Runs TypeScript examples as their reader would: the client installed beside them, checked strictly, run by Node."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from tests.sdk.node import SDK, make, skip_without_node

_COMPILED: Final = "--strict --target es2022 --module nodenext --types node --skipLibCheck"


def command_to_run(program: str, *, folder: Path) -> str:
    """What checks a program in a folder and runs it. Skips the test where there is no Node."""
    skip_without_node()
    make("sdk/typescript/dist/ready")
    _install(folder)
    compiler = shlex.quote(str(SDK / "node_modules" / "typescript" / "bin" / "tsc"))
    return f"node {compiler} {_COMPILED} {program} && node {Path(program).with_suffix('.js')}"


def _install(folder: Path) -> None:
    """As `npm install` does it: the client, and the types of Node."""
    modules = folder / "node_modules"
    if modules.exists():
        return
    (modules / "@types").mkdir(parents=True)
    (modules / "interlock-client").symlink_to(SDK)
    (modules / "@types" / "node").symlink_to(SDK / "node_modules" / "@types" / "node")
    (folder / "package.json").write_text('{"type": "module"}\n', encoding="utf-8")
