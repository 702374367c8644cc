"""The law of the house: what may know what, and how big a thing may be. `python tests/test_house.py` prints figures."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "pipeline" / "leadterm"

# From top to bottom: a room may know the rooms of lower floors, and itself.
FLOORS = (
    ("__main__",),
    ("cli", "server", "spacy_component"),
    ("review", "batch"),
    ("claim", "practise"),
    ("pages",),
    ("experiments",),
    ("classifier",),
    ("training",),
    ("api",),
    ("models",),
    ("learned",),
    ("dictionary",),
    ("procedures",),
    ("suggester",),
    ("readers",),
    ("decisions",),
    ("intake",),
    ("corpus",),
    ("rules",),
    ("text",),
    ("ranking",),
    ("codes",),
    ("evaluation",),
    ("storage",),
    ("paths", "schema"),
    ("rows", "service_line"),
    ("errors", "version", ""),
)
FLOOR = {room: height for height, rooms in enumerate(reversed(FLOORS)) for room in rooms}

MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 50  # docstring and all
MOST_DOCSTRINGS = 0.2  # share of all lines

# What is not as it should be yet. Nothing may be added; whoever mends one of them takes it out.
UPWARD: set[tuple[str, str]] = set()
CIRCLES: set[tuple[str, ...]] = set()


@dataclass(frozen=True)
class Import:
    """One module uses another; ``typed`` if only the type checker sees it."""

    source: str
    target: str
    typed: bool


@cache
def modules() -> dict[str, Path]:
    """Every module, named below the package; the package itself is ''."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
            for path in paths if "_models" not in path.parts}  # fmt: skip


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def walk(node: ast.AST, typed: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node, and whether it stands under TYPE_CHECKING."""
    for child in ast.iter_child_nodes(node):
        guarded = isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"
        yield child, typed or guarded
        yield from walk(child, typed or guarded)


@cache
def imports() -> tuple[Import, ...]:
    found = set()
    for name in modules():
        for node, typed in walk(tree(name)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "leadterm":
                base = (node.module or "").removeprefix("leadterm").lstrip(".")
                for alias in node.names:
                    below = f"{base}.{alias.name}".lstrip(".")
                    found.add(Import(name, below if below in modules() else base, typed))
    return tuple(sorted(found, key=lambda one: (one.source, one.target, one.typed)))


def room(module: str) -> str:
    return module.split(".")[0]


def circles() -> set[tuple[str, ...]]:
    """Groups of modules each of which leads to every other, by plain imports or those of the type checker."""
    ways: dict[str, set[str]] = {name: set() for name in modules()}
    for one in imports():
        ways[one.source].add(one.target)
    reach: dict[str, set[str]] = {}
    for name in ways:
        seen, todo = set[str](), [name]
        while todo:
            for target in ways[todo.pop()] - seen:
                seen.add(target)
                todo.append(target)
        reach[name] = seen
    turning = [name for name in ways if name in reach[name]]
    return {tuple(other for other in turning if other in reach[name] and name in reach[other]) for name in turning}


def docstring(node: ast.AST) -> int:
    """Lines of the docstring of a module, class or function."""
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return 0
    return (first.end_lineno or 0) - first.lineno + 1 if isinstance(first.value.value, str) else 0


@cache
def functions() -> dict[str, int]:
    """Lines of each function, its docstring and all."""
    found: dict[str, int] = {}
    for name in modules():
        for node, _ in walk(tree(name)):
            if isinstance(node, ast.FunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                found[f"{name}.{node.name}"] = max(size, found.get(f"{name}.{node.name}", 0))
    return found


def lines(name: str) -> int:
    return len(modules()[name].read_text(encoding="utf-8").splitlines())


def docstring_share() -> float:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    said = sum(docstring(node) for name in modules() for node in ast.walk(tree(name)) if isinstance(node, kinds))
    return said / sum(map(lines, modules()))


def test_every_room_has_a_floor() -> None:
    assert {room(name) for name in modules()} <= set(FLOOR)


def test_no_room_knows_one_above_or_beside_it() -> None:
    wrong = []
    for one in imports():
        above, below = room(one.source), room(one.target)
        if above not in ("", below) and FLOOR[below] >= FLOOR[above] and (above, below) not in UPWARD:
            wrong.append(one)
    assert not wrong


def test_no_modules_know_each_other_in_a_circle() -> None:
    assert circles() <= CIRCLES


def test_no_two_files_have_one_name() -> None:
    count = Counter(path.name for path in modules().values())
    assert {name for name, n in count.items() if n > 1} == {"__init__.py"}


def test_files_and_functions_are_short() -> None:
    long = {str(path.relative_to(PACKAGE)) for name, path in modules().items() if lines(name) > MOST_LINES}
    assert not long
    assert not {name for name, n in functions().items() if n > MOST_LINES_OF_A_FUNCTION}


def test_files_of_tests_are_short() -> None:
    paths = Path(__file__).parent.rglob("*.py")
    assert not [path.name for path in paths if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES]


def test_docstrings_leave_room_for_code() -> None:
    assert docstring_share() < MOST_DOCSTRINGS


def test_spacy_stays_in_its_room() -> None:
    users = set()
    for name in modules():
        for node, typed in walk(tree(name)):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if not typed and any(module.split(".")[0] in ("spacy", "scispacy") for module in named):
                users.add(room(name))
    assert users <= {"text", "experiments", "spacy_component"}  # experiments/ measures spaCy's own speed


SYSTEMS = {"icd10cm", "icd10pcs", "icd9cm", "icd9pcs", "hcpcs", "hcpcs_modifiers", "cpt"}


def is_name_of_system(node: ast.AST) -> bool:
    inner = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return any(isinstance(one, ast.Constant) and one.value in SYSTEMS for one in inner)


def test_nothing_compares_the_name_of_a_code_system() -> None:
    wrong = []
    for name in modules():
        for node, _ in walk(tree(name)):
            compared = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            called = node.args if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else []
            called = called if called and node.func.attr in ("startswith", "endswith") else []  # type: ignore[union-attr]
            if any(is_name_of_system(part) for part in (*compared, *called)):
                wrong.append(f"{name}:{node.lineno}")  # type: ignore[attr-defined]
    assert not wrong


MODELS = {"DictionaryModel", "CorpusModel"}


def test_nothing_asks_which_kind_of_model_it_has() -> None:
    wrong = []
    for name in modules():
        for node, _ in walk(tree(name)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
                asked = {part.id for part in ast.walk(node.args[1]) if isinstance(part, ast.Name)}
                wrong += [f"{name}:{node.lineno}"] if asked & MODELS else []
    assert not wrong


if __name__ == "__main__":
    print(f"docstrings {docstring_share():.3f}  circles {circles()}")
    print("long files", [(n, lines(n)) for n in modules() if lines(n) > MOST_LINES])
    print("long functions", [(n, k) for n, k in functions().items() if k > MOST_LINES_OF_A_FUNCTION])
