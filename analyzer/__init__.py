"""A log-based incident analyzer: from a folder of logs to explained incidents.

import analyzer
analysis = analyzer.analyze(["logs/"])
for incident in analysis.incidents:
    print(incident.severity, incident.title, incident.root_cause.title)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.errors import AnalyzerError, CatalogueError, InputError

if TYPE_CHECKING:
    from analyzer.catalogue import Catalogue, load_catalogue
    from analyzer.model import Analysis, Incident
    from analyzer.pipeline import analyze

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "AnalyzerError",
    "Catalogue",
    "CatalogueError",
    "Incident",
    "InputError",
    "analyze",
    "load_catalogue",
]

_HOMES = {
    "analyze": "analyzer.pipeline",
    "load_catalogue": "analyzer.catalogue",
    "Catalogue": "analyzer.catalogue",
    "Analysis": "analyzer.model",
    "Incident": "analyzer.model",
}


def __getattr__(name: str) -> Any:
    """Import the heavy rooms when they are first asked for, so that `analyzer --help` stays fast."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
