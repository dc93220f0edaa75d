"""What a project has goes before what comes along, and nothing simulated ever stands in for something real."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.embedded.errors import InvalidGraphError, UnknownGraphError
from tests.packaged.folder import interlock_in, run_in

OWN_GRAPH = "graph: content_review\nnodes: {own: {value: 1}}\noutputs: {own: '${own}'}\n"
OWN_AGENT = "agent: {name}\nversion: '1'\nprompt: Do it.\ninput: {{question: string}}\n"
SERVER = '[models.providers.elsewhere]\nkind = "openai_compatible"\nurl = "http://127.0.0.1:9/v1"\n'
POOL = '[models.pools.default]\nmodels = [{model = "elsewhere/m", price = {input = "0", output = "0"}}]\n'


@pytest.fixture(name="folder")
def a_folder(tmp_path: Path) -> Path:
    """A project with empty folders."""
    for name in ("graphs", "agents", "tools"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_a_graph_of_the_project_is_meant_by_its_name(folder: Path) -> None:
    """Whoever adds an example of the same name later must not change what runs."""
    (folder / "graphs" / "mine.yaml").write_text(OWN_GRAPH)

    assert run_in(folder, "content_review", {}).outputs == {"own": 1}
    known = {each.name: each.is_packaged for each in interlock_in(folder).graphs.known()}
    assert known == {"content_review": False, "delivery": True, "git-to-prod-multi": True, "research_assessment": True}


def test_a_graph_of_the_project_may_run_one_that_comes_along(folder: Path) -> None:
    """It is known by its name, as any other."""
    graph = "graph: mine\nnodes: {find: {graph: research_assessment, input: {topic: solar panels}}}\n"
    (folder / "graphs" / "mine.yaml").write_text(graph)

    assert run_in(folder, "mine", {}).outputs["find"]["completion_reason"] == "max_iterations"


def test_a_graph_inside_another_is_the_projects_own_too(folder: Path) -> None:
    """A name means the same wherever it stands."""
    (folder / "graphs" / "mine.yaml").write_text(OWN_GRAPH)
    (folder / "graphs" / "outer.yaml").write_text("graph: outer\nnodes: {inner: {graph: content_review}}\n")

    assert run_in(folder, "outer", {}).outputs == {"inner": {"own": 1}}


def test_a_tool_of_the_project_is_meant_by_its_name(folder: Path) -> None:
    """Also where it is called as a default one is."""
    tool = (
        "from interlock import tool\n\n\n@tool(effect='read')\ndef web_search(query: str) -> str:\n    return query\n"
    )
    (folder / "tools" / "mine.py").write_text(tool)

    assert run_in(folder, "tool:web_search", {"query": "x"}).outputs == {"result": "x"}


def test_a_tool_that_nobody_has_approved_is_not_called_by_itself_either(folder: Path) -> None:
    """Where it is named makes no difference to what it may do."""
    (folder / "tools" / "weather.yaml").write_text("http: {url: https://api.example.com/now}\n")

    with pytest.raises(InvalidGraphError, match="the tool `weather` is in quarantine: nobody has approved it yet"):
        run_in(folder, "tool:weather", {})


@pytest.mark.parametrize("name", ["research", "clerk"])
def test_an_agent_of_the_project_is_never_answered_by_a_script(name: str, folder: Path) -> None:
    """Who wrote an agent wants a model for it, and is told that there is none; also where it is called as ours is."""
    (folder / "agents" / f"{name}.yaml").write_text(OWN_AGENT.format(name=name))

    result = run_in(folder, f"agent:{name}", {"question": "solar panels"})

    assert result.error is not None
    assert "no model is configured here for the pool `default`" in result.error.message


def test_where_a_model_is_declared_scripts_are_silent(folder: Path) -> None:
    """A model that cannot be reached is a failure, and not a reason to make something up."""
    (folder / "interlock.toml").write_text(SERVER + "attempts = 1\n" + POOL)

    result = run_in(folder, "agent:research", {"question": "solar panels"})

    assert (result.status, result.error is not None) == ("failed", True)
    assert "elsewhere/m" in str(result.error)
    assert "simulated" not in str(result.error)


def test_a_project_may_do_without_what_is_packaged(folder: Path) -> None:
    """In production nothing is known that nobody has put there."""
    (folder / "interlock.toml").write_text("packaged = false\n")

    with pytest.raises(UnknownGraphError):
        run_in(folder, "research_assessment", {"topic": "x"})
    asked = run_in(folder, "agent:research", {"question": "x"})
    searched = run_in(folder, "tool:web_search", {"query": "x"})

    assert interlock_in(folder).toolbox.find("sample_repository") is None
    told = [each.error.message.partition(": ")[2] for each in (asked, searched) if each.error]
    nobody = "3 turns in a row came to nothing: no model is configured here for the pool `default`"
    assert told == [f"{nobody}: add `[models]` to interlock.toml", "name an endpoint as `search.url` in interlock.toml"]
