"""Take from Python what other systems lack; Python imports this module at its start.

``PYTHONPATH=tests/lacking IMGCONV_LACKS=windows python -m imgconv ...``: each word of IMGCONV_LACKS
is a row of `TAKEN`, ``macos`` and ``windows`` being all that those lack. The libraries of those
systems that imgconv calls are there then, made of Linux's. Child processes lack the same.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import subprocess
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType, SimpleNamespace
from typing import ClassVar

REAL = SimpleNamespace(
    open=os.open, fsync=os.fsync, readlink=os.readlink, listdir=os.listdir,
    CDLL=ctypes.CDLL, Popen=subprocess.Popen, isdir=os.path.isdir,
)  # fmt: skip


class Library(REAL.CDLL):
    """The C library without some functions, and with some of another system."""

    lacks: ClassVar[set[str]] = set()
    has: ClassVar[dict[str, object]] = {}

    def __getattr__(self, name):
        if name in Library.has:
            return Library.has[name]
        if name in Library.lacks:
            raise AttributeError(name)
        return super().__getattr__(name)


ctypes.CDLL = Library


def no_names(module, *names):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


def no_function(*names):
    Library.lacks |= set(names)


def no_proc():
    places = ("/proc", "/sys")

    def refuse(event, arguments):
        if event == "open" and str(arguments[0]).startswith(places):
            raise FileNotFoundError(errno.ENOENT, "no such file", arguments[0])

    sys.addaudithook(refuse)
    os.path.isdir = lambda path: not str(path).startswith(places) and REAL.isdir(path)


class NoModules(MetaPathFinder):
    """Finds no module of some names, as if they were not installed."""

    def __init__(self, *names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def no_modules(*names):
    sys.meta_path.insert(0, NoModules(*names))
    for name in names:
        sys.modules.pop(name, None)


def no_folders_opened():
    """Let no folder be opened, nor a file by the descriptor of one."""

    def opened(path, flags, mode=0o777, *, dir_fd=None):
        assert dir_fd is None
        if REAL.isdir(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return REAL.open(path, flags, mode)

    no_names(os, "O_DIRECTORY")
    os.supports_dir_fd = set()
    os.open = opened


def no_sync_of_read_only_files():
    import fcntl

    kind = fcntl.fcntl

    def synced(descriptor):
        if kind(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        REAL.fsync(descriptor)

    os.fsync = synced


def open_files():
    for number in REAL.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            yield REAL.readlink(f"/proc/self/fd/{number}")


def no_renaming_of_open_files():
    """Let nothing be renamed, replaced or removed that this process has open."""

    def guard(name, count):
        plain = getattr(os, name)

        def guarded(*paths, **options):
            for path in paths[:count]:
                real = os.path.abspath(os.fspath(path))  # noqa: PTH100
                if any(each == real or each.startswith(real + "/") for each in open_files()):
                    raise PermissionError(errno.EACCES, "it is used by another process", path)
            return plain(*paths, **options)

        setattr(os, name, guarded)

    for name, count in {"rename": 2, "replace": 2, "unlink": 1, "remove": 1, "rmdir": 1}.items():
        guard(name, count)


def no_locks():
    """Have the locks of Windows instead."""
    import fcntl

    def lock(handle, flags, _, low, high, place):
        assert (low, high, place._obj.offset, place._obj.offset_high) == (1, 0, 0, 0x7FFFFFFF)
        assert flags & 1
        try:
            fcntl.flock(
                handle.value, (fcntl.LOCK_EX if flags & 2 else fcntl.LOCK_SH) | fcntl.LOCK_NB
            )
        except BlockingIOError:
            Windows.error = 33
            return 0
        return 1

    Windows.LockFileEx = staticmethod(lock)
    no_modules("fcntl")
    ctypes.WinDLL = Windows
    ctypes.get_last_error = lambda: Windows.error
    sys.modules["msvcrt"] = ModuleType("msvcrt")
    sys.modules["msvcrt"].get_osfhandle = lambda descriptor: descriptor


class Windows:
    """What imgconv asks of Windows' libraries."""

    error = 0

    def __init__(self, library, use_last_error):
        assert (library, use_last_error) == ("kernel32", True)

    @staticmethod
    def GlobalMemoryStatusEx(status):
        assert status._obj.length == 64
        status._obj.free, status._obj.free_with_swap = 3 << 30, 5 << 30
        return 1

    @staticmethod
    def K32GetProcessMemoryInfo(process, found, length):
        assert length == found._obj.length == 72
        assert process.value == 2**64 - 1
        found._obj.used, found._obj.peak = 200 << 20, 300 << 20
        return 1


def windows():
    no_proc()
    no_sync_of_read_only_files()
    no_locks()
    no_modules("resource", "termios", "tty", "pwd", "grp", "fcntl")
    names = (
        "O_TMPFILE O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_NOCTTY fork setpgid getpgid getpgrp tcgetpgrp "
        "getuid geteuid fchmod fchown chown pread pwrite sysconf statvfs mkfifo posix_fadvise "
        "getloadavg sched_getaffinity getxattr setxattr listxattr removexattr"
    )
    no_names(os, *names.split())
    no_names(signal, "SIGHUP")
    signal.SIGBREAK = signal.SIGUSR1
    os.supports_fd = set()
    no_folders_opened()
    no_renaming_of_open_files()

    class Popen(REAL.Popen):
        def __init__(self, *words, creationflags=0, **options):
            assert "process_group" not in options
            super().__init__(*words, **options)

    def library(name, *_, **__):
        if name is None:
            raise TypeError("argument 1 must be str, not None")
        return REAL.CDLL(name, *_, **__)

    subprocess.Popen = Popen
    ctypes.CDLL = library
    Library.lacks = {"syncfs", "renameat2"}


def macos():
    no_proc()
    no_names(
        os, "O_TMPFILE", "sched_getaffinity", "posix_fadvise", "getxattr", "setxattr", "listxattr",
        "removexattr",
    )  # fmt: skip
    import fcntl

    numbers = {b"vm.page_free_count": 1 << 17, b"vm.page_pageable_external_count": 1 << 16}
    numbers |= {b"hw.pagesize": 1 << 14, b"hw.memsize": 16 << 30}

    def sysctl(name, value, size, new, new_size):
        assert (size._obj.value, new, new_size) == (8, None, None)
        value._obj.value = numbers[name]
        return 0

    c_library = REAL.CDLL(None, use_errno=True)
    synced, fcntl.F_FULLFSYNC = fcntl.fcntl, 51
    fcntl.fcntl = lambda fd, what, *more: (
        REAL.fsync(fd) if what == fcntl.F_FULLFSYNC else synced(fd, what, *more)
    )
    Library.has["sysctlbyname"] = sysctl
    Library.has["renameatx_np"] = lambda a, b, c, d, flag: c_library.renameat2(
        a, b, c, d, {4: 1, 2: 2}[flag]
    )
    no_function("syncfs", "renameat2")


TAKEN = {
    "O_TMPFILE": lambda: no_names(os, "O_TMPFILE"),
    "syncfs": lambda: no_function("syncfs"),
    "renameat2": lambda: no_function("renameat2"),
    "openat": no_folders_opened,
    "proc": no_proc,
    "fcntl": no_locks,
    "affinity": lambda: no_names(os, "sched_getaffinity"),
    "macos": macos,
    "windows": windows,
}
for word in os.environ.get("IMGCONV_LACKS", "").split(","):
    if word:
        TAKEN[word]()
