"""Make the pictures of README and manual, by running the commands that are beside them there.

Run it as ``python sample_images/make_gallery.py [FOLDER]``. The photographs are those of
scikit-image that may be shown: camera (CC0, Lav Varshney), astronaut and hubble_deep_field (public
domain, NASA).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from imgconv.cli.main import main
from imgconv.jobs.samples import write_samples

COMMANDS = {
    "sheet.jpg": "sheet {photos}/astronaut.png {out} --gray -k emboss -k laplacian_9",
    "window.gif": "explain {photos}/camera.png -k sobel_x --range abs "
    "--crop 180,47,4,5 --gif {out}",
    "colour.gif": "explain {photos}/astronaut.png -k blur --padding constant --stride 2 "
    "--crop 38,204,4,5 --gif {out}",
    "light_default.jpg": "apply {photos}/hubble_deep_field.png {out} -k disk:9 --stride 2 "
    "--quality 85",
    "light_linear.jpg": "apply {photos}/hubble_deep_field.png {out} -k disk:9 --stride 2 "
    "--quality 85 --linear",
    "kernels.jpg": "kernels plot sobel_x laplacian {out} --columns 2",
}


def make(folder: Path) -> None:
    """Write every picture into a folder."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as photos:
        write_samples(Path(photos))
        for name, command in COMMANDS.items():
            words = [word.format(photos=photos, out=folder / name) for word in command.split()]
            if code := main([*words, "--overwrite"]):
                raise SystemExit(code)
            print(f"{name}: {(folder / name).stat().st_size // 1000} kB")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("gallery"))
