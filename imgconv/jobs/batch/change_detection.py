"""Decide what is left to do: each pair is compared with earlier runs and with what is there."""

from __future__ import annotations

import time
from dataclasses import dataclass

from imgconv.io.storage.base import ListedFile, Storage
from imgconv.jobs.batch.items import Item, failed
from imgconv.jobs.batch.manifest import Manifest, ManifestRow
from imgconv.jobs.batch.masks import MaskStamps
from imgconv.jobs.batch.pairing import Pair
from imgconv.model.errors import ImageReadError, ImageWriteError, OutputExistsError


@dataclass(frozen=True, kw_only=True)
class ChangeDetection:
    """What a pair is compared with.

    Attributes
    ----------
    manifest : Manifest
    target : Storage
    recipe_hash : str
    masks : MaskStamps
    engine : str, optional
        Of this run; default that of each row.
    overwrite : bool
    proven : bool
        Whether a file without a row was not filtered in place before.
    """

    manifest: Manifest
    target: Storage
    recipe_hash: str
    masks: MaskStamps
    engine: str | None
    overwrite: bool
    proven: bool = True

    def check_proof(self, pair: Pair) -> None:
        """Check that a file was not filtered in place before, where there is no row of it.

        Raises
        ------
        ImageWriteError
            When nothing proves it: rows were lost, and the file has no mark.
        """
        if self.proven or pair.source.problem or not pair.in_place:
            return
        if pair.target in self.manifest.rows or self.target.mark(pair.target):
            return
        lost = "; ".join(self.manifest.damage[:1]) or f"{self.target.root} has no manifest"
        raise ImageWriteError(
            f"{pair.source.path} may have been filtered in place before: {lost}",
            hint="--assume-new filters what has neither a row nor a mark; a backup is safer",
        )

    def decide(self, number: int, pair: Pair) -> Item | ManifestRow:
        """Return the item to process, or the row of a file that is left alone.

        The row is the manifest's own, the same object, where nothing changed.
        """
        found, target, in_place, unlogged = pair
        known = None if unlogged else self.manifest.rows.get(target)
        if found.problem:
            return self._problem(pair, known)
        if known is not None and self._is_done(pair, known):
            return known
        if in_place and known is None:
            self.check_proof(pair)
        known_outputs = self.manifest.hashes(target)
        free = self.overwrite or in_place or bool(known_outputs)
        # An output whose row was lost, or which another run wrote since: the commit compares it.
        adopts = self.manifest.lost or bool(self.target.run_mark)
        if not free and not adopts and self.target.had(target):
            path = self.target.path(target)
            error = OutputExistsError(f"{path} exists", hint="--overwrite replaces it")
            return failed(self._blank(pair), error, known)
        return Item(
            number,
            found.path,
            found.key,
            target,
            size=found.size,
            mtime_ns=found.mtime_ns,
            version=found.version,
            replace=self.overwrite or in_place,
            in_place=in_place,
            known=known,
            known_outputs=known_outputs,
            recipe_hash=self._hash_of(found),
        )

    def _hash_of(self, found: ListedFile) -> str:
        return self.masks.hash_for(self.recipe_hash, found.key)

    def _is_done(self, pair: Pair, known: ManifestRow) -> bool:
        """Return whether the row still holds, as far as stamps tell."""
        if known.recipe != self._hash_of(pair.source):
            return False
        other_engine = self.engine is not None and known.engine != self.engine
        if other_engine and not pair.in_place:  # there it would be done twice
            return False
        found = pair.source
        if known.status == "failed":
            return known.final and _is_input(known, found)
        if known.status != "ok":
            return False
        if pair.in_place:
            return _is_output(known, found)
        return _is_input(known, found) and known.output == self._stamp(pair.target, known)

    def _stamp(self, target: str, known: ManifestRow) -> tuple[int, int] | None:
        """Return the stamp of an output; a storage that tells no time is believed the known one."""
        stamp = self.target.stamp(target)
        if stamp is None or stamp.mtime_ns:
            return stamp
        return stamp._replace(mtime_ns=known.output_mtime_ns)

    def _problem(self, pair: Pair, known: ManifestRow | None) -> ManifestRow:
        found = pair.source
        words = f"{found.key}: {found.problem}"
        if known is not None and known.message == words:
            return known
        if found.skip:
            return self._blank(pair)._replace(status="skipped", message=words)
        return failed(self._blank(pair), ImageReadError(words), known)

    def _blank(self, pair: Pair) -> ManifestRow:
        found = pair.source
        return ManifestRow(
            pair.target,
            found.key,
            "failed",
            *(found.size, found.mtime_ns),
            recipe=self._hash_of(found),
            engine=self.engine or "",
            finished=time.time(),
            input_version=found.version,
        )


def _is_input(known: ManifestRow, found: ListedFile) -> bool:
    """Return whether a file is still the input of a row."""
    if known.input_size != found.size:
        return False
    if found.mtime_ns:
        return known.input_mtime_ns == found.mtime_ns
    return bool(found.version) and known.input_version == found.version


def _is_output(known: ManifestRow, found: ListedFile) -> bool:
    """Return whether a file is still the output of a row that was written in place."""
    if found.mtime_ns:
        return known.output == (found.size, found.mtime_ns)
    read_since = known.input_sha256 == known.output_sha256
    return read_since and _is_input(known, found)
