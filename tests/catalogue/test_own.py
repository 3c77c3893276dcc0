"""Own signatures beside the built-in ones: added, put in their place, switched off."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.catalogue import load_catalogue
from analyzer.catalogue.built_in import BUILT_IN_WORD, built_in_path
from analyzer.catalogue.load import read_catalogue
from analyzer.catalogue.own import own_catalogue
from analyzer.config import CatalogueSettings
from tests.catalogue.test_load import GOOD

OVERRIDDEN = "redis.out_of_memory"


def _write(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name.replace('.', '/')}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of signatures."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "log-incident-analyzer" / "signatures"


def test_without_anything_of_ones_own_it_is_the_built_in_catalogue(own: Path) -> None:
    catalogue, problems, remarks = own_catalogue(CatalogueSettings())
    assert catalogue.signatures == load_catalogue().signatures
    assert (problems, remarks) == ([], [])
    own.mkdir(parents=True)
    assert own_catalogue(CatalogueSettings()).problems == []


def test_own_signatures_stand_beside_the_built_in_ones(own: Path, tmp_path: Path) -> None:
    first = _write(own, "shop.order_lost", GOOD)
    second = _write(tmp_path / "team", "shop.other", GOOD.replace("order_lost", "other"))
    catalogue, problems, _ = own_catalogue(CatalogueSettings(paths=(tmp_path / "team",)))
    assert problems == []
    assert len(catalogue) == len(load_catalogue()) + 2
    assert (catalogue.files["shop.order_lost"], catalogue.files["shop.other"]) == (first, second)
    assert catalogue.files[OVERRIDDEN].is_relative_to(built_in_path())


def test_an_own_signature_may_refer_to_built_in_ones(own: Path) -> None:
    _write(own, "shop.order_lost", GOOD + f"refines: {OVERRIDDEN}\nleads_to: [http.server_error]\n")
    assert own_catalogue(CatalogueSettings()).problems == []


def test_an_own_signature_overrides_the_built_in_one_of_its_id(own: Path) -> None:
    file = _write(own, OVERRIDDEN, GOOD.replace("shop.order_lost", OVERRIDDEN))
    catalogue, problems, _ = own_catalogue(CatalogueSettings())
    assert problems == []
    assert catalogue[OVERRIDDEN].title == "Order {id} lost"
    assert catalogue.files[OVERRIDDEN] == file
    assert list(catalogue.overridden) == [OVERRIDDEN]
    assert len(catalogue) == len(load_catalogue())


def test_overriding_does_not_depend_on_the_order_of_the_paths(tmp_path: Path) -> None:
    file = _write(tmp_path, OVERRIDDEN, GOOD.replace("shop.order_lost", OVERRIDDEN))
    orders: list[list[str | Path]] = [[BUILT_IN_WORD, tmp_path], [tmp_path, BUILT_IN_WORD]]
    for paths in orders:
        catalogue, problems = read_catalogue(paths)
        assert (problems, catalogue.files[OVERRIDDEN]) == ([], file)


def test_two_own_signatures_of_one_id_are_refused(own: Path, tmp_path: Path) -> None:
    _write(own, OVERRIDDEN, GOOD.replace("shop.order_lost", OVERRIDDEN))
    _write(tmp_path / "team", OVERRIDDEN, GOOD.replace("shop.order_lost", OVERRIDDEN))
    (problem,) = own_catalogue(CatalogueSettings(paths=(tmp_path / "team",))).problems
    assert "already defined" in problem.message


def test_a_broken_override_leaves_the_built_in_one(own: Path) -> None:
    _write(own, OVERRIDDEN, GOOD.replace("shop.order_lost", OVERRIDDEN).replace("high", "awful"))
    catalogue, problems, _ = own_catalogue(CatalogueSettings())
    assert [problem.key for problem in problems] == ["severity"]
    assert catalogue[OVERRIDDEN] == load_catalogue()[OVERRIDDEN]
    assert catalogue.overridden == {}


def test_own_signatures_are_linted_built_in_ones_only_when_asked(own: Path) -> None:
    _write(own, "shop.order_lost", GOOD.replace("resend {id}", "resend {user}"))
    (problem,) = own_catalogue(CatalogueSettings()).problems
    assert problem.key == "fix[0].command"


def test_signatures_are_switched_off_by_id_or_technology(own: Path) -> None:
    catalogue, _, remarks = own_catalogue(CatalogueSettings(disable=(OVERRIDDEN, "kafka.*")))
    off = {signature.id for signature in catalogue.disabled}
    assert off == {s.id for s in load_catalogue() if s.id.startswith("kafka.") or s.id == OVERRIDDEN}
    assert off.isdisjoint(catalogue.by_id)
    assert remarks == []


def test_switching_off_what_does_not_exist_is_told(own: Path) -> None:
    remarks = own_catalogue(CatalogueSettings(disable=("redis.out_of_memry", "cobol.*"))).remarks
    assert remarks == [
        f"catalogue.disable: 'redis.out_of_memry' fits no signature; did you mean '{OVERRIDDEN}'?",
        "catalogue.disable: 'cobol.*' fits no signature",
    ]
