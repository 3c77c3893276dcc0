"""How programs of many kinds write a line of log."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime

Ids = Mapping[str, str]
Layout = Callable[[datetime, str, str, str, Ids, random.Random], str]
"""time, service, level, message, ids, chance -> the line."""

_PINO = {"debug": 20, "info": 30, "warn": 40, "error": 50, "fatal": 60}


def _iso(moment: datetime, digits: int = 3) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}"[:digits] + "Z"


def _pino(moment: datetime, service: str, level: str, message: str, ids: Ids, _chance: random.Random) -> str:
    renamed = {"reqId" if name == "request_id" else name: value for name, value in ids.items()}
    micros = int(moment.timestamp() * 1000)
    return json.dumps(
        {"level": _PINO[level], "time": micros, "pid": 1, "hostname": f"{service}-0", **renamed, "msg": message}
    )


def _winston(moment: datetime, service: str, level: str, message: str, ids: Ids, _chance: random.Random) -> str:
    renamed = {"requestId" if name == "request_id" else name: value for name, value in ids.items()}
    return json.dumps(
        {"level": level, "message": message, "service": service, **renamed, "timestamp": _iso(moment)},
        ensure_ascii=False,
    )


def _structlog(moment: datetime, service: str, level: str, message: str, ids: Ids, _chance: random.Random) -> str:
    return json.dumps({**ids, "event": message, "level": level, "logger": service, "timestamp": _iso(moment, 6)})


def _zap(moment: datetime, service: str, level: str, message: str, ids: Ids, _chance: random.Random) -> str:
    return json.dumps(
        {"level": level, "ts": moment.timestamp(), "caller": f"{service}/main.go:88", "msg": message, **ids}
    )


def _python(moment: datetime, service: str, level: str, message: str, ids: Ids, _chance: random.Random) -> str:
    stamp = moment.strftime("%Y-%m-%d %H:%M:%S,") + f"{moment.microsecond // 1000:03d}"
    known = "".join(f" [{name}={value}]" for name, value in ids.items())
    return f"{stamp} {_upper(level, 'WARNING')} {service.replace('-', '_')}{known}: {message}"


def _logback(moment: datetime, service: str, level: str, message: str, ids: Ids, _chance: random.Random) -> str:
    stamp = moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    known = " ".join(f"{name}={value}" for name, value in ids.items())
    logger = f"c.example.{service.replace('-', '')}.Service"
    return f"{stamp} [{known or 'main'}] {_upper(level, 'WARN'):<5} {logger} - {message}"


def _logfmt(moment: datetime, service: str, level: str, message: str, ids: Ids, _chance: random.Random) -> str:
    known = "".join(f" {name}={value}" for name, value in ids.items())
    return f"time={_iso(moment)} level={level} service={service}{known} msg={json.dumps(message)}"


def _plain(moment: datetime, service: str, level: str, message: str, ids: Ids, _chance: random.Random) -> str:
    known = "".join(f" [{value}]" for value in ids.values())
    return f"[{_iso(moment)}] {_upper(level, 'WARN')} [{service}]{known} {message}"


def _postgres(moment: datetime, _service: str, level: str, message: str, _ids: Ids, chance: random.Random) -> str:
    stamp = moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d} UTC"
    return f"{stamp} [{chance.randrange(400, 9000)}] {level if level.isupper() else 'LOG'}:  {message}"


def _mysql(moment: datetime, _service: str, level: str, message: str, _ids: Ids, chance: random.Random) -> str:
    name = {"error": "ERROR", "fatal": "ERROR", "warn": "Warning"}.get(level, "Note")
    code = f"MY-{chance.randrange(10000, 13999):06d}"
    return f"{_iso(moment, 6)} {chance.randrange(8, 900)} [{name}] [{code}] [Server] {message}"


def _redis(moment: datetime, _service: str, level: str, message: str, _ids: Ids, _chance: random.Random) -> str:
    stamp = moment.strftime("%d %b %Y %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    return f"1:M {stamp} {'#' if level in ('warn', 'error', 'fatal') else '*'} {message}"


def _nginx_error(moment: datetime, _service: str, level: str, message: str, _ids: Ids, chance: random.Random) -> str:
    name = {"fatal": "crit", "info": "notice"}.get(level, level)
    return (
        f"{moment:%Y/%m/%d %H:%M:%S} [{name}] {chance.randrange(20, 60)}#{chance.randrange(20, 60)}: "
        f"*{chance.randrange(1000, 99999)} {message}"
    )


def _access(moment: datetime, _service: str, _level: str, message: str, _ids: Ids, chance: random.Random) -> str:
    return (
        f"203.0.113.{chance.randrange(1, 250)} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] {message} "
        f'{chance.randrange(20, 9000)} "-" "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"'
    )


def _log4j(moment: datetime, _service: str, level: str, message: str, _ids: Ids, _chance: random.Random) -> str:
    stamp = moment.strftime("%Y-%m-%d %H:%M:%S,") + f"{moment.microsecond // 1000:03d}"
    return f"[{stamp}] {_upper(level, 'WARN')} {message} (kafka.server.ReplicaManager)"


def _kubernetes(moment: datetime, service: str, level: str, message: str, _ids: Ids, _chance: random.Random) -> str:
    reason, _, text = message.partition("|")
    kind = "Normal" if level == "info" else "Warning"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}   {kind:<9} {reason:<19} {service:<35} {text}"


def _syslog(moment: datetime, service: str, _level: str, message: str, _ids: Ids, _chance: random.Random) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}+00:00 {service} {message}"


def _upper(level: str, warn: str) -> str:
    return warn if level == "warn" else level.upper()


LAYOUTS: Mapping[str, Layout] = {
    "pino": _pino, "winston": _winston, "structlog": _structlog, "zap": _zap, "python": _python, "logback": _logback,
    "logfmt": _logfmt, "plain": _plain, "postgres": _postgres, "mysql": _mysql, "redis": _redis,
    "nginx": _nginx_error, "access": _access, "log4j": _log4j, "kubernetes": _kubernetes, "syslog": _syslog,
}  # fmt: skip

OF_APPLICATIONS = ("pino", "winston", "structlog", "zap", "python", "logback", "logfmt", "plain")
"""Any application may write any of these."""
