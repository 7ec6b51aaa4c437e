"""What stands in for calls that some systems lack, each forced here."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli.batches import tree

from imgconv.io.storage.state import StateFolder
from imgconv.model.errors import ImageReadError
from imgconv.system import durable, file_lock, libraries, memory, processes, terminal
from imgconv.system.folder import Folder
from imgconv.system.reading import read_at, write_at


class Call:
    """A function of a library that fills what it is given and remembers it."""

    def __init__(self, answer, **fields):
        self.answer, self.fields, self.seen = answer, fields, []

    def __call__(self, *arguments):
        self.seen.append(arguments)
        for argument in arguments:
            for name, value in self.fields.items():
                if hasattr(getattr(argument, "_obj", None), name):
                    setattr(argument._obj, name, value)
        return self.answer


@pytest.fixture
def no_proc(monkeypatch):
    """Take /proc and control groups from the module that asks for memory."""

    class NoPath:
        def __init__(self, *_):
            pass

        def read_text(self):
            raise FileNotFoundError

        def __truediv__(self, _):
            return self

    monkeypatch.setattr(memory, "Path", NoPath)
    monkeypatch.setattr(memory, "_CGROUP", NoPath())


def test_memory_of_windows(monkeypatch, no_proc):
    calls = {
        "GlobalMemoryStatusEx": Call(1, free=5 << 30, free_with_swap=4 << 30),
        "K32GetProcessMemoryInfo": Call(1, used=111, peak=222),
    }
    monkeypatch.setattr(memory, "windows_function", lambda library, name: calls[name])
    assert memory.free_memory() == 4 << 30
    assert (memory.used(), memory.peak()) == (111, 222)
    calls["GlobalMemoryStatusEx"].answer = calls["K32GetProcessMemoryInfo"].answer = 0
    assert memory.free_memory() == os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory.used() == memory.peak() > 10 << 20


def test_memory_of_macos(monkeypatch, no_proc):
    numbers = {b"vm.page_free_count": 100, b"vm.page_pageable_external_count": 28}
    numbers |= {b"hw.pagesize": 16384, b"hw.memsize": 1 << 34}

    def sysctl(name, value, size, new, new_size):
        value._obj.value = numbers.get(name, 0)
        return 0 if name in numbers else -1

    monkeypatch.setattr(memory, "c_function", lambda name: sysctl)
    assert memory.free_memory() == 128 * 16384
    del numbers[b"vm.page_free_count"]
    assert memory.free_memory() == 1 << 33
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    by_bytes = memory.peak()
    monkeypatch.setattr(memory.sys, "platform", "linux")
    assert memory.peak() == by_bytes << 10


def test_memory_where_nothing_tells(monkeypatch, no_proc):
    for way in ("_free_of_posix", "_peak_of_posix"):
        monkeypatch.setattr(memory, way, Call(None))
    monkeypatch.setattr(memory, "_first", lambda *_: None)
    assert memory.free_memory() == 8 << 30
    assert (memory.peak(), memory.used()) == (0, 100 << 20)


@pytest.mark.parametrize(("shared", "flags"), [(True, 1), (False, 3)])
def test_a_lock_of_windows(monkeypatch, tmp_path, shared, flags):
    call = Call(1)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(get_osfhandle=lambda fd: fd + 1000))
    monkeypatch.setattr(file_lock, "windows_function", lambda library, name: call)
    with (tmp_path / "lock").open("wb", buffering=0) as file:
        assert file_lock.try_lock(file, shared=shared)
        handle, told, *rest, place = call.seen[0]
        assert (handle.value, told, rest) == (file.fileno() + 1000, flags, [0, 1, 0])
        assert place._obj.offset_high == 0x7FFFFFFF
        call.answer = 0
        for error in (33, 997):
            monkeypatch.setattr(file_lock, "windows_error", lambda number=error: number)
            assert not file_lock.try_lock(file, shared=shared)
        monkeypatch.setattr(file_lock, "windows_error", lambda: 5)
        with pytest.raises(OSError, match="failed with error 5"):
            file_lock.try_lock(file, shared=shared)
        monkeypatch.setattr(file_lock, "windows_function", lambda library, name: None)
        with pytest.raises(OSError, match="no locks of files"):
            file_lock.try_lock(file, shared=shared)


def test_libraries_of_other_systems_are_not_there():
    assert libraries.windows_function("kernel32", "LockFileEx") is None
    assert libraries.c_function("no_such_function") is None
    assert libraries.windows_error() == 0


@pytest.fixture(params=["openat", "no openat", "no openat, no O_NOFOLLOW"])
def folders(request, monkeypatch):
    """Have folders by descriptors, and by paths with and without the flag against links."""
    from imgconv.system import folder

    if request.param != "openat":
        monkeypatch.setattr(folder.os, "supports_dir_fd", set())
    if "O_NOFOLLOW" in request.param:
        monkeypatch.setattr(folder, "_FILE", folder._FILE & ~folder._NO_LINK)
        monkeypatch.setattr(folder, "_NO_LINK", 0)
    return request.param


def test_a_folder_follows_no_links(folders, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/file").write_bytes(b"old")
    (tmp_path / "real/link").symlink_to("file")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "no").write_bytes(b"")
    with pytest.raises(OSError, match=r".") as refused:
        Folder(str(tmp_path / "link"))
    assert refused.value.errno in (errno.ELOOP, errno.ENOTDIR)
    with pytest.raises(NotADirectoryError):
        Folder(str(tmp_path / "no"))
    with Folder(str(tmp_path / "link"), follow=True) as folder:
        assert (folder.descriptor is None) == (folders != "openat")
        with pytest.raises(OSError, match=r".") as refused:
            folder.open("link", os.O_RDONLY)
        assert refused.value.errno == errno.ELOOP
        with os.fdopen(folder.open("file", os.O_RDONLY), "rb") as file:
            assert file.read() == b"old"
    (tmp_path / ".imgconv").symlink_to("real")
    with pytest.raises(ImageReadError, match="it is a link, which is not followed"):
        list(StateFolder(str(tmp_path)).read_lines("file"))


def test_what_is_done_in_a_folder(folders, tmp_path):
    with Folder(str(tmp_path)) as root:
        root.make("sub")
        with Folder("sub", inside=root) as sub:
            descriptor = sub.open("a", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, b"a")
            os.close(descriptor)
            sub.set_mode("a", 0o640)
            sub.set_times("a", 5, 7)
            root.link("b", sub, "a")
            assert (sub.has("a"), sub.has("b"), root.has("b")) == (True, False, True)
            status = root.stat("b")
            assert (status.st_mode & 0o777, status.st_mtime_ns, status.st_nlink) == (0o640, 7, 2)
            with pytest.raises(FileExistsError):
                durable.rename_new("a", "b", sub, root)
            durable.rename_new("a", "c", sub, root)
            root.unlink("b")
            root.replace("b", root, "c")
            sub.sync()
        root.unlink("b")
    assert tree(tmp_path) == {}


def test_a_name_where_there_are_no_hard_links(folders, monkeypatch, tmp_path):
    def refused(*_, **__):
        raise OSError(errno.EINVAL, "ERROR_INVALID_FUNCTION")

    monkeypatch.setattr(durable, "_rename", lambda *_: False)
    monkeypatch.setattr(os, "link", refused)
    for name in "ab":
        (tmp_path / name).write_text(name)
    with Folder(str(tmp_path)) as folder:
        with pytest.raises(FileExistsError):
            durable.rename_new("a", "b", folder, folder)
        durable.rename_new("a", "c", folder, folder)
    assert tree(tmp_path) == {"b": b"b", "c": b"a"}


def test_renames_of_macos(monkeypatch, tmp_path):
    """Its flags are other ones; those of Linux do here what they stand for."""
    real, seen = libraries.c_function("renameat2"), []

    def renameatx_np(source, part, target, name, flag):
        seen.append(flag)
        return real(source, part, target, name, {4: 1, 2: 2}[flag])

    functions = {"renameatx_np": renameatx_np}
    monkeypatch.setattr(durable, "c_function", functions.get)
    for name in "abc":
        (tmp_path / name).write_text(name)
    with Folder(str(tmp_path)) as folder:
        assert durable.exchange("a", "b", folder, folder)
        with pytest.raises(FileExistsError):
            durable.rename_new("a", "b", folder, folder)
        durable.rename_new("c", "d", folder, folder)
    assert tree(tmp_path) == {"a": b"b", "b": b"a", "d": b"c"}
    assert seen == [2, 4, 4]


def test_files_are_made_durable_one_by_one(monkeypatch, tmp_path):
    """On Windows by a descriptor that may write; macOS empties the drive's cache at the end."""
    monkeypatch.setattr(durable, "c_function", lambda name: None)
    names = [tmp_path / name for name in "abc"]
    for name in names:
        name.write_text("x")
    synced, drained = [], []

    def sync(descriptor):
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "it was opened for reading")
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", sync)
    durable.make_durable(tmp_path, map(str, names))
    assert synced == names
    plain = fcntl.fcntl

    def full(descriptor, what, *more):
        if what != 51:
            return plain(descriptor, what, *more)
        drained.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        return 0

    monkeypatch.setattr(fcntl, "fcntl", full)
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    synced.clear()
    durable.make_durable(tmp_path, map(str, names))
    assert (synced, drained) == (names[:-1], names[-1:])
    durable.make_durable(tmp_path, [])


def test_reading_and_writing_at_places(monkeypatch, tmp_path):
    def both():
        with (tmp_path / "file").open("w+b", buffering=0) as file:
            at = file.fileno()
            assert write_at(at, b"abcdef", 0) == 6
            assert write_at(at, b"XY", 2) == 2
            return read_at(at, 3, 1), read_at(at, 100, 4), read_at(at, 5, 6)

    expected = both()
    assert expected == (b"bXY", b"ef", b"")
    for name in ("pread", "pwrite"):
        monkeypatch.delattr(os, name)
    assert both() == expected


def test_signals_and_groups_of_other_systems(monkeypatch):
    signals = processes.signal
    assert processes.stop_signals() == [signals.SIGINT, signals.SIGTERM, signals.SIGHUP]
    assert processes.own_group() == {"process_group": 0}
    monkeypatch.setattr(processes, "signal", SimpleNamespace(SIGINT=2, SIGTERM=15, SIGBREAK=21))
    monkeypatch.delattr(os, "setpgid")
    assert processes.stop_signals() == [2, 15, 21]
    assert processes.own_group() == {"creationflags": 0x200}


def test_a_terminal_without_termios(monkeypatch):
    monkeypatch.setitem(sys.modules, "termios", None)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((100, 30)))
    stream = SimpleNamespace(fileno=lambda: 1)
    assert terminal.cells(stream) == (30, 100, 20, 10)
    assert terminal.ask(b"?", b"c") == b""
