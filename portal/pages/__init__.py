"""One script per page, run by Streamlit: layout only, numbers come from `nereus`."""

from __future__ import annotations

#: script -> its title and the name of its icon, in the order of the menu.
ADDRESSES = {
    "overview": ("Overview", "dashboard"),
    "cost": ("Cost", "euro"),
    "capacity": ("Capacity", "hard_drive"),
    "benchmarks": ("Benchmarks", "speed"),
    "service_level": ("Service level", "timer"),
    "data": ("Data", "table"),
    "what_if": ("What if", "tune"),
}
