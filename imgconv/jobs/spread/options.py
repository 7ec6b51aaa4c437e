"""How a spread run goes."""

from __future__ import annotations

from typing import NamedTuple

from imgconv.io.images.picture import Encoding, Reading
from imgconv.jobs.batch.naming import DEFAULT


class SpreadOptions(NamedTuple):
    """How a spread run goes.

    Attributes
    ----------
    cluster : str, optional
        Address of a Dask scheduler, or ``local:N``; default threads of this process.
    name, format, shard, overwrite, jobs, max_failures, reading, encoding
        As for `imgconv.jobs.batch.run.BatchOptions`.
    """

    cluster: str | None = None
    name: str = DEFAULT
    format: str | None = None
    shard: str | None = None
    overwrite: bool = False
    jobs: int | None = None
    max_failures: int | None = None
    reading: Reading = Reading()
    encoding: Encoding = Encoding()
