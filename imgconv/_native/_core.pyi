"""The native core of imgconv; use `imgconv.engines.native`."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

class Type(Enum):
    U8 = ...
    U16 = ...
    I16 = ...
    F32 = ...
    F64 = ...

class Rounding(Enum):
    HALF_EVEN = ...
    HALF_UP = ...
    HALF_DOWN = ...
    TRUNCATE = ...

class Border(Enum):
    CONSTANT = ...
    REPLICATE = ...
    REFLECT = ...
    REFLECT101 = ...
    WRAP = ...

class Algorithm(Enum):
    TAPS16 = ...
    DOT8 = ...
    DOT16 = ...
    F32 = ...
    F64 = ...
    BOX = ...
    RUNNING = ...
    FFT = ...
    EXACT = ...

class SumKind(Enum):
    INTEGER = ...
    FIXED = ...
    REAL = ...

class Capabilities:
    @property
    def vector_bytes(self) -> int: ...
    @property
    def fused(self) -> bool: ...
    @property
    def taps16(self) -> bool: ...
    @property
    def dot8(self) -> bool: ...
    @property
    def word_pairs(self) -> bool: ...
    @property
    def symmetric(self) -> bool: ...

class Plan:
    algorithm: Algorithm
    sum_kind: SumKind
    separable: bool
    horizontal: Algorithm
    shift: int
    bound: float
    bound_fixed: float
    scaled: bool
    exact_span: float
    relative_bound: float
    value_bound: float
    tile_rows: int
    tile_columns: int
    whole: bool
    def __init__(self) -> None: ...

Axis = tuple[int, int, int, int, int, int]
"""Length, taps, before, out, stride, dilation; see `imgconv.model.geometry.Axis`."""

class Correlator:
    @property
    def bytes(self) -> int: ...
    @property
    def is_proved(self) -> bool: ...
    def run(
        self,
        image: NDArray[Any],
        target: NDArray[Any],
        rows: Axis,
        columns: Axis,
        border: Border,
        border_value: float,
        threads: int,
        plain: Correlator | None = None,
    ) -> tuple[int, int] | None: ...

class Combine(Enum):
    ROOT = ...
    SUM_ABS = ...
    MAX = ...
    MAX_ABS = ...
    WINNER = ...
    WINNER_ABS = ...

class Proof(Enum):
    ALL = ...
    IN_DOUBLE = ...
    NONE = ...

class Local(Enum):
    NIBLACK = ...
    SAUVOLA = ...
    MEAN = ...
    GAUSSIAN = ...

_Three = Sequence[float]
_Array = NDArray[Any]

def weight_bits(isa: str, type: Type, image: _Array) -> tuple[int, int]: ...
def weigh(isa: str, type: Type, image: _Array, low: _Array, high: _Array | None) -> None: ...
def premultiply(isa: str, type: Type, image: _Array, target: _Array) -> None: ...
def means(
    isa: str,
    colour: _Three,
    straight: _Three,
    share: _Three,
    sign: float,
    high_unit: float,
    doubt: float,
    absolute: bool,
    rounding: Rounding,
    type: Type,
    low: _Array | None,
    high: _Array | None,
    straight_sums: _Array | None,
    wide: bool,
    target: _Array,
) -> tuple[int, bytes, int, int]: ...
def run_set(
    isa: str,
    members: list[tuple[Any, ...]],
    factors: Sequence[float],
    how: Combine,
    value: _Three,
    proof: Proof,
    absolute: bool,
    rounding: Rounding,
    type: Type,
    may_be_nan: bool,
    wide: bool,
    image: _Array,
    border: Border,
    border_value: float,
    threads: int,
    target: _Array,
) -> tuple[int, tuple[list[int], list[float]] | None]: ...
def run_directions(
    isa: str,
    members: list[tuple[Any, ...]],
    moments: Sequence[float],
    levels: float,
    low: float,
    type: Type,
    image: _Array,
    border: Border,
    border_value: float,
    threads: int,
    target: _Array,
) -> tuple[list[int], list[float]] | None: ...
def ordered_sums(
    isa: str,
    weights: Sequence[Sequence[float]],
    image: _Array,
    row_stride: int,
    row_dilation: int,
    column_dilation: int,
    target: _Array,
) -> None: ...
def layer_sums(
    isa: str,
    type: Type,
    windows: _Array,
    stride: int,
    dilation: int,
    weights: _Array,
    filters: int,
    target: _Array,
) -> None: ...
def settle(
    isa: str,
    gains: _Array,
    added: _Array,
    fixed: _Array,
    relative: _Array,
    sums: _Array,
    target: _Array,
    doubts: _Array,
) -> int: ...
def encode(
    isa: str,
    base: _Array,
    edge: _Array,
    near: _Array,
    most: float,
    light: _Array,
    type: Type,
    target: _Array,
) -> int: ...
def encode_mean(
    isa: str,
    base: _Array,
    edge: _Array,
    near: _Array,
    most: float,
    table: _Array,
    weights: Sequence[int],
    total: int,
    type: Type,
    image: _Array,
    target: _Array,
) -> None: ...
def above_local(
    isa: str,
    method: Local,
    window: int,
    numbers: Sequence[float],
    weights: Sequence[float],
    border: Border,
    type: Type,
    image: _Array,
    threads: int,
    target: _Array,
) -> None: ...
def isas() -> list[str]: ...
def find_ranks(
    pixels: NDArray[np.uint16], out: NDArray[np.uint16], runs: NDArray[np.int64], rank: int
) -> None: ...
def run_network(
    isa: str,
    type: Type,
    image: _Array,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    before: int,
    outside: float,
    window: Sequence[int],
    tile: Sequence[int],
    comparisons: NDArray[np.int64],
    buffers: int,
    size: int,
    result: Sequence[int],
    target: _Array,
) -> None: ...
def run_medians(
    isa: str,
    type: Type,
    image: _Array,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    before: int,
    outside: float,
    side: int,
    target: _Array,
) -> None: ...
def capabilities(isa: str) -> Capabilities: ...
def prepare(
    weights: NDArray[np.int64],
    columns: int,
    factor: Sequence[int],
    added: Sequence[int],
    denominator: Sequence[int],
    absolute: bool,
    type_in: Type,
    type_out: Type,
    rounding: Rounding,
    plan: Plan,
    column: Sequence[float],
    row: Sequence[float],
    isa: str,
    quotients: NDArray[np.int64] | None = None,
    weighing: Sequence[float] = ...,
) -> Correlator: ...
