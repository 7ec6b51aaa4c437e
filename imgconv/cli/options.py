"""Every option that several commands share, declared once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from imgconv.cli import output
from imgconv.cli.choices import GRAYS as _GRAYS
from imgconv.cli.choices import METHODS as _METHODS
from imgconv.cli.choices import one_of
from imgconv.cli.command import Command, option, together
from imgconv.cli.options_region import selection_values
from imgconv.cli.param_type import ParamType
from imgconv.io.storage.locations import Place, parse_place
from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.output import DEFAULT_MAX_PIXELS, Depth, OutputRange, Rounding

if TYPE_CHECKING:
    from imgconv.io.images.picture import Encoding, Reading
    from imgconv.io.kernels.bank import KernelBank
    from imgconv.model.kernel import Kernel
    from imgconv.model.recipe import Recipe


__all__ = ["Command", "one_of", "option", "together"]  # what commands take from here


class PathOrStream(ParamType[Place]):
    """A file, a URL, or ``-`` for stdin or stdout."""

    name = "path"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Place:
        """Keep ``-`` apart from a file called ``./-``."""
        del param, ctx
        return output.STREAM if value == "-" else parse_place(str(value))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the name of a file."""
        del ctx, param
        return [CompletionItem(incomplete, type="file")]


path_argument = PathOrStream()

in_out_arguments = together(
    click.argument("source", metavar="IN", type=path_argument),
    click.argument("target", metavar="OUT", type=path_argument),
)

bank_option = option(
    "--kernels",
    "banks",
    metavar="DIR",
    multiple=True,
    heading="Steps",
    type=click.Path(path_type=Path),
    help="Add a bank: a YAML file or a folder of them. May be repeated. IMGCONV_KERNELS does too.",
)

recipe_options = together(
    option(
        "-k",
        "--kernel",
        "kernels",
        metavar="STEP",
        multiple=True,
        heading="Steps",
        help="A kernel: a name (sharpen), a generator (gaussian:sigma=1.4), a matrix ('0 -1 0; "
        "-1 5 -1; 0 -1 0') or one of a file (./mine.yaml#edge). Or another step: gray:bt709, "
        "binarize:otsu, invert, linear, encode, convert. Repeated, they apply in order.",
    ),
    bank_option,
    option("--convolve", is_flag=True, default=None, heading="Steps",
           help="Flip the kernels first (convolution; the default is correlation)."),
    option("--fuse", is_flag=True, default=None, heading="Steps",
           help="Compose several kernels into one where that changes no bit, and say so."),
    option("--alpha", metavar="HOW", heading="Steps",
           help=f"{one_of([a.value for a in Alpha])}: what is transparent does not count; alpha "
           "as it was; alpha filtered like a colour.  [default: auto]"),
    option("--linear", is_flag=True, default=None, heading="Steps",
           help="Do the steps of -k in linear light, as lenses do; IN is taken for sRGB."),
    option("--anchor", metavar="ROW,COL", heading="Steps",
           help="The tap that lies on the output pixel.  [default: the centre, k//2]"),
    option("--gray", metavar="[METHOD]", heading="Colour, before the steps of -k",
           help=f"Convert to gray: {one_of(_GRAYS)}.  [default: bt601]"),
    option("--binarize", metavar="[METHOD]", heading="Colour, before the steps of -k",
           help=f"Black and white: a threshold (128) or {one_of(_METHODS)}, with parameters as in "
           "sauvola:window=25,k=0.2.  [default: otsu]"),
    option("--binarize-after", is_flag=True, default=None, heading="Colour, before the steps of -k",
           help="Binarize after the steps of -k."),
    option("--invert", is_flag=True, default=None, heading="Colour, before the steps of -k",
           help="Negative; after --binarize where that is given."),
    option("--padding", "--border", "padding", metavar="MODE",
           heading="Border and steps",
           help=f"Where outside pixels come from: {one_of([b.value for b in Border])}, or another "
           "tool's name (np:edge, scipy:mirror).  [default: reflect101]"),
    option("--border-value", metavar="V", heading="Border and steps",
           help="The value outside under constant.  [default: 0]"),
    option("--stride", metavar="N[,N]", heading="Border and steps",
           help="Step between output pixels (rows,columns)."),
    option("--dilation", metavar="N[,N]", heading="Border and steps",
           help="Spacing of the taps (rows,columns)."),
    option("--size", metavar="SIZE", heading="Border and steps",
           help="same, valid, full, a pad (2) or four: top,bottom,left,right.  [default: same]"),
    option("--range", metavar="RANGE", heading="Output",
           help=f"{one_of([r.value for r in OutputRange])}: clamp; absolute value; plus mid-grey; "
           "stretch to the range; keep white white when the depth changes.  [default: saturate]"),
    option("--depth", metavar="DEPTH", heading="Output",
           help=f"same|{one_of([d.value for d in Depth])}.  [default: same]"),
    option("--rounding", metavar="MODE", heading="Output",
           help=f"{one_of([r.value for r in Rounding])}.  [default: half-even]"),
    option("--recipe", "recipe_file", metavar="FILE", type=click.Path(path_type=Path),
           heading="Recipe", help="Read these options from YAML; options given here win."),
    option("--print-recipe", is_flag=True, heading="Recipe",
           help="Write the recipe as YAML on stdout and stop."),
)  # fmt: skip


def _require_native(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Stop before anything is done where NumPy would do the sums."""
    del param
    if not value or ctx.resilient_parsing:
        return
    from imgconv.engines.select import HOW_TO_BUILD, select_engine
    from imgconv.model.errors import MissingDependencyError

    if select_engine().name != "native":
        raise MissingDependencyError("--require-native: the native core is missing", HOW_TO_BUILD)


native_option = option(
    "--require-native", is_flag=True, heading="Running", expose_value=False,
    callback=_require_native,
    help="Stop with exit code 2 where the native core is missing, instead of working slowly.",
)  # fmt: skip

threads_option = together(
    option("--threads", metavar="N", type=click.IntRange(min=1), heading="Running",
           help="Use at most N threads.  [default: the CPUs of this process]"),
    native_option,
)  # fmt: skip

json_option = option(
    "--json", "as_json", is_flag=True, heading="Running", help="Write the report as JSON on stdout."
)


quiet_option = option("-q", "--quiet", is_flag=True, heading="Running", help="Print errors only.")


class PixelCount(ParamType[int]):
    """A number of pixels, as in 256000000, 256M or 1G."""

    name = "pixels"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number and its unit."""
        text = str(value).strip().upper().removesuffix("P")
        unit = {"K": 10**3, "M": 10**6, "G": 10**9}.get(text[-1:], 1)
        digits = text[:-1] if unit > 1 else text
        if not digits.isdecimal() or int(digits) < 1 or len(digits) > 18:
            self.fail(f"{value!r} is not a number of pixels; write it as 256M", param, ctx)
        return int(digits) * unit


reading_options = together(
    option("--max-pixels", metavar="N", type=PixelCount(), default=DEFAULT_MAX_PIXELS,
           heading="Reading", help="Refuse files with more, all pages together, before decoding "
           "them; 500M is 500 million.  [default: 256M]"),
    option("--page", metavar="N", type=click.IntRange(min=1), heading="Reading",
           help="Take one page of a TIFF or frame of an animation, counted from 1.  "
           "[default: all]"),
    option("--salvage", is_flag=True, heading="Reading",
           help="Read what can be decoded of a damaged file, and say how much."),
)  # fmt: skip

encoding_options = together(
    option("--quality", metavar="Q", type=click.IntRange(1, 100), heading="Output",
           help="1 to 100, for JPEG, WebP, AVIF, HEIC and JPEG XL.  [default: JPEG as IN or 95; "
           "others lose nothing]"),
    option("--lossless", is_flag=True, heading="Output",
           help="Refuse a format that loses information."),
    option("--compression", metavar="HOW", heading="Output",
           help="PNG: 0 to 9; TIFF: none, lzw, deflate or packbits."),
    option("--subsampling", metavar="HOW", heading="Output",
           help="Colour subsampling of a JPEG: 444, 422, 420, 440 or 411.  [default: as IN, or "
           "444]"),
    option("--strip", is_flag=True, heading="Output",
           help="Leave out EXIF, profile, XMP and resolution."),
)  # fmt: skip

show_option = option(
    "--show", is_flag=True, heading="Running",
    help="Show the result in windows until a key is pressed.",
)  # fmt: skip

output_options = together(
    reading_options,
    option("--overwrite", is_flag=True, heading="Output", help="Replace OUT if it exists."),
    option("--in-place", is_flag=True, heading="Output", help="Allow OUT to be IN itself."),
    option("--format", metavar="NAME", heading="Output",
           help="png, jpeg, tiff, webp, gif, avif, bmp, pgm, ppm, pnm, pam, pfm, hdr, heic, jxl or "
           "exr.  [default: by the suffix]"),
    encoding_options,
    option("--max-memory", metavar="SIZE", heading="Running",
           help="Work in bands of rows on a picture that needs more: 512M, 4G, or bytes.  "
           "[default: half of the free memory]"),
)  # fmt: skip


def reading_of(parameters: Mapping[str, Any]) -> Reading:
    """Return how the options of a command say that files are read."""
    from imgconv.io.images.picture import Reading

    return Reading(parameters["max_pixels"], parameters["page"], parameters["salvage"])


def encoding_of(parameters: Mapping[str, Any]) -> Encoding:
    """Return how the options of a command say that files are written.

    Raises
    ------
    ArgumentError
        For a value that no encoder can have.
    """
    from imgconv.io.images.picture import Encoding, check_encoding

    encoding = Encoding(**{field: parameters[field] for field in Encoding._fields})
    check_encoding(encoding)
    return encoding


_RECIPE_PARAMETERS = {
    "convolve": "convolve",
    "anchor": "anchor",
    "fuse": "fuse",
    "alpha": "alpha",
    "linear": "linear",
    "gray": "gray",
    "binarize": "binarize",
    "binarize_after": "binarize-after",
    "invert": "invert",
    "padding": "padding",
    "border_value": "border-value",
    "stride": "stride",
    "dilation": "dilation",
    "size": "size",
    "range": "range",
    "depth": "depth",
    "rounding": "rounding",
}


def read_source(source: Place, recipe: Recipe, reading: Reading) -> Any:
    """Read the picture of a command that only looks at it, the first of several; `-` is stdin."""
    from imgconv.io.images import image_files
    from imgconv.io.images.decode import read_file

    depth = recipe.settings.depth
    if output.is_stream(source):
        return image_files.decode(output.read_stdin(reading), "stdin", depth, reading)
    if isinstance(source, Path):
        return image_files.read_image(source, depth=depth, reading=reading)
    return image_files.decode(read_file(source, reading), str(source), depth, reading)


def open_bank(banks: tuple[Path, ...]) -> KernelBank:
    """Return the standard bank with those of ``--kernels`` over it."""
    from imgconv.io.kernels.bank import KernelBank

    return KernelBank.standard(banks)


def one_kernel(spec: str, banks: tuple[Path, ...]) -> Kernel:
    """Return the single kernel that a spec means.

    Raises
    ------
    KernelError
        When it is a set, or a step without weights.
    """
    from imgconv.io.kernels.spec import load_single

    return load_single(spec, open_bank(banks))


def recipe_of(parameters: Mapping[str, Any]) -> Recipe:
    """Make the recipe that the options of a command say.

    Raises
    ------
    ImgconvError
        For a value that an option cannot have.
    """
    from imgconv.io.config.recipes import read_recipe, recipe_from

    given = {name: parameters.get(key) for key, name in _RECIPE_PARAMETERS.items()}
    given["kernels"] = list(parameters.get("kernels", ())) or None
    given |= selection_values(parameters)
    bank = open_bank(parameters.get("banks", ()))
    if parameters.get("recipe_file"):
        return read_recipe(parameters["recipe_file"], bank, given)
    return recipe_from(given, bank)
