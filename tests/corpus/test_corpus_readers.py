"""What every reader must do, over the registry; and published corpora, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_samples import SOURCES

from leadterm.corpus import check, read_split
from leadterm.errors import LeadtermError
from leadterm.readers import READERS, import_corpus, options_of, read


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_makes_a_sound_corpus(kind: str, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    source = SOURCES[kind](tmp_path / "source")
    card = import_corpus(kind, source, tmp_path / "out")
    assert card.counts["encounters"] == sum(card.splits.values()) > 0
    unlisted = ("unknown-code", "codes-not-checked")  # HCPCS is not among the packaged systems
    assert [problem for problem in check(tmp_path / "out") if problem.kind not in unlisted] == []
    again = read(kind, source).splits()
    assert {split: read_split(tmp_path / "out", split) for split in card.splits} == again
    assert all(code.system in card.systems for some in again.values() for one in some for code in one.codes)
    assert card.source
    assert card.licence
    assert card.phi_status


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_is_deterministic(kind: str, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    source = SOURCES[kind](tmp_path / "source")
    for name in ("one", "two"):
        import_corpus(kind, source, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir())
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_refuses_what_it_cannot_read(kind: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    for source in (tmp_path / "empty", tmp_path / "binary.csv", tmp_path / "missing"):
        with pytest.raises(LeadtermError):
            import_corpus(kind, source, tmp_path / "out")
    with pytest.raises(LeadtermError, match="unknown option"):
        read(kind, tmp_path / "empty", colour="blue")
    assert not (tmp_path / "out").exists()
    assert "colour" not in options_of(kind)


def test_unknown_kinds_get_a_guess() -> None:
    with pytest.raises(LeadtermError, match="did you mean 'mimic4'"):
        read("mimic-4", ".")


@pytest.mark.parametrize(
    ("kind", "place", "options", "splits"),
    [
        ("codiesp", "codiesp", {}, {"train": 500, "dev": 250}),
        ("codiesp", "codiesp", {"language": "en"}, {"train": 500, "dev": 250}),
        ("aci-bench", "aci-bench", {}, {"train": 51, "valid": 16}),
        ("cmc2007", "cmc2007/radiology.xml", {}, {"train": 659}),
    ],
)
def test_published_corpora(
    data: Path, tmp_path: Path, kind: str, place: str, options: dict[str, str], splits: dict[str, int]
) -> None:
    card = import_corpus(kind, data / place, tmp_path / "out", **options)
    assert card.splits == splits
    assert {problem.kind for problem in check(tmp_path / "out")} <= {"unknown-code"}
