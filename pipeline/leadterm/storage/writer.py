"""The one writer: a file or folder appears whole or not at all, and nobody gains the right to read it.

What is written stands in a hidden draft beside its place until it is complete. Drafts hold patient text, so they are
removed on every error and on every signal that the command line turns into an exception. A process that is killed
outright can remove nothing: its drafts go at the next start of the same output. A draft is locked while its writer
lives, which tells the drafts of the dead from those of the living.
"""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from leadterm.errors import LeadtermError

try:
    import fcntl
except ImportError:  # where there are no locks, drafts of the dead stay
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "explain_failure", "lock_file", "open_file", "open_folder", "open_lines", "refuse_inputs", "sync_folder",
    "write_file",
]  # fmt: skip

NEXT = "Choose another place or free space."
LONGEST = 180  # bytes of a name that still fit into the name of its draft


def write_file(path: str | Path, content: str | bytes) -> None:
    """Write a file as a whole, text in UTF-8; raises OSError and leaves the old file if that fails.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(Path(folder, "a.txt"), "fine")
    ...     Path(folder, "a.txt").read_text()
    'fine'
    """
    with open_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def open_lines(path: str | Path) -> Iterator[Callable[[str], object]]:
    """Give what writes text to a file that appears when all is written."""
    with open_file(path) as file:
        yield lambda text: file.write(text.encode())


@contextmanager
def open_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file that takes its place when all is written.

    It keeps the mode of the file it replaces, else it gets what the umask leaves. A link leads to the file that is
    replaced; a device or a pipe takes the bytes as they come.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    made: list[Path] = []
    try:
        handle, draft = _start(target, made, folder=False)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(handle)  # a full disk may show only here
            _keep_mode(target, draft)
            draft.replace(target)
    finally:
        for draft in made:
            draft.unlink(missing_ok=True)


@contextmanager
def open_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `path`, and of all that is in it, when all is written."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    made: list[Path] = []
    handle = -1
    try:
        handle, draft = _start(target, made, folder=True)
        yield draft
        for file in draft.iterdir():
            _keep_mode(target / file.name, file)
        _swap(draft, target)
    finally:
        if handle >= 0:
            os.close(handle)
        for draft in made:
            shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def explain_failure(path: str | Path, *, what: str = "", hint: str = NEXT) -> Iterator[None]:
    """Turn the failure of a write into an error that says what to do; `what` comes before the path."""
    try:
        yield
    except BrokenPipeError:  # the reader went away: that is no fault of the place
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise LeadtermError(f"cannot write {what}'{path}': {reason}.", hint=f"Nothing was changed. {hint}") from None


def refuse_inputs(output: str | Path | None, inputs: Iterable[str | Path]) -> None:
    """Refuse an output that is one of the inputs, under whatever name; a folder stands for the files inside it.

    >>> refuse_inputs(__file__, [Path(__file__)])
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: the output '...' is also an input. Nothing was written; name another output.
    """
    if output is None or not Path(output).is_file():
        return
    for given in map(Path, inputs):
        inside = [file for file in given.iterdir() if file.suffix in INPUT_ENDINGS] if given.is_dir() else [given]
        if any(file.is_file() and file.samefile(output) for file in inside):
            raise LeadtermError(
                f"the output '{output}' is also an input.", hint="Nothing was written; name another output."
            )


INPUT_ENDINGS = (".jsonl", ".toml", ".json", ".npy")  # of a corpus and of a model


def _prefix(name: str) -> str:
    short = len(os.fsencode(name)) <= LONGEST
    return f".{name if short else hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}-"


def _start(target: Path, made: list[Path], *, folder: bool) -> tuple[int, Path]:
    """Make a draft and lock it; where something is replaced, nobody else may read it until it has its mode.

    Its name stands in ``made`` before it is there, so that a signal at any moment finds it.
    """
    mode = 0o700 if target.exists() else 0o777
    while True:
        draft = target.with_name(f"{_prefix(target.name)}{secrets.token_hex(4)}.part")
        made.append(draft)
        if folder:
            draft.mkdir(mode)
            handle = os.open(draft, os.O_RDONLY)
        else:
            handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode & 0o666)
        lock_file(handle, wait=True)
        if os.fstat(handle).st_nlink:
            return handle, draft
        os.close(handle)  # another process took it for a draft of the dead before it was locked


def lock_file(handle: int, *, wait: bool = False) -> bool:
    """Lock an open file till it is closed; False if another process holds it, or there are no locks."""
    if fcntl is None:
        return False
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        return True
    return False


def sync_folder(path: str | Path) -> None:
    """Let the names in a folder survive a crash of the machine."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(target: Path) -> None:
    """Remove what writers of the same output left behind when they were killed."""
    start = glob.escape(_prefix(target.name))
    for stale in target.parent.glob(f"{start}????????.part"):
        with suppress(OSError):
            handle = os.open(stale, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            try:
                if lock_file(handle):
                    _remove(stale)
            finally:
                os.close(handle)
    for old in target.parent.glob(f"{start}????????.old") if target.exists() else ():
        _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _keep_mode(target: Path, draft: Path) -> None:
    """Give the draft the mode of what it replaces, and its owner where that is allowed."""
    with suppress(FileNotFoundError, NotADirectoryError):
        known = target.stat()
        with suppress(OSError):
            os.chown(draft, known.st_uid, known.st_gid)
        draft.chmod(stat.S_IMODE(known.st_mode))


def _swap(draft: Path, target: Path) -> None:
    """Put the draft in the place of the target; the old one comes back if that fails."""
    _keep_mode(target, draft)
    if not target.exists():
        draft.rename(target)
        return
    old = target.with_name(f"{_prefix(target.name)}{secrets.token_hex(4)}.old")
    target.rename(old)
    try:
        draft.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
