from __future__ import annotations

import errno
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from codes_samples import DRUG, FILES, INDEX, TABULAR

from leadterm.codes import available, load_system
from leadterm.codes.official import sources as sources_module
from leadterm.codes.official.install import install, recognise, remove
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
    install(write("tabular.xml", TABULAR), force=True)
    system = load_system("icd10cm")
    assert system.release == "2031"
    assert list(system) == ["A0Z", "A0Z.1", "A0Z.1XXA", "A0Z.1XXD"]
    assert system.title("A0Z.1XXD") == "One thing, left, again"
    assert system.inclusion_terms("A0Z.1") == ("Left thing",)
    assert [note.owner for note in system.instructions("A0Z.1", "excludes2")] == ["A00"]
    assert load_system("icd10cm", date="2026-05-01").release != "2031"


def test_order_file_replaces_the_codes_and_keeps_the_notes(write: Write) -> None:
    install(write("icd10cm_order_2030.txt", ORDER), force=True)
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
    install(write("HCPC2019_CONTR_ANWEB.txt", "*Disclaimer\n" + HCPCS), force=True)
    system = load_system("hcpcs", "2019-03-01")
    assert system.title("A0426") == "Ambulance service, level 1 (als 1)"
    assert system.valid_on("2019-03-01", "A0426")
    assert not system.valid_on("2019-03-01", "A9999")
    assert load_system("hcpcs_modifiers", "2019-03-01").title("LT") == "Left side"
    assert system.release == "2019"


def test_lists(write: Write) -> None:
    install(write("CMS31_DESC_LONG_DX.txt", b"0010  Cholera\nV5861 Long-term use\nE8120 M\xe9ni\xe8re\n"), force=True)
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


@pytest.mark.parametrize(
    ("name", "codes", "system"),
    [
        ("a.txt", [("A000", 1), ("I10", 1), ("QA0", 0), ("QA00101", 1)], "icd10cm"),
        ("a.txt", [("H40", 0), ("H4011", 0), ("H4011X1", 1)], "icd10cm"),  # all complete codes have seven characters
        ("a.txt", [("B30", 0), ("B3000ZZ", 1)], "icd10pcs"),
        ("a.txt", [("001", 0), ("0016070", 1), ("XW03372", 1)], "icd10pcs"),
        ("a.txt", [("S52", 0), ("S52521A", 1)], "icd10cm"),
        ("icd10cm_order.txt", [("H40", 0), ("H4011X1", 1)], "icd10cm"),
        ("icd10pcs_order.txt", [("H40", 0), ("H4011X1", 1)], "icd10pcs"),
    ],
)
def test_order_files_are_told_by_many_codes_together_and_then_by_name(
    name: str, codes: list[tuple[str, int]], system: str
) -> None:
    lines = (order_line(at, code, flag, "Words") for at, (code, flag) in enumerate(codes, start=1))
    assert [part.system for part in recognise(name, "\n".join(lines).encode(), release="1")] == [system]


def test_a_plain_list_with_a_few_codes_of_a_new_shape_is_what_the_others_are() -> None:
    codes = [f"K{number}" for number in range(100, 200)] + ["QAA1"]
    text = "\n".join(f"{code} Some words" for code in codes)
    assert [part.system for part in recognise("list.txt", text.encode(), release="1")] == ["icd10cm"]
    assert [part.system for part in recognise("HCPC26.txt", b"A0425 Mileage\nJ0120 Drug", release="1")] == ["hcpcs"]


def test_a_file_that_disagrees_with_its_name_is_installed_with_a_warning(write: Write) -> None:
    report = install(write("icd10pcs_2030.txt", "A000 Cholera\nI10 Hypertension\n"), force=True)
    assert [part.system for part in report.installed] == ["icd10cm"]
    assert "icd10pcs" in report.doubts[0]


def test_the_index_keeps_codes_with_two_letters() -> None:
    xml = "<ICD10CM.index><version>2026</version><mainTerm><title>SCN2A disorder</title><code>QA0.0101</code>"
    part = recognise("index.xml", f"{xml}</mainTerm></ICD10CM.index>".encode())[0]
    assert part.rows[0][3] == "QA0.0101"


def test_a_part_of_a_list_is_refused_unless_forced(write: Write, folders: Path) -> None:
    part = write("icd10cm-codes-2031.txt", "I10 Hypertension\nA000 Cholera\n")
    with pytest.raises(LeadtermError, match=r"2 codes; the release at hand, 2026\S*, has 7\d,\d{3}"):
        install(part)
    assert not list(folders.rglob("*.tsv"))
    install(part, force=True)
    with pytest.raises(LeadtermError, match="leadterm codes remove icd10cm 2031"):
        load_system("icd10cm").title("E11.9")
    assert remove("icd10cm", "2031") == ("codes",)
    assert load_system("icd10cm").title("I10")
    assert not list(folders.iterdir())
    with pytest.raises(LeadtermError, match="unknown installed release"):
        remove("icd10cm", "2031")


@pytest.mark.parametrize(
    ("table", "titles"),
    [
        ('code,title,billable\nA1,"Arm, upper",1\n', ["Arm, upper"]),
        ('code,title\nA1,"Arm ""left"", upper"\nA2,Leg\n', ['Arm "left", upper', "Leg"]),
        ("code,title\nA1,Arm, upper\n", ["Arm, upper"]),
        ("code,title\nA1,1,25-dihydroxy\n", ["1,25-dihydroxy"]),
        ('code,title\nA1,"Arm\nupper"\n', ["Arm upper"]),
        ('code\ttitle\nA1\t"Arm", upper\n', ['"Arm", upper']),
        ("code,title,,\nA1,Arm,,\n", ["Arm"]),
        ("code\ttitle\t\t\nA1\tArm\nA2\tLeg\t\n", ["Arm", "Leg"]),
        ('code\t"title"\n#1\t"Arm ""left"""\n', ['Arm "left"']),
    ],
)
def test_titles_with_commas_and_quotes(table: str, titles: list[str]) -> None:
    part = recognise("own.csv", table.encode(), system="own", release="1")[0]
    assert [row[1] for row in part.rows] == titles
    assert all(row[2] == "1" for row in part.rows)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("code,title,billable\nA1,Arm, upper,1\n", "line 2 of 'own.csv' has more cells"),
        ('code,title\nA1,"Arm\n', "no line of a table"),
        ("code,title\nA\x1b1,Arm\n", "allowed: 1 to 64"),
        ("code,title\nA 1,Arm\n", "allowed: 1 to 64"),
        ("code\ttitle\nA\u20281\tArm\n", "allowed: 1 to 64"),
    ],
)
def test_tables_nobody_can_read_for_sure_are_refused(table: str, says: str) -> None:
    with pytest.raises(LeadtermError, match=says):
        recognise("own.csv", table.encode(), system="own", release="1")


def test_codes_of_an_own_system_keep_their_dots(write: Write) -> None:
    install(write("own.csv", "code,title\nV01,Pedestrian\nV01.1,in traffic\n"), system="own", release="1")
    assert load_system("own").codes == ("V01", "V01.1")


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


def test_deep_xml_is_refused() -> None:
    deep = "<ICD10CM.index><version>2026</version>" + "<term>" * 5000 + "</term>" * 5000 + "</ICD10CM.index>"
    with pytest.raises(LeadtermError, match="inside one another"):
        recognise("deep.xml", deep.encode())


def test_archives_within_an_archive_count_together(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_module, "MOST_TOTAL", 30_000)
    inner = zipped({"a.txt": "0" * 20_000})
    with pytest.raises(LeadtermError, match="too large"):
        install(write("all.zip", zipped({"1.zip": inner, "2.zip": inner})))


@pytest.mark.parametrize("name", ["", "/abs", "../icd10cm", "*", "a/b", "[/x]"])
def test_names_that_are_no_names_are_unknown_systems(name: str) -> None:
    with pytest.raises(LeadtermError, match="unknown code system"):
        load_system(name)
