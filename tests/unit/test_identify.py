"""Kernels are recognised for what they are."""

from __future__ import annotations

import pytest

from imgconv.io.kernels.bank import KernelBank
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.kernel import Kernel
from imgconv.ops.linear.identify import identify

BANK = [kernel for kernel in KernelBank.standard().values() if isinstance(kernel, Kernel)]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("-2 0 2; -4 0 4; -2 0 2", "sobel_x times 2"),
        ("2 0 -2; 4 0 -4; 2 0 -2", "sobel_x times -2"),
        ("0 0 0 0 0; 0 0 -1 0 0; 0 -1 5 -1 0; 0 0 -1 0 0; 0 0 0 0 0", "sharpen"),
        ("1 2; 3 5", "asymmetric: convolution and correlation differ"),
        ("1 2; 3 5", "not separable, rank 2"),
        ("1 2 1; 2 4 2; 1 2 1", "binomial_3 times 16"),
        ("gaussian:sigma=1.4", "Gaussian about sigma 1.40"),
        ("gaussian:3,rule=4sigma @ gaussian:4,rule=4sigma", "Gaussian about sigma 5.00"),
        ("box:5", "mean of a 5 x 5 window"),
        ("3 3; 3 3", "mean of a 2 x 2 window times 12"),
        ("laplacian", "adds up to 0: flat areas vanish"),
        ("0 0; 0 0", "all weights are 0"),
    ],
)
def test_what_is_said(spec, said):
    assert said in identify(load_kernel(spec), BANK)


def test_every_kernel_of_the_bank_is_found_by_its_name():
    """Or by another name for the same weights."""
    for kernel in BANK:
        nameless = Kernel(kernel.weights, scale=kernel.scale, anchor=kernel.anchor)
        names = identify(nameless, [kernel])
        assert names[0] == kernel.name
