"""Which engine does the sums."""

from __future__ import annotations

import os

from imgconv.engines.base import Engine
from imgconv.engines.reference import ReferenceEngine


def select_engine() -> Engine:
    """Give the fastest exact engine that this installation has."""
    return ReferenceEngine()


def usable_cpus() -> int:
    """Count the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
