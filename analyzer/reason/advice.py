"""What to do: the advice of the signatures involved, filled with what this incident is about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from analyzer.model import FilledStep, Fix, Signature
from analyzer.reason.columns import Events, Ints

_MOST_VARIANTS = 3
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\w+)\}")
_ALTERNATIVES = re.compile(r"(?<!\{)\{\w+\}(?:\{\w+\})+(?!\})")
_LEADING = frozenset(
    "of for to at in on by from with after than between near into through and "
    "answers answered called finds forbids import killed lacks lost prerender reading refused refuses reports "
    "saving sending violates".split()
)
"""Words behind which a title says a thing: `refuses {operation}`."""
_VERB = re.compile(r"(?:cannot|could not|may not|does not) \w+$")
_BARE = frozenset(
    "a an the no not one enough every as valid incorrect named found undefined uncaught "
    "limit duration count size".split()
)
"""Words behind which, or values for which, a plain word is enough: `has no {queue}`, `after {limit} retries`."""
Captures = Mapping[str, str]


def fix_for(signature: Signature, variants: Sequence[Captures]) -> Fix:
    """The fix of a signature; `variants` are the distinct things it hit, most frequent first.

    A command is written once for each variant that makes it different; a placeholder without a
    value stays visible as `<name>`.
    """
    usual = variants[0] if variants else {}
    return Fix(
        signature=signature.id,
        title=fill_title(signature.title, usual),
        cause=signature.cause,
        steps=tuple(
            FilledStep(text=step.text, command=_commands(step.command, variants), destructive=step.destructive)
            for step in signature.fix
        ),
        verify=tuple(fill(text, usual) for text in signature.verify),
        prevent=tuple(fill(text, usual) for text in signature.prevent),
        references=signature.references,
    )


def without_repetition(fixes: Sequence[Fix]) -> tuple[Fix, ...]:
    """The fixes in their order, each step told once: what an earlier fix says already is left out of
    the later ones, and so is a fix of which no step is left."""
    told: set[tuple[str, str | None]] = set()
    kept = []
    for fix in fixes:
        steps = tuple(step for step in fix.steps if (step.text, step.command) not in told)
        told.update((step.text, step.command) for step in fix.steps)
        if steps:
            kept.append(replace(fix, steps=steps))
    return tuple(kept)


def fill(template: str, captures: Captures) -> str:
    """A template with its placeholders replaced; doubled braces become single ones."""

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        return match[0][0] if name is None else captures.get(name, f"<{name}>")

    return _PLACEHOLDER.sub(replace, template)


def fill_title(template: str, captures: Captures) -> str:
    """A title; where a value is missing a word stands in its place, unless the title makes sense without
    it: `Port {port} is taken`, `A push is rejected: {reason}`, `Table {relation} does not exist`. Of placeholders
    without a space between them, `{queue}{exchange}`, those stand there that have a value, or else the first."""
    template = _ALTERNATIVES.sub(lambda match: _known_of(match[0], captures), template)
    if captures.keys().isdisjoint(("method", "endpoint")):
        template = re.sub(r"^\{method\} \{endpoint\}", "A request", template)
        template = template.replace("{method} {endpoint}", "a request")
    missing = {name: name.replace("_", " ") for name in _PLACEHOLDER.findall(template) if name and name not in captures}
    for name in missing:
        template = re.sub(rf":\{{{name}\}}", "", template)
    for name, word in missing.items():
        template = re.sub(rf"(?i)\b({word}) \{{{name}\}}", r"\1", template)
        template = re.sub(rf"(?:[:,] \{{{name}\}}| \(\{{{name}\}}\)| (?:on|at) \{{{name}\}})$", "", template)
        template = re.sub(rf"([\w'-]+) \{{{name}\}}(?=[\s,;:)]|$)", partial(_without_value, name, word), template)
    filled = fill(template, {**missing, **captures})
    first = _PLACEHOLDER.match(template)
    return filled[:1].upper() + filled[1:] if first is not None and first[1] in missing else filled


def _without_value(name: str, word: str, found: re.Match[str]) -> str:
    """The word before a placeholder and what may stand for its value: `of an index`, or nothing behind a noun."""
    before = found[1].lower()
    if before in _BARE or name in _BARE:
        return f"{found[1]} {word}"
    if before in _LEADING or _VERB.search(found.string[: found.end(1)]):
        return f"{found[1]} {'an' if word[0] in 'aeio' else 'a'} {word}"
    return found[1]


def _known_of(placeholders: str, captures: Captures) -> str:
    names = re.findall(r"\w+", placeholders)
    return "".join(f"{{{name}}}" for name in [name for name in names if name in captures] or names[:1])


def variants_of(rows: Ints, events: Events, names: Sequence[str]) -> list[Captures]:
    """The distinct combinations of the named captures among some events, most frequent first."""
    chosen = rows[:5000]
    present = [name for name in names if name in events.keys]
    if not present or not len(chosen):
        return []
    codes = np.stack([events.dense(name)[chosen] for name in present]).astype(np.int64)
    combination = np.zeros(len(chosen), dtype=np.int64)
    for column in codes:
        if (column != column[0]).any():  # numbered anew each time, so that the numbers stay small
            combination = np.unique(combination * (len(events.values) + 1) + column + 1, return_inverse=True)[1]
    _, first, counts = np.unique(combination, return_index=True, return_counts=True)
    found = []
    for at, count in zip(first.tolist(), counts.tolist(), strict=True):
        captures = {present[place]: events.values[codes[place, at]] for place in np.flatnonzero(codes[:, at] >= 0)}
        if captures:
            # A combination that lacks a value another one has says less than that one.
            leading = present.index(next(iter(captures)))
            found.append(((-len(captures), -count, leading, at), captures))
    return [captures for _, captures in sorted(found, key=lambda pair: pair[0])]


def _commands(template: str | None, variants: Sequence[Captures]) -> str | None:
    if template is None:
        return None
    needed = {name for name in _PLACEHOLDER.findall(template) if name}
    filled: list[str] = []
    for captures in variants or ({},):
        command = fill(template, captures)
        if command not in filled and (not filled or needed <= captures.keys()):
            filled.append(command)
        if len(filled) == _MOST_VARIANTS:
            break
    return "\n".join(filled)
