"""Who may import whom, read from the sources: a lower line never imports a higher one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "attncli"
LINES = [
    line.split()
    for line in """
    cli
    compare
    train visualize explain export
    evaluate
    translate
    run
    search objective optimizers schedules
    estimators
    models text
    attention recipe
    schema
    registry
    errors
    """.strip().splitlines()
]
HEIGHT = {name: len(LINES) - number for number, line in enumerate(LINES) for name in line}
# The program's two front doors may import anything.
TOP = {"attncli", "attncli.__main__"}
# "none" says in plain English that something is left out: no tying, no positions.
PLAIN_WORDS = {"none"}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(SOURCES[module].read_text(encoding="utf-8"))


def imports(module: str) -> Iterator[str]:
    """Every module that this one imports, at its top or within a function."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute here"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in SOURCES else str(node.module) for name in inside)


def group(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def reached(module: str) -> Iterator[str]:
    """What it imports; a module that has no line of its own counts as part of its importer."""
    seen, pending = {module}, [module]
    while pending:
        for name in imports(pending.pop()):
            if name not in seen:
                seen.add(name)
                yield name
                if name in SOURCES and name not in TOP and group(name) not in HEIGHT:
                    pending.append(name)


@pytest.mark.parametrize("module", [name for name in SOURCES if group(name) in HEIGHT])
def test_nobody_imports_upwards_or_sideways(module: str) -> None:
    mine = group(module)
    others = {group(name) for name in reached(module) if name in SOURCES and name not in TOP}
    wrong = [name for name in others & HEIGHT.keys() - {mine} if HEIGHT[name] >= HEIGHT[mine]]
    assert not wrong, f"{module} imports {wrong}"
    if mine in ("attention", "models"):
        assert "recipe" not in others, f"{module} sees a recipe"


LIGHT = ("text", "recipe", "errors", "registry", "schema")


@pytest.mark.parametrize("module", [name for name in SOURCES if group(name) in LIGHT])
def test_text_and_recipes_need_no_torch(module: str) -> None:
    assert not [name for name in reached(module) if name.split(".")[0] == "torch"]


def own_names(module: str) -> Iterator[ast.Constant]:
    """The strings that are the names and aliases of a module's classes."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) in NAMING:
                    yield from (at for at in ast.walk(line.value) if isinstance(at, ast.Constant))


NAMING = ("name", "aliases")
# What an attention is made of has names as plain as "sum".
PARTS = ("attncli.attention.normalizers", "attncli.attention.accounts")
OWNERS = {
    str(found.value): module
    for module in SOURCES
    if group(module) == "attention" and not module.startswith(PARTS)
    for found in own_names(module)
}


def literals(module: str) -> Iterator[object]:
    """Constants, but for a class's own name and for a default: `Choice(family, name)`."""
    free = {id(found) for found in own_names(module)}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Choice":
            free |= {id(argument) for argument in node.args}
        if isinstance(node, ast.Constant) and id(node) not in free:
            yield node.value


@pytest.mark.parametrize("module", list(SOURCES))
def test_no_mechanism_is_named_outside_its_own_file(module: str) -> None:
    known = {name for name, owner in OWNERS.items() if owner != module} - PLAIN_WORDS
    assert not known & set(literals(module))


def test_the_table_is_about_something() -> None:
    assert {"errors", "registry", "recipe", "run", "attention"} <= {group(name) for name in SOURCES}
    assert len(OWNERS) > 5
    assert "attncli.errors" in set(reached("attncli.recipe.recipe"))
