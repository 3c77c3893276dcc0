"""The report as JSON, exactly the public contract."""

from __future__ import annotations

import json

from analyzer.contract import analysis_to_dict
from analyzer.model import Analysis


def render(analysis: Analysis) -> str:
    """The JSON text; log text keeps its characters, except that anything invisible is escaped by JSON itself."""
    return json.dumps(analysis_to_dict(analysis), indent=2, ensure_ascii=True, allow_nan=False) + "\n"
