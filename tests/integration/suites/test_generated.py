"""Generated SELECTs give over the wire what DuckDB gives for the same text."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, note, settings

from benchmarks.measure.rows import difference
from tests.integration.suites.selects import selects

if TYPE_CHECKING:
    from tests.integration.suites.conftest import Pair

#: The same ones on each run; NEREUS_EXAMPLES=5000 throws that many new ones.
ASKED = os.environ.get("NEREUS_EXAMPLES")


@settings(
    max_examples=int(ASKED or 80),
    derandomize=ASKED is None,
    # What fails is short enough as it is; making it shorter takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(sql=selects())
def test_generated_selects(ssb: Pair, sql: str) -> None:
    note(sql)
    assert difference(ssb.wire(sql), ssb.native(sql)) is None
