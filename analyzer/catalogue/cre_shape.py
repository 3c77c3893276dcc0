"""The shape of a CRE file, as its schema and the rules in the field have it.

Unknown keys in a rule's logic are faults: what they mean would be lost in silence. The prose is read
leniently, since writers of rules add keys to it as they like.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


def _spelled_out(written: Any) -> Any:
    """A plain string is short for a term with that value."""
    return {"value": written} if isinstance(written, str) else written


class CreTerm(_Strict):
    """A term; `window`, `slide`, `anchor` and `absolute` belong to negative ones. `field` and
    `extract` have no effect on what matches in a log."""

    value: str | None = None
    regex: str | None = None
    jq: str | None = None
    count: int | None = None
    field: str | None = None
    extract: Any = None
    window: str | None = None
    slide: str | None = None
    anchor: int = 0
    absolute: bool = False

    @property
    def negates(self) -> bool:
        """Whether it says anything about when it must not match."""
        return bool(self.model_fields_set & {"window", "slide", "anchor", "absolute"})


Terms = tuple[Annotated[CreTerm, BeforeValidator(_spelled_out)], ...]


class Event(_Strict):
    """Where the records come from; a name that only their own tool resolves."""

    source: str
    origin: bool = False


class _Group(_Strict):
    event: Event
    window: str | None = None
    negate: Terms = ()
    correlations: tuple[str, ...] = ()
    origin: bool = False


class Set(_Group):
    """Terms in any order."""

    match: Terms

    @property
    def positives(self) -> Terms:
        """The terms that must match."""
        return self.match


class Sequence(_Group):
    """Terms one after the other."""

    order: Terms

    @property
    def positives(self) -> Terms:
        """The terms that must match."""
        return self.order


class Body(_Strict):
    """Either of the two; a sequence wins."""

    set: Set | None = None
    sequence: Sequence | None = None


class Metadata(_Lenient):
    """Who made the rule when; nothing depends on it."""

    id: str = ""
    hash: str = ""
    kind: str = ""
    version: str = ""
    generation: int = Field(default=0, validation_alias=AliasChoices("generation", "gen"))


class Description(_Lenient):
    """What the rule finds, why it happens and what to do."""

    id: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    severity: int = Field(default=2, ge=0, le=4)
    title: str = ""
    category: str = "observation"
    tags: tuple[str, ...] = ()
    author: str = ""
    description: str = ""
    cause: str = ""
    impact: str = ""
    impactScore: int = 0  # noqa: N815 (their name)
    mitigation: str = ""
    mitigationScore: int = 0  # noqa: N815
    references: tuple[str, ...] = ()
    reports: int = 0
    version: str = ""
    generation: int = 0
    applications: tuple[dict[str, str], ...] = ()
    prevention: tuple[str, ...] = Field(default=(), validation_alias="PREVENTION")
    recovery: tuple[str, ...] = Field(default=(), validation_alias="RECOVERY")
    validation: tuple[str, ...] = Field(default=(), validation_alias="VALIDATION")


class CreRule(_Strict):
    """One rule."""

    cre: Description
    metadata: Metadata = Metadata()
    rule: Body


class CreFile(_Strict):
    """A file of rules, and the terms that they may refer to by name."""

    rules: tuple[CreRule, ...]
    terms: dict[str, Annotated[CreTerm, BeforeValidator(_spelled_out)]] = {}


def _keys(schema: dict[str, Any]) -> frozenset[str]:
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))


KNOWN_KEYS = _keys(CreFile.model_json_schema())
"""All keys of the format, to suggest one where another is not known."""
