"""How close to a cause a failure usually is, by what kind of failure it is and who reports it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from analyzer.catalogue import Catalogue
from analyzer.model import UNKNOWN, Signature

_DEPTH: Mapping[str, float] = {
    "configuration": 1.0, "module_resolution": 1.0, "schema_mismatch": 0.9, "migration": 0.7,
    "resource_exhaustion": 1.0, "storage": 1.0, "corruption": 1.0, "dns": 0.9, "tls": 0.9, "network": 0.8,
    "deployment": 0.8,
    "authentication": 0.7, "authorization": 0.7, "constraint_violation": 0.8, "concurrency": 0.8, "replication": 0.8,
    "rate_limit": 0.7, "connection": 0.45, "programming_error": 0.7, "serialization": 0.6, "scheduling": 0.6,
    "queue": 0.5, "crash": 0.5, UNKNOWN: 0.45, "timeout": 0.4, "data_loss": 0.2, "http_contract": 0.1,
    "silent_failure": 0.0,
}  # fmt: skip
"""1 a cause, 0 a symptom."""

_REPORTERS = frozenset({"app", "http", "sequelize", "sqlalchemy", "websocket"})
"""Technologies whose failures report what another layer did."""

_OWN = frozenset({"configuration", "module_resolution", "migration"})
"""Failures that are their reporter's own."""

_WAITING = ("pool_timeout", "pool_exhausted", "connection_timeout", "workers_exhausted")
"""Ends of the names of failures of those who wait: a pool runs empty because somebody keeps what it lends."""

_ANY = ("uncaught_exception", "unhandled_exception", "unhandled_rejection", "exception_thrown", "servlet_exception",
        "task_exception_unretrieved", "unhandled_error_event", "statement_invalid")  # fmt: skip
"""Ends of the names of failures that say no more than that something was raised: that may be anything."""

_OF_A_CHILD = frozenset(
    "ci.job_failed ci.step_reported_error ci.pipeline_script_failed docker.build_step_failed docker.container_exited"
    " node.npm_script_failed app.deploy_failed".split()
)
"""Failures that say no more than that what was started failed: why, it has said itself."""
_TOLD_BY_THE_CHILD = 0.3

STORES = frozenset("postgresql mysql mongodb redis kafka rabbitmq elasticsearch sqlite".split())
"""Technologies that others call and that call nobody."""

_OF_A_STORE: Mapping[str, float] = {"connection": 0.65, "timeout": 0.6, "crash": 0.9}
"""Who cannot reach a store stands nearer to the cause than who cannot reach that one in turn; nearest is the
store that went down."""


_ASKED_AGAIN = 1 << 12
"""Names of which the same is asked for every pair of problems."""


def says_little(signature: Signature) -> bool:
    """Whether a failure says no more than that something was raised."""
    return signature.id.endswith(_ANY)


def depth(signature: Signature) -> float:
    """1 for what usually is a cause, 0 for what usually is a symptom."""
    return _depth(signature.id, signature.category)


@lru_cache(_ASKED_AGAIN)
def _depth(name: str, category: str) -> float:
    if name in _OF_A_CHILD:
        return _TOLD_BY_THE_CHILD
    usual = _DEPTH.get(category, 0.5)
    if technology(name) in _REPORTERS and category not in _OWN:
        return 0.5 * usual
    if name.endswith(_ANY):
        return min(usual, _DEPTH[UNKNOWN])
    if technology(name) in STORES and category in _OF_A_STORE:
        return _OF_A_STORE[category]
    return min(usual, 0.5) if name.endswith(_WAITING) else usual


@lru_cache(_ASKED_AGAIN)
def technology(signature: str) -> str:
    """The first part of a signature's id; of two failures that nobody knows, no common one."""
    first = signature.partition(".")[0]
    return signature if first == UNKNOWN else first


def leads_to(first: str, second: str, catalogue: Catalogue) -> bool:
    """Whether the catalogue declares that the first failure, or a broader one that it refines, brings
    about the second."""
    effects = catalogue.effects.get(first)
    return effects is not None and not effects.isdisjoint((second, *catalogue.ancestors(second)))
