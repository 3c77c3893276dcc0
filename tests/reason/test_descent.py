"""Which failure set off which: by onset, end, rhythm, kind and things, where nothing else ties them."""

from __future__ import annotations

from analyzer.catalogue import Catalogue
from analyzer.reason.incidents import reason
from tests.reason.stories import catalogue, events, signature

CRASH = signature("redis.crashed", severity="critical", category="crash")
REFUSED = signature("redis.connection_refused", category="connection", captures="host")
UPSTREAM = signature("nginx.upstream_failed", category="connection")
POOL = signature("node.pg_pool_timeout", category="resource_exhaustion")
LOCK = signature("postgresql.lock_wait", category="concurrency")
EXPIRED = signature("tls.certificate_expired", category="tls")
MISSING = signature("postgresql.undefined_table", category="schema_mismatch", captures="relation")
SLOW = signature("app.slow", severity="low", category="timeout")
OOM = signature("kubernetes.oom_killed", severity="critical", category="resource_exhaustion", captures="pod")
DIAL = signature("go.dial_refused", category="connection")
HEAP = signature("java.heap_space", severity="critical", category="resource_exhaustion")
SELECTION = signature("mongodb.server_selection_timeout", category="timeout")
CALL = signature("node.connection_timed_out", category="timeout")
ANY = signature("java.servlet_exception", category="programming_error")
BENIGN = signature("postgresql.unique_violation", severity="medium", category="constraint_violation")
ALL = catalogue(
    ANY, BENIGN, CALL, DIAL, HEAP, OOM, SELECTION, CRASH, EXPIRED, LOCK, MISSING, POOL, REFUSED, SLOW, UPSTREAM
)
WHOLE_NIGHT = "\n".join(["00:00:00  cron  app.slow", "23:59:00  cron  app.slow"]) + "\n"


def repeated(service: str, name: str, start: int, count: int, every: int, keys: str = "") -> str:
    """Lines of one failure, `start` and `every` in seconds after 02:00."""
    moments = (start + number * every for number in range(count))
    return "".join(
        f"{2 + moment // 3600:02d}:{moment // 60 % 60:02d}:{moment % 60:02d}  {service}  {name}  {keys}\n"
        for moment in moments
    )


def roots(story: str, known: Catalogue = ALL) -> list[str]:
    """The roots of the incidents of a story that is part of a whole night."""
    return sorted(i.root_cause.signature for i in reason(events(WHOLE_NIGHT + story), known).incidents)


def test_effects_in_other_services_seconds_later_are_one_incident() -> None:
    story = repeated("redis", "redis.crashed", 0, 1, 1) + repeated("api", "redis.connection_refused", 2, 50, 10)
    assert roots(story + repeated("web", "nginx.upstream_failed", 9, 40, 12)) == ["redis.crashed"]


def test_a_cascade_up_to_the_proxy_has_its_root_at_the_bottom() -> None:
    story = repeated("postgres", "postgresql.lock_wait", 0, 20, 30) + repeated(
        "api", "node.pg_pool_timeout", 20, 120, 5
    )
    assert roots(story + repeated("web", "nginx.upstream_failed", 45, 60, 9)) == ["postgresql.lock_wait"]


def test_two_causes_that_overlap_are_two_incidents() -> None:
    story = repeated("postgres", "postgresql.undefined_table", 0, 60, 20, "relation=orders")
    both = story + repeated("payments", "tls.certificate_expired", 240, 60, 30)
    assert roots(both) == ["postgresql.undefined_table", "tls.certificate_expired"]


def test_a_symptom_long_after_is_not_its_effect() -> None:
    story = repeated("postgres", "postgresql.undefined_table", 0, 20, 10, "relation=orders")
    later = story + repeated("web", "nginx.upstream_failed", 5400, 20, 10)
    assert roots(later) == ["nginx.upstream_failed", "postgresql.undefined_table"]


def test_a_store_that_fails_beside_another_is_another_incident() -> None:
    story = repeated("postgres", "postgresql.undefined_table", 0, 30, 10, "relation=orders")
    both = story + repeated("api", "redis.connection_refused", 200, 40, 13, "host=cache")
    assert roots(both) == ["postgresql.undefined_table", "redis.connection_refused"]


def test_the_same_failure_in_two_services_at_two_times_is_two_incidents() -> None:
    one = repeated("payments", "tls.certificate_expired", 0, 40, 15)
    assert len(roots(one + repeated("search", "tls.certificate_expired", 1500, 40, 15))) == 2


def test_what_stops_and_comes_back_within_the_hour_is_one_incident() -> None:
    again = repeated("payments", "tls.certificate_expired", 0, 20, 5)
    assert len(roots(again + repeated("payments", "tls.certificate_expired", 2400, 20, 5))) == 1
    assert len(roots(again + repeated("payments", "tls.certificate_expired", 14400, 20, 5))) == 2


def test_onsets_close_together_say_little_where_failures_are_many() -> None:
    kinds = [signature(f"tool{n}.failed_{n}", category="timeout") for n in range(60)]
    lines = "".join(repeated(f"svc{n}", kind.id, 300 * n, 2, 1) for n, kind in enumerate(kinds))
    found = roots(lines, catalogue(*ALL, *kinds))
    assert len(found) == len(kinds)


def test_what_the_ground_reports_late_is_still_the_root() -> None:
    story = repeated("storefront", "go.dial_refused", 0, 200, 3)
    assert roots(story + repeated("events", "kubernetes.oom_killed", 9, 1, 1)) == ["kubernetes.oom_killed"]


def test_a_pod_is_tied_to_the_service_that_it_runs() -> None:
    pod = "pod=adservice-76bdd69666-ckc5j"
    killed = repeated("events", "kubernetes.oom_killed", 6, 1, 1, pod)
    assert roots(killed + repeated("adservice", "java.heap_space", 306, 9, 40)) == ["kubernetes.oom_killed"]
    assert len(roots(killed + repeated("billing", "java.heap_space", 306, 9, 40))) == 2


def test_who_cannot_reach_a_store_comes_before_who_cannot_reach_that_one() -> None:
    story = repeated("front", "node.connection_timed_out", 0, 100, 4)
    story += repeated("carts", "java.servlet_exception", 20, 100, 4)
    assert roots(story + repeated("carts", "mongodb.server_selection_timeout", 20, 100, 4)) == [
        "mongodb.server_selection_timeout"
    ]


def test_a_lone_mild_failure_a_moment_before_did_not_set_off_what_is_severe() -> None:
    story = repeated("postgres", "postgresql.unique_violation", 0, 1, 1)
    assert roots(story + repeated("postgres", "postgresql.undefined_table", 1, 40, 9)) == ["postgresql.undefined_table"]
