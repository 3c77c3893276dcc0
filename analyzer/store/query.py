"""Questions to stored events: a condition in words -> a filter that runs where the columns are.

Conditions look like those of Python and pandas: `severity == "critical" and service in ("api", "web")`; SQL's
spelling of the same (`severity = 'critical' AND NOT ...`, `<>`) is understood, too. They are parsed, never run.
"""

from __future__ import annotations

import ast
import functools
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from analyzer.errors import InputError, StoreError
from analyzer.model import EVENTS_SCHEMA
from analyzer.store.events import recognised
from analyzer.validation import suggestion

_PLAIN = pa.schema([pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in EVENTS_SCHEMA])
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_FUNCTIONS: Mapping[str, Callable[[Any, str], Any]] = {
    "contains": lambda column, text: pc.match_substring(column, text, ignore_case=True),
    "matches": pc.match_substring_regex,
    "startswith": pc.starts_with,
}
_EXAMPLE = """severity == "critical" and contains(text, "timeout")"""


_SQL = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<equal>(?<![=!<>])=(?!=))|(?P<unequal><>)|"""
    r"""\b(?P<word>AND|OR|NOT|IN|IS|NULL)\b"""
)
"""Where SQL writes otherwise than Python; quoted text is found first, and stays."""


def _as_in_python(found: re.Match[str]) -> str:
    if found["word"]:
        return "None" if found["word"] == "NULL" else found["word"].lower()
    return found["text"] or ("==" if found["equal"] else "!=")


def condition(text: str) -> pc.Expression:
    """The filter that a condition stands for. Raises `InputError` that says what is wrong with it."""
    try:
        tree = ast.parse(_SQL.sub(_as_in_python, text.strip()), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or str(error)
        raise InputError(f"--where {text!r} is no condition ({reason}); write it like {_EXAMPLE}") from error
    try:
        return _boolean(tree.body)
    except (TypeError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"--where {text!r}: {error}") from error


def stored_events(
    files: list[Path], where: pc.Expression | None, since: datetime | None, until: datetime | None
) -> Iterator[pa.RecordBatch]:
    """The events of some files that meet a condition, in batches; times are inclusive. What only fulfils
    a term of a CRE rule, and what no signature knows, is none.

    Raises `InputError` where the condition does not fit the columns, `StoreError` where a file
    cannot be read.
    """
    told = recognised(pc.field("signature"))
    where = told if where is None else told & where
    for bound, compare in ((since, operator.ge), (until, operator.le)):
        if bound is not None:
            limit = compare(pc.field("timestamp"), pa.scalar(bound, _PLAIN.field("timestamp").type))
            where = where & limit
    try:
        yield from ds.dataset([str(file) for file in files], schema=_PLAIN, format="parquet").to_batches(filter=where)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise InputError(f"the condition does not fit the events: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise StoreError(f"events cannot be read: {str(error).splitlines()[0]}") from error


def events_schema() -> pa.Schema:
    """The columns of `stored_events`: those of the events table, text as plain text."""
    return _PLAIN


def _boolean(node: ast.expr) -> pc.Expression:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return _joined(operator.and_, values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return _joined(operator.or_, values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_boolean(operand)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _comparison(left, op, right)
        case ast.Call(func=ast.Name(id=name), args=[column, ast.Constant(value=str() as text)], keywords=[]):
            if name not in _FUNCTIONS:
                raise TypeError(f"there is no {name}(); {suggestion(name, _FUNCTIONS) or ', '.join(_FUNCTIONS)}")
            return _FUNCTIONS[name](_column(column), text)
    raise TypeError(f"{ast.unparse(node)!r} is no condition; write it like {_EXAMPLE}")


def _joined(join: Callable[[Any, Any], Any], values: list[ast.expr]) -> pc.Expression:
    return functools.reduce(join, map(_boolean, values))


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr) -> pc.Expression:
    column = _column(left)
    match op, right:
        case ((ast.In() | ast.NotIn()), (ast.Tuple(elts=items) | ast.List(elts=items))):
            found = column.isin([_value(left, item) for item in items])
            return ~found if isinstance(op, ast.NotIn) else found
        case ((ast.In() | ast.NotIn()), ast.Constant(value=str())):  # SQL's list of one
            return _comparison(left, op, ast.Tuple([right]))
        case ((ast.Is() | ast.Eq()), ast.Constant(value=None)):
            return column.is_null()
        case ((ast.IsNot() | ast.NotEq()), ast.Constant(value=None)):
            return ~column.is_null()
    if type(op) not in _COMPARISONS:
        raise TypeError(f"{ast.unparse(left)!r} can be compared by ==, !=, <, <=, >, >=, in (...) and not in (...)")
    return _COMPARISONS[type(op)](column, _value(left, right))


def _column(node: ast.expr) -> Any:
    """A column, or one of the named captures and ids in `keys`."""
    match node:
        case ast.Name(id=name) if name in _PLAIN.names and name != "keys":
            return pc.field(name)
        case ast.Subscript(value=ast.Name(id="keys"), slice=ast.Constant(value=str() as key)):
            return pc.map_lookup(pc.field("keys"), pa.scalar(key), "first")
        case ast.Attribute(value=ast.Name(id="keys"), attr=key):
            return pc.map_lookup(pc.field("keys"), pa.scalar(key), "first")
        case ast.Name(id=name):
            hint = suggestion(name, _PLAIN.names) or "text is written in quotes"
            raise TypeError(f"there is no column {name!r} ({hint}); columns: {', '.join(_PLAIN.names)}")
    raise TypeError(f"{ast.unparse(node)!r} is no column; columns: {', '.join(_PLAIN.names)}, keys.NAME")


def _value(column: ast.expr, node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() as value):
            if isinstance(column, ast.Name) and column.id == "timestamp":
                return _moment(value)
            return pa.scalar(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return pa.scalar(-value)
    raise TypeError(f"{ast.unparse(node)!r} is no value; text is written in quotes")


def _moment(value: object) -> pa.Scalar:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise TypeError(f"{value!r} is no ISO 8601 time; write it like '2025-10-24T02:00'") from error
    return pa.scalar(found if found.tzinfo else found.replace(tzinfo=UTC), _PLAIN.field("timestamp").type)
