"""Ask for every chart of every dashboard, so that the cache answers when people come. Run after each load.

    python -m nereus_superset.warm

Answers are kept apart by the rows that people may see: each distinct set of row rules is warmed once, as one of the
people who has it. Prints a JSON line: what was asked, and what failed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from nereus_superset import answers


def main() -> None:
    from superset.app import create_app

    app = create_app()
    asked, failed = 0, []
    with app.app_context():
        people = list(_people())
        for person in people:
            for dashboard, chart in _charts():
                # Each question stands alone, as in a request of its own.
                with app.test_request_context():
                    error = _ask(person, chart)
                asked += 1
                if error:
                    failed.append(f"{dashboard}, {chart['name']}, as {person}: {error}")
        answers.loaded()
    print(json.dumps({"asked": asked, "people": people, "failed": failed}))


def _people() -> Iterator[str]:
    """One name for each set of row rules that somebody has."""
    from superset.connectors.sqla.models import RowLevelSecurityFilter
    from superset.extensions import db
    from superset.extensions import security_manager as manager

    rules = [(rule.id, {role.id for role in rule.roles}) for rule in db.session.query(RowLevelSecurityFilter)]
    seen: set[frozenset[int]] = set()
    for user in sorted(manager.get_all_users(), key=lambda user: user.username):
        roles = {role.id for role in user.roles}
        own = frozenset(number for number, having in rules if having & roles)
        if user.is_active and own not in seen:
            seen.add(own)
            yield user.username


def _charts() -> list[tuple[str, dict[str, Any]]]:
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    found = []
    for dashboard in db.session.query(Dashboard).order_by(Dashboard.id):
        for chart in sorted(dashboard.slices, key=lambda chart: chart.id):
            if chart.query_context:
                told = {"id": chart.id, "name": chart.slice_name, "query": chart.query_context}
                found.append((dashboard.dashboard_title, {**told, "dashboard": dashboard.id}))
    return found


def _ask(person: str, chart: dict[str, Any]) -> str | None:
    """The error, if the chart could not be answered. What a person may not see is no error."""
    from flask import g
    from superset.charts.schemas import ChartDataQueryContextSchema
    from superset.commands.chart.data.get_data_command import ChartDataCommand
    from superset.exceptions import SupersetSecurityException
    from superset.extensions import security_manager as manager

    g.user = manager.find_user(username=person)
    query = json.loads(chart["query"])
    form = {**query.get("form_data", {}), "slice_id": chart["id"], "dashboardId": chart["dashboard"]}
    try:
        context = ChartDataQueryContextSchema().load({**query, "force": True, "form_data": form})
        command = ChartDataCommand(context)
        command.validate()
        command.run()
    except SupersetSecurityException:
        return None
    except Exception as error:  # whatever it is, the other charts are asked
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
