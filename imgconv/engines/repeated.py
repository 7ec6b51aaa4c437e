"""A correlation done again and again on images of one shape: what it needs is found once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv.engines.base import Correlation, Pixels
from imgconv.engines.core_values import paid_threads

if TYPE_CHECKING:
    from imgconv.engines.native import Prepared

Repeated = Callable[[Pixels], Pixels]
"""A function of an image of three axes, whose values lie one after the other."""


def repeated(prepared: Prepared, job: Correlation, border: Any) -> Repeated | None:
    """Return a function that does a correlation on images of the shape and the type of the job's.

    Parameters
    ----------
    prepared : Prepared
        The kernel, ready for the core.
    job : Correlation
    border : object
        The core's word for the border.

    Returns
    -------
    callable or None
        None where the core does not do it.
    """
    if prepared.correlator is None:
        return None
    rows, columns = job.geometry
    shape = rows.out, columns.out, job.image.shape[2]
    threads, value = job.threads, job.border_value
    if threads > 1:
        threads = paid_threads(threads, prepared.plan.cost * math.prod(shape))
    run, dtype, empty = prepared.correlator.run, job.depth.dtype, np.empty

    def call(image: Pixels) -> Pixels:
        out = empty(shape, dtype)
        run(image, out, rows, columns, border, value, threads)
        return out

    return call
