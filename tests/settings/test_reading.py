"""Settings: what wins over what, where each value came from, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.settings import SETTING_NAMES, SettingsError, read_settings
from interlock.sinks.declaring import SinkSettings
from interlock.store.postgres.address import PostgresAddress
from interlock.tools.sandbox.probing import TIERS
from interlock.webhooks.declaring import WebhookSettings


def project(tmp_path: Path, text: str) -> Path:
    """A project folder whose `interlock.toml` says this."""
    (tmp_path / "interlock.toml").write_text(text)
    return tmp_path


def test_without_any_word_the_folder_one_stands_in_is_the_project(tmp_path: Path) -> None:
    """A first graph needs no settings at all."""
    configured = read_settings(environment={}, folder=tmp_path)

    assert (configured.project, configured.file) == (tmp_path, None)
    assert configured.settings.store == tmp_path / ".interlock/interlock.db"
    assert configured.settings.graphs == tmp_path / "graphs"
    assert configured.settings.tools == ()
    assert {str(origin) for _, _, origin in configured.listed()} == {"default"}


def test_the_project_is_the_nearest_folder_upwards_with_a_settings_file(tmp_path: Path) -> None:
    """A command means the same in every folder of a project."""
    inner = project(tmp_path, "") / "graphs" / "deep"
    inner.mkdir(parents=True)

    configured = read_settings(environment={}, folder=inner)

    assert (configured.project, configured.settings.store) == (tmp_path, tmp_path / ".interlock/interlock.db")


def test_where_clients_find_a_server_is_no_setting(tmp_path: Path) -> None:
    """Whoever has exported them for a program of theirs goes on using the command line."""
    environment = {"INTERLOCK_URL": "http://localhost:8000", "INTERLOCK_KEY": "ilk_x"}

    configured = read_settings(environment=environment, folder=tmp_path)

    assert configured.settings == read_settings(environment={}, folder=tmp_path).settings


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    """The nearer to the one who types, the stronger."""
    folder = project(tmp_path, "[slots]\ntasks = 1\nthreads = 1\nprocesses = 1\n")
    environment = {"INTERLOCK_SLOTS_TASKS": "2", "INTERLOCK_SLOTS_THREADS": "2"}

    configured = read_settings({"slots.tasks": 3, "slots.threads": None}, environment=environment, folder=folder)

    slots = configured.settings.slots
    assert (slots.tasks, slots.threads, slots.processes) == (3, 2, 1)


@pytest.mark.parametrize(
    ("name", "given", "flag"),
    [
        ("worker.pools", ("a b",), "--pool"),
        ("worker.tags", ("a b",), "--tag"),
        ("worker.grace_seconds", 0, "--grace"),
        ("worker.concurrency", 0, "--concurrency"),
    ],
)
def test_what_is_wrong_with_a_flag_names_the_flag_that_was_typed(
    tmp_path: Path, name: str, given: object, flag: str
) -> None:
    """Whoever is told of another looks for a flag that there is not."""
    with pytest.raises(SettingsError) as refused:
        read_settings({name: given}, environment={}, folder=tmp_path)

    assert str(refused.value).startswith(f"{flag}: `{name}`")


def test_each_value_knows_where_it_came_from(tmp_path: Path) -> None:
    """Who wonders why a setting has no effect looks there."""
    folder = project(tmp_path, '# ours\ngraphs = "flows"\n\n[limits]\n# many\nnodes_max = 50\n')

    configured = read_settings({"store": "runs.db"}, environment={"INTERLOCK_SECRETS": "keys.toml"}, folder=folder)

    origins = {name: str(origin) for name, _, origin in configured.listed()}
    assert origins == dict.fromkeys(SETTING_NAMES, "default") | {
        "store": "--store",
        "secrets": "INTERLOCK_SECRETS",
        "graphs": f"{folder}/interlock.toml:2",
        "limits.nodes_max": f"{folder}/interlock.toml:6",
    }


def test_paths_are_meant_from_where_they_are_written(tmp_path: Path) -> None:
    """Those in the file from the project, those that are typed from where one stands."""
    folder = project(tmp_path, 'graphs = "flows"\n')
    inner = folder / "inner"
    inner.mkdir()

    settings = read_settings({"store": "runs.db"}, environment={}, folder=inner).settings

    assert (settings.graphs, settings.store) == (folder / "flows", inner / "runs.db")


def test_tools_are_files_folders_and_modules(tmp_path: Path) -> None:
    """A module keeps its name; a path is made absolute."""
    folder = project(tmp_path, 'tools = ["tools", "more/pay.py", "acme.tools"]\n')
    (folder / "tools").mkdir()

    settings = read_settings(environment={}, folder=folder).settings

    assert settings.tools == (str(folder / "tools"), str(folder / "more/pay.py"), "acme.tools")


def test_the_folder_of_tools_is_found_without_being_named(tmp_path: Path) -> None:
    """That is where `interlock init` puts them."""
    (tmp_path / "tools").mkdir()

    assert read_settings(environment={}, folder=tmp_path).settings.tools == (str(tmp_path / "tools"),)


def test_several_tools_in_a_variable_are_separated_as_in_a_path(tmp_path: Path) -> None:
    """As PATH and PYTHONPATH do it."""
    environment = {"INTERLOCK_TOOLS": "one.py:acme.tools"}

    assert read_settings(environment=environment, folder=tmp_path).settings.tools == (
        str(tmp_path / "one.py"),
        "acme.tools",
    )


def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    """A setting that is silently ignored costs an afternoon."""
    folder = project(tmp_path, 'store = "a.db"\n\n[limits]\nnode_max = 5\n')

    with pytest.raises(SettingsError) as refused:
        read_settings(environment={}, folder=folder)

    assert refused.value.problems == (
        f"{folder}/interlock.toml:4: `limits.node_max` is no setting; did you mean `limits.nodes_max`?",
    )


def test_an_unknown_variable_is_refused_and_a_secret_is_none_of_them(tmp_path: Path) -> None:
    """Secrets come by variables too, and are not settings."""
    read_settings(environment={"INTERLOCK_SECRET_TOKEN": "x"}, folder=tmp_path)

    with pytest.raises(SettingsError, match="`INTERLOCK_STOR` is no setting; did you mean `INTERLOCK_STORE`"):
        read_settings(environment={"INTERLOCK_STOR": "x"}, folder=tmp_path)


def test_every_problem_is_told_at_once_and_with_its_place(tmp_path: Path) -> None:
    """One round of mending, not four."""
    folder = project(tmp_path, "stor = 1\n[limits]\nnodes_max = 0\n")

    with pytest.raises(SettingsError) as refused:
        read_settings({"slots.tasks": "many"}, environment={}, folder=folder)

    assert refused.value.problems == (
        f"{folder}/interlock.toml:1: `stor` is no setting; did you mean `store`?",
        f"{folder}/interlock.toml:3: `limits.nodes_max` is a whole number above 0, not 0",
        "--tasks: `slots.tasks` is a whole number above 0, not 'many'",
    )


def test_a_file_that_is_no_toml_is_told_as_such(tmp_path: Path) -> None:
    """With the line that the reader names."""
    folder = project(tmp_path, "store = \n")

    with pytest.raises(SettingsError, match=r"interlock\.toml is not TOML: .*line 1"):
        read_settings(environment={}, folder=folder)


def test_a_file_nested_beyond_reason_is_told_as_such(tmp_path: Path) -> None:
    """The reader of TOML gives up on it in a way of its own."""
    folder = project(tmp_path, f"tools = {'[' * 5000}\n")

    with pytest.raises(SettingsError, match=r"interlock\.toml is nested too deeply to be settings"):
        read_settings(environment={}, folder=folder)


def test_a_limit_has_its_effect(tmp_path: Path) -> None:
    """Nothing is listed that does nothing."""
    folder = project(tmp_path, "[limits]\ndocument_bytes = 10\nnodes_max = 1\n")

    limits = read_settings(environment={}, folder=folder).settings.limits

    assert (limits.of_documents().document_bytes, limits.of_graphs().nodes_max) == (10, 1)


@pytest.mark.parametrize(("flags", "environment"), [({"tools": ("",)}, {}), ({}, {"INTERLOCK_TOOLS": "tools:"})])
def test_a_place_of_tools_without_a_name_is_refused(
    tmp_path: Path, flags: dict[str, tuple[str, ...]], environment: dict[str, str]
) -> None:
    """It would be the folder one stands in, and everything below it would be imported."""
    with pytest.raises(SettingsError, match="`tools` is a file, a folder or a module, not ''"):
        read_settings(flags, environment=environment, folder=tmp_path)


# --- sinks -----------------------------------------------------------------------------------------------------------


def test_sinks_stand_under_names_of_ones_own(tmp_path: Path) -> None:
    """How many there are and what they are called is nobody else's business."""
    folder = project(
        tmp_path, '[sinks]\naudit = "file:events.jsonl"\nops = {to = "https://ops/in?t=x", secret = "ops_key"}\n'
    )

    configured = read_settings(environment={}, folder=folder)

    assert configured.settings.sinks == {
        "audit": SinkSettings(to="file:events.jsonl"),
        "ops": SinkSettings(to="https://ops/in?t=x", secret="ops_key"),  # noqa: S106 - a secret's name
    }
    assert [(name, value, str(origin)) for name, value, origin in configured.listed()][-2:] == [
        ("sinks.audit", "file:events.jsonl", f"{folder}/interlock.toml:2"),
        ("sinks.ops", "https://ops/in", f"{folder}/interlock.toml:3"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('audit = "events.jsonl"', "`sinks.audit.to` is an address such as `file:events.jsonl`"),
        ('Audit = "file:x"', "`Audit` is no name of a sink: lower-case letters"),
        ("audit = 7", "`sinks.audit` is an address such as"),
        ('ops = {to = "file:x", key = "k"}', "`sinks.ops.key` is no key of a sink"),
        ('ops = {secret = "k"}', "`sinks.ops.to` is needed: the sink's address"),
        ('ops = {to = "file:x", timeout_seconds = 0}', "`sinks.ops.timeout_seconds` is a time above 0 s"),
    ],
)
def test_a_sink_that_cannot_be_meant_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    """Events that leave for nowhere would be missed only when they are needed."""
    with pytest.raises(SettingsError) as problems:
        read_settings(environment={}, folder=project(tmp_path, f"[sinks]\n{text}\n"))

    assert str(problems.value).startswith(f"{tmp_path}/interlock.toml:2: {told}")


@pytest.mark.parametrize("tiers", ["['chroot']", "[5]", "5"])
def test_a_sandbox_that_is_none_is_told_with_those_there_are(tmp_path: Path, tiers: str) -> None:
    """Whoever misspells one would else run in another, or in none."""
    with pytest.raises(SettingsError) as problems:
        read_settings(environment={}, folder=project(tmp_path, f"sandbox.tiers = {tiers}\n"))

    told = "`sandbox.tiers` is a list of gvisor, bubblewrap, landlock, the first to be tried first, not"
    assert str(problems.value).startswith(f"{tmp_path}/interlock.toml:1: {told}")


def test_how_long_runs_are_kept_is_said_as_an_age(tmp_path: Path) -> None:
    """What is not said is kept for ever."""
    (tmp_path / "interlock.toml").write_text('[retention]\npayloads = "90d"\n')

    kept = read_settings(folder=tmp_path, environment={}).settings.retention

    assert (kept.payloads, kept.runs) == ("90d", None)


def test_what_is_no_age_is_told_with_its_line(tmp_path: Path) -> None:
    """A slip here would give up what was to be kept."""
    (tmp_path / "interlock.toml").write_text('[retention]\nruns = "soon"\n')

    with pytest.raises(SettingsError, match=r"toml:2: `retention.runs` is an age such as `12h`, `90d` or `1y`"):
        read_settings(folder=tmp_path, environment={})


@pytest.mark.parametrize("text", ['[worker]\npools = ["a b"]', '[worker]\ntags = [""]', '[pools]\n"a b" = 1'])
def test_what_cannot_be_the_name_of_a_pool_or_tag_is_told_as_that(tmp_path: Path, text: str) -> None:
    """Nodes ask for pools and tags by name: one that no graph can write would wait for nobody."""
    (tmp_path / "interlock.toml").write_text(text)

    with pytest.raises(SettingsError, match=r"` wants names of letters, digits, `\.`, `_` and `-`, and was given '"):
        read_settings(folder=tmp_path, environment={})


def test_a_store_may_be_a_file_or_a_database_server(tmp_path: Path) -> None:
    """A file is found from where it was named; an address means the same everywhere, and shows no password."""
    environment = {"INTERLOCK_STORE": "postgresql://ada:hunter2@db/agents?schema=runs"}

    configured = read_settings(environment=environment, folder=tmp_path)

    shown = {name: value for name, value, _ in configured.listed()}["store"]
    assert configured.settings.store == PostgresAddress.parse(environment["INTERLOCK_STORE"])
    assert shown == "postgresql://ada:***@db/agents?schema=runs"
    assert "hunter2" not in repr(configured)


def test_a_store_that_is_no_address_is_told_without_its_password(tmp_path: Path) -> None:
    """What is wrong is said; what was typed may not be repeated."""
    with pytest.raises(SettingsError) as wrong:
        read_settings({"store": "postgresql://ada:hunter2@db/agents?schema=My Runs"}, environment={}, folder=tmp_path)

    (problem,) = wrong.value.problems
    assert problem.startswith("--store: `store` cannot be used: 'My Runs' cannot be the schema of a store: take small")
    assert "hunter2" not in problem


def test_what_searches_the_web_and_what_comes_along_are_said_in_the_file_or_by_a_variable(tmp_path: Path) -> None:
    """A deployment switches examples off without touching the project."""
    (tmp_path / "interlock.toml").write_text('[search]\nurl = "http://localhost:8888/search"\n')

    settings = read_settings(folder=tmp_path, environment={"INTERLOCK_PACKAGED": "false"}).settings

    assert (settings.search.url, settings.packaged) == ("http://localhost:8888/search", False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("packaged = 'maybe'", "interlock.toml:1: `packaged` is true or false, not 'maybe'"),
        ("packaged = 3", "interlock.toml:1: `packaged` is true or false, not 3"),
        ("search.url = 5", "interlock.toml:1: `search.url` should be text, not 5"),
        ("search.url = 'host'", "interlock.toml:1: `search.url` is no address to search at, such as `https://host/se"),
        ("search.url = 'http://a:b@host/'", "the URL holds a user or a password before its host"),
        (
            "search.url = 'http://a..b/'",
            "`search.url` is no address to search at, such as `https://host/search`: 'a..b' ",
        ),
    ],
)
def test_a_search_that_is_none_is_told_with_what_to_write(tmp_path: Path, text: str, told: str) -> None:
    """An address with a password in it is not repeated: it would stand in a terminal."""
    (tmp_path / "interlock.toml").write_text(text)

    with pytest.raises(SettingsError) as refused:
        read_settings(folder=tmp_path, environment={})

    assert told in str(refused.value)
    assert "a:b" not in str(refused.value)


def test_the_sandboxes_that_may_be_used_are_those_there_are(tmp_path: Path) -> None:
    """Left out, all of them may; a project that takes nothing weaker than the best says so by name."""
    folder = project(tmp_path, "")

    chosen = read_settings(environment={"INTERLOCK_SANDBOX_TIERS": "gvisor"}, folder=folder)

    assert read_settings(environment={}, folder=folder).settings.sandbox.tiers == TIERS
    assert chosen.settings.sandbox.tiers == ("gvisor",)


# --- webhooks --------------------------------------------------------------------------------------------------------


def test_webhooks_stand_under_names_of_ones_own(tmp_path: Path) -> None:
    """What other systems send is declared where everything else is, and its secret only by name."""
    folder = project(tmp_path, '[webhooks.pulls]\nscheme = "github"\nsecret = "github_key"\ngraph = "review"\n')

    configured = read_settings(environment={}, folder=folder)

    declared = {"scheme": "github", "secret": "github_key", "graph": "review"}
    assert configured.settings.webhooks == {"pulls": WebhookSettings.model_validate(declared)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('a = {graph = "g"}', "`webhooks.a.secret` is needed"),
        ('a = {secret = "s", graph = "g", scheme = "morse"}', "is one of interlock, github, stripe, standard, slack"),
        ('a = {secret = "s", graph = "g", colour = 1}', "`webhooks.a.colour` is no key of a webhook"),
        ('a = {secret = "s"}', "`webhooks.a` names either a `graph` that it starts or an `event`"),
        ('a = {secret = "s", graph = "g", when = "${bdy.x}"}', "`when`: `bdy` is not a name that can be used here"),
        ('A = {secret = "s", graph = "g"}', "`A` is no name of a webhook"),
        ("a = 7", "`webhooks.a` is a table"),
        ('a = {secret = "s", graph = "g", tolerance_seconds = 0}', "`webhooks.a.tolerance_seconds` is at least 1 s"),
    ],
)
def test_a_webhook_that_cannot_be_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    """By whoever starts the server, and not by its first delivery."""
    with pytest.raises(SettingsError) as raised:
        read_settings(environment={}, folder=project(tmp_path, f"[webhooks]\n{text}\n"))

    assert "interlock.toml:2" in str(raised.value)
    assert says in str(raised.value)
