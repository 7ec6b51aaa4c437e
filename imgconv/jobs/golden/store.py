"""Where goldens are kept: for each name a JSON record and, unless left out, a lossless picture.

The record decides, and it is about pixels, never about file bytes: a picture that a tool packs
smaller, without changing a pixel, is the same golden. A file is replaced or deleted only if it is
a record, or the picture that one names: the folder may hold files of the user's.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from imgconv.io.images import image_files, lfs
from imgconv.io.images.formats import format_for
from imgconv.io.storage import files
from imgconv.jobs.golden.environment import environment
from imgconv.jobs.golden.golden_record import (
    NAME,
    SUFFIXES,
    GoldenRecord,
    named_picture,
    read_golden_record,
    read_record,
)
from imgconv.jobs.golden.origin import Origin
from imgconv.jobs.golden.pixel_hash import channel_order, pixel_hash
from imgconv.model.errors import (
    GoldenDamagedError,
    GoldenMissingError,
    ImageReadError,
    OutputExistsError,
)
from imgconv.model.output import Depth

Image = NDArray[Any]
_NO_ORIGIN = Origin()


@dataclass(frozen=True, slots=True)
class GoldenStore:
    """A folder of goldens.

    Attributes
    ----------
    folder : Path
    owner : Path or None
        The file of the golden set, or of the test, that records here.
    """

    folder: Path
    owner: Path | None = None

    def names(self, besides: Collection[str] = ()) -> list[str]:
        """Return the names of the goldens here, but for some; other files are passed over."""
        return sorted(name for name in self._candidates() if name not in besides and self._is(name))

    def _candidates(self) -> Iterator[str]:
        for folder, inner, names in os.walk(self.folder):
            inner[:] = [name for name in inner if NAME.fullmatch(name)]
            below = Path(folder).relative_to(self.folder)
            for name in names:
                if name.endswith(".json"):
                    found = (below / name.removesuffix(".json")).as_posix()
                    if NAME.fullmatch(found):
                        yield found

    def _is(self, name: str) -> bool:
        """Return whether a golden is recorded here, in a file that is no link."""
        try:
            self.load(name)
        except (GoldenMissingError, GoldenDamagedError, ImageReadError):
            return False
        return files.stamp_of(self.path(name, "json")) is not None

    def is_of_another(self, name: str, *, gone_too: bool = False) -> str | None:
        """Return the other set or test that a golden belongs to, or None.

        Parameters
        ----------
        name : str
        gone_too : bool, default False
            Whether it counts as well where its file is not there any more.

        Raises
        ------
        GoldenMissingError, GoldenDamagedError
            As `load`.
        """
        owner = self.load(name).owner
        if owner is None or self.owner is None:
            return None
        path = self.path(name, "json").parent / owner
        if os.path.realpath(path) == os.path.realpath(self.owner):
            return None
        there = gone_too or path.exists()
        return Path(os.path.relpath(path)).as_posix() if there else None

    def load(self, name: str) -> GoldenRecord:
        """Read what is known of a golden.

        Raises
        ------
        GoldenMissingError
            When it was never recorded.
        GoldenDamagedError
            When its file is not a golden record.
        """
        path = self.path(name, "json")
        if not os.path.lexists(path):
            raise GoldenMissingError(f"{name}: no golden is recorded ({path})")
        return read_golden_record(path)

    def verify(self, name: str, record: GoldenRecord) -> None:
        """Check that the picture is the recorded one.

        Raises
        ------
        GoldenDamagedError
            When its pixels are not those of the recorded hash, or it is gone.
        """
        if record.picture is not None:
            data = self._picture_bytes(name, record)
            if _seal(record.pixels, data) != record.seal:
                self._decoded(name, record, data)

    def picture(self, name: str, record: GoldenRecord) -> Image | None:
        """Return the recorded picture, or None where only its hash was recorded (see `verify`)."""
        if record.picture is None:
            return None
        return self._decoded(name, record, self._picture_bytes(name, record))

    def _picture_bytes(self, name: str, record: GoldenRecord) -> bytes:
        path = self.path(name, "json").with_name(str(record.picture))
        try:
            return files.read_content(path).data
        except ImageReadError as error:
            state = "cannot be read" if os.path.lexists(path) else "is gone"
            raise GoldenDamagedError(f"{error}; the golden's picture {state}", _TAMPERED) from None

    def _decoded(self, name: str, record: GoldenRecord, data: bytes) -> Image:
        shown = f"{self.folder.name}/{name}"
        if lfs.is_pointer(data):
            said = f"{shown}: the golden's picture is a Git LFS pointer, not the file"
            raise GoldenDamagedError(said, lfs.HINT)
        try:
            image = image_files.decode(data, shown)
        except ImageReadError as error:
            said = f"the golden's picture is damaged: {error}"
            raise GoldenDamagedError(said, _TAMPERED) from None
        if pixel_hash(image) != record.pixels:
            raise GoldenDamagedError(
                f"{shown}: the golden was tampered with: its picture does not match the recorded "
                "hash",
                _TAMPERED,
            )
        return image

    def check_own(
        self, name: str, *, hash_only: bool = False, suffix: str | None = None
    ) -> str | None:
        """Check that recording replaces only what imgconv recorded.

        Parameters
        ----------
        name : str
        hash_only : bool, default False
            Whether no picture will be written.
        suffix : str, optional
            Of the picture that will be written; default whichever it may be.

        Returns
        -------
        str or None
            The picture that is recorded now.

        Raises
        ------
        OutputExistsError
        """
        self._check_fetched(name)
        # The record is written before the picture, so it is read after the picture was looked for.
        there = [path for end in SUFFIXES if os.path.lexists(path := self.path(name, end))]
        old = self._recorded_picture(name)
        kept = old if suffix is None else self.path(name, suffix).name
        for path in () if hash_only else there:
            concerned = kept is None or path.name == kept
            if concerned and (path.name != old or files.stamp_of(path) is None):
                raise _foreign(path, self._adoptable(path, name))
        self._check_owner(name)
        return old

    def _check_fetched(self, name: str) -> None:
        """Check that no file of a golden is a Git LFS pointer, which stands for another file."""
        for path in (self.path(name, suffix) for suffix in ("json", *SUFFIXES)):
            if files.stamp_of(path) is not None and lfs.is_pointer(path.read_bytes()):
                raise OutputExistsError(f"{path}: this is a Git LFS pointer", hint=lfs.HINT)

    def _adoptable(self, path: Path, name: str) -> str | None:
        """Return the name by which a picture can be adopted for a golden set, if it can."""
        return name if self._is_of_set() and files.stamp_of(path) is not None else None

    def _is_of_set(self) -> bool:
        """Return whether goldens are recorded for a golden set, and not for a test."""
        return self.owner is not None and self.owner.suffix in (".yaml", ".yml")

    def _check_owner(self, name: str) -> None:
        try:
            other = self.is_of_another(name)
        except (GoldenMissingError, GoldenDamagedError):
            return
        if other is not None:
            adopt = f"imgconv golden adopt {name} takes it over; or " if self._is_of_set() else ""
            raise OutputExistsError(
                f"{name}: this golden was recorded for {other}", hint=f"{adopt}choose another name"
            )

    def _recorded_picture(self, name: str) -> str | None:
        path = self.path(name, "json")
        if not os.path.lexists(path):
            return None
        if files.stamp_of(path) is None:
            raise _foreign(path)
        try:
            return named_picture(path, read_record(path))
        except GoldenDamagedError:
            raise _foreign(path) from None

    def record(
        self, name: str, image: Image, *, hash_only: bool = False, origin: Origin = _NO_ORIGIN
    ) -> GoldenRecord:
        """Put a picture in place of what is recorded, if anything is.

        Each file appears whole or not at all. The picture's bytes are on the way first, but it
        takes its name after the record: when this is cut short, an old picture is still there.

        Raises
        ------
        OutputExistsError
            When a file is there that imgconv did not record.
        ImageWriteError
            When it cannot be written.
        """
        kind = Depth.of(image.dtype)
        pixels, order = pixel_hash(image), channel_order(image)
        suffix = "png" if kind in (Depth.U8, Depth.U16) else "tiff"
        old = self.check_own(name, hash_only=hash_only, suffix=suffix)
        target = self.path(name, "json")
        files.make_folder(target.parent)
        path = self.path(name, suffix)
        record = GoldenRecord(
            pixels,
            image.shape,
            kind.dtype,
            order,
            None if hash_only else path.name,
            None,
            environment() | dict(origin.inexact),
            self._owner_from(target),
            origin.recipe,
            origin.input,
        )
        if hash_only:
            files.write_whole(target, record.as_text().encode(), overwrite=True)
        else:
            data = image_files.encode(image, format_for(suffix, None), str(path))
            record = replace(record, seal=_seal(pixels, data))
            with files.open_whole(path, overwrite=True) as file:
                file.write(data)
                file.flush()
                files.write_whole(target, record.as_text().encode(), overwrite=True)
        if old not in (None, record.picture):
            files.delete(target.with_name(str(old)))
        return record

    def _owner_from(self, target: Path) -> str | None:
        """Return the owner's path as a record has it."""
        if self.owner is None:
            return None
        return Path(os.path.relpath(self.owner, target.parent)).as_posix()

    def adopt(self, name: str) -> str:
        """Take over what is there: a picture that is not recorded, or another set's golden.

        Returns
        -------
        str
            What was adopted, in words.

        Raises
        ------
        GoldenMissingError
            When nothing is there.
        GoldenDamagedError, ImageReadError
            When the record or the picture cannot be read.
        OutputExistsError
            When a file that is no record has the record's name, or two pictures are there.
        """
        target = self.path(name, "json")
        owner = self._owner_from(target)
        self._check_fetched(name)
        if os.path.lexists(target):
            try:
                record = self.load(name)
            except GoldenDamagedError:
                raise _foreign(target) from None
            files.write_whole(
                target, replace(record, owner=owner).as_text().encode(), overwrite=True
            )
            return f"recorded for {record.owner or 'no set'} before"
        there = [path for end in SUFFIXES if os.path.lexists(path := self.path(name, end))]
        if len(there) != 1:
            if there:
                raise OutputExistsError(f"{there[0]} and {there[1]} exist", "move one of them away")
            raise GoldenMissingError(f"{name}: there is no picture {self.path(name, 'png')}")
        data = files.read_content(there[0]).data
        image = image_files.decode(data, str(there[0]))
        pixels, kind = pixel_hash(image), Depth.of(image.dtype)
        record = GoldenRecord(
            pixels, image.shape, kind.dtype, channel_order(image), there[0].name,
            _seal(pixels, data), {}, owner,
        )  # fmt: skip
        files.write_whole(target, record.as_text().encode(), overwrite=False)
        return f"the picture {there[0].name}"

    def files_of(self, name: str) -> list[Path]:
        """Return the files of a golden that are there, the picture first; none if it is not one."""
        if not self._is(name):
            return []
        target = self.path(name, "json")
        picture = self.load(name).picture
        found = [] if picture is None else [target.with_name(picture)]
        return [path for path in (*found, target) if files.stamp_of(path) is not None]

    def remove(self, name: str) -> None:
        """Delete a golden: its picture and its record, and nothing that is not recorded."""
        for path in self.files_of(name):
            files.delete(path)

    def path(self, name: str, suffix: str) -> Path:
        """Return the path of one of a golden's files."""
        return self.folder / f"{name}.{suffix}"


def _foreign(path: Path, name: str | None = None) -> OutputExistsError:
    """Return the error for a file that imgconv did not record; a picture can be adopted by name."""
    adopt = f"imgconv golden adopt {name} takes it as the golden; or " if name else ""
    return OutputExistsError(
        f"{path} exists, and imgconv did not record it",
        hint=f"{adopt}move it away, or choose another folder for goldens: (a picture of your own "
        "is compared by actual: with expected:)",
    )


def _seal(pixels: str, data: bytes) -> str:
    digest = hashlib.sha256(pixels.encode())
    digest.update(data)
    return f"sha256:{digest.hexdigest()}"


_TAMPERED = "restore it from version control, or take the new result by imgconv golden accept"
