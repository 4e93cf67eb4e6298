"""What the platform costs on machines of one's own, new or refurbished, and on rented ones."""

from __future__ import annotations

from nereus.cases import Case
from nereus.costs.amount import Amount
from nereus.costs.options import MONTHS_PER_YEAR, Option, every_year
from nereus.costs.prices import Hardware, Prices

#: One watt for a year of 8,760 hours.
ENERGY_OF_A_WATT = Amount.given(8.760, "kWh/W/year")


def machine(prices: Prices, case: Case, hardware: Hardware) -> Amount:
    """EUR/node of one machine: the price called `node`, in proportion to the parts of the machine it stands for."""
    whole = prices.at("node", case)
    if hardware == prices.reference:
        return whole
    return whole * (_parts(prices, case, hardware) / _parts(prices, case, prices.reference))


def _parts(prices: Prices, case: Case, hardware: Hardware) -> Amount:
    """EUR/node of the parts of one machine."""

    def on_each(value: float, unit: str) -> Amount:
        return Amount.given(value, f"{unit}/node")

    chassis = prices.at("chassis", case) * (hardware.cores / prices.reference.cores)
    memory = prices.at("memory", case) * on_each(hardware.memory_gb, "GB") / prices.at("usd_per_eur", case)
    nvme = prices.at("nvme", case) * prices.at("nvme_enterprise_factor", case) * on_each(hardware.nvme_tb, "TB")
    return chassis + memory + nvme + prices.at("hdd", case) * on_each(hardware.hdd_tb, "TB")


def owned(
    prices: Prices,
    case: Case,
    nodes: int,
    years: int,
    *,
    hardware: Hardware | None = None,
    refurbished: bool = False,
    move: Amount | None = None,
) -> Option:
    """Machines bought at the start, worn off over their life, with energy, maintenance and people.

    `hardware` is the reference machine unless given. The low price of a machine is that of a refurbished one, so
    refurbished machines cost it in every case, and in the low case the two are the same.
    """
    count = Amount.given(nodes, "node")
    each = machine(prices, Case.LOW if refurbished else case, hardware or prices.reference)
    capex = each * count + prices.at("extras", case)
    energy = (
        count * prices.at("draw", case) * ENERGY_OF_A_WATT * prices.at("pue", case) * prices.at("electricity", case)
    )
    causes = (
        every_year("machines", capex / prices.at("hardware_life", case), years, capital=True),
        every_year("maintenance", capex * prices.at("maintenance", case), years),
        every_year("energy", energy, years),
        every_year("people", _people(prices, case), years),
    )
    name, kind = ("refurbished", "refurbished machines") if refurbished else ("owned", "machines")
    return Option(name, f"{nodes} {kind} bought", causes, capex, move or Amount.given(0, "EUR"))


def rented(prices: Prices, case: Case, server: str, nodes: int, years: int, *, move: Amount | None = None) -> Option:
    """Servers rented by the month, with people; energy and repairs are in the rent. Raises KeyError."""
    offer = prices.servers[server]
    rent = Amount.given(nodes, "node") * prices.at(offer.price, case) * MONTHS_PER_YEAR
    causes = (every_year("rent", rent, years), every_year("people", _people(prices, case), years))
    nothing = Amount.given(0, "EUR")
    return Option(
        "rented", f"{nodes} x {offer.what.partition(':')[0]} rented", causes, capex=nothing, one_off=move or nothing
    )


def _people(prices: Prices, case: Case) -> Amount:
    return prices.at("operations", case) * prices.at("salary", case)


def move_off_snowflake(prices: Prices, case: Case, stored: Amount) -> Amount:
    """EUR once: days of work, and the way out of `stored` TB."""
    work = prices.at("migration", case) * prices.at("salary", case) / prices.at("working_days", case)
    egress = stored * prices.at("snowflake_egress", case) / prices.at("usd_per_eur", case)
    return work + egress
