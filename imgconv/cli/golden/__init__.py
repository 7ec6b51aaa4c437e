"""`imgconv golden`: regression checks, seen from the shell."""

from __future__ import annotations

from imgconv.cli.lazy import LazyGroup

command = LazyGroup(
    "golden",
    package="imgconv.cli.golden",
    commands={
        "init": "Write a first golden.yaml from pictures and a recipe.",
        "list": "List the cases and the state of each golden.",
        "record": "Record what the cases yield, where nothing is recorded yet.",
        "check": "Fail when a case no longer yields what was recorded.",
        "accept": "Take new results in place of what was recorded.",
        "adopt": "Make goldens of pictures that were made by hand.",
    },
    epilog="Example: imgconv golden check --html report.html",
    help="Record what recipes yield (golden.yaml) and fail when that changes.",
)
