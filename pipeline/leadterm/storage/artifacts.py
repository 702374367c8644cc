"""Folders of learned weights: a manifest with hashes, JSON parts and plain arrays, never a pickle.

An artifact is a folder::

    manifest.json     protocol number, kind, free metadata, SHA-256 and size of every other file
    NAME.npy          one array each, so that worker processes can share them by memory mapping
    NAME.json         lists and mappings

Loading checks the protocol, the kind and the hashes, and cannot run code: arrays of objects are refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.storage.writer import explain_failure, open_folder

__all__ = ["PROTOCOL", "Artifact", "check_output", "load_artifact", "read_manifest", "save_artifact"]

PROTOCOL = 1
"""Number of the folder layout; a folder with another number is refused."""

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Artifact:
    """What a folder of learned weights holds.

    ``kind``: what it is, for instance ``"ranker"`` or ``"corpus-model"``.
    """

    kind: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)


def save_artifact(path: str | Path, artifact: Artifact, *, documents: Mapping[str, str] | None = None) -> Path:
    """Write an artifact as a folder; the folder appears whole or not at all.

    ``path``: the folder; an artifact already there is replaced, anything else is refused. ``documents``: text files to
    put beside the parts, for instance a model card, by file name. ``LeadtermError`` if the path holds something that is
    not an artifact, or cannot be written.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "model"
    >>> a = Artifact("demo", {}, {"w": np.ones(2, dtype=np.float32)}, {"names": ["x", "y"]})
    >>> load_artifact(save_artifact(folder, a), kind="demo").parts["names"]
    ['x', 'y']
    """
    target = Path(path)
    check_output(target, documents or ())
    hint = "Check the free space and the rights of the folder."
    with explain_failure(target, what="the model to ", hint=hint), open_folder(target) as draft:
        _write_files(draft, artifact, documents or {})
    return target


def check_output(path: str | Path, documents: Iterable[str] = ()) -> None:
    """Refuse a place for an artifact that holds anything but an older artifact, so that nothing else is lost.

    ``LeadtermError`` if the path is a file, or a folder with files that no artifact named.

    >>> check_output("/nowhere/model")
    """
    target = Path(path)
    above = next(folder for folder in (target, *target.absolute().parents) if folder.exists())
    if above != target and not (above.is_dir() and os.access(above, os.W_OK)):
        raise LeadtermError(f"cannot write the model to '{target}'.", hint=f"'{above}' is no folder you may write to.")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / MANIFEST).is_file():
        raise LeadtermError(
            f"'{target}' exists and is not a model folder.", hint="Choose another output, or remove it first."
        )
    own = {MANIFEST, *_named(target), *documents}
    others = sorted(file.name for file in target.iterdir() if file.name not in own)
    if others:
        raise LeadtermError(
            f"the model folder '{target}' also holds {', '.join(others[:5])}{' …' if others[5:] else ''}, "
            "which would be lost.",
            hint="Move that elsewhere, or choose another output.",
        )


def _named(folder: Path) -> set[str]:
    """Name the files of an artifact of any protocol; without a readable manifest, by their endings."""
    try:
        return set(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {file.name for file in folder.iterdir() if file.suffix in (".npy", ".json")}


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read and check the manifest of an artifact, without its parts.

    With ``protocol``, ``kind``, ``meta`` and ``files``. ``LeadtermError`` if there is no readable manifest, or its
    protocol is another one.

    >>> read_manifest("/nowhere")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: no model at '/nowhere': manifest.json is missing. Check the path, ...
    """
    folder = Path(path)
    file = folder / MANIFEST
    retrain = "Train it again with this version: leadterm train CORPUS --output MODEL."
    if not file.is_file():
        raise LeadtermError(
            f"no model at '{folder}': {MANIFEST} is missing.",
            hint="Check the path, or train a model with leadterm train CORPUS --output MODEL.",
        )
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        protocol = manifest["protocol"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise LeadtermError(f"'{file}' is not a readable manifest.", hint=retrain) from error
    if type(protocol) is not int or protocol != PROTOCOL:
        raise LeadtermError(
            f"model '{folder.name}' has protocol {protocol!r}; this leadterm reads protocol {PROTOCOL}.", hint=retrain
        )
    if not isinstance(manifest.get("files"), dict) or not isinstance(manifest.get("meta"), dict):
        raise LeadtermError(f"'{file}' lacks 'files' or 'meta'.", hint=retrain)
    return dict(manifest)


def load_artifact(path: str | Path, *, kind: str, check: bool = True, mmap: bool = True) -> Artifact:
    """Read an artifact and check it.

    Its meta, arrays and parts. ``kind``: the kind that is expected. ``check``: compare the SHA-256 of each file with
    the manifest. ``mmap``: map arrays into memory read-only instead of copying them. ``LeadtermError`` if the protocol,
    the kind, a file or a hash is wrong.

    >>> load_artifact("/nowhere", kind="ranker")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: no model at '/nowhere': ...
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest.get("kind") != kind:
        raise LeadtermError(f"model '{folder.name}' is a '{manifest.get('kind')}'; '{kind}' is needed here.")
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    parts: dict[str, Any] = {}
    for name, facts in manifest["files"].items():
        file = folder / name
        if not _is_whole(folder, name, facts, check):
            raise LeadtermError(
                f"model '{folder.name}' is damaged: file '{name}' is missing or does not match its hash.",
                hint="Copy the model again, or train it again.",
            )
        try:
            if file.suffix == ".npy":
                arrays[file.stem] = np.load(file, mmap_mode="r" if mmap else None, allow_pickle=False)
            elif file.suffix == ".json":
                parts[file.stem] = json.loads(file.read_text(encoding="utf-8"))
        except Exception as error:  # numpy reads a header in many ways wrong
            raise LeadtermError(
                f"model '{folder.name}': file '{name}' is not a plain array or JSON.", hint="Train it again."
            ) from error
    return Artifact(kind, manifest["meta"], arrays, parts)


def _is_whole(folder: Path, name: str, facts: object, check: bool) -> bool:
    """Say whether a file of the manifest lies in the folder and is the one that was written."""
    if Path(name).name != name or "\0" in name or not (folder / name).is_file():
        return False
    said = facts.get("sha256") if isinstance(facts, dict) else None
    return isinstance(said, str) and (not check or _digest(folder / name) == said)


def _write_files(folder: Path, artifact: Artifact, documents: Mapping[str, str]) -> None:
    """Write every part, then the manifest that names them."""
    for name, array in artifact.arrays.items():
        if array.dtype.hasobject:
            raise LeadtermError(f"array '{name}' holds Python objects; only numbers can be saved.")
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    for name, part in artifact.parts.items():
        text = json.dumps(part, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    files = {
        file.name: {"sha256": _digest(file), "bytes": file.stat().st_size}
        for file in sorted(folder.iterdir())
        if file.name not in documents
    }
    manifest = {"protocol": PROTOCOL, "kind": artifact.kind, "meta": dict(artifact.meta), "files": files}
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
