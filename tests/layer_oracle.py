"""What a layer computes, in plain loops and fractions. Shares nothing with the package."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
from oracle import RANGES, nearest_float32, outside, rounded


def axis(n, k, stride, dilation, padding):
    """The position of the first tap, for each output of an axis."""
    reach = (k - 1) * dilation + 1
    if padding in ("same", "same-lower"):
        out = -(-n // stride)
        total = max((out - 1) * stride + reach - n, 0)
        before = total // 2 if padding == "same" else total - total // 2
        return [i * stride - before for i in range(out)]
    before, after = (0, 0) if padding == "valid" else padding
    return [i - before for i in range(0, n + before + after - reach + 1, stride)]


def convolve(
    image,
    weights,
    biases=None,
    *,
    stride=None,
    dilation=None,
    padding="valid",
    border="constant",
    border_value=0,
    groups=1,
    depth="float32",
    rounding="half-even",
):
    """Correlate an image (spatial axes, channels) with weights (filters, channels, kernel axes)."""
    sizes = image.shape[:-1]
    filters, per_group, *kernel = weights.shape
    axes = len(sizes)
    stride, dilation = stride or (1,) * axes, dilation or (1,) * axes
    padding = (padding,) * axes if isinstance(padding, str) else padding
    starts = [axis(sizes[a], kernel[a], stride[a], dilation[a], padding[a]) for a in range(axes)]
    out = np.zeros((*map(len, starts), filters), depth)
    for place in product(*(range(len(one)) for one in starts)):
        for f in range(filters):
            first = f // (filters // groups) * per_group
            total = Fraction(0) if biases is None else Fraction(biases[f])
            special = 0.0
            for c in range(per_group):
                for tap in product(*map(range, kernel)):
                    weight = weights[(f, c, *tap)]
                    weight = Fraction(
                        weight if isinstance(weight, int | Fraction) else float(weight)
                    )
                    if weight == 0:
                        continue
                    at = [
                        outside(starts[a][place[a]] + tap[a] * dilation[a], sizes[a], border)
                        for a in range(axes)
                    ]
                    value = border_value if None in at else image[(*at, first + c)].item()
                    if not np.isfinite(value):
                        special += value * (1 if weight > 0 else -1)
                    else:
                        total += weight * Fraction(value)
            out[(*place, f)] = finished(total, special, depth, rounding)
    return out


def finished(total, special, depth, rounding):
    if depth == "float32":
        return nearest_float32(total) if special == 0 else special
    low, high = RANGES[depth]
    if special != 0:
        return 0 if np.isnan(special) else low if special < 0 else high
    return min(max(rounded(total, rounding), low), high)


def pool(image, kind, size, stride, padding, dilation, ceil_mode=False, count_include_pad=False):
    """Pool an image (spatial axes, channels) as ONNX says; None if a window touches no pixel."""
    sizes = image.shape[:-1]
    axes = range(len(sizes))
    starts = []
    for a in axes:
        firsts = axis(sizes[a], size[a], stride[a], dilation[a], padding[a])
        if ceil_mode and not isinstance(padding[a], str):
            before, after = padding[a]
            reach = (size[a] - 1) * dilation[a] + 1
            beyond = sizes[a] + before + after - reach - (len(firsts) - 1) * stride[a]
            if beyond > 0:
                firsts = [*firsts, len(firsts) * stride[a] - before]
            if firsts and firsts[-1] >= sizes[a]:
                firsts = firsts[:-1]
        if not firsts:
            return None
        starts.append(firsts)
    ends = [
        starts[a][-1] + (size[a] - 1) * dilation[a] + 1  # automatic padding is what is needed
        if isinstance(padding[a], str)
        else sizes[a] + padding[a][1]
        for a in axes
    ]
    out = np.zeros((*map(len, starts), image.shape[-1]), np.float32)
    for place in np.ndindex(out.shape):
        under = [
            [starts[a][place[a]] + tap[a] * dilation[a] for a in axes]
            for tap in product(*map(range, size))
        ]
        inside = [at for at in under if all(0 <= at[a] < sizes[a] for a in axes)]
        if not inside:
            return None
        values = [Fraction(image[(*at, place[-1])].item()) for at in inside]
        if kind == "max":
            out[place] = max(values)
            continue
        counted = [at for at in under if all(at[a] < ends[a] for a in axes)]
        count = len(counted) if count_include_pad else len(values)
        out[place] = nearest_float32(sum(values) / count)
    return out
