"""Code files from archives and from the web."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from codes_samples import DRUG, FILES, INDEX, zipped

from leadterm.codes.official import sources as sources_module
from leadterm.codes.official.install import install
from leadterm.errors import LeadtermError

Write = Callable[[str, str | bytes], str]


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, tuple[int, bytes, int]]]]:
    """A local web server: path → status, content, promised length."""
    pages: dict[str, tuple[int, bytes, int]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content, length = pages.get(self.path, (404, b"no", 2))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", content.decode())
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", pages
        httpd.shutdown()
        thread.join()


def test_a_zip_and_a_zip_inside_a_zip(write: Write) -> None:
    inner = zipped({"deep/drug.xml": DRUG})
    report = install(write("all.zip", zipped({"x/index.xml": INDEX, "more.zip": inner})))
    assert {part.kind for part in report.installed} == {"index", "drug"}


def test_swelling_archives_are_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_module, "MOST_BYTES", 1_000_000)
    with pytest.raises(LeadtermError, match="too large"):
        install(write("bomb.zip", zipped({"a.txt": "0" * 2_000_000})))
    with pytest.raises(LeadtermError, match="too large"):
        install(write("big.txt", "0" * 2_000_000))


def test_from_the_web(server: tuple[str, dict[str, tuple[int, bytes, int]]], folders: Path) -> None:
    address, pages = server
    archive = zipped(dict(FILES))
    pages["/files/April-1-2026.zip"] = (200, archive, len(archive))
    pages["/short.zip"] = (200, archive[:100], len(archive))
    with pytest.raises(LeadtermError, match="404"):
        install(f"{address}/absent.zip")
    with pytest.raises(LeadtermError, match=r"bytes of|cannot fetch"):
        install(f"{address}/short.zip")
    assert not list(folders.rglob("*.tsv"))
    assert len(install(f"{address}/files/April-1-2026.zip").installed) == 4
    with pytest.raises(LeadtermError, match="cannot fetch"):
        install("http://127.0.0.1:9/x.zip")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x"])
def test_a_redirect_leads_nowhere_but_to_the_web(target: str, server: Any, folders: Path) -> None:
    address, pages = server
    pages["/away.zip"] = (302, target.encode(), len(target))
    with pytest.raises(LeadtermError, match=r"not followed|not allowed"):
        install(f"{address}/away.zip")
    archive = zipped(dict(FILES))
    pages["/there.zip"] = (200, archive, len(archive))
    pages["/moved.zip"] = (302, f"{address}/there.zip".encode(), 0)
    assert len(install(f"{address}/moved.zip").installed) == 4
    assert folders.exists()


def test_a_server_that_never_ends_is_given_up(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    address, pages = server
    pages["/slow.zip"] = (200, b"0" * 300_000, 300_000)
    monkeypatch.setattr("leadterm.codes.official.sources.PATIENCE", -1)
    with pytest.raises(LeadtermError, match="longer than -1 seconds"):
        install(f"{address}/slow.zip")


@pytest.mark.parametrize(
    "content",
    [
        zipped({"a.txt": "x" * 500}).replace(b"a.txt", b"\xff.txt"),
        zipped({"index.xml": INDEX})[5:],
        b"PK\x03\x04" + bytes(range(256)) * 4,
    ],
)
def test_damaged_archives_give_a_message(content: bytes, write: Write) -> None:
    with pytest.raises(LeadtermError, match=r"damaged|nothing in"):
        install(write("x.zip", content))


def test_archives_within_an_archive_count_together(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_module, "MOST_TOTAL", 30_000)
    inner = zipped({"a.txt": "0" * 20_000})
    with pytest.raises(LeadtermError, match="too large"):
        install(write("all.zip", zipped({"1.zip": inner, "2.zip": inner})))
