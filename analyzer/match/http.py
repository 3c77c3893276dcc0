"""HTTP requests in log records: method, path and status, however the record writes them.

Access logs, framework lines and JSON loggers all report the same three things in a dozen shapes.
The shapes are known here once; a signature asks for methods and statuses (`analyzer.model.Request`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.model import Request, Signature

_ANY_METHOD = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
_ANY_STATUS = r"[1-5]\d\d"
_SERVER_ERRORS = r"5[0-2]\d|530|561|598|599"
"""Those of IANA, and of Cloudflare, Amazon's load balancers and proxies."""

_PATH = r'(?P<url>/[^\s"?]{0,2000})(?:\?[^\s"]{0,4000})?'
_METHOD_KEY = r'"(?:req_|request_|request)?(?:http\.)?(?:[mM]ethod|verb|httpMethod)" ?: ?"(?P<method>METHOD)"'
_URL_KEY = (
    r'"(?:url|uri|path|request_uri|originalUrl|requestUrl|http\.url|http\.target|endpoint|route)" ?: ?'
    r'"(?:https?://[^/"]{1,200})?' + _PATH + '"'
)
_STATUS_KEY = (
    r'"(?:status|statusCode|status_code|http\.status_code|responseStatus|httpStatus|response_code|http_status)" ?: ?'
    r'"?(?P<status>STATUS)\b'
)

_REQUEST_KEY = (
    r'"(?:request|request_line|req)" ?: ?"(?P<method>METHOD) (?:https?://[^/\s"]{1,200})?'
    + _PATH
    + r"(?: HTTP/[\d.]+)?\""
)

# METHOD and STATUS stand for the alternatives that are looked for.
_SHAPES: tuple[str, ...] = (
    # access logs: "POST /x HTTP/1.1" 201
    r'"(?P<method>METHOD) (?:https?://[^/\s"]{1,200})?' + _PATH + r' HTTP/[\d.]+"? (?P<status>STATUS)\b',
    # morgan dev, winston: POST /x 201 12.3 ms
    r"\b(?P<method>METHOD) " + _PATH + r" (?P<status>STATUS)\b(?: [\d-]+ -| -| in)? {0,2}[\d.]+ ?(?:ms|s|µs)\b",
    # POST /x -> 201, POST /x responded with status 201
    r"\b(?P<method>METHOD) " + _PATH + r"(?: HTTP/[\d.]+)? (?:-+>|=>|→|-|responded|returned|answered|completed)"
    r"(?: with)?(?: status(?: code)?[:=]?)? ?(?P<status>STATUS)\b",
    # uWSGI
    r"\b(?P<method>METHOD) " + _PATH + r" => generated \d+ bytes in \d+ msecs \(HTTP/[\d.]+ (?P<status>STATUS)\b",
    # JSON loggers, in the three orders met
    _METHOD_KEY + r"[^\n]{0,600}?" + _URL_KEY + r"[^\n]{0,4000}?" + _STATUS_KEY,
    _URL_KEY + r"[^\n]{0,600}?" + _METHOD_KEY + r"[^\n]{0,4000}?" + _STATUS_KEY,
    _STATUS_KEY + r"[^\n]{0,2000}?" + _METHOD_KEY + r"[^\n]{0,600}?" + _URL_KEY,
    # JSON access logs of nginx, with the request line as a whole
    _REQUEST_KEY + r"[^\n]{0,600}?" + _STATUS_KEY,
    _STATUS_KEY + r"[^\n]{0,600}?" + _REQUEST_KEY,
    # logfmt (Heroku's router, Rails' lograge, Go)
    r'\bmethod="?(?P<method>METHOD)"?[^\n]{0,200}? (?:path|url|uri)="?' + _PATH +
    r'"?[^\n]{0,600}? (?:status|status_code|code)="?(?P<status>STATUS)\b',
    # gin: | 201 | 1.2ms | ::1 | POST "/x"
    r'\| +(?P<status>STATUS)\b +\| +[^|\n]{1,40}\| +[^|\n]{1,60}\| +(?P<method>METHOD) +"' + _PATH,
    # Tornado: 201 POST /x (::1) 1.20ms
    r"\b(?P<status>STATUS) (?P<method>METHOD) " + _PATH + r" \([\d.a-fA-F:]+\) [\d.]+ms",
    # ASP.NET Core
    r"Request finished HTTP/[\d.]+ (?P<method>METHOD) https?://[^/\s]{1,200}" + _PATH +
    r"[^\n]{0,200}?- (?P<status>STATUS)\b",
    # AWS load balancers: 201 201 34 366 "POST https://host:443/x HTTP/1.1"
    r' (?P<status>STATUS) (?:\d{3}|-) \d+ \d+ "(?P<method>METHOD) https?://[^/\s]{1,200}' + _PATH + " HTTP/",
)  # fmt: skip

_IDENTIFIER = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d+|[0-9a-fA-F]{12,40}|[A-Za-z]{2,12}[-_](?=\w*\d)\w{4,}"
)
_COMPILED = tuple(
    re.compile(shape.replace("METHOD", _ANY_METHOD).replace("STATUS", _ANY_STATUS).encode()) for shape in _SHAPES
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer. `endpoint` has identifiers replaced by `:id`; `id` is the first."""

    method: str
    endpoint: str
    status: str
    id: str | None

    def captures(self) -> dict[str, str]:
        """As the captures of a match."""
        captures = {"method": self.method, "endpoint": self.endpoint, "status": self.status}
        return captures if self.id is None else {**captures, "id": self.id}


def exchange_in(text: bytes) -> Exchange | None:
    """The HTTP exchange that a record's canonical text reports, if any."""
    for shape in _COMPILED:
        match = shape.search(text)
        if match is not None:
            path = match["url"].decode("utf-8", "replace")
            endpoint, identifier = _endpoint(path)
            return Exchange(match["method"].decode(), endpoint, match["status"].decode(), identifier)
    return None


def fits(exchange: Exchange, request: Request) -> bool:
    """Whether an exchange is one that a signature asks for."""
    return (
        (not request.methods or exchange.method in request.methods)
        and any(re.fullmatch(_status_pattern(status), exchange.status) for status in request.statuses)
        and (not request.with_id or exchange.id is not None)
    )


def request_patterns(signatures: Iterable[Signature]) -> list[str]:
    """The expressions that find every exchange any of the signatures asks for."""
    statuses: dict[str, set[str]] = defaultdict(set)
    for signature in signatures:
        if signature.request is not None:
            methods = "|".join(sorted(signature.request.methods)) or _ANY_METHOD
            statuses[methods].update(map(_status_pattern, signature.request.statuses))
    return [
        shape.replace("METHOD", methods).replace("STATUS", "|".join(sorted(wanted)))
        for methods, wanted in sorted(statuses.items())
        for shape in _SHAPES
    ]


def _status_pattern(status: str) -> str:
    """`2xx` -> `2\\d\\d`; of those that begin with 5, the ones in use, so that 555 bytes are none."""
    return _SERVER_ERRORS if status == "5xx" else status.replace("x", r"\d")


def _endpoint(path: str) -> tuple[str, str | None]:
    identifier: str | None = None
    parts = path.split("/")
    for place, part in enumerate(parts):
        if part and _IDENTIFIER.fullmatch(part):
            identifier = identifier or part
            parts[place] = ":id"
    return "/".join(parts), identifier
