"""How plots look unless the notebook says otherwise: readable in print and for the colour-blind."""

from __future__ import annotations

#: Okabe and Ito's palette, which people with any kind of colour vision can tell apart.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")


def use() -> None:
    """Set Matplotlib's defaults."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "axes.prop_cycle": mpl.cycler(color=COLOURS),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.alpha": 0.3,
            "figure.figsize": (9, 4.5),
            "figure.dpi": 100,
            "font.size": 11,
        }
    )
