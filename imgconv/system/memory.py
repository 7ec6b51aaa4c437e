"""How much memory is free, and how much this process takes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from imgconv.system.libraries import c_function, windows_function

_CGROUP = Path("/sys/fs/cgroup")
_UNKNOWN = 8 << 30
_WHOLE_PROGRAM = 100 << 20  # Python with all that is imported


class _MemoryStatus(ctypes.Structure):
    """What ``GlobalMemoryStatusEx`` fills in."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("free", ctypes.c_uint64),
        ("total_with_swap", ctypes.c_uint64),
        ("free_with_swap", ctypes.c_uint64),
        ("total_virtual", ctypes.c_uint64),
        ("free_virtual", ctypes.c_uint64),
        ("extended", ctypes.c_uint64),
    )


class _ProcessMemory(ctypes.Structure):
    """What ``GetProcessMemoryInfo`` fills in."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("faults", ctypes.c_uint32),
        ("peak", ctypes.c_size_t),
        ("used", ctypes.c_size_t),
        ("pools", ctypes.c_size_t * 4),
        ("swap", ctypes.c_size_t),
        ("peak_swap", ctypes.c_size_t),
    )


def free_memory() -> int:
    """Return the memory that this process can still get.

    The least of what the machine has free, what each control group around the process leaves, and
    what the limit of its address space (``ulimit -v``) leaves.
    """
    return max(0, min([_free_of_machine(), *_left_by_groups(), *_left_of_address_space()]))


def used() -> int:
    """Return the memory that this process uses now, or a little more."""
    found = _first(
        lambda: _pages_of_process(1),
        lambda: _process_memory().used,
    )
    return found or peak() or _WHOLE_PROGRAM


def peak() -> int:
    """Return the most memory that this process has used; 0 where the system does not say."""
    return _first(_peak_of_linux, lambda: _process_memory().peak, _peak_of_posix) or 0


def _first(*ways: Callable[[], int]) -> int | None:
    """Return what the first way finds that the system has."""
    for way in ways:
        with contextlib.suppress(OSError, ValueError, ImportError, AttributeError, LookupError):
            return int(way())
    return None


def _free_of_machine() -> int:
    found = _first(_free_of_linux, _free_of_windows, _free_of_macos, _free_of_posix)
    return _UNKNOWN if found is None else found


def _free_of_linux() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    found = [line for line in lines if line.startswith("MemAvailable")]
    return int(found[0].split()[1]) << 10


def _free_of_windows() -> int:
    call = windows_function("kernel32", "GlobalMemoryStatusEx")
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    if call is None or not call(ctypes.byref(status)):
        raise OSError("no GlobalMemoryStatusEx")
    return int(min(status.free, status.free_with_swap))


def _free_of_macos() -> int:
    """Return free pages and those of files, which can be dropped; else half of the memory."""
    try:
        pages = _sysctl(b"vm.page_free_count") + _sysctl(b"vm.page_pageable_external_count")
        return pages * _sysctl(b"hw.pagesize")
    except OSError:
        return _sysctl(b"hw.memsize") // 2


def _free_of_posix() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _sysctl(name: bytes) -> int:
    """Return a number that the kernel knows by a name.

    Raises
    ------
    OSError
        When it does not.
    """
    call = c_function("sysctlbyname")
    value, size = ctypes.c_uint64(0), ctypes.c_size_t(8)  # of 4 bytes the low half is filled
    if call is None or call(name, ctypes.byref(value), ctypes.byref(size), None, None) != 0:
        raise OSError(f"no {name.decode()}")
    return value.value


def _pages_of_process(column: int) -> int:
    """Return a number of ``/proc/self/statm`` in bytes: 0 address space, 1 memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[column])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _process_memory() -> _ProcessMemory:
    call = windows_function("kernel32", "K32GetProcessMemoryInfo")
    found = _ProcessMemory(length=ctypes.sizeof(_ProcessMemory))
    this_process = ctypes.c_void_p(-1)
    if call is None or not call(this_process, ctypes.byref(found), found.length):
        raise OSError("no GetProcessMemoryInfo")
    return found


def _peak_of_linux() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    found = [line for line in lines if line.startswith("VmHWM:")]
    return int(found[0].split()[1]) << 10


def _peak_of_posix() -> int:
    import resource

    unit = 1 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _left_by_groups() -> Iterable[int]:
    """Yield what each control group that has a limit leaves; pages that can be dropped are free."""
    for folder, limit, current in _groups():
        with contextlib.suppress(OSError, ValueError):
            most = int((folder / limit).read_text())
            taken = int((folder / current).read_text())
            yield most - taken + _droppable(folder)


def _groups() -> Iterable[tuple[Path, str, str]]:
    """Yield the folders of the process's control groups and those around them, version 2 and 1."""
    v2, v1 = ("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")
    yield _CGROUP, *v2
    yield _CGROUP / "memory", *v1
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers not in ("", "memory"):
                continue
            root = _CGROUP if controllers == "" else _CGROUP / "memory"
            place = root / path.lstrip("/")
            while place != root and root in place.parents:
                yield place, *(v2 if controllers == "" else v1)
                place = place.parent


def _droppable(folder: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in (folder / "memory.stat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name in ("inactive_file", "total_inactive_file"):
                return int(value)
    return 0


def _left_of_address_space() -> Iterable[int]:
    """Yield what the limit of the address space leaves, where there is one."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError, LookupError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            yield limit - _pages_of_process(0)
