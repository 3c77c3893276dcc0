"""Level words -> level codes: for one record, and for the lines of a block at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.windows import Bytes, Offsets, gather, words
from analyzer.model import LEVEL_CODES, Level

LevelKind = Literal["word", "letter", "severity", "number", "hundreds", "status", "priority"]
"""How a level is said: by a word or letter, a digit of syslog, the tens of pino and bunyan, the
hundreds of Monolog, an HTTP status, or syslog's priority, which holds the facility, too."""

Codes = npt.NDArray[np.int8]

_WORDS: dict[Level, str] = {
    "trace": "trac verb fine sill trc trce vrb",
    "debug": "debu dbg dbug conf deb",
    "info": "info inf noti note nte log log: succ audi stat http defa syst timi hinw disp 信 情 정 ИН",
    "warn": "warn wrn war atte adve avis aver avve 警 경 ПР",
    "error": "erro eror err seve fail fehl erre grav schw 严 嚴 심 致 重 СЕ",
    "fatal": "fata crit cri pani dpan aler emer ftl pnc",
}
"""The first four letters of every level word met in the wild (three, where the word is that short), of words beyond
ASCII the first three bytes."""

_LETTERS: dict[Level, bytes] = {
    "trace": b"TV", "debug": b"D", "info": b"INO", "warn": b"W", "error": b"ES", "fatal": b"FCAP",
}  # fmt: skip
_PINO: dict[Level, bytes] = {"trace": b"1", "debug": b"2", "info": b"3", "warn": b"4", "error": b"5", "fatal": b"6"}
_HUNDREDS: dict[Level, bytes] = {"debug": b"1", "info": b"2", "warn": b"3", "error": b"4", "fatal": b"56"}
_SEVERITY: dict[Level, bytes] = {"fatal": b"012", "error": b"3", "warn": b"4", "info": b"56", "debug": b"7"}
_STATUS: dict[Level, bytes] = {"info": b"123", "warn": b"4", "error": b"5"}
_SYSLOG_SEVERITIES: tuple[Level, ...] = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")

# Arrow matches binary columns as Latin-1, so emoji stand here as their UTF-8 bytes. Names are no words: a file
# `/static/error.css`, a package `error-chain`, an image `shop:failed-login-fix`.
_ERROR_WORDS = (
    r"(?i)(?:^|[^\w/])(error|exception|traceback|fatal|panic(ked)?|fail(ed|ure|s|ing)?|cannot|unable to|refused|denied"
    r"|timed? ?out|out of memory|segfault|terminate called|oops|ioerror)(?:[^\w./@-]|[./@-]+(?:[^\w./@-]|$)|$)"
    r"|code=(?:exited, status=[1-9]|dumped\b)|\bgot signal (?:[4678]|11)\b"
    # Where Node says first in which line of a program it gave up.
    r"|^(?:/|[a-z]:\\|node:|file://)[^\n]*(?:\.[cm]?[jt]sx?|/promises|/loader|/throws):\d+$"
    r"|(?-i:[A-Za-z](?:Error|Exception))\b|\xE2\x9D\x8C|\xE2\x9C\x96|\xF0\x9F\x9A\xA8"
)
PASSED_TEST = (
    r"[^\n\"'{]{0,60}?(?:\xE2\x9C[\x93\x94\x85]|\xE2\x88\x9A|--- PASS:)[^\n]*"
    r"|[^\n]*(?:\bPASSED\b|\.\.\. ?ok\b)\s{0,3}(?:[\[(][^\])\n]{1,40}[\])]|in [\d.]+ ?m?s)?[^\S\n]*"
    r"|[^\S\n]*(?:\S+Z )?PASS[: ][^\n]*"
)
"""A whole line about a test that passed: its mark or verdict stands where runners of tests put it, first in the line
or last. Like `COMMIT_SUBJECT` it means the same to RE2 and to Python's `re` on bytes."""
COMMIT_SUBJECT = (
    r"\W{0,3}(?:[0-9a-f]{7,40} )?(?:feat|fix|docs|chore|refactor|perf|style|revert)(?:\([^)\n]*\))?!?: [^\n]*"
)
"""A whole line that says what somebody did about errors, in the manner of conventional commits."""
_HARMLESS = (
    # None of them: counted, or said not to be.
    r"(?i)\b(0|zero) (?:\w+ )?(errors?|fail\w*|exceptions?)\b|\bignor\w+ (errors?|fail\w*)"
    r"|\b(no|without|non)[ -](?:(?:any|further|more|other|known|new|fatal|critical|test|lint|type|build) )?"
    r"(errors?|fail\w*|exceptions?|fatal)\b"
    r"|(errors?|fail\w*|exceptions?|error_\w+|errors? \w+)[\"'\]]?\s*"
    r"(?:[=:|]\s*[\"']?(0|null|false|nil|<nil>)(?:[^\w.]|$)|=\s*none\b|:\s*none\s*(?:[,;)}\]]|$))"
    r"|time_?out[\"']?\s*[=:]\s*[\"']?\d"
    # A test that passed, whatever it is called.
    rf"|(?-i:^(?:{PASSED_TEST})$)|\bpassed\W*$"
    # What somebody did about errors: the subject of a commit, a line of a changelog or of source code.
    rf"|^(?:{COMMIT_SUBJECT})$"
    r"|^commit [0-9a-f]{7,40}\b|^Merge (?:pull request|branch|remote)\b|^changelog: |^Successfully "
    r"|^\s*(?:[*+-]|o)\s+(?:fix|add|improve|handle|avoid|do not|don't|prevent|correct|remove|increase|raise|return"
    r"|report|catch|backport)(?:e?[sd])?\b"
    r"|^\s*(?:#|//|/\*\*?)\s"
    # Jenkins names each step that begins: `[Pipeline] timeout`.
    r"|\[Pipeline\] (?:\w+|// \w+|[{}])\s*$"
    # A JVM tells of pointers that it keeps short, and why it collects garbage in the ordinary course of things.
    r"|\(allocation failure\)|compressed oops"
)
_COUNTED = r"(?i)(?:^|[^\w.])[1-9]\d* (?:\w+ )?(?:fail\w*|errors?)\b"
"""What is no harmless line, however many others passed."""
_NO_ERROR = r"(?i)\berror:\s*(?:none|null|nil|<nil>|0)\W*$"
_WARN_WORDS = r"(?i)\bwarn(ing)?\b|\xE2\x9A\xA0"
_ANY_WORDS = f"(?:{_ERROR_WORDS})|(?:{_WARN_WORDS})"
_HEAD = 240
"""Bytes at a line's beginning within which a level may be stated."""
_STATED = (
    # In capitals, anywhere near the head; in any letters, in brackets or behind `level=`; in front of a colon
    # (but not that of a drive, as in `[D:\work]`).
    r"(?:^|[^\w-])(?P<upper>TRACE|DEBUG|VERBOSE|INFO|INFORMATION|NOTICE|WARN|WARNING|ERR|ERROR|SEVERE|CRIT|CRITICAL|FATAL"
    r"|ALERT|EMERG|PANIC|TRC|DBG|DBUG|INF|WRN|FTL|LEVEL\(-\d{1,3}\))(?:[^\w.-]|[.-]?$)"
    r"|[\[(<|{]\s*(?P<enclosed>(?i:trace|debug|verbose|info|information|notice|warn|warning|err|erro|error|severe|crit"
    r"|critical|fatal|alert|emerg|panic|[TDIWEF]))\s*(?:[\])>|}]|:(?:[^\\/]|$))"
    r"|\b(?i:level|lvl|severity|loglevel|log_level)[\"']?\s*[=:]\s*[\"']?(?P<named>[A-Za-z]{3,11})\b"
    # Of `Trace:` only times and tags stand in front: a call trace, a stack trace is no level.
    r"|^(?:[^A-Za-z\s]\S*\s+){0,4}?(?P<traced>(?i:trace)):"
    r"|^(?:\S+\s+){0,4}?(?P<colon>(?i:debug[1-5]?|verbose|info|notice|warn|warning|error|severe|critical|fatal)):"
    # Right behind a time, in any letters.
    r"|^[\[(]?[\dT:.,/+ -]{8,40}Z?[\])]?[\s|]+(?P<behind>(?i:trace|debug|info|notice|warn|warning|error"
    r"|critical|fatal))[\s|:]"
    # Kubernetes' loggers behind a prefix, and the status of an access line.
    r"|(?:^|\s)(?P<klog>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d{3,6} |HTTP/[\d.]+\"? (?P<status>[1-5]\d\d)\b"
)
TELLING = f"(?:{_STATED})|{_ANY_WORDS}"
"""What only lines hold whose level is anything but information."""


def level_kind(word: bytes, group: str) -> LevelKind:
    """How the text of a layout's group says the level."""
    if group == "status":
        return "status"
    if group == "priority":
        return "priority"
    if word.isdigit():
        return ("severity", "number", "hundreds")[min(len(word), 3) - 1]
    return "letter" if len(word) == 1 or word[1:].isdigit() else "word"


def level_of(word: bytes, kind: LevelKind) -> int:
    """The level code of one word, 0 if it is none."""
    if kind == "priority":
        return LEVEL_CODES[_SYSLOG_SEVERITIES[int(word) & 7]] if word.isdigit() else 0
    if kind == "word":
        return _WORD_CODES.get(_key(word), 0)
    return int(_BYTE_TABLES[kind][word[0]]) if word else 0


def levels_at(data: Bytes, at: Offsets, kind: LevelKind) -> Codes:
    """The level codes of the words that begin at the given offsets, 0 where none does."""
    if kind == "word":
        view = words(data)
        word = view[np.minimum(at, len(view) - 1)].astype(np.uint32)
        return _word_codes(word)
    if kind == "priority":
        return _priorities(gather(data, at, 4))
    return _BYTE_TABLES[kind][data[np.minimum(at, len(data) - 1)]]


def _byte_table(letters: dict[Level, bytes]) -> Codes:
    table = np.zeros(256, dtype=np.int8)
    for level, characters in letters.items():
        for character in characters:
            table[character] = LEVEL_CODES[level]
    return table


_BYTE_TABLES: dict[LevelKind, Codes] = {
    "letter": _byte_table(_LETTERS),
    "severity": _byte_table(_SEVERITY),
    "number": _byte_table(_PINO),
    "hundreds": _byte_table(_HUNDREDS),
    "status": _byte_table(_STATUS),
}


def _key(word: bytes) -> bytes:
    """The first four letters in lower case; a shorter word is cut where its letters end."""
    head = word[:4].lower()
    return head if head[:4].isalpha() or head == b"log:" else head[:3]


_WORD_CODES = {_key(text.encode()): LEVEL_CODES[level] for level, texts in _WORDS.items() for text in texts.split()}


def _perfect_hash(keys: list[int]) -> tuple[np.uint32, npt.NDArray[np.uint32], Codes]:
    """A multiplier that sends every key to a place of its own among 1024, with the filled tables."""
    values = np.array(keys, dtype=np.uint32)
    random = np.random.default_rng(0)
    while True:
        multiplier = np.uint32(random.integers(1, 2**32, dtype=np.uint64) | 1)
        places = (values * multiplier) >> np.uint32(22)
        if len(np.unique(places)) == len(values):
            break
    table = np.zeros(1024, dtype=np.uint32)
    table[places] = values
    codes = np.zeros(1024, dtype=np.int8)
    codes[places] = list(_WORD_CODES.values())
    return multiplier, table, codes


_MULTIPLIER, _KEYS, _CODES = _perfect_hash(
    [int.from_bytes(bytes(code | 32 for code in key), "little") for key in _WORD_CODES]
)


def _word_codes(first_four: npt.NDArray[np.uint32]) -> Codes:
    """Codes by the first four bytes of each word: a table look-up without any branch."""
    lower = first_four | np.uint32(0x20202020)
    codes = _lookup(lower)
    last = lower >> np.uint32(24)
    missing = (codes == 0) & ((last < ord("a")) | (last > ord("z")))
    if missing.any():
        codes[missing] = _lookup(lower[missing] & np.uint32(0x00FFFFFF))
    return codes


def _lookup(keys: npt.NDArray[np.uint32]) -> Codes:
    places = (keys * _MULTIPLIER) >> np.uint32(22)
    return np.where(_KEYS[places] == keys, _CODES[places], np.int8(0))


def _priorities(window: Bytes) -> Codes:
    """Syslog's `<134>`: the number before the closing bracket, modulo eight."""
    severity = np.array([LEVEL_CODES[level] for level in _SYSLOG_SEVERITIES], dtype=np.int8)
    value = np.zeros(len(window), dtype=np.int64)
    open_ = np.ones(len(window), dtype=bool)
    for column in range(3):
        digit = window[:, column] - np.uint8(48)
        open_ &= digit < 10
        value = np.where(open_, value * 10 + digit, value)
    codes: Codes = severity[value & 7]
    return codes


def infer_levels(lines: pa.Array) -> Codes:
    """Levels of lines whose layout states none: said somewhere near the head, else by the words in them."""
    codes = np.full(len(lines), LEVEL_CODES["info"], dtype=np.int8)
    if not len(lines):
        return codes
    # Most lines hold nothing of either kind, which one look at them tells.
    rows = np.flatnonzero(pc.match_substring_regex(lines, TELLING).to_numpy(zero_copy_only=False))
    if len(rows):
        some = lines if len(rows) == len(lines) else lines.take(rows)
        found = _stated_levels(some)
        unsaid = np.flatnonzero(found == 0)
        found[unsaid] = _levels_by_words(some if len(unsaid) == len(some) else some.take(unsaid))
        codes[rows] = found
    return codes


def _stated_levels(lines: pa.Array) -> Codes:
    """The first level that stands near the head of each line, 0 where none does."""
    codes = np.zeros(len(lines), dtype=np.int8)
    heads = pc.binary_slice(lines, 0, _HEAD)
    # Finding out that nothing is there is faster than taking it out.
    rows = np.flatnonzero(pc.match_substring_regex(heads, _STATED).to_numpy(zero_copy_only=False))
    if not len(rows):
        return codes
    found = pc.extract_regex(heads if len(rows) == len(lines) else heads.take(rows), _STATED)
    words = pc.binary_join_element_wise(*(found.field(index) for index in range(found.type.num_fields)), b"")
    words = words.dictionary_encode()
    known = np.array([_code_of_text(word) for word in words.dictionary.to_pylist()], dtype=np.int8)
    codes[rows] = known[words.indices.to_numpy(zero_copy_only=False)]
    errors = np.flatnonzero(codes == LEVEL_CODES["error"])
    if len(errors):
        none = pc.match_substring_regex(lines.take(errors), _NO_ERROR).to_numpy(zero_copy_only=False)
        codes[errors[none]] = 0
    return codes


def _code_of_text(word: bytes) -> int:
    if word.endswith(b")"):
        return LEVEL_CODES["debug"]  # zap's LEVEL(-2), which has no name
    return level_of(word, level_kind(word, "status" if word.isdigit() else "level"))


def _levels_by_words(lines: pa.Array) -> Codes:
    """The levels of lines that state none, by the words in them."""
    error = pc.match_substring_regex(lines, _ERROR_WORDS).to_numpy(zero_copy_only=False).copy()
    if error.any():
        suspects = np.flatnonzero(error)
        some = lines.take(suspects)
        harmless = pc.match_substring_regex(some, _HARMLESS).to_numpy(zero_copy_only=False)
        counted = pc.match_substring_regex(some, _COUNTED).to_numpy(zero_copy_only=False)
        error[suspects[harmless & ~counted]] = False
    warn = pc.match_substring_regex(lines, _WARN_WORDS).to_numpy(zero_copy_only=False)
    info, warning, failure = (np.int8(LEVEL_CODES[name]) for name in ("info", "warn", "error"))
    return np.where(error, failure, np.where(warn, warning, info))
