"""Fetch what is to be installed: a file, a folder, a zip archive or an address."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit

from leadterm.errors import LeadtermError

__all__ = ["MOST_BYTES", "read_source"]

MOST_BYTES = 60_000_000  # of one file; the largest official file has a third of that
MOST_TOTAL = 300_000_000  # of all files of one archive, those of archives within it included
MOST_FILES = 2_000
SECONDS, PATIENCE = 60, 1_800  # without an answer; for the whole of a file
CHUNK = 1 << 16


def read_source(source: str) -> Iterator[tuple[str, bytes]]:
    """Give the files of a source, zip archives opened (also one inside another, once).

    Nothing is unpacked to disk: member names never become paths.

    >>> list(read_source("no/such/file.xml"))
    Traceback (most recent call last):
        ...
    leadterm.errors.LeadtermError: no file or folder 'no/such/file.xml'. ...
    """
    if source.lower().startswith(("http://", "https://")):
        name = PurePosixPath(unquote(urlsplit(source).path)).name or "download"
        yield from _open(name, _fetch(source))
        return
    path = Path(source).expanduser()
    if not path.exists():
        raise LeadtermError(
            f"no file or folder '{source}'.",
            hint="Give an official file, a folder or zip of them, or an http(s) address.",
        )
    files = sorted(child for child in path.rglob("*") if child.is_file()) if path.is_dir() else [path]
    for file in files[:MOST_FILES]:
        if not file.name.startswith("."):
            yield from _open(file.name, _read(file))


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _too_large(path.name, size)
        return path.read_bytes()
    except OSError as error:
        raise LeadtermError(
            f"cannot read '{path}': {error.strerror}.", hint="Check the file and its permissions."
        ) from None


def _fetch(address: str) -> bytes:
    """Download, and check that all of it came."""
    from http.client import HTTPException
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class SameOrSafer(HTTPRedirectHandler):
        """Follows a redirect to https, or from http to http: not to a file, and not off the safe way."""

        def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str) -> Any:
            safer = ("https://",) if req.full_url.lower().startswith("https://") else ("http://", "https://")
            if not newurl.lower().startswith(safer):
                raise URLError("it leads to an address that is not followed")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    try:
        request = Request(address, headers={"User-Agent": "leadterm"})
        with build_opener(SameOrSafer).open(request, timeout=SECONDS) as answer:
            data = _download(answer)
            promised = answer.headers.get("Content-Length")
    except HTTPError as error:
        code, reason = error.code, error.reason
        error.close()
        raise LeadtermError(f"'{address}' answered {code} {reason}.", hint="Check the address in a browser.") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        why = getattr(error, "reason", None) or error
        raise LeadtermError(f"cannot fetch '{address}': {why}.", hint="Check the address and the network.") from None
    if len(data) > MOST_BYTES:
        raise _too_large(address, len(data))
    if promised and promised.isdecimal() and int(promised) != len(data):
        raise LeadtermError(
            f"only {len(data)} of {promised} bytes of '{address}' arrived.", hint="Try again; nothing was installed."
        )
    return data


def _download(answer: Any) -> bytes:
    """Read an answer up to what is allowed; one that drips for ever is given up."""
    pieces, size, end = list[bytes](), 0, time.monotonic() + PATIENCE
    while size <= MOST_BYTES and (piece := answer.read1(CHUNK)):
        pieces.append(piece)
        size += len(piece)
        if time.monotonic() > end:
            raise URLError(f"it takes longer than {PATIENCE} seconds")
    return b"".join(pieces)


def _open(name: str, data: bytes, budget: list[int] | None = None) -> Iterator[tuple[str, bytes]]:
    """Give a file, or the members of a zip archive; ``budget`` (bytes, files) is what an archive around it leaves."""
    if not data.startswith(b"PK\x03\x04") or name.lower().endswith((".xlsx", ".docx", ".ods")):
        yield name, data
        return
    outermost = budget is None
    left = [MOST_TOTAL, MOST_FILES] if budget is None else budget
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check_members(name, members, left)
            for member in members:
                if outermost or not member.filename.lower().endswith(".zip"):
                    label = PurePosixPath(member.filename).name
                    yield from _open(label, archive.read(member), left)
    except LeadtermError:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile raises a dozen kinds of error on a damaged archive
        why = str(error) or type(error).__name__
        raise LeadtermError(
            f"the archive '{name}' is damaged or locked ({why}).", hint="Download it again; nothing was installed."
        ) from None


def _check_members(name: str, members: list[zipfile.ZipInfo], left: list[int]) -> None:
    """Refuse archives made to do harm: paths that leave the folder, contents that swell."""
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise LeadtermError(
                f"the archive '{name}' holds a path that leaves its folder.",
                hint="It is no official file; nothing was installed.",
            )
        if member.file_size > MOST_BYTES:
            raise _too_large(member.filename, member.file_size)
    total = sum(member.file_size for member in members)
    left[:] = left[0] - total, left[1] - len(members)
    if min(left) < 0:
        raise _too_large(name, total)


def _too_large(name: str, size: int) -> LeadtermError:
    return LeadtermError(
        f"'{name}' is too large: {size / 1e6:,.0f} MB; allowed: {MOST_BYTES // 10**6} MB a file.",
        hint="Official code files are far smaller; nothing was installed.",
    )
