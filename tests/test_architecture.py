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
