from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from codes_samples import INDEX, TABULAR, order_line, zipped

from leadterm.codes import available, load_system
from leadterm.codes.official.install import install, remove
from leadterm.errors import LeadtermError

Write = Callable[[str, str | bytes], str]


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


def test_real_code_files(data: Path) -> None:
    install(data / "hcpcs" / "2019-Alpha-Numeric-HCPCS-File.zip")
    assert len(load_system("hcpcs")) > 6000
    install(data / "icd9" / "CMS31_DESC_LONG_DX.txt")
    assert load_system("icd9cm", date="2014-01-01").release == "31"
    install(data / "icd10pcs" / "icd10pcs_icd10us_all_sections.tsv", release="2022")
    assert "0DTJ4ZZ" in load_system("icd10pcs", date="2022-01-01")


def test_a_file_that_disagrees_with_its_name_is_installed_with_a_warning(write: Write) -> None:
    report = install(write("icd10pcs_2030.txt", "A000 Cholera\nI10 Hypertension\n"), force=True)
    assert [part.system for part in report.installed] == ["icd10cm"]
    assert "icd10pcs" in report.doubts[0]


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


def test_codes_of_an_own_system_keep_their_dots(write: Write) -> None:
    install(write("own.csv", "code,title\nV01,Pedestrian\nV01.1,in traffic\n"), system="own", release="1")
    assert load_system("own").codes == ("V01", "V01.1")


@pytest.mark.parametrize("name", ["", "/abs", "../icd10cm", "*", "a/b", "[/x]"])
def test_names_that_are_no_names_are_unknown_systems(name: str) -> None:
    with pytest.raises(LeadtermError, match="unknown code system"):
        load_system(name)
