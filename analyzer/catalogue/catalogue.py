"""Signatures by id, and what each is to the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from analyzer.errors import FileProblem
from analyzer.model import Signature


@dataclass(frozen=True)
class Catalogue:
    """Signatures by id, in the order of their ids.

    `files` names the file of each, `overridden` the built-in file in whose place an own one stands;
    `disabled` are those that were switched off; `remarks` tell what is odd about files that can be used
    nevertheless, `left_out` what is wrong with files that were not used. All five are for people to look at.
    """

    signatures: tuple[Signature, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    overridden: Mapping[str, Path] = field(default_factory=dict)
    disabled: tuple[Signature, ...] = ()
    remarks: tuple[FileProblem, ...] = ()
    left_out: tuple[FileProblem, ...] = ()

    def __iter__(self) -> Iterator[Signature]:
        return iter(self.signatures)

    def __len__(self) -> int:
        return len(self.signatures)

    def __contains__(self, signature_id: object) -> bool:
        return signature_id in self.by_id

    def __getitem__(self, signature_id: str) -> Signature:
        return self.by_id[signature_id]

    @cached_property
    def by_id(self) -> Mapping[str, Signature]:
        """The signatures by their ids."""
        return {signature.id: signature for signature in self.signatures}

    def ancestors(self, signature_id: str) -> tuple[str, ...]:
        """The broader signatures that this one refines, nearest first."""
        known = self._ancestors.get(signature_id)
        if known is None:
            known = self._ancestors[signature_id] = self._climbed(signature_id)
        return known

    @cached_property
    def _ancestors(self) -> dict[str, tuple[str, ...]]:
        return {}

    @cached_property
    def effects(self) -> Mapping[str, frozenset[str]]:
        """What each signature, or a broader one that it refines, is declared to bring about."""
        return {
            name: frozenset(effect for each in (name, *self.ancestors(name)) for effect in self.by_id[each].leads_to)
            for name in self.by_id
        }

    def _climbed(self, signature_id: str) -> tuple[str, ...]:
        chain: list[str] = []
        current = self.by_id.get(signature_id)
        while current and (above := current.refines) and above in self.by_id and above not in chain:
            chain.append(above)
            current = self.by_id[above]
        return tuple(chain)

    def warnings(self) -> list[str]:
        """What a user of the catalogue should know, in a few lines; `remarks` has all of it."""
        if not self.remarks:
            return []
        from analyzer.catalogue.cre import BROAD

        broad = [remark.message for remark in self.remarks if remark.hint == BROAD]
        if not broad:
            return []
        count = "1 CRE rule is" if len(broad) == 1 else f"{len(broad)} CRE rules are"
        example = min(broad, key=len)
        return [f"{count} so broad that healthy logs may fulfil them (`patterns lint` lists them), such as {example}"]

    def without(self, patterns: Sequence[str]) -> Catalogue:
        """The catalogue with signatures switched off: those whose ids fit a pattern like `kafka.*`.

        What refined one of them refines what that one refined.
        """
        off = {name for name in self.by_id if any(fnmatchcase(name, pattern) for pattern in patterns)}
        if not off:
            return self
        kept = tuple(
            replace(s, refines=next((name for name in self.ancestors(s.id) if name not in off), None))
            if s.refines in off
            else s
            for s in self.signatures
            if s.id not in off
        )
        return replace(self, signatures=kept, disabled=tuple(s for s in self.signatures if s.id in off))
