"""The SQLSTATE that a record states, wherever PostgreSQL or a driver of it writes it.

The code says what failed in any language that the server may speak. It stands in a column of csvlog,
under a key of jsonlog, somewhere in the prefix of plain logs (`%e` in `log_line_prefix`), and in as
many forms as there are drivers. Other databases have codes too, with meanings of their own: a form
that they share is left out. The forms are known here once; a signature asks for codes
(`analyzer.model.Where`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzer.model import Signature

_STATE = r"(?P<sqlstate>[0-9A-Z]{5})"
_SEVERITY = (
    "(?:ERROR|FATAL|PANIC|WARNING|FEHLER|PANIK|WARNUNG|ERREUR|PANIQUE|ATTENTION|ERRO|ERRORE|ATTENZIONE|ADVERTENCIA|"
    "ОШИБКА|ВАЖНО|ПАНИКА|エラー|错误|致命错误|오류|치명적오류)"
)
_AT_SEVERITY = _SEVERITY + ":  "
"""Severities as the server writes them where it speaks English, German, French, Portuguese, Italian,
Spanish, Russian, Japanese, Chinese or Korean. Its DETAIL and STATEMENT lines repeat the code."""

_SHAPES: tuple[str, ...] = (
    # pgx; PDO, where 7 stands for PostgreSQL; Hibernate and Spring, where it has no code of its own; pgAdmin
    rf"\(SQLSTATE {_STATE}\)",
    rf"SQLSTATE\[{_STATE}\](?:: [^:\n]{{3,60}}: 7 | \[7\] )",
    rf"SQL Error: 0, SQLState: {_STATE}\b",
    rf"SQL state \[{_STATE}\]; error code \[0\]",
    rf"\bSQL state: {_STATE}\b",
    # jsonlog
    rf'"state_code" ?: ?"{_STATE}"',
    # csvlog
    rf"(?<=,){_SEVERITY},{_STATE},",
    # \set VERBOSITY verbose, log_error_verbosity = verbose
    rf"(?<![A-Z]){_AT_SEVERITY}{_STATE}: ",
    # node-postgres, Rust's tokio-postgres and sqlx
    rf"""severity["']?: ?["']?(?i:{_SEVERITY})["']?,\s{{0,40}}["']?code["']?: ?["']{_STATE}["']""",
    # PostgREST
    rf"""["']?code["']?: ?["']{_STATE}["'],\s{{0,40}}["']?(?:details|message|hint)["']?:""",
    # psycopg, asyncpg, Prisma, Npgsql, Rust
    rf"""\b(?:pgcode|pg_code)\W{{1,4}}{_STATE}\b""",
    rf"""\bPostgresError \{{ code: "{_STATE}\"""",
    rf"\bPostgresException[^\n]{{0,40}}?: {_STATE}: ",
    rf"\bSqlState\(E?{_STATE}\)",
)  # fmt: skip
_PREFIX = rf"(?<![A-Z]){_AT_SEVERITY}"
"""Where `%e` may stand in the prefix: five characters somewhere before the severity. They are looked
for when the severity is found, which is a hundred times quicker; that they are a code and not, say, a
process id, is seen by looking them up."""

_COMPILED = tuple(re.compile(shape.encode()) for shape in _SHAPES)
_HEAD = re.compile((r"^(?P<head>[^\n]{5,300}?)(?<![A-Z])" + _AT_SEVERITY).encode(), re.MULTILINE)
_TOKEN = re.compile(rb"(?<![\w.,+/-])(?P<open>\[?)(?P<token>[0-9A-Z]{5})(?![\w.+/-])(?P<close>\]?)")
_NUMBER_IN_BRACKETS = re.compile(rb"\[\d+(?:-\d+)?\]")


def sqlstate_in(text: bytes) -> str | None:
    """The SQLSTATE that a record's canonical text states, if any."""
    for shape in _COMPILED:
        if match := shape.search(text):
            return match["sqlstate"].decode()
    head = _HEAD.search(text)
    return _in_prefix(head["head"]) if head else None


def _in_prefix(head: bytes) -> str | None:
    for match in _TOKEN.finditer(head):
        code = match["token"].decode()
        # The first number in brackets is the process id, whatever else it could be.
        is_pid = match["open"] and code.isdigit() and not _NUMBER_IN_BRACKETS.search(head, 0, match.start())
        if code in KNOWN and not is_pid:
            return code
    return None


def sqlstate_patterns(signatures: Iterable[Signature]) -> list[str]:
    """The expressions that find every record that states a SQLSTATE, if any signature asks for one."""
    if any(signature.where and signature.where.sqlstate for signature in signatures):
        return [*_SHAPES, _PREFIX]
    return []


_BY_CLASS = """
01 000 003 004 006 007 008 00C P01
02 000 001
03 000
08 000 001 003 004 006 007 P01
09 000
0A 000
0B 000
0F 000 001
0L 000 P01
0P 000
0Z 000 002
10 608
20 000
21 000
22 000 001 002 003 004 005 007 008 009 00B 00C 00D 00F 00G 00H 00L 00M 00N 00S 00T 010 011 012 013 014 015 016 018 019
22 01B 01E 01F 01G 01W 01X 021 022 023 024 025 026 027 02E 02G 02H 030 031 032 033 034 035 036 037 038 039 03A 03B 03C
22 03D 03E 03F 03G P01 P02 P03 P04 P05 P06
23 000 001 502 503 505 514 P01
24 000
25 000 001 002 003 004 005 006 007 008 P01 P02 P03 P04
26 000
27 000
28 000 P01
2B 000 P01
2D 000
2F 000 002 003 004 005
34 000
38 000 001 002 003 004
39 000 001 004 P01 P02 P03
3B 000 001
3D 000
3F 000
40 000 001 002 003 P01
42 000 501 601 602 611 622 701 702 703 704 710 712 723 725 803 804 809 830 846 883 8C9 939 P01 P02 P03 P04 P05 P06 P07
42 P08 P09 P10 P11 P12 P13 P14 P15 P16 P17 P18 P19 P20 P21 P22
44 000
53 000 100 200 300 400
54 000 001 011 023
55 000 006 P02 P03 P04
57 000 014 P01 P02 P03 P04 P05
58 000 030 P01 P02 P03
72 000
F0 000 001
HV 000 001 002 004 005 006 007 008 009 00A 00B 00C 00D 00J 00K 00L 00M 00N 00P 00Q 00R 010 014 021 024 090 091
P0 000 001 002 003 004
XX 000 001 002
"""
KNOWN = frozenset(
    first + code for first, *codes in (line.split() for line in _BY_CLASS.strip().splitlines()) for code in codes
)
"""Every code that PostgreSQL reports, by class (appendix A of its manual)."""
