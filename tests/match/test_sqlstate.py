"""The SQLSTATE of a record, in each form in which PostgreSQL and its drivers write it."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.match.canonical import canonical
from analyzer.match.engine import HyperscanEngine
from analyzer.match.sqlstate import KNOWN, sqlstate_in, sqlstate_patterns
from analyzer.model import Signature, Where

STATED = {
    "prefix %m [%p] %e": ("2025-10-24 02:14:07.113 UTC [812] 23503 ERROR:  insert violates", "23503"),
    "prefix %e before the user": ("2025-10-24 02:14:07 UTC [812] 42P01 app@shop FATAL:  x", "42P01"),
    "prefix in brackets after the pid": ("2025-10-24 02:14:07 UTC [812] [23503] ERROR:  x", "23503"),
    "prefix with a colon": ("2025-10-24 02:14:07 UTC:10.0.0.7(51312):app@shop:[812]:57014: ERROR:  x", "57014"),
    "prefix in German": ("2025-10-24 02:14:07 CEST [812] 23505 FEHLER:  doppelter Schlüsselwert", "23505"),
    "prefix in Russian": ("2025-10-24 02:14:07 MSK [812] 40P01 ОШИБКА:  обнаружена взаимоблокировка", "40P01"),
    "csvlog": ('2025-10-24 02:14:07 UTC,"app","shop",8,"[local]",68f.3,3,"INSERT",,4/1,0,ERROR,23503,"x"', "23503"),
    "jsonlog": ('{"pid":812,"error_severity":"ERROR","state_code":"42703","message":"x"}', "42703"),
    "verbose": ('2025-10-24 02:14:07 UTC [812] ERROR:  42P01: relation "orders" does not exist', "42P01"),
    "pgx": ('ERROR: relation "orders" does not exist (SQLSTATE 42P01)', "42P01"),
    "PDO": ("SQLSTATE[23505]: Unique violation: 7 ERROR:  duplicate key", "23505"),
    "PDO at connecting": ("SQLSTATE[08006] [7] connection to server failed", "08006"),
    "Hibernate": ("SQL Error: 0, SQLState: 23503", "23503"),
    "Spring": ("uncategorized; SQL state [25P02]; error code [0]; ERROR: x", "25P02"),
    "node-postgres": ("{\n  length: 240,\n  severity: 'ERROR',\n  code: '23503',\n  detail: 'x'", "23503"),
    "node-postgres by pino": (r'{"err":{"type":"DatabaseError","severity":"ERROR","code":"23503"}}', "23503"),
    "PostgREST": ('{"code":"23503","details":null,"hint":null,"message":"x"}', "23503"),
    "psycopg": ("pgcode='23503'", "23503"),
    "Prisma": ('QueryError(PostgresError { code: "42P05", message: "x", severity: "ERROR" })', "42P05"),
    "Npgsql": ("Npgsql.PostgresException (0x80004005): 23505: duplicate key value", "23505"),
    "Rust": ("DbError { severity: \"ERROR\", parsed_severity: Some(Error), code: SqlState(E23505)", "23505"),
}  # fmt: skip

NOT_STATED = {
    "a process id": "2025-10-24 02:14:07 UTC [23503] ERROR:  x",
    "a number that is no code": "2025-10-24 02:14:07 UTC 12345 app@shop ERROR:  x",
    "part of a longer number": "2025-10-24 02:14:07.23503 UTC [812] ERROR:  x",
    "the statement of an error": "2025-10-24 02:14:07 UTC [812] 23503 STATEMENT:  INSERT INTO orders",
    "a port in the message": "2025-10-24 02:14:07 UTC [812] ERROR:  could not connect to port 23503",
    "MySQL": "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry",
    "MySQL at connecting": "SQLSTATE[HY000] [2002] Connection refused",
    "another database by JDBC": "SQL Error: 1062, SQLState: 23000",
    "an order number": '{"level":"error","code":"23503","order":7}',
}


@pytest.mark.parametrize(("text", "code"), STATED.values(), ids=STATED)
def test_a_code_is_found(text: str, code: str) -> None:
    assert sqlstate_in(canonical(text.encode())) == code


@pytest.mark.parametrize("text", NOT_STATED.values(), ids=NOT_STATED)
def test_what_is_no_code_is_left_alone(text: str) -> None:
    assert sqlstate_in(canonical(text.encode())) is None


def test_the_fast_engine_points_at_every_record_with_a_code() -> None:
    asking = Signature(id="a.b", title="t", category="c", severity="low", where=Where(sqlstate=("23503",)))
    engine = HyperscanEngine.of(sqlstate_patterns([asking]))
    for name, (text, _) in STATED.items():
        found, _ = engine.scan(text.encode(), np.array([0]))
        assert len(found), name


def test_nothing_is_searched_for_that_nobody_asks_for() -> None:
    silent = Signature(id="a.b", title="t", category="c", severity="low", where=Where(level=("error",)))
    assert sqlstate_patterns([silent]) == []


def test_the_list_of_codes_is_that_of_the_manual() -> None:
    assert {"23505", "42P01", "57P03", "XX002", "00000"} & KNOWN == {"23505", "42P01", "57P03", "XX002"}
    assert all(len(code) == 5 for code in KNOWN)
