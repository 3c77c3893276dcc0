"""Signatures by id: which are broader, and what remains when some are switched off."""

from __future__ import annotations

from pathlib import Path

from analyzer.catalogue import Catalogue
from analyzer.catalogue.load import read_catalogue
from tests.catalogue.test_load import GOOD


def _family(folder: Path, **above: str | None) -> Catalogue:
    """A catalogue of signatures, each with the broader one that it refines."""
    for name, broader in above.items():
        refines = f"refines: shop.{broader}\n" if broader else ""
        (folder / f"{name}.yaml").write_text(GOOD.replace("order_lost", name) + refines)
    return read_catalogue([folder])[0]


def test_broader_signatures_nearest_first(tmp_path: Path) -> None:
    catalogue = _family(tmp_path, a=None, b="a", c="b")
    assert catalogue.ancestors("shop.c") == ("shop.b", "shop.a")
    assert catalogue.ancestors("shop.a") == catalogue.ancestors("shop.unknown") == ()


def test_a_part_of_a_catalogue_knows_only_its_own(tmp_path: Path) -> None:
    part = Catalogue((_family(tmp_path, a=None, b="a")["shop.b"],))
    assert part.ancestors("shop.b") == ()


def test_a_circle_of_refinements_ends(tmp_path: Path) -> None:
    assert len(_family(tmp_path, a="b", b="a").ancestors("shop.a")) <= 2


def test_what_refined_a_signature_that_is_off_refines_the_next_broader_one(tmp_path: Path) -> None:
    catalogue = _family(tmp_path, a=None, b="a", c="b")
    assert catalogue.without(["shop.b"]).ancestors("shop.c") == ("shop.a",)
    assert catalogue.without(["shop.a", "shop.b"]).ancestors("shop.c") == ()
    assert catalogue.without([]) is catalogue
    assert len(Catalogue(()).without(["*"])) == 0
