"""Prompts: templates that show data, and can do nothing else, however they are written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from interlock.agents.prompts.failing import PromptFailed
from interlock.agents.prompts.language import PROBLEMS_MAX, problems_of_prompt
from interlock.agents.prompts.rendering import OUTPUT_CHARS_MAX, render_prompt

INPUT = {"name": "Ada", "files": ["a.py", "b.py"], "items": {"x": 1}, "none": None, "nested": [{"n": 2}, {"n": 1}]}


def rendered(text: str) -> str:
    """The template with an input."""
    return render_prompt(text, {"input": INPUT})


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello {{ input.name }}.", "Hello Ada."),
        ("{% for f in input.files %}\n{{ loop.index }}. {{ f }}\n{% endfor %}", "1. a.py\n2. b.py\n"),
        ("{{ input.files }} {{ input.none }}", '["a.py","b.py"] null'),
        ("{{ input.items.x }} {{ input['name'] }} {{ input.files[0] }}", "1 Ada a.py"),
        ("{% if input.note is defined %}{{ input.note }}{% else %}no note{% endif %}", "no note"),
        ("{{ input.note | default('none') }}", "none"),
        ("{{ input.files | join(', ') }} {{ input.name | upper }}", "a.py, b.py ADA"),
        ("{% if input.name in ['Ada', 'Bob'] and input.files | length > 1 %}yes{% endif %}", "yes"),
        ("{% set who = input.name %}{{ who }}", "Ada"),
        ("{{ input.nested | first | json }}", '{"n":2}'),
        ("{{ input.name if input.files else 'nobody' }}", "Ada"),
        ("{# a note #}{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
    ],
)
def test_a_template_shows_what_it_is_given(template: str, text: str) -> None:
    """Fields of data win over what Python calls the same: `items` is a field like any other."""
    assert rendered(template) == text


@pytest.mark.parametrize(
    "attack",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 'a' ~ input.name }}",
        "{{ input.name.upper() }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ input.__class__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ self }}",
        "{{ range(10**9) }}",
        "{{ lipsum(n=10**6) }}",
        "{{ input | attr('__class__') }}",
        "{{ input.nested | map(attribute='__class__') | list }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ 'x' | center(10**9) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set x %}{{ input }}{% endset %}",
        "{% set input = 1 %}",
        "{% for x in [[1, 1], [1, 1]] recursive %}{{ loop(x) }}{% endfor %}",
        "{{ {'a': input} }}",
        "{{ [input, input] }}",
        "{{ input.name[0:1] }}",
        "{% call input() %}{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}",
        "{% if 1 %}" * 200 + "{% endif %}" * 200,
        "{{ namespace(x=1) }}",
        "{{ -(-1) }}",
        "{{ inptu }}",
        "{{ input",
        "{% for %}",
        "x" * 70_000,
    ],
)
def test_what_is_more_than_showing_data_is_refused_before_it_runs(attack: str) -> None:
    """A prompt may come with a plugin or from another team: it gets nothing but the input."""
    assert problems_of_prompt(attack, names={"input"}) != []
    with pytest.raises(PromptFailed):
        rendered(attack)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% for a in input.many %}{% for b in input.many %}{% set c = b %}{% endfor %}{% endfor %}", "too much"),
        ("{% for a in input.many %}{% if input.big | upper | length > 0 %}{% endif %}{% endfor %}", "too much"),
        ("{% for a in input.many %}{% if input.tree == input.many %}{% endif %}{% endfor %}", "too much"),
        ("{% for a in input.many %}{% if a is in input.many %}{% endif %}{% endfor %}", "too much"),
        ("{% for a in input.many %}{% for b in [1, 2] %}{{ input.empty | join }}{% endfor %}{% endfor %}", "too much"),
        ("{{ input.big }}{{ input.big }}{{ input.big }}", f"longer than {OUTPUT_CHARS_MAX:,}"),
        ("{{ input.many | join(input.big) }}", "too much"),
        ("{{ input.big | indent(1000) }}", "at most 32"),
    ],
)
def test_a_template_that_does_too_much_is_stopped_by_counting_its_work(template: str, why: str) -> None:
    """The same template is too much on every machine, so a replay meets the same refusal."""
    given = {"many": list(range(1_000)), "big": "x" * 100_000, "tree": [["y" * 100] * 100], "empty": [""] * 1_000}

    with pytest.raises(PromptFailed, match=why):
        render_prompt(template, {"input": given})


class NeverGoneThrough(list[str]):
    """A list that is too long to be gone through."""

    def __iter__(self) -> Iterator[str]:
        """Whoever begins has already gone wrong; the first one may be asked for."""
        yield self[0]
        raise AssertionError("it is gone through")


@pytest.mark.parametrize(("question", "answer"), [("first", "a"), ("last", "c"), ("length", "3")])
def test_what_is_asked_of_a_list_as_such_takes_no_longer_for_a_long_one(question: str, answer: str) -> None:
    """A prompt may say in each turn of a loop how many there are: nobody pays for going through all of them then."""
    assert render_prompt("{{ input | " + question + " }}", {"input": NeverGoneThrough("abc")}) == answer


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ input.nope }}", "there is no `nope` in this map"),
        ("{{ input.files.append }}", "there is no `append` in this list"),
        ("{{ input.name.upper }}", "there is no `upper` in this str"),
        ("{{ input.files[9] }}", "there is no `9` in this list"),
        ("{{ input.nope.deeper }}", "there is no `nope` in this map"),
        ("{% for x in input.name %}{% endfor %}", "only a list or a map can be gone through"),
        ("{{ input.nested | sort }}", "not supported"),
    ],
)
def test_what_is_not_there_is_an_error_and_never_an_empty_text(template: str, why: str) -> None:
    """A prompt with a hole in it reads well, and makes an agent that does something else."""
    with pytest.raises(PromptFailed, match=why):
        rendered(template)


def test_text_of_the_input_is_never_read_as_a_template() -> None:
    """What an outsider wrote stays what it is."""
    assert render_prompt("{{ input.name }}", {"input": {"name": "{{ 7 * 7 }}{% raw %}"}}) == "{{ 7 * 7 }}{% raw %}"


def test_problems_name_the_line_and_what_was_meant() -> None:
    """A prompt of two hundred lines is mended in one go."""
    text = "Hello {{ input.nmae }}\n\n{{ inptu }}\n{{ input.name | uper }}\n"

    found = problems_of_prompt(text, names={"input", "agent"}, fields=["name", "files"])

    assert [(text.count("\n", 0, each.offset or 0) + 1, each.message, each.advice) for each in found] == [
        (4, "`uper` is not a filter of prompts", "did you mean `upper`?"),
        (3, "`inptu` is not known here", "did you mean `input`?"),
        (1, "the input has no field `nmae`", "did you mean `name`?"),
    ]


def test_of_very_many_problems_as_many_are_told_as_somebody_mends_at_once() -> None:
    """A file that is no template at all says so in no time, and not in ten thousand lines."""
    assert len(problems_of_prompt("{{ inptu }}\n" * 5_000, names={"input"})) == PROBLEMS_MAX
