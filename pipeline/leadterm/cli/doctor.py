"""``leadterm doctor`` and ``leadterm cache``: what is installed and where, whether it works, and how to make room."""

from __future__ import annotations

import json
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer

from leadterm import __version__
from leadterm.cli.console import messages, write_output
from leadterm.cli.shared_options import As
from leadterm.errors import LeadtermError, place_of
from leadterm.paths import cache_home, code_data, config_file, data_home, model_dir, model_names

__all__ = ["cache", "doctor"]

PACKAGES = ("spacy", "scispacy", "numpy", "scipy", "scikit-learn", "pandas", "pydantic", "typer", "rich")
EXTRAS = {"tables": ("openpyxl", "pyarrow"), "documents": ("striprtf", "python-docx", "pypdf")}
NOTE, CODE = "Assessment: Essential hypertension.", "I10"
FINE = "suggests what it should"


def doctor(format_: As = "table") -> None:
    """Show versions, code releases, models and caches, and try the shipped model; the exit status is 1 if it fails."""
    found = _findings()
    if format_ == "json":
        write_output(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        write_output("\n".join(_lines(found)))
    raise typer.Exit(0 if found["self-test"]["result"] == FINE else 1)


def _findings() -> dict[str, Any]:
    tried = _self_test()  # before the cache is looked at: it fills it
    return {
        "versions": {"leadterm": __version__, "python": platform.python_version(), **_versions(PACKAGES)},
        "extras": {name: _versions(packages) for name, packages in EXTRAS.items()},
        "places": {
            "program": str(Path(sys.executable)), "data": str(data_home()), "codes": str(code_data()),
            "models": str(data_home() / "models"), "cache": str(cache_home()), "config": str(config_file()),
        },
        "releases": _releases(),
        "models": {name: _size(model_dir(name)) for name in model_names()},
        "cache": {path.name: _size(path) for path in _cached()},
        "self-test": tried,
    }  # fmt: skip


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    return {name: _version(name) for name in packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _releases() -> list[str]:
    from leadterm.codes.registry import available

    try:
        parts = available()
    except LeadtermError as error:
        return [f"damaged: {error}"]
    return [f"{one.title} {one.release}: {one.kind}{'' if one.packaged else ' (installed)'}" for one in parts]


def _self_test() -> dict[str, Any]:
    start = time.perf_counter()
    try:
        from leadterm.api import suggest

        found = [one.code for one in suggest(NOTE, top=1).suggestions]
    except Exception as error:  # noqa: BLE001  whatever is wrong is what the user asks for
        result = str(error) if isinstance(error, LeadtermError) else f"a fault of leadterm: {place_of(error)}"
    else:
        result = FINE if found == [CODE] else f"suggests {', '.join(found) or 'nothing'} for essential hypertension"
    return {"result": result, "seconds": round(time.perf_counter() - start, 2)}


def _cached() -> list[Path]:
    folder = cache_home()
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for part in ("versions", "extras", "places", "releases", "models", "cache", "self-test"):
        value = found[part]
        yield part if value else f"{part}: none"
        rows = value.items() if isinstance(value, dict) else (("", one) for one in value)
        for name, one in rows:
            if isinstance(one, dict):
                missing = sorted(package for package, known in one.items() if known == "not installed")
                told = f"lacks {', '.join(missing)}: pip install 'leadterm[{name}]'" if missing else "installed"
            else:
                told = _megabytes(one) if part in ("models", "cache") else str(one)
            yield f"  {name:13} {told}".rstrip() if name else f"  {told}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


cache = typer.Typer(name="cache", add_completion=False, no_args_is_help=True, help="Show and clear the cache.")


@cache.command()
def show() -> None:
    """Show what is in the cache and how large it is."""
    lines = [f"{path}  {_megabytes(_size(path))}" for path in _cached()]
    write_output("\n".join(lines) or f"{cache_home()} is empty.")


@cache.command()
def clear() -> None:
    """Delete the cache; all of it is made again when it is needed. Models and installed codes stay."""
    paths = _cached()
    freed = sum(map(_size, paths))
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    messages().print(f"{cache_home()}: {_megabytes(freed)} freed.", soft_wrap=True, markup=False, highlight=False)
