"""What stays the same in the text of a record: its message with the variable parts as `<*>`.

All records of a block at once, each distinct message masked once, in RE2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.layout import Layout
from analyzer.match.records import as_text
from analyzer.redact import redact_all

WILDCARD = "<*>"
_MAX_TEXT = 512
_SHOWN = 200

# The head of a record in RE2: timestamps, levels, process ids and brackets before the message.
_HEAD = (
    r"^(?:[\[(<]?(?:\d{4}[-/.]\d\d[-/.]\d\d[T _-]\d\d:\d\d:\d\d\S*|\d\d/[A-Z][a-z]{2}/\d{4}:\S+|"
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4})?)"
    r"(?: ?(?:UTC|GMT|[+-]\d{4}|Z))?[\])>]?[\s,:|-]*)?"
    r"(?:\[\d+\][\s:]*|\d+#\d+: )?(?:[\w.\[\]-]+@[\w.\[\]-]+ )?"
    r"(?:[\[(<|]?(?i:error|err|fatal|critical|crit|panic|alert|emerg|severe)[\])>|]?[\s:|-]+)?"
)
_JSON_MESSAGE = r'"(?:msg|message|error|err|event)"\s*:\s*"(?P<m>(?:[^"\\]|\\.)*)"'
_PAIRS_MESSAGE = r'(?:^|\s)(?:msg|message|error|err|event)=(?:"(?P<q>(?:[^"\\]|\\.)+)"|(?P<w>[^\s"]+))'
_EXCEPTION = r"(?m)^(?P<x>(?:[\w.$]+\.)?[A-Z]\w*(?:Error|Exception|Failure|Fault|Panic)\b[^\n]{0,300})"
_MASKS: tuple[str, ...] = (
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,:+Z-]*",
    r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b",
    r"https?://[^\s\"']+",
    r"[\w.+-]+@[\w-]+\.[\w.]+",
    r"\\?\"[^\"\\]*\\?\"|'[^']*'",
    r"(?:/[\w.@+-]+){2,}/?",
    r"\b0x[0-9a-fA-F]+\b|\b[0-9a-fA-F]{8,}\b",
    r"[\w-]*\d[\w-]*",
)


def masks(
    records: pa.Array, layouts: Sequence[Layout], places: npt.NDArray[np.int8], hide_secrets: bool
) -> pa.DictionaryArray:
    """The masked message of each record, `layouts[place]` being its format."""
    messages = _messages(as_text(records), layouts, places)
    return masked(redact_all(messages) if hide_secrets else messages)


def masked(messages: pa.Array) -> pa.DictionaryArray:
    """Messages with their variable parts as `<*>`; each distinct message is masked once."""
    encoded = messages.dictionary_encode()
    text = encoded.dictionary
    for pattern in _MASKS:
        text = pc.replace_substring_regex(text, pattern, WILDCARD)
    text = pc.replace_substring_regex(text, r"(?:<\*>[\s.,:;/=|-]*){2,}", WILDCARD + " ")
    text = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(text, 0, _SHOWN))
    return text.take(encoded.indices).dictionary_encode()


def _messages(texts: pa.Array, layouts: Sequence[Layout], places: npt.NDArray[np.int8]) -> pa.Array:
    """The telling part of each record: the message and, of a stack trace, the exception."""
    first = pc.replace_substring_regex(texts, r"(?s)\n.*", "")
    json = pc.extract_regex(first, _JSON_MESSAGE).field("m")
    is_json = pc.starts_with(pc.ascii_ltrim_whitespace(first), "{")
    plain = _behind_heads(first, layouts, places)
    # What a pair says is quoted, and quotes are masked: without this, whatever a program says would be one.
    pairs = pc.extract_regex(first, _PAIRS_MESSAGE)
    said = pc.coalesce(_or_none(pairs.field("q")), _or_none(pairs.field("w")))
    is_pairs = pc.match_substring_regex(first, r"^\w+=\S")
    plain = pc.if_else(pc.and_(is_pairs, _is_said(said)), said, plain)
    message = pc.if_else(pc.and_(is_json, _is_said(json)), json, plain)
    exception = pc.extract_regex(texts, _EXCEPTION).field("x")
    behind = pc.if_else(_is_said(exception), pc.binary_join_element_wise(" ", exception, ""), "")
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(message, behind, ""), 0, _MAX_TEXT)


def _behind_heads(texts: pa.Array, layouts: Sequence[Layout], places: npt.NDArray[np.int8]) -> pa.Array:
    """What stands where the layout of each record has its message; else what is left without what looks
    like a head."""
    plain = pc.replace_substring_regex(texts, _HEAD, "")
    for place in np.unique(places).tolist():
        layout = layouts[place]
        if layout.style != "text" or "message" not in layout.pattern.groupindex:
            continue
        mine = pa.array(places == place)
        found = pc.extract_regex(texts.filter(mine), layout.search_pattern("message")).field("message")
        plain = pc.replace_with_mask(plain, mine, pc.if_else(_is_said(found), found, plain.filter(mine)))
    return plain


def _or_none(texts: pa.Array) -> pa.Array:
    return pc.if_else(_is_said(texts), texts, None)


def _is_said(texts: pa.Array) -> pa.Array:
    return pc.greater(pc.binary_length(texts).fill_null(0), 0)
