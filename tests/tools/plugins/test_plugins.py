"""A plugin is listed with what it may do before it is enabled, and runs nothing here until it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from interlock.tools import Done, ToolsNotLoaded, collect_tools
from interlock.tools.plugins import OfferUnreadable, enabled_plugins, installed_plugins, offered_by
from interlock.tools.plugins.installed import Plugin
from tests.tools.declared_tools import called
from tests.tools.doorstep import lived

TOOLS = """
import os
from pathlib import Path
from interlock import tool

Path(__file__).with_name("imported").touch()
print("noise of the import")

@tool(risk="high", hosts=("api.acme.example",), external=True, effect="once")
async def acme_pay(amount: int) -> str:
    '''Pay somebody.'''
    Path(__file__).with_name("called").touch()
    return "paid"

@tool(effect="read", description=os.environ.get("INTERLOCK_SECRET_X", "nothing was seen"))
def acme_look() -> None: ...
"""


class Installed:
    """A folder on the path of Python in which packages are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def package(self, name: str, text: str, points: str) -> Path:
        """A package that declares entry points."""
        module = name.replace("-", "_")
        (self.folder / module).mkdir()
        (self.folder / module / "__init__.py").write_text(text)
        records = self.folder / f"{module}-1.2.dist-info"
        records.mkdir()
        (records / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\nSummary: What it is.\n")
        (records / "entry_points.txt").write_text(points)
        return self.folder / module

    def plugin(self, name: str) -> Plugin:
        """What is known of it without importing it."""
        return next(each for each in installed_plugins() if each.name == name)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Where packages are installed."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return Installed(tmp_path)


ACME = "[interlock.tools]\nall = acme_tools\n[interlock.agents]\nhelper = acme_tools.agents:helper\n"


def test_a_plugin_is_found_by_its_records_alone(installed: Installed) -> None:
    """To list what is installed runs none of it."""
    package = installed.package("acme-tools", TOOLS, ACME)

    plugin = installed.plugin("acme-tools")

    assert (plugin.version, plugin.summary) == ("1.2", "What it is.")
    assert [point.name for point in (*plugin.tools, *plugin.agents)] == ["all", "helper"]
    assert not (package / "imported").exists()


def test_what_its_tools_may_do_is_read_elsewhere_and_calls_none(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its code runs in a process that sees no secret of ours and prints nothing here."""
    package = installed.package("acme-tools", TOOLS, ACME)
    monkeypatch.setenv("INTERLOCK_SECRET_X", "sec-4711")

    look, pay = offered_by(installed.plugin("acme-tools"))

    assert (pay.contract.name, pay.contract.effect, pay.terms.risk) == ("acme_pay", "once", "high")
    assert (pay.terms.permissions.hosts, pay.terms.permissions.external) == (("api.acme.example",), True)
    assert look.contract.description == "nothing was seen"
    assert "acme_tools" not in sys.modules
    assert ((package / "imported").exists(), (package / "called").exists()) == (True, False)


MANY = """
from interlock import tool

def _made(number):
    async def look(x: int) -> int: ...
    return tool(effect="read", name=f"look_{number}", description="What it is for. " * 100)(look)

for _number in range(200):
    globals()[f"look_{_number}"] = _made(_number)
"""


def test_a_plugin_of_many_tools_is_read_as_one_of_few(installed: Installed) -> None:
    """A whole interface as tools says more of itself than a pipe holds, and is listed all the same."""
    installed.package("acme-many", MANY, "[interlock.tools]\nall = acme_many\n")

    offered = offered_by(installed.plugin("acme-many"))

    assert len(offered) == 200


def test_the_tools_of_an_enabled_plugin_are_tools_like_any_other(installed: Installed) -> None:
    """And say where they come from."""
    installed.package("acme-two", TOOLS, "[interlock.tools]\nall = acme_two\n")
    (plugin,) = enabled_plugins(["Acme_Two"], installed_plugins())

    toolbox = collect_tools(plugin.tools)

    assert [(tool.name, tool.source) for tool in toolbox] == [
        ("acme_look", "plugin:acme-two"),
        ("acme_pay", "plugin:acme-two"),
    ]
    assert lived(lambda: called(toolbox.get("acme_pay"), {"amount": 1})) == Done("paid")


def test_one_tool_may_be_named_by_itself(installed: Installed) -> None:
    """A package need not offer all that is in a module."""
    installed.package("acme-three", TOOLS, "[interlock.tools]\npay = acme_three:acme_pay\n")

    toolbox = collect_tools(installed.plugin("acme-three").tools)

    assert [tool.name for tool in toolbox] == ["acme_pay"]


@pytest.mark.parametrize(
    ("name", "text", "point", "problem"),
    [
        ("bad-one", "raise ValueError('broken')", "bad_one", "ValueError: broken"),
        ("bad-two", "", "bad_two", "holds no tool"),
        ("bad-three", "x = 1", "bad_three:x", "neither a tool nor a module of tools"),
        ("bad-four", "", "bad_four.gone", "No module named 'bad_four.gone'"),
        ("bad-five", "import os; os._exit(0)", "bad_five", "ended with code 0"),
    ],
)
def test_a_plugin_that_is_broken_says_how(installed: Installed, name: str, text: str, point: str, problem: str) -> None:
    """It spoils neither the list nor the process that lists."""
    installed.package(name, text, f"[interlock.tools]\nall = {point}\n")

    with pytest.raises(OfferUnreadable, match=problem):
        offered_by(installed.plugin(name))


def test_a_plugin_that_is_not_there_is_named_with_the_nearest(installed: Installed) -> None:
    """All that are missing at once."""
    installed.package("acme-tools", "", "[interlock.tools]\nall = acme_tools\n")

    with pytest.raises(ToolsNotLoaded) as refused:
        enabled_plugins(["acme-tool", "unheard-of"], installed_plugins())

    assert [*refused.value.problems] == [
        "the plugin `acme-tool` is not installed, or offers neither tools nor agents: did you mean `acme-tools`?",
        (
            "the plugin `unheard-of` is not installed, or offers neither tools nor agents: "
            "`interlock plugins` lists those that do"
        ),
    ]
