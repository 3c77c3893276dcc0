"""A catalogue whose samples do not behave as its files say is found out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.catalogue import Catalogue
from analyzer.match.verify import verify
from analyzer.model import Request, Sample, Signature, Where

LOST = Signature(
    id="shop.lost",
    title="Lost",
    category="data_loss",
    severity="high",
    match=(r"order #?(?P<id>\d+) was lost",),
    samples=(Sample(text="order 7 was lost", captures={"id": "7"}),),
    near_misses=("order 7 was found",),
)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def _said(*signatures: Signature) -> list[str]:
    return [str(failure) for failure in verify(Catalogue(signatures))]


def test_a_sound_catalogue_passes() -> None:
    refused = Signature(
        id="http.refused",
        title="t",
        category="crash",
        severity="low",
        request=Request(statuses=("4xx",)),
        samples=(Sample(text='{"method":"GET","url":"/a/7","statusCode":404}', captures={"status": "404"}),),
    )
    assert _said(LOST, refused) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"samples": (Sample(text="order 7 was found"),)}, "samples[0]: does not match its own signature"),
        (
            {"samples": (Sample(text="order 7 was lost", captures={"id": "8"}),)},
            "samples[0]: id is '7', expected '8'",
        ),
        ({"near_misses": ("order 9 was lost",)}, "near_misses[0]: matches, and must not"),
        ({"where": Where(level=("error",)), "samples": (Sample(text="order 7 was lost", layout="nope"),)}, "no layout"),
        ({"match": (r"order \p{N}+ was lost",)}, "match[0]: "),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], said: str) -> None:
    (failure,) = _said(replace(LOST, **change))  # type: ignore[arg-type]
    assert failure.startswith("shop.lost: ")
    assert said in failure


def test_a_sample_that_another_signature_matches_too_is_found() -> None:
    other = replace(LOST, id="shop.other", match=(r"was (?:lost|stolen)",), samples=())
    assert _said(LOST, other) == ["shop.lost: samples[0]: is also matched by shop.other"]
    assert _said(LOST, replace(other, refines="shop.lost")) == []
    assert _said(LOST, replace(other, yields=True)) == []
    (failure,) = _said(replace(LOST, yields=True), other)
    assert failure == "shop.lost: samples[0]: does not match its own signature; it is matched by shop.other"


def test_the_layout_of_a_sample_is_seen_or_named() -> None:
    line = "2025-10-24 02:14:07,113 - app.db - ERROR - order 7 was lost"
    asking = replace(LOST, where=Where(level=("info",)), samples=(Sample(text=line),), near_misses=())
    assert _said(asking) == ["shop.lost: samples[0]: does not match its own signature"]
    assert _said(replace(asking, samples=(Sample(text=line, layout="plain"),))) == []
    assert _said(replace(asking, samples=(Sample(text=line, layout="syslog"),))) == []
