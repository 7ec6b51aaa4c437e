"""A case of a golden set, and the picture that it yields."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.io.images import image_files
from imgconv.io.images.masks import key_of, read_masks
from imgconv.jobs.golden.ignored import counted_pixels
from imgconv.model.errors import ImageReadError
from imgconv.model.recipe import Recipe
from imgconv.model.tolerance import EXACT_SPEC, ToleranceSpec
from imgconv.ops.compare.difference import Rectangle
from imgconv.ops.pipeline.run import run_recipe

Image = NDArray[Any]
SECONDS = 600
"""What a command may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One picture that is held against one golden.

    Attributes
    ----------
    name : str
        Of the golden too.
    line : int
        Of the case in golden.yaml.
    input, recipe : Path and Recipe, optional
        An image and what is done to it.
    actual : Path, optional
        A picture that somebody else made.
    expected : Path, optional
        A picture of the user's in place of a golden.
    command, output, folder
        Words that make a picture, the name of its file, and where they are run.
    tolerance : ToleranceSpec
    ignore : tuple of Rectangle or Path
        Rectangles, and masks: pictures whose pixels above 0 do not count.
    """

    name: str
    line: int = 0
    input: Path | None = None
    recipe: Recipe = field(default_factory=Recipe)
    actual: Path | None = None
    expected: Path | None = None
    command: tuple[str, ...] = ()
    output: str = "output.png"
    folder: Path = Path()
    tolerance: ToleranceSpec = EXACT_SPEC
    ignore: tuple[Rectangle | Path, ...] = ()

    def picture(self, threads: int | None = None) -> Image:
        """Make the picture, as it is now.

        Raises
        ------
        ImageReadError
            When an input cannot be read, or the command fails.
        """
        if self.command:
            return self._run()
        if self.actual is not None:
            return image_files.read_image(self.actual)
        assert self.input is not None
        image = image_files.read_image(self.input, depth=self.recipe.settings.depth)
        (masks,) = read_masks(self.recipe, key_of(self.input), folder=self.folder)
        return run_recipe(image, self.recipe, threads=threads, masks=masks).image

    def _run(self) -> Image:
        with tempfile.TemporaryDirectory(prefix="imgconv-golden-") as place:
            output = Path(place) / self.output
            words = [word.replace("{output}", str(output)) for word in self.command]
            try:
                done = subprocess.run(
                    words, cwd=self.folder, capture_output=True, timeout=SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                raise ImageReadError(
                    f"{self.name}: the command took longer than {SECONDS} s"
                ) from None
            except OSError as error:
                raise ImageReadError(
                    f"{self.name}: {words[0]!r} cannot be run: {error.strerror or error}"
                ) from None
            if done.returncode != 0:
                last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
                said = f": {last[0][:200]}" if last else ""
                raise ImageReadError(
                    f"{self.name}: the command ended with code {done.returncode}{said}"
                )
            return image_files.read_image(output)

    def counted(self, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
        """Return which pixels count, shape (rows, columns); None where all do.

        Raises
        ------
        RecipeError
            When a rectangle lies outside the picture, or a mask has another size.
        """
        return counted_pixels(self.ignore, shape, self.name)
