"""The command group, and the one handler that turns errors into words and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import click

from imgconv import __version__
from imgconv.cli import output
from imgconv.cli.lazy import LazyGroup
from imgconv.model.errors import ImgconvError
from imgconv.model.text import shortened

_COMMANDS = {
    "apply": "Filter one image.",
    "gray": "Convert to gray.",
    "binarize": "Convert to black and white.",
    "batch": "Filter folders of images.",
    "manifest": "Merge and check the manifests of batch.",
    "compare": "Compare with cv2.filter2D, and say why results differ.",
    "diff": "Compare two pictures or two folders: where, how much, and why they differ.",
    "recover": "Find the recipe that made one picture from another.",
    "explain": "Show how one pixel was computed: taps, products, sum, rounding.",
    "layer": "Run an image through the layers of a network.",
    "kernels": "List, show, check, plot, identify and export kernels.",
    "sheet": "Draw the results of many kernels beside each other.",
    "golden": "Record results of recipes, and fail when they change.",
    "samples": "Write photographs to try things on.",
    "doctor": "Show what this installation has and what is missing.",
    "help": "Show the manual: imgconv help TOPIC.",
}


_OF_LIMITS = {errno.EMFILE, errno.ENFILE}
_OF_STDOUT = {errno.ENOSPC, errno.EIO, errno.EBADF}


@click.group(
    cls=LazyGroup,
    package="imgconv.cli",
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: imgconv apply photo.png sharp.png -k sharpen --padding replicate",
)
@click.version_option(__version__, "-V", "--version", prog_name="imgconv")
def group() -> None:
    """Filter images with kernels, exactly rounded.

    Exit codes: 0 done or equal, 1 differs or some files failed, 2 wrong usage, 3 bad kernel or
    recipe, 4 an input cannot be read, 5 an output cannot be written or exists, 6 a golden is
    missing or nothing matched, 7 a limit was reached, 70 an internal error, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code; prints, but never exits."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # BLAS is not used; its threads cost 15 ms
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "imgconv"
        hint = getattr(error, "hint", None) or f"see: {command} --help"
        return _failed(error.format_message(), hint, 2)
    except ImgconvError as error:
        return _failed(str(error), error.hint, error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _failed("interrupted", None, 130)
    except MemoryError as error:
        said = f": {error}" if str(error) else ""
        return _failed(f"not enough memory{said}", "use a smaller image or kernel", 7)
    except BrokenPipeError:
        return 5  # whoever read our output has had enough; there is nobody to tell
    except OSError as error:
        return _refused(error)
    except Exception as error:
        return _bug(error)


def _refused(error: OSError) -> int:
    """Return the exit code for what the system refused; what it is not known to refuse is a bug."""
    if error.filename is None and error.errno in _OF_STDOUT:
        return _failed(f"stdout: {str(error.strerror).lower()}", None, 5)
    if error.errno in _OF_LIMITS:
        return _failed(str(error.strerror).lower(), "raise the limit: ulimit -n 256", 7)
    if error.errno == errno.ENAMETOOLONG:
        return _failed(f"{error.filename}: the name is too long for a file", None, 2)
    return _bug(error)


def _run(words: list[str]) -> int:
    if "_IMGCONV_COMPLETE" in os.environ:
        from imgconv.cli.completion import use_own_classes

        use_own_classes()

        group.main(words, prog_name="imgconv")
    try:
        # Not group.main: it answers a closed pipe with 1, which here means "differs".
        with group.make_context("imgconv", words) as context:
            result = group.invoke(context)
    except click.exceptions.Exit as request:
        result = request.exit_code
    output.flush()
    return result if isinstance(result, int) else 0


def _failed(message: str, hint: str | None, code: int) -> int:
    said = output.one_line(shortened(message))
    output.say(f"{_painted('Error:', 'red')} {said}", as_it_is=True)
    if hint:
        said = output.one_line(shortened(hint))
        output.say(f"{_painted('Hint:', 'cyan')} {said}", as_it_is=True)
    return code


def _painted(word: str, colour: str) -> str:
    """Return a word in colour where stderr is a terminal that may be painted."""
    if os.environ.get("NO_COLOR") or sys.stderr is None or not sys.stderr.isatty():
        return word
    return click.style(word, fg=colour, bold=True)


def _bug(error: Exception) -> int:
    if os.environ.get("IMGCONV_DEBUG"):
        import traceback

        traceback.print_exc(file=sys.stderr)
    return _failed(
        f"internal error: {type(error).__name__}: {error}",
        "set IMGCONV_DEBUG=1 for the traceback, and report it with the command",
        70,
    )
