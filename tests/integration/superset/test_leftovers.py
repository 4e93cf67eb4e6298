"""Files that are gone: what they had brought goes too, what people made by hand stays. Changes the deployment's files:
the last of these tests brings them back."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from nereus.provision import superset
from nereus.superset.api import Superset
from tests.integration.superset.conftest import Stand

pytestmark = pytest.mark.timeout(1800)
DASHBOARD = "dashboards/retail_product_margin.yaml"


def test_what_has_no_file_is_removed_and_own_work_stays(stand: Stand) -> None:
    folder = stand.folder / "retail" / "dashboards"
    admin = superset.login(stand.home, stand.platform, "admin")
    before = names(admin)
    brand = next(number for name, number in datasets(admin).items() if name == "mv_sales_brand")
    own = {"slice_name": "By hand", "viz_type": "table", "datasource_id": brand, "datasource_type": "table"}
    admin._call("POST", "/api/v1/chart/", {**own, "params": "{}"})
    gone = [folder / DASHBOARD, folder / "datasets" / "mv_sales_brand.yaml"]
    gone += sorted((folder / "charts").glob("retail_product_margin__*.yaml"))
    texts = {path: path.read_text("utf-8") for path in gone}
    titles = Counter(title(path) for path in gone if path.parent.name == "charts")
    try:
        for path in gone:
            path.unlink()
        changes = superset.bootstrap(stand.home, stand.platform, stand.plan())
        assert len([one for one in changes if "removed: its file is gone" in one]) == 1 + titles.total()
        assert [one for one in changes if "stays" in one] == [
            "Superset: retail.mv_sales_brand stays although its file is gone: somebody's own work needs it"
        ]
        assert names(admin) == before - titles + Counter(["By hand"])
        assert "retail-product-margin" not in admin.dashboards()
        number = next(one["id"] for one in listed(admin, "chart") if one["slice_name"] == "By hand")
        admin._call("DELETE", f"/api/v1/chart/{number}")
    finally:
        for path, text in texts.items():
            path.write_text(text, "utf-8")
    assert superset.bootstrap(stand.home, stand.platform, stand.plan())
    assert names(admin) == before
    assert "retail-product-margin" in admin.dashboards()


def title(path: Path) -> str:
    return str(YAML(typ="safe", pure=True).load(path.read_text("utf-8"))["slice_name"])


def listed(person: Superset, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person._call("GET", f"/api/v1/{kind}/?q=(page_size:100)")["result"]
    return found


def names(person: Superset) -> Counter[str]:
    """Titles of charts; several dashboards have one of the same name."""
    return Counter(one["slice_name"] for one in listed(person, "chart"))


def datasets(person: Superset) -> dict[str, int]:
    return {re.sub(r".*\.", "", one["table_name"]): one["id"] for one in listed(person, "dataset")}
