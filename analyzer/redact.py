"""Secrets out of log text, before it is kept or shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

MARK = "[redacted]"

# RE2 syntax. Each pattern keeps what stands before the secret (group 1) and drops the secret.
_NAMES = (
    r"(?:password|passwd|pwd|secret|token|api[-_]?key|apikey|access[-_]?key|private[-_]?key|credential|"
    r"authorization|cookie|passphrase)[\w-]*"
)
_SCHEME = r"(?:(?:bearer|basic|digest|token|apikey)\s+)?"
_VALUE = r"(?:[^\s\\\"',;&(){}\[\]<>]{3,}|\[redacted\])"
_COOKIE = r"[\w.-]+=[^\s;,\\\"']+"
_KEYS_OF_PROVIDERS = (
    r"(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|"
    r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{30,})"
)
_SECRETS: tuple[str, ...] = (
    # all the cookies of a header
    r"(?i)(\bcookie[\\\"']*\s*:\s*[\\\"']*)" + _COOKIE + r"(?:;\s*" + _COOKIE + ")*",
    # key = value and "key": "value", also escaped; `Authorization: Bearer ...`
    r"(?i)(" + _NAMES + r"[\\\"']*\s*[=:]\s*[\\\"']*" + _SCHEME + ")" + _VALUE,
    r"(?i)(bearer\s+)[A-Za-z0-9._~+/-]{12,}=*",
    # user:password@host in any URL
    r"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@\"']*:)[^\s@/\"']+@",
    # tokens that give themselves away by their shape: JWT, AWS, GitHub, Slack, Stripe, OpenAI, Google
    r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
    r"()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"()\b" + _KEYS_OF_PROVIDERS,
    r"()-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
)
_HINT = (
    r"(?i)passw|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_ ]?key|credential|authorization|cookie|"
    r"passphrase|bearer|://[^\s/@]*:[^\s/@]*@|eyJ|AKIA|ASIA|gh[pousr]_|github_pat|xox|[sr]k_(?:live|test)|sk-|AIza"
)
_REPLACEMENTS = tuple(r"\1" + MARK + ("@" if "://" in pattern else "") for pattern in _SECRETS)


def suspects(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Which of an array of strings may hold a secret; `redact_all` looks at no others."""
    found: npt.NDArray[np.bool_] = pc.fill_null(pc.match_substring_regex(texts, _HINT), False).to_numpy(False)
    return found


def redact_all(texts: pa.Array, suspicious: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """An array of strings with every recognised secret replaced by `MARK`.

    `suspicious` says which of them are suspects, where that is known.
    """
    suspicious = suspects(texts) if suspicious is None else suspicious
    if not suspicious.any():
        return texts
    cleaned = texts.take(np.flatnonzero(suspicious))
    for pattern, replacement in zip(_SECRETS, _REPLACEMENTS, strict=True):
        cleaned = pc.replace_substring_regex(cleaned, pattern, replacement)
    return pc.replace_with_mask(texts, pa.array(suspicious), cleaned)


def redact_each(texts: Iterable[str]) -> dict[str, str]:
    """Each of some texts as it may be shown; all of them together take little longer than one alone."""
    distinct = list(dict.fromkeys(texts))
    return dict(zip(distinct, redact_all(pa.array(distinct, pa.string())).to_pylist(), strict=True))


@lru_cache(maxsize=4096)
def redact(text: str) -> str:
    """One text with every recognised secret replaced by `MARK`."""
    return str(redact_all(pa.array([text], pa.string()))[0].as_py())
