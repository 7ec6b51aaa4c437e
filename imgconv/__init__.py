"""Filter images with kernels, exactly rounded.

The public names are loaded when they are first used, so that importing this package is cheap.

Examples
--------
>>> import imgconv, numpy as np
>>> image = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]], np.uint8)
>>> imgconv.correlate(image, "blur")
array([[37, 40, 43],
       [47, 50, 53],
       [57, 60, 63]], dtype=uint8)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from imgconv.api import (
        compare,
        convolve,
        correlate,
        diff,
        explain,
        filter_dask_array,
        filter_image,
        recover,
    )
    from imgconv.io.config.recipes import read_recipe, recipe_from
    from imgconv.io.images.image_files import read_image, write_image
    from imgconv.io.kernels.bank import KernelBank
    from imgconv.io.kernels.spec import load_kernel, load_step
    from imgconv.io.kernels.stack import stack_kernels
    from imgconv.io.layers.map_files import write_maps
    from imgconv.io.layers.network import read_network
    from imgconv.jobs.apply.filter_path import filter_path
    from imgconv.jobs.batch.report import BatchReport
    from imgconv.jobs.batch.run import filter_folder, plan_folder
    from imgconv.jobs.diff.compare import diff_folders
    from imgconv.jobs.golden.check import check_goldens
    from imgconv.jobs.golden.record import accept_goldens, record_goldens
    from imgconv.model.border import Border
    from imgconv.model.errors import (
        ArgumentError,
        ImageReadError,
        ImageWriteError,
        ImgconvError,
        KernelError,
        LimitError,
        NothingMatchedError,
        OutputExistsError,
        RecipeError,
        UnknownKernelError,
    )
    from imgconv.model.explanation import Explanation
    from imgconv.model.geometry import OutputSize
    from imgconv.model.kernel import Kernel
    from imgconv.model.kernel_set import Combine, KernelSet, SetOutput
    from imgconv.model.output import Depth, OutputRange, Rounding
    from imgconv.model.recipe import Recipe
    from imgconv.model.settings import Settings
    from imgconv.model.steps.base import Extent, Form, Obstacle, Peer, Reach, Step
    from imgconv.model.steps.color import EncodeLight, Invert, LinearLight, ToGray
    from imgconv.model.steps.convert import Convert
    from imgconv.model.steps.methods import Gray
    from imgconv.model.steps.registry import StepKind
    from imgconv.model.steps.threshold import Binarization
    from imgconv.ops.color.gray import invert, to_gray
    from imgconv.ops.color.threshold import binarize
    from imgconv.ops.compare.compare import Comparison
    from imgconv.ops.context import StepContext, StepResult
    from imgconv.ops.explain.explain_layer import explain_layer
    from imgconv.ops.layers.activation import activate
    from imgconv.ops.layers.convolutions import conv1d, conv2d, conv3d
    from imgconv.ops.layers.layer import Conv
    from imgconv.ops.layers.network import FeatureMaps, network_shapes, run_network, run_parts
    from imgconv.ops.layers.pooling import pool
    from imgconv.ops.windows import windows_under

_HOMES = {
    "api": (
        "compare",
        "convolve",
        "correlate",
        "diff",
        "explain",
        "filter_dask_array",
        "filter_image",
        "recover",
    ),
    "io.kernels.bank": ("KernelBank",),
    "io.images.image_files": ("read_image", "write_image"),
    "io.kernels.spec": ("load_kernel", "load_step"),
    "io.kernels.stack": ("stack_kernels",),
    "io.layers.network": ("read_network",),
    "io.layers.map_files": ("write_maps",),
    "io.config.recipes": ("read_recipe", "recipe_from"),
    "jobs.batch.report": ("BatchReport",),
    "jobs.batch.run": ("filter_folder", "plan_folder"),
    "jobs.diff.compare": ("diff_folders",),
    "jobs.golden.check": ("check_goldens",),
    "jobs.golden.record": ("accept_goldens", "record_goldens"),
    "jobs.apply.filter_path": ("filter_path",),
    "model.border": ("Border",),
    "model.errors": (
        "ArgumentError",
        "ImageReadError",
        "ImageWriteError",
        "ImgconvError",
        "KernelError",
        "LimitError",
        "NothingMatchedError",
        "OutputExistsError",
        "RecipeError",
        "UnknownKernelError",
    ),
    "model.explanation": ("Explanation",),
    "model.geometry": ("OutputSize",),
    "model.kernel": ("Kernel",),
    "model.kernel_set": ("Combine", "KernelSet", "SetOutput"),
    "model.output": ("Depth", "OutputRange", "Rounding"),
    "model.recipe": ("Recipe",),
    "model.settings": ("Settings",),
    "model.steps.base": ("Extent", "Form", "Obstacle", "Peer", "Reach", "Step"),
    "model.steps.color": ("EncodeLight", "Invert", "LinearLight", "ToGray"),
    "model.steps.convert": ("Convert",),
    "model.steps.methods": ("Gray",),
    "model.steps.registry": ("StepKind",),
    "model.steps.threshold": ("Binarization",),
    "ops.layers.activation": ("activate",),
    "ops.compare.compare": ("Comparison",),
    "ops.explain.explain_layer": ("explain_layer",),
    "ops.layers.convolutions": ("conv1d", "conv2d", "conv3d"),
    "ops.layers.layer": ("Conv",),
    "ops.layers.network": ("FeatureMaps", "network_shapes", "run_network", "run_parts"),
    "ops.layers.pooling": ("pool",),
    "ops.color.gray": ("invert", "to_gray"),
    "ops.color.threshold": ("binarize",),
    "ops.context": ("StepContext", "StepResult"),
    "ops.windows": ("windows_under",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ArgumentError",
    "BatchReport",
    "Binarization",
    "Border",
    "Combine",
    "Comparison",
    "Conv",
    "Convert",
    "Depth",
    "EncodeLight",
    "Explanation",
    "Extent",
    "FeatureMaps",
    "Form",
    "Gray",
    "ImageReadError",
    "ImageWriteError",
    "ImgconvError",
    "Invert",
    "Kernel",
    "KernelBank",
    "KernelError",
    "KernelSet",
    "LimitError",
    "LinearLight",
    "NothingMatchedError",
    "Obstacle",
    "OutputExistsError",
    "OutputRange",
    "OutputSize",
    "Peer",
    "Reach",
    "Recipe",
    "RecipeError",
    "Rounding",
    "SetOutput",
    "Settings",
    "Step",
    "StepContext",
    "StepKind",
    "StepResult",
    "ToGray",
    "UnknownKernelError",
    "__version__",
    "accept_goldens",
    "activate",
    "binarize",
    "check_goldens",
    "compare",
    "conv1d",
    "conv2d",
    "conv3d",
    "convolve",
    "correlate",
    "diff",
    "diff_folders",
    "explain",
    "explain_layer",
    "filter_dask_array",
    "filter_folder",
    "filter_image",
    "filter_path",
    "invert",
    "load_kernel",
    "load_step",
    "network_shapes",
    "plan_folder",
    "pool",
    "read_image",
    "read_network",
    "read_recipe",
    "recipe_from",
    "record_goldens",
    "recover",
    "run_network",
    "run_parts",
    "stack_kernels",
    "to_gray",
    "windows_under",
    "write_image",
    "write_maps",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'imgconv' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"imgconv.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
