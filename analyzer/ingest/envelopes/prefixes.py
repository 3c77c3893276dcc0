"""The prefixes that platforms and tools put before the lines of others."""

from __future__ import annotations

from analyzer.ingest.envelopes.prefix import Prefix
from analyzer.ingest.zones import ZONE_NAMES

_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_MACHINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_LEVELS = "(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|panic|alert|emerg)"
_NO_LEVEL = rf"(?!(?:[A-Z][a-z]{{2}} )?\S+(?: \S+)?(?: UTC)? {_LEVELS}\b)"
_PROGRAM = r"[\w./@()\\-]+(?:\[\d+\])?:(?: |$)"
_SYSLOG_TIME = (
    r"(?:[A-Z][a-z]{2} )?(?P<time>(?:[A-Z][a-z]{2}|[a-z\x80-\xFF]{3,16}\.?|1?\d\xE6\x9C\x88) +\d{1,2}"
    r" \d\d:\d\d:\d\d(?:\.\d{1,6})?"
    rf"|{_MACHINE}|\d{{10}}\.\d{{6}}|\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{{1,6}})? [A-Z]{{3,4}})"
)
_STRUCTURED = r"(?:-|(?:\[(?:[^\]\\\"]|\"(?:[^\"\\]|\\.)*\"|\\.)*\])+)"
_BOM = r"(?:\xEF\xBB\xBF)?"
_POD = r"(?:[a-z0-9.-]+-[bcdfghjklmnpqrstvwxz2456789]{5}|[a-z0-9.-]+-\d{1,4})"
_NAMED_POD = (
    r"(?:[a-z0-9-]+ )??(?:[a-z0-9.-]+-(?=\d*[a-z])[bcdfghjklmnpqrstvwxz2456789]{5} "
    r"|(?P<owner>[a-z0-9-]+)-\d{1,4} (?P=owner) )"
)
"""The pod of a deployment has a random ending, of letters that make no words; that of a stateful set a number."""
_LABELS = (
    r"\{(?:[a-zA-Z_]\w*=\"(?:[^\"\\]|\\.)*\",? ?)*\}",
    r"".join(
        rf'(?:(?=.*?[{{ ]{keys}="(?P<{name}>[^"]+)"))?'
        for name, keys in {
            "service": "(?:service_name|app|service|app_kubernetes_io_name|job)",
            "pod": "pod",
            "container": "container(?:_name)?",
            "namespace": "namespace",
            "host": "(?:host|hostname|node_name|instance)",
            "level": "(?:level|detected_level)",
        }.items()
    ),
)
"""The labels of a stream of Loki, and the fields that they stand for."""
_ANNOTATED = "error|warning|notice|debug"
_SCRIPTS = "(?:dev|start|serve|build|test|lint|watch|preview|check|typecheck|e2e|worker)"
_SYSLOG_TAG = r"(?P<host>[\w.:-]+) (?P<service>[^\s\[]+?)(?:\[(?P<pid>\d+)\])?:"
PREFIXES: tuple[Prefix, ...] = (
    Prefix(
        "kubernetes",
        rf"(?P<time>{_MACHINE}) (?P<tag>(?:stdout|stderr) [FP](?::[^ ]*)?)(?: |$)",
        r"(?P<stream>\w+) (?:F|(?P<partial>P))",
    ),
    Prefix(
        "stern",
        rf"(?P<tag>(?:[a-z0-9-]+ )??{_POD} [a-z0-9][a-z0-9-]*)(?: |$)",
        r"(?:(?P<namespace>\S+) )?(?P<pod>\S+) (?P<container>\S+)$",
        probe=rf"(?={_NAMED_POD})",
    ),
    Prefix(
        "kubetail",
        rf"(?P<tag>\[{_POD}(?: [a-z0-9-]+)?\])(?: |$)",
        r"\[(?P<pod>\S+?)(?: (?P<container>\S+))?\]",
        probe=rf"(?=\[{_NAMED_POD.replace(' |', '[] ]|').replace('(?P=owner) ', '(?P=owner)')})",
    ),
    Prefix("kubectl", r"(?P<tag>\[pod/[^/\] ]+/[^\] ]+\])(?: |$)", r"\[pod/(?P<pod>[^/]+)/(?P<container>[^\]]+)\]"),
    Prefix(
        "compose",
        r"(?:(?P<time>\d{1,2}:\d\d:\d\d(?: [AP]M)?) +)?(?P<tag>[A-Za-z][\w.@-]*) +\|(?: |$)",
        r"(?P<container>(?P<service>.+?)(?:[-_.]\d+)?(?:\.\w{8,}@(?P<host>.+))?)$",
        probe=rf"(?!{_LEVELS}\b)",
        most_tags=0.125,
        to_one_column=True,
    ),
    Prefix("tilt", r" *(?P<tag>[A-Za-z][\w.:-]*) \xE2\x94\x82(?: |$)", r"(?P<service>.+)", most_tags=0.125),
    Prefix("pm2", r"(?P<tag>\d{1,3}\|[\w@./-]+) +\|(?: |$)", r"\d+\|(?P<service>.+)"),
    Prefix(
        "turbo",
        rf"(?P<tag>(?:@[\w.-]+/)?[\w.-]+:{_SCRIPTS}[\w:-]*):(?: |$)",
        r"(?P<service>.+?):",
        probe=rf"(?!{_LEVELS}:)",
        most_tags=0.125,
    ),
    Prefix("concurrently", r"(?P<tag>\[\d{1,2}\])(?: |$)", r"\[(?P<process>\d+)\]", least=0.8, shows=r"\[0\] "),
    Prefix(
        "concurrently",
        r"(?P<keep>(?P<tag>\[[A-Za-z@][\w@./:-]{0,29}\])(?: |$))",
        r"\[(?P<service>.+)\]",
        probe=rf"(?!\[{_LEVELS}\])",
        least=0.8,
        most_tags=0.125,
        shows=r"\[[\w@./:-]+\] (?:.* exited with code (?:\d+|SIG[A-Z]+)$|\s+(?:at |File \"))",
    ),
    Prefix(
        "grep",
        r"(?P<tag>[\w./@+-]+\.(?:log|txt|out|err)(?:\.\d{1,3})?)(?::(?:\d+:)?|-(?:\d+-)?)",
        r"(?P<file>.+)",
        continues=True,
    ),
    Prefix(
        "github-actions",
        rf"(?P<tag>[^\t]+\t[^\t]+\t){_BOM}",
        r"(?P<job>[^\t]+)\t(?P<step>[^\t]+)",
        probe=rf"(?=[^\t]+\t[^\t]+\t{_BOM}{_MACHINE} )",
    ),
    Prefix(
        "github-actions",
        rf"{_BOM}(?P<time>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{7}}Z) (?P<keep>(?P<tag>(?:##\[(?:{_ANNOTATED})\])?))",
        rf"##\[(?P<level>{_ANNOTATED})\]",
    ),
    Prefix(
        "heroku",
        rf"(?P<time>{_MACHINE}) (?P<keep>(?P<tag>(?:app|heroku)\[[\w.-]+\]:)(?: |$))",
        r"\w+\[(?P<dyno>(?P<service>[a-zA-Z_-]+)(?:\.\w+)?)\]:",
    ),
    Prefix(
        "fly",
        rf"(?P<time>{_MACHINE}) (?P<keep>(?P<tag>\w+\[\w+\] [a-z]{{3}} \[\w+\])(?: |$))",
        r"(?P<service>\w+)\[(?P<host>\w+)\] (?P<region>\w+) \[(?:info|(?P<level>\w+))\]",
    ),
    Prefix(
        "cloud-foundry",
        rf" *(?P<time>{_MACHINE}) (?P<keep>(?P<tag>\[[A-Z]+(?:/[\w.-]+)*\] (?:OUT|ERR))(?: |$))",
        r"\[(?P<service>[^\]]+?)(?:/\d+)?\] (?P<stream>\w+)",
    ),
    Prefix("render", r"(?P<time>[A-Z][a-z]{2} \d{1,2} \d\d:\d\d:\d\d [AP]M)(?: {1,2}|$)"),
    Prefix("quoted", r"(?P<tag>>)(?: |$)", least=0.95),
    Prefix("gitlab-ci", rf"(?P<time>{_MACHINE}) (?P<tag>[0-9a-f]{{2}}[OE])(?:[ +]|$)", r"(?P<stream>.+)"),
    Prefix("loki", rf"(?P<time>{_MACHINE}) +(?P<tag>{_LABELS[0]})(?: |\t|$)", _LABELS[1]),
    Prefix(
        "cloudwatch",
        rf"(?P<time>{_MACHINE}) (?P<tag>[\w.$-]+(?:/[\w.$\[\]-]+)+)(?: |$)",
        r"(?P<log_stream>(?:ecs/(?P<service>[\w.-]+)/)?.*)",
        most_tags=0.125,
    ),
    Prefix(
        "syslog-5424",
        rf"<(?P<priority>\d{{1,3}})>1 (?P<time>\S+) (?P<keep>(?P<tag>\S+ \S+ \S+) \S+(?: {_STRUCTURED})?(?: {_BOM}|$))",
        r"(?:-|(?P<host>\S+)) (?:-|(?P<service>\S+)) (?:-|(?P<pid>\S+))",
        continues=True,
        escapes=True,
    ),
    Prefix(
        "syslog",
        rf"(?:<(?P<priority>\d{{1,3}})>)?{_SYSLOG_TIME} (?P<tag>[\w.:-]+ (?P<keep>{_PROGRAM}))",
        _SYSLOG_TAG,
        probe=_NO_LEVEL,
        continues=True,
        escapes=True,
    ),
    Prefix(
        "syslog",
        r"\[ *\d+\.\d{6}\] (?P<tag>[\w.-]+ (?P<keep>(?:kernel|[\w./@()-]+\[\d+\]):(?: |$)))",
        _SYSLOG_TAG,
        continues=True,
    ),
)
"""The platforms' prefixes; where two explain equally many lines, the first one wins."""

_ZONED = rf"{_ISO}(?: (?:{ZONE_NAMES.decode()})\b)?"
TIMESTAMPED = Prefix(
    "timestamped", rf"(?P<keep>\[?(?P<time>{_ZONED})\]?(?:: |[ \t]|$))", probe=rf"(?!{_ZONED}\]?:? \s{{2}})"
)
"""A bare time, as `docker logs -t`, Render and CloudWatch's exports put before each line; whether that
is an envelope or the line's own depends on what is behind it."""

CLOCKED = Prefix("clocked", r"(?P<tag>\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?: +|$)", least=0.8)
"""The time of day that build servers put before each line, where most of those have a time and date of their own."""
