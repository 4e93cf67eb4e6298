"""The answer of Doris' t-digest while it has merged nothing: a weighted mean of two neighbours, in single precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Doris' default compression, and the range outside which it takes the default.
COMPRESSION = 10000
SMALLEST, LARGEST = 2048, 10000

_TINY = np.finfo(np.float32).tiny


def exact_up_to(compression: float) -> int:
    """So many values are kept one by one, however they come in.

    Two neighbours in the middle are merged from 4 / pi * compression values on; a margin is left for rounding.
    """
    used = compression if SMALLEST <= compression <= LARGEST else COMPRESSION
    return int(1.2 * used)


def quantile(values: NDArray[Any], fraction: float) -> float:
    """The `fraction` (0 to 1) of `values`, which must not be more than `exact_up_to` of them."""
    single = values.astype(np.float32)
    means = np.sort(single[~np.isnan(single)])
    count = len(means)
    if count == 0:
        return 0.0
    if count == 1:
        return float(means[0])
    index = np.float32(fraction) * np.float32(count)
    if index <= np.float32(0.5):
        return float(means[0])
    # The middle of value i lies at i + 0.5; the first one that is not below the index.
    place = int(np.ceil(index - np.float32(0.5)))
    if place < count:
        before = np.float32(place - 0.5)
        return _mean(means[place - 1], np.float32(place + 0.5) - index, means[place], index - before)
    # Doris starts its maximum at the smallest positive float, which shows when all values are negative.
    largest = max(means[-1], _TINY)
    beyond = np.float32(float(index - np.float32(count)) - 0.5)
    return _mean(means[-1], beyond, largest, np.float32(0.5) - beyond)


def _mean(low: np.float32, low_weight: np.float32, high: np.float32, high_weight: np.float32) -> float:
    found = (low * low_weight + high * high_weight) / (low_weight + high_weight)
    return float(max(low, min(found, high)))
