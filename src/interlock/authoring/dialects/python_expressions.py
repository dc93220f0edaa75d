"""Expressions as Python writes them, said in the language of ours, as far as the two mean the same.

Nothing is evaluated: the text is read as a tree, and each part of the tree has a counterpart or is refused with what to
write instead. What Python takes for true besides True (a number, a text) is no condition here: the check says so.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Final

from interlock.authoring.dialects.handing import quoted
from interlock.authoring.dialects.python_words import FUNCTIONS, INSTEAD, METHODS, OPERATORS, Names, selected
from interlock.core.canonical import INT_MAX, INT_MIN
from interlock.core.expressions import SOURCE_LENGTH_MAX

LENGTH_MAX: Final = 4_096
NUMBER: Final = "number_"
"""What a value is called while it is looked at. No node can be called so."""


class Untranslatable(Exception):
    """A part of an expression that has no counterpart; `offset` counts characters of the text."""

    def __init__(self, message: str, advice: str, offset: int) -> None:
        super().__init__(message)
        self.message, self.advice, self.offset = message, advice, offset


def translated(text: str, names: Names) -> str:
    """The expression in the language of ours. Raises `Untranslatable` at the first part that cannot be said."""
    if len(text) > LENGTH_MAX:
        raise Untranslatable(f"the expression has more than {LENGTH_MAX:,} characters", "divide it", 0)
    source = f"(\n{text}\n)"  # so that it may go over several lines, as a call may
    try:
        tree = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        offset = _offset(text, (error.lineno or 2) - 1, (error.offset or 1) - 1)
        raise Untranslatable(
            "this is no expression", "write for example `score > 3 and len(text) < 100`", offset
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise Untranslatable("this is no expression that can be read", "write it plainly", 0) from None
    if isinstance(tree, ast.Tuple) and not tree.elts and tree.lineno == 1:  # the brackets around it, and nothing inside
        raise Untranslatable("there is nothing here to compute", "write an expression", 0)
    try:
        return _Translation(text, names).say(tree)
    except RecursionError:
        raise Untranslatable("the expression is nested too deep", "divide it over several tasks", 0) from None


class _Translation:
    """One expression on its way. Each method says one kind of part; `say` finds which."""

    def __init__(self, text: str, names: Names) -> None:
        self._text = text
        self._names = names
        self._variables: list[str] = []

    def say(self, tree: ast.expr) -> str:
        said = self._said(tree)
        # Some parts are said twice, so what is nested in itself grows fast.
        if len(said) > SOURCE_LENGTH_MAX:
            raise self._cannot(tree, "the expression is too long", "divide it over several tasks")
        return said

    def _said(self, tree: ast.expr) -> str:
        match tree:
            case ast.Constant():
                return self._constant(tree)
            case ast.Name(id=name):
                return name if name in self._variables else self._names.value(self._public(name, tree))
            case ast.BoolOp(op=operator, values=values):
                return f"({f' {OPERATORS[type(operator)]} '.join(map(self.say, values))})"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"!({self.say(operand)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self.say(operand)})"
            case ast.BinOp():
                return self._calculation(tree)
            case ast.Compare(left=left, ops=operators, comparators=others):
                return self._comparison(tree, [left, *others], operators)
            case ast.IfExp(test=test, body=body, orelse=other):
                return f"({self.say(test)} ? dyn({self.say(body)}) : dyn({self.say(other)}))"
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return f"[{', '.join(map(self.say, items))}]"
            case ast.Dict():
                return self._map(tree)
            case ast.Subscript():
                return self._item(tree)
            case ast.Attribute(value=value, attr=name):
                return self._field(value, self._public(name, tree))
            case ast.Call():
                return self._call(tree)
            case ast.ListComp(elt=item, generators=[ast.comprehension(is_async=0) as over]):
                return self._over(over, "map", item)
            case ast.JoinedStr(values=parts):
                return self._text_of(parts)
            case _:
                raise self._refused(tree)

    # --- values ---

    def _constant(self, tree: ast.Constant) -> str:
        match tree.value:
            case None:
                return "null"
            case bool():
                return "true" if tree.value else "false"
            case str():
                return quoted(tree.value)
            case int() if INT_MIN <= tree.value <= INT_MAX:
                return str(tree.value)
            case float() if abs(tree.value) != float("inf"):
                return repr(tree.value)
            case _:
                raise self._refused(tree)

    def _map(self, tree: ast.Dict) -> str:
        entries: list[str] = []
        for key, value in zip(tree.keys, tree.values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                raise self._cannot(key or value, "the keys of a map are text", "write `{'name': value}`")
            entries.append(f"{quoted(key.value)}: {self.say(value)}")
        return f"{{{', '.join(entries)}}}"

    def _text_of(self, parts: Sequence[ast.expr]) -> str:
        said: list[str] = []
        for part in parts:
            match part:
                case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                    said.append(f"string({self.say(value)})")
                case ast.Constant():
                    said.append(self.say(part))
                case _:
                    raise self._cannot(
                        part, "a value in a text has no format here", "leave out what stands behind `:` or `!`"
                    )
        return f"({' + '.join(said)})" if said else "''"

    # --- fields and items ---

    def _field(self, value: ast.expr, name: str) -> str:
        if self._names.is_bag(value):
            return self._names.value(name)
        return f"{self.say(value)}{selected(name)}"

    def _item(self, tree: ast.Subscript) -> str:
        match tree.slice:
            case ast.Constant(value=str() as name):
                return self._field(tree.value, name)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as back)):
                whole = self.say(tree.value)
                return f"{whole}[size({whole}) - {back}]"
            case ast.Slice():
                advice = "take text by `substring(start, end)`, and lists by `filter`"
                raise self._cannot(tree, "slices have no counterpart here", advice)
            case index:
                return f"{self.say(tree.value)}[{self.say(index)}]"

    # --- operators ---

    def _calculation(self, tree: ast.BinOp) -> str:
        left, right = self.say(tree.left), self.say(tree.right)
        match tree.op:
            case ast.Add() | ast.Sub() | ast.Mult():
                return self._sum(tree, left, right)
            case ast.Div():
                # Of whole numbers, division here gives a whole number.
                return f"(double({left}) / double({right}))"
            case ast.Mod():
                # The remainder has the sign of the divisor there, of the dividend here.
                return f"((({left} % {right}) + {right}) % {right})"
            case _:
                raise self._refused(tree)

    def _sum(self, tree: ast.BinOp, left: str, right: str) -> str:
        """A sum, difference or product. Whole numbers and decimals do not mix here: one is made like the other."""
        operator = OPERATORS[type(tree.op)]
        match _is_decimal(tree.left), _is_decimal(tree.right):
            case True, False:
                return f"({left} {operator} double({right}))"
            case False, True:
                return f"(double({left}) {operator} {right})"
            case False, False if _is_whole(tree.right) and not _is_whole(tree.left):
                return _as_it_turns_out(left, lambda number: f"{NUMBER} {operator} {number}", right)
            case False, False if _is_whole(tree.left) and not _is_whole(tree.right):
                return _as_it_turns_out(right, lambda number: f"{number} {operator} {NUMBER}", left)
            case _:
                return f"({left} {operator} {right})"

    def _comparison(self, tree: ast.Compare, values: Sequence[ast.expr], operators: Sequence[ast.cmpop]) -> str:
        pairs = zip(values, operators, values[1:], strict=False)
        said = [self._compared(tree, left, operator, right) for left, operator, right in pairs]
        return said[0] if len(said) == 1 else f"({' && '.join(said)})"

    def _compared(self, tree: ast.Compare, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
        match operator:
            case ast.In():
                return self._contained(left, right)
            case ast.NotIn():
                return f"!{self._contained(left, right)}"
            case ast.Is() | ast.IsNot():
                if not isinstance(right, ast.Constant) or not (right.value is None or isinstance(right.value, bool)):
                    raise self._cannot(tree, "`is` compares with None, True and False alone", "write `==`")
                return f"({self.say(left)} {'==' if isinstance(operator, ast.Is) else '!='} {self.say(right)})"
            case _:
                one, other = self.say(left), self.say(right)
                if _is_decimal(left) != _is_decimal(right):
                    one, other = f"dyn({one})", f"dyn({other})"
                return f"({one} {OPERATORS[type(operator)]} {other})"

    def _contained(self, left: ast.expr, right: ast.expr) -> str:
        """Whether something is in a list or a map, or a text in a text: Python tells by what is there."""
        part, whole = self.say(left), self.say(right)
        if isinstance(right, ast.List | ast.Tuple | ast.Dict):
            return f"(dyn({part}) in {whole})"
        if self._names.is_bag(right):
            if isinstance(left, ast.Constant) and isinstance(left.value, str) and self._names.has_node(left.value):
                return "true"
            return f"({part} in inputs)"
        in_text = f"string(dyn({whole})).contains(string(dyn({part})))"
        return f"(type(dyn({whole})) == string ? {in_text} : {part} in dyn({whole}))"

    # --- calls ---

    def _call(self, tree: ast.Call) -> str:
        if tree.keywords or any(isinstance(argument, ast.Starred) for argument in tree.args):
            raise self._cannot(tree, "arguments have no names here", "give them in their order")
        match tree.func, tree.args:
            case ast.Name(id="any" | "all" as name), [ast.GeneratorExp(elt=item, generators=[over])]:
                return self._over(over, "exists" if name == "any" else "all", item)
            case ast.Name(id=name), arguments if name in FUNCTIONS and arguments:
                return f"{FUNCTIONS[name]}({', '.join(map(self.say, arguments))})"
            case ast.Attribute(value=value, attr="get"), [ast.Constant(value=str() as field), *default] if (
                len(default) < 2
            ):
                return self._field_or(value, field, self.say(default[0]) if default else "null")
            case ast.Attribute(value=separator, attr="join"), [items]:
                return f"{self.say(items)}.join({self.say(separator)})"
            case ast.Attribute(value=value, attr=name), arguments if name in METHODS:
                return f"{self.say(value)}.{METHODS[name]}({', '.join(map(self.say, arguments))})"
            case ast.Name(id=name) | ast.Attribute(attr=name), _:
                known = ", ".join([*FUNCTIONS, "any", "all", *(f".{method}" for method in METHODS), ".get", ".join"])
                raise self._cannot(tree, f"`{name}` cannot be called here", f"what can be: {known}")
            case _:
                raise self._refused(tree)

    def _field_or(self, value: ast.expr, field: str, default: str) -> str:
        if self._names.is_bag(value) and self._names.has_node(field):
            return self._names.value(field)
        whole = "inputs" if self._names.is_bag(value) else self.say(value)
        return f"{whole}[?{quoted(field)}].orValue(dyn({default}))"

    def _over(self, over: ast.comprehension, macro: str, item: ast.expr) -> str:
        """A list gone through by a variable: `items.filter(x, …).map(x, …)`."""
        if not isinstance(over.target, ast.Name):
            raise self._cannot(over.target, "a list is gone through by one name", "write `for item in items`")
        source = self.say(over.iter)
        name = self._public(over.target.id, over.target)
        self._variables.append(name)
        kept = "".join(f".filter({name}, {self.say(condition)})" for condition in over.ifs)
        said = f"{source}{kept}.{macro}({name}, {self.say(item)})"
        self._variables.pop()
        return said

    # --- refusing ---

    def _public(self, name: str, tree: ast.expr) -> str:
        """A name that may be mentioned: what begins with `_` reaches into Python itself."""
        if name.startswith("_"):
            raise self._cannot(
                tree, f"`{name}` is nothing that an expression may look at", "mention a node or an input"
            )
        return name

    def _refused(self, tree: ast.expr) -> Untranslatable:
        what, advice = INSTEAD.get(type(tree), ("this", "say it by a tool or an agent"))
        if isinstance(tree, ast.BinOp):
            what, advice = "this operator", "there are + - * / and %"
        return self._cannot(tree, f"{what} cannot be said in an expression here", advice)

    def _cannot(self, tree: ast.expr, message: str, advice: str) -> Untranslatable:
        line = self._text.split("\n")[tree.lineno - 2 : tree.lineno - 1] or [""]
        column = len(line[0].encode()[: tree.col_offset].decode(errors="ignore"))
        return Untranslatable(message, advice, _offset(self._text, tree.lineno - 1, column))


def _is_decimal(tree: ast.expr) -> bool:
    """Whether it is plainly a decimal number."""
    match tree:
        case ast.Constant(value=float()) | ast.BinOp(op=ast.Div()) | ast.Call(func=ast.Name(id="float")):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_decimal(operand)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return _is_decimal(left) or _is_decimal(right)
        case _:
            return False


def _is_whole(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Constant) and type(tree.value) is int


def _as_it_turns_out(value: str, calculated: Callable[[str], str], whole: str) -> str:
    """A calculation with a whole number, which is made a decimal where the value turns out to be one."""
    decimal = calculated(f"double({whole})")
    return f"[dyn({value})].map({NUMBER}, type({NUMBER}) == double ? dyn({decimal}) : dyn({calculated(whole)}))[0]"


def _offset(text: str, line: int, column: int) -> int:
    """The place of a line (from 1) and column (from 0) in a text."""
    lines = text.split("\n")
    before = sum(len(each) + 1 for each in lines[: max(line - 1, 0)])
    return min(before + max(column, 0), max(len(text) - 1, 0))
