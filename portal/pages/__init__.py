"""One script per page, run by Streamlit: layout only, numbers come from `nereus`, texts from its catalogues."""

from __future__ import annotations

#: script -> the name of its icon, in the order of the menu.
ADDRESSES = {
    "overview": "dashboard",
    "cost": "euro",
    "capacity": "hard_drive",
    "benchmarks": "speed",
    "service_level": "timer",
    "data": "table",
    "what_if": "tune",
}
