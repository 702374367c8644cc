from __future__ import annotations

import errno
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from codes_samples import DRUG, FILES, INDEX, TABULAR

from leadterm.codes import available, load_system
from leadterm.codes.official import sources as sources_module
from leadterm.codes.official.install import install
from leadterm.codes.release import effective_dates, release_from_label
from leadterm.errors import LeadtermError

Write = Callable[[str, str | bytes], str]


def order_line(number: int, code: str, billable: int, title: str) -> str:
    return f"{number:05d} {code:<7} {billable} {title[:60]:<60} {title}"


ORDER = "\n".join(
    [
        order_line(1, "A00", 0, "Cholera"),
        order_line(2, "A000", 1, "Cholera, newly named"),
        order_line(3, "A02", 0, "Brand new things"),
        order_line(4, "A021", 1, "Brand new thing"),
        order_line(5, "W00", 0, "Fall on ice"),
        order_line(6, "W000", 0, "Fall on same level on ice"),
        order_line(7, "W000XXA", 1, "Fall on same level on ice, initial encounter"),
    ]
)
HCPCS = "\n".join(
    f"{start:<11}{words:<80}{'short':<28}".ljust(268) + dates
    for start, words, dates in [
        ("A0426001003", "Ambulance service, level 1 (als", "200101012001010100000000N"),
        ("A0426002004", "1)", ""),
        ("A999900100 3".replace(" ", ""), "Retired supply", "199501011995010120011231N"),
        ("   LT001007", "Left side", "199501011995010100000000N"),
    ]
)


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, tuple[int, bytes, int]]]]:
    """A local web server: path → status, content, promised length."""
    pages: dict[str, tuple[int, bytes, int]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content, length = pages.get(self.path, (404, b"no", 2))
            self.send_response(status)
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


def test_a_folder_with_files_of_any_name(official: Path) -> None:
    (official / "index.xml").rename(official / "whatever.dat")
    (official / "readme.txt").write_text("Words about the files.")
    report = install(official)
    assert [(part.kind, part.release) for part in report.installed] == [
        ("drug", "2026"), ("external cause", "2026"), ("neoplasm", "2026"), ("index", "2026"),
    ]  # fmt: skip
    assert [name for name, _ in report.skipped] == ["readme.txt"]
    assert sum(not part.packaged for part in available()) == 4


def test_installing_again_replaces(write: Write, folders: Path) -> None:
    install(write("index.xml", INDEX))
    before = load_system("icd10cm")
    install(write("index.xml", INDEX.replace("Abdominalgia", "Bellyache")))
    after = load_system("icd10cm")
    assert before.key != after.key
    assert "Bellyache" in {term.text for term in after.terms(["index"])}
    assert len(list(folders.rglob("*.tsv"))) == 1
    assert not list(folders.glob(".staging*"))


def test_a_zip_and_a_zip_inside_a_zip(write: Write) -> None:
    inner = zipped({"deep/drug.xml": DRUG})
    report = install(write("all.zip", zipped({"x/index.xml": INDEX, "more.zip": inner})))
    assert {part.kind for part in report.installed} == {"index", "drug"}


def test_tabular_release_replaces_the_codes(write: Write) -> None:
    install(write("tabular.xml", TABULAR))
    system = load_system("icd10cm")
    assert system.release == "2031"
    assert list(system) == ["A0Z", "A0Z.1", "A0Z.1XXA", "A0Z.1XXD"]
    assert system.title("A0Z.1XXD") == "One thing, left, again"
    assert system.inclusion_terms("A0Z.1") == ("Left thing",)
    assert [note.owner for note in system.instructions("A0Z.1", "excludes2")] == ["A00"]
    assert load_system("icd10cm", date="2026-05-01").release != "2031"


def test_order_file_replaces_the_codes_and_keeps_the_notes(write: Write) -> None:
    install(write("icd10cm_order_2030.txt", ORDER))
    system = load_system("icd10cm")
    assert system.release == "2030"
    assert "E11.9" not in system
    assert system.title("A00.0") == "Cholera, newly named"
    assert "Classical cholera" in system.inclusion_terms("A00.0")
    assert system.parent("W00.0XXA") == "W00.0"
    assert system.seventh_characters("W00.0") == {"A": "initial encounter"}
    assert system.block("A02.1") == system.block("A00.0")
    assert not system.is_billable("A00")


def test_hcpcs(write: Write) -> None:
    install(write("HCPC2019_CONTR_ANWEB.txt", "*Disclaimer\n" + HCPCS))
    system = load_system("hcpcs")
    assert system.title("A0426") == "Ambulance service, level 1 (als 1)"
    assert system.valid_on("2019-03-01", "A0426")
    assert not system.valid_on("2019-03-01", "A9999")
    assert load_system("hcpcs_modifiers").title("LT") == "Left side"
    assert system.release == "2019"


def test_lists(write: Write) -> None:
    install(write("CMS31_DESC_LONG_DX.txt", b"0010  Cholera\nV5861 Long-term use\nE8120 M\xe9ni\xe8re\n"))
    assert load_system("icd9cm", date="2014-01-01").codes == ("001.0", "E812.0", "V58.61")
    install(write("mine.csv", "code,title\nX1,One thing\n"), system="own", release="1")
    assert load_system("own").title("X1") == "One thing"
    with pytest.raises(LeadtermError, match="tells its release"):
        install(write("CODES.txt", "0010  Cholera\n0011  Other cholera\n"))
    with pytest.raises(LeadtermError, match="bad release"):
        install(write("CODES.txt", "0010  Cholera\n"), release="../../up")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("order_2030.txt", ORDER[:-70], "incomplete"),
        ("order_2030.txt", "\n".join(ORDER.split("\n")[:2] + ORDER.split("\n")[4:]), "lacks lines"),
        ("gem_2013.txt", "A000    0010  00000\nA001    0011  00000\n", "nothing in"),
        ("empty.txt", "", "nothing in"),
        ("noise.bin", b"\x00\x01\x02" * 50, "nothing in"),
        ("page.html", "<html><body>Sign in</body></html>", "nothing in"),
        ("cut.zip", zipped({"index.xml": INDEX})[:-40], "damaged"),
        ("slip.zip", zipped({"../../index.xml": INDEX}), "leaves its folder"),
        ("none.xml", "<ICD10CM.index><version>2026</version></ICD10CM.index>", "no entries"),
    ],
)
def test_bad_files_install_nothing(name: str, content: str | bytes, says: str, write: Write, folders: Path) -> None:
    with pytest.raises(LeadtermError, match=says):
        install(write(name, content))
    assert not list(folders.rglob("*.tsv"))


def test_a_folder_with_one_bad_file_installs_nothing(official: Path, folders: Path) -> None:
    (official / "zzz.xml").write_text(INDEX[:-30])
    with pytest.raises(LeadtermError, match="well-formed"):
        install(official)
    assert not list(folders.rglob("*.tsv"))


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


def test_a_full_disk_leaves_nothing(official: Path, folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move, moved = Path.replace, []

    def replace(self: Path, target: Path) -> Path:
        if len(moved) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        moved.append(target)
        return move(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(LeadtermError, match="No space left"):
        install(official)
    assert len(moved) == 2
    assert not list(folders.rglob("*.tsv"))
    assert not list(folders.glob(".staging*"))


def test_a_data_folder_that_cannot_be_made(official: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", write("a file", "x"))
    with pytest.raises(LeadtermError, match="cannot write"):
        install(official)


def test_a_damaged_installed_file_is_reported(official: Path, folders: Path) -> None:
    install(official)
    path = next(folders.rglob("index.tsv"))
    path.write_text(path.read_text().replace("R10.9", "R10.8").replace("sha256: ", "sha256: 0"))
    with pytest.raises(LeadtermError, match="damaged"):
        load_system("icd10cm")


@pytest.mark.parametrize(
    ("label", "version", "release"),
    [("icd10cm-index-2025.xml", "2025", "2025"), ("icd10pcs_order_2026.txt", "", "2026"), ("x.txt", "", None),
     ("HCPC2019_CONTR_ANWEB.txt", "", "2019"), ("icd10cm-tabular-April-1-2026.xml", "2026", "2026.04")],
)  # fmt: skip
def test_release_names(label: str, version: str, release: str | None) -> None:
    assert release_from_label(label, version) == release


def test_effective_dates_of_unknown_releases() -> None:
    assert effective_dates("own", "1") == (None, None)
    assert effective_dates("icd10cm", "spring") == (None, None)


def test_real_code_files(data: Path) -> None:
    install(data / "hcpcs" / "2019-Alpha-Numeric-HCPCS-File.zip")
    assert len(load_system("hcpcs")) > 6000
    install(data / "icd9" / "CMS31_DESC_LONG_DX.txt")
    assert load_system("icd9cm", date="2014-01-01").release == "31"
    install(data / "icd10pcs" / "icd10pcs_icd10us_all_sections.tsv", release="2022")
    assert "0DTJ4ZZ" in load_system("icd10pcs", date="2022-01-01")
