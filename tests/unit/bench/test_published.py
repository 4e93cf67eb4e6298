"""The published anchors keep their hardware, date and source."""

from __future__ import annotations

from pathlib import Path

import pytest

from nereus.bench import published
from nereus.errors import BadInput


def test_what_is_kept_has_doris_and_snowflake_with_source_and_date() -> None:
    kept = published.read()
    assert {"Apache Doris", "Snowflake"} <= {each.system for each in kept.clickbench.results}
    for about in (kept.clickbench, kept.star_schema_and_tpc):
        assert about.source
        assert about.seen_on.year >= 2026
    assert all(each.hot_median <= each.hot_mean <= each.hot_p95 for each in kept.clickbench.results)


def test_a_result_without_its_machine_is_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "published.yaml"
    text = published.FILE.read_text("utf-8")
    broken.write_text(text.replace('machine: "XS, gen 1", ', "", 1), "utf-8")
    with pytest.raises(BadInput, match=r"published.yaml: clickbench.results.0.machine: Field required"):
        published.read(broken)
