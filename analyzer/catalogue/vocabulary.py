"""The names that captures may have, so that the whole catalogue speaks of one thing by one name.

Three kinds: an *entity* is the thing that is broken (it takes part in what makes an incident the
same incident); an *identifier* singles out one request, session or row (it ties events together but
differs each time); a *detail* is neither.
"""

from __future__ import annotations

ENTITIES = frozenset(
    """
    relation parent column constraint index database schema role extension type key
    module property function class file path endpoint model field migration version package export
    host service queue topic exchange consumer_group partition job task cluster node replica slot
    pod container image namespace device mount bucket resource volume
    domain certificate issuer setting command signal unit process program driver provider region
    """.split()
)
"""Names of things: tables are `relation` whatever the product calls them, code files `file`,
directories and other paths `path`, HTTP routes `endpoint`."""

DETAILS = frozenset(
    """
    value detail reason code errno sqlstate status method expected actual operation
    count size limit duration percent address port line pid url event state text
    """.split()
)
"""Everything worth showing that neither names a broken thing nor ties events together."""

CATEGORIES = frozenset(
    """
    constraint_violation schema_mismatch migration connection authentication authorization configuration
    module_resolution programming_error serialization concurrency resource_exhaustion timeout replication
    corruption network tls dns rate_limit http_contract silent_failure deployment scheduling queue
    storage data_loss crash change observation
    """.split()
)


def is_identifier(name: str) -> bool:
    """Whether a key names one occurrence: `id`, `user_id`, `request_id`, `trace_id`, ..."""
    return name == "id" or name.endswith("_id")


def is_entity(name: str) -> bool:
    """Whether a key names a thing that can be broken."""
    return name in ENTITIES


def is_known(name: str) -> bool:
    """Whether a capture of this name is allowed."""
    return name in ENTITIES or name in DETAILS or is_identifier(name)
