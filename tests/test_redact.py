"""Secrets disappear from log text; what only looks like one stays."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyzer.redact import MARK, redact, redact_all, suspects

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
SECRETS = {
    "password=hunter22 user=bob": f"password={MARK} user=bob",
    "PASSWORD: hunter22": f"PASSWORD: {MARK}",
    'db_password = "hunter 22" x': None,
    '{"password":"hunter22","user":"bob"}': f'{{"password":"{MARK}","user":"bob"}}',
    r'{"log":"{\"password\":\"hunter22\",\"user\":\"bob\"}"}': None,
    "{'api_key': 'k-12345678'}": f"{{'api_key': '{MARK}'}}",
    "client_secret=abcdef123456&grant=x": f"client_secret={MARK}&grant=x",
    "X-Api-Key: 0123456789abcdef": f"X-Api-Key: {MARK}",
    "Authorization: Bearer abcdef0123456789abcdef": f"Authorization: Bearer {MARK}",
    "Authorization: Basic dXNlcjpwYXNz": f"Authorization: Basic {MARK}",
    "curl -H 'authorization: token abc123def456'": None,
    "Cookie: theme=dark; sid=abcdef123456": f"Cookie: {MARK}",
    "Set-Cookie: session=abcdef123456; HttpOnly": None,
    "used bearer abcdef0123456789abcdef today": f"used bearer {MARK} today",
    "postgres://app:s3cr3t@db:5432/prod": f"postgres://app:{MARK}@db:5432/prod",
    "redis://:s3cr3t@cache:6379": f"redis://:{MARK}@cache:6379",
    "https://bob:p%40ss@example.com/x": f"https://bob:{MARK}@example.com/x",
    f"token {JWT} rejected": f"token {MARK} rejected",
    "key AKIAIOSFODNN7EXAMPLE used": f"key {MARK} used",
    "pushed with ghp_" + "a1B2" * 9: f"pushed with {MARK}",
    "slack xoxb-123456789012-abcdef": f"slack {MARK}",
    "stripe sk_live_" + "4eC39HqLyjWDarjt": f"stripe {MARK}",
    "openai sk-proj-" + "a1B2c3D4e5F6g7H8i9J0": f"openai {MARK}",
    "google AIza" + "SyA1234567890abcdefghijklmnopqrstuv": f"google {MARK}",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----": MARK,
    "passwd=hunter22": f"passwd={MARK}",
    "pwd=hunter22;server=x": f"pwd={MARK};server=x",
    "refresh_token=abc.def-123": f"refresh_token={MARK}",
    "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG+bPx": f"aws_secret_access_key={MARK}",
}
PARTS = ("hunter", "s3cr3t", "p%40ss", "abcdef123456", "abc123def456", "dXNlcjpwYXNz", "MIIE", "eyJ")
HARMLESS = [
    "password authentication failed for user \"app\"",
    "password is required",
    "invalid token at position 15",
    "Unexpected token 'export'",
    "token=",
    "no cookie found",
    "https://example.com:8443/x@y",
    "http://localhost:3000/a?b=c",
    "email bob@example.com bounced",
    "task-sk-small finished",
    "eye is no key",
    "commit 4f2c1e9a77bd",
    "id=46ddcd05-5ebe-4086-9612-b52f21c66515",
    "secretary of state",
    "",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SECRETS.items())
def test_secrets(text: str, expected: str | None) -> None:
    cleaned = redact(text)
    if expected is not None:
        assert cleaned == expected
    assert MARK in cleaned
    assert not any(part in cleaned for part in PARTS)


@pytest.mark.parametrize("text", HARMLESS)
def test_near_misses(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", SECRETS)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_a_column_is_redacted_in_its_places() -> None:
    texts = pa.array(["password=hunter22", "plain", None, "token=abcdef"], pa.string())
    assert redact_all(texts).to_pylist() == [f"password={MARK}", "plain", None, f"token={MARK}"]


def test_an_empty_column() -> None:
    assert redact_all(pa.array([], pa.string())).to_pylist() == []


def test_only_suspects_are_looked_at() -> None:
    texts = pa.array(["password=hunter22", "plain", "token=abcdef"], pa.string())
    assert suspects(texts).tolist() == [True, False, True]
    assert redact_all(texts, suspects(texts)) == redact_all(texts)
