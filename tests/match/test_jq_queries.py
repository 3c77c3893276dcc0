"""A query may hang or want all memory: the run goes on, and what could not be asked is counted."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyzer.match.jq_queries import Queries


@pytest.mark.parametrize("query", ["def f: f; f", "[repeat(1)]", "[range(1e12)] | length"])
def test_a_query_that_never_ends_is_given_up(query: str) -> None:
    queries = Queries(patience=0.2)
    try:
        records = pa.array(['{"a": 1}'] * 20)
        assert not queries.true_of(query, records).any()
        assert queries.unasked() == {query: 20}
        assert queries.true_of(".a", records).all()
        assert not queries.unasked()
    finally:
        queries.close()


def test_one_record_on_which_a_query_hangs_costs_no_other_its_answer() -> None:
    query = "def f: f; if .hang then f else .a end"
    queries = Queries(patience=0.2)
    try:
        records = ['{"a": 1}', '{"hang": true}', '{"a": 1}', '{"a": null}', "2", '{"a": 1} {}', "[INFO] no json"]
        answers = queries.true_of(query, pa.array(records))
        assert answers.tolist() == [True, False, True, False, False, False, False]
        assert queries.unasked() == {query: 1}
    finally:
        queries.close()
