"""Arrow without pandas, in a process of which this program is the master."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _NoPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002
        """Refuse pandas; everything else is found as usual."""
        if name == "pandas":
            raise ModuleNotFoundError("not needed here", name=name)


def spare_pandas() -> None:
    """Let Arrow not import pandas only to find out that nothing it is given comes from there.

    It looks for pandas once, when it makes its first array, which takes as long as reading 30 MB of log;
    from then on it imports pandas when somebody asks for a data frame.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    refusal = _NoPandas()
    sys.meta_path.insert(0, refusal)
    try:
        pa.array(())
    finally:
        sys.meta_path.remove(refusal)


__all__ = ["spare_pandas"]
