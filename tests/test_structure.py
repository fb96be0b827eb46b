"""The shape of the code: imports point one way, and nothing that runs every day loads what only training needs."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PACKAGES = ("pipeline", "classifiers")
BACKENDS = ("classifiers.onnx", "classifiers.huggingface", "classifiers.zero_shot")
"""Loaded by `load_tagger` only, and only the one that is asked for."""

PURE = (
    "pipeline.types", "pipeline.errors", "pipeline.sameness", "pipeline.parse", "pipeline.corrections",
    "pipeline.periods", "pipeline.extract.text", "pipeline.extract.url", "pipeline.extract.times",
    "pipeline.query.language", "pipeline.query.fold", "pipeline.alerts.decide", "classifiers.decide",
    "pipeline.judgement", "pipeline.web.shown.clauses", "pipeline.web.shown.stories", "pipeline.web.shown.charts",
)  # fmt: skip
OUTSIDE = frozenset({"socket", "httpx2", "sqlite3", "sqlalchemy", "smtplib", "subprocess", "elasticsearch"})
"""What a pure module never imports: they open sockets, files or databases."""


def imports_of(path: Path, *, at_import: bool) -> set[str]:
    """Modules that a file imports; with `at_import` only what loading it loads (no functions, no TYPE_CHECKING)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if at_import and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if at_import and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                found.add(child.module)
                found.update(f"{child.module}.{alias.name}" for alias in child.names)
            visit(child)

    visit(tree)
    return found


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


def test_classifiers_never_import_the_pipeline() -> None:
    for name, path in modules().items():
        if name.startswith("classifiers"):
            wrong = {
                module for module in imports_of(path, at_import=False) if module.split(".")[0] == "pipeline"
            }
            assert not wrong, f"{name} imports {wrong}"


def test_no_module_imports_itself_in_a_circle() -> None:
    known = modules()
    graph = {
        name: {m for m in imports_of(path, at_import=True) if m in known and m != name}
        for name, path in known.items()
    }
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"cycle: {' -> '.join((*above[above.index(name) :], name))}"
        if name not in done:
            for module in graph[name]:
                walk(module, (*above, name))
            done.add(name)

    for name in graph:
        walk(name, ())


def test_pure_modules_open_nothing() -> None:
    known = modules()
    for name in PURE:
        wrong = {module.split(".")[0] for module in imports_of(known[name], at_import=False)} & OUTSIDE
        assert not wrong, f"{name} imports {wrong}"


def test_only_the_cycle_and_faces_join_the_steps() -> None:
    below = (
        "pipeline.db",
        "pipeline.index",
        "pipeline.query",
        "pipeline.fetch",
        "pipeline.extract",
        "pipeline.alerts",
    )
    for name, path in modules().items():
        if name.startswith(below):
            wrong = {
                m
                for m in imports_of(path, at_import=True)
                if m.startswith(("pipeline.steps", "pipeline.cycle", "pipeline.cli"))
            }
            assert not wrong, f"{name} imports {wrong}"


def test_the_whole_program_loads_without_torch_and_without_a_model() -> None:
    names = [
        name for name in modules() if not name.startswith(("classifiers.training", "pipeline.db.migrations"))
    ]
    names = [name for name in names if name not in BACKENDS]
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\nprint(sorted({{'torch', 'onnxruntime'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
