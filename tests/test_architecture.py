"""The layers import downward only, and the versions agree."""

from __future__ import annotations

import ast
import graphlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_import_contracts():
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_versions_agree():
    from importlib import metadata

    import imgconv

    assert metadata.version("imgconv") == imgconv.__version__
    assert f"## {imgconv.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_public_names_exist_and_are_documented():
    import imgconv

    for name in imgconv.__all__:
        value = getattr(imgconv, name)
        assert name in dir(imgconv)
        assert name == "__version__" or value.__doc__, name


def imports_of(path: Path, modules: set[str]) -> set[str]:
    """Give the modules of the package that a file imports, also inside functions.

    Imports for type checkers alone do not count.
    """
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            found.update(inner or ({node.module} & modules))
        if isinstance(node, ast.Import):
            found.update({alias.name for alias in node.names} & modules)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text()))
    return found


def test_no_module_imports_itself_by_way_of_others():
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / "imgconv").rglob("*.py")
    }
    graph = {name: imports_of(path, set(files)) - {name} for name, path in files.items()}
    assert graph["imgconv.model.recipe"] >= {"imgconv.model.step_plan"}
    tuple(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, with the cycle


def test_no_two_public_classes_share_a_name():
    homes: dict[str, list[str]] = {}
    for path in sorted((ROOT / "imgconv").rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert len(homes) > 200
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


MODULES_OF_SOME_SYSTEMS = {"ctypes", "fcntl", "grp", "msvcrt", "pwd", "resource", "termios", "tty"}
CALLS_OF_SOME_SYSTEMS = {
    *("O_TMPFILE", "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK", "O_BINARY", "supports_dir_fd"),
    *(
        "fork",
        "fchmod",
        "fchown",
        "pread",
        "pwrite",
        "sysconf",
        "statvfs",
        "posix_fadvise",
        "fsync",
    ),
    *("sched_getaffinity", "getxattr", "setxattr", "listxattr", "SIGHUP", "getuid", "geteuid"),
    *("setpgid", "killpg", "mkfifo", "getrlimit"),
}


def of_some_systems(path: Path) -> set[str]:
    """Give what a file names that some systems lack."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & MODULES_OF_SOME_SYSTEMS
        if isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} & MODULES_OF_SOME_SYSTEMS
        if isinstance(node, ast.Attribute):
            found |= {node.attr} & CALLS_OF_SOME_SYSTEMS
        if isinstance(node, ast.keyword) and (node.arg or "").endswith("dir_fd"):
            found.add(str(node.arg))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} & CALLS_OF_SOME_SYSTEMS
            if node.value.startswith(("/proc", "/sys/", "/dev/")):
                found.add(node.value)
    return found


def test_what_differs_between_systems_is_named_in_one_folder():
    package, home = ROOT / "imgconv", ROOT / "imgconv" / "system"
    named = {path: of_some_systems(path) for path in package.rglob("*.py")}
    assert set().union(*(names for path, names in named.items() if home in path.parents)) >= {
        "O_TMPFILE", "fcntl", "fsync", "dir_fd", "sched_getaffinity", "ctypes",
    }  # fmt: skip
    assert {
        path: names for path, names in named.items() if names and home not in path.parents
    } == {}
