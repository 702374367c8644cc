"""The file of benchmarks is whole, and its loader refuses what is not."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

import pytest

from leadterm.errors import LeadtermError
from leadterm.experiments.benchmarks import Expected, check_figures, load_benchmarks
from leadterm.pages.benchmark_page import benchmark_table
from leadterm.readers import READERS

GOOD = """
[small]
title = "t"
reader = "csv"
systems = ["s"]
fit = ["train"]
choose = "dev"
report = "test"
obtain = "o"
licence = "l"
split_rule = "r"
expected = [{ metric = "map", value = 0.5, tolerance = 0.01 }]
"""
PERCENT = 'published = [{ system = "a", year = 2020, metrics = { map = 59.6 }, source = "s", primary = true }]'


def test_every_benchmark_names_a_reader_and_a_source():
    found = load_benchmarks()
    assert {"mimic3-full", "mimic3-50", "mimic3-clean", "mimic4-icd9", "mimic4-icd10", "mdace", "cmc2007"} <= set(found)
    for benchmark in found.values():
        assert benchmark.reader in READERS
        assert all(row.source and 2000 < (row.year or 2001) < 2100 for row in benchmark.published)
        assert benchmark_table(benchmark, {"ours": {"map": 0.5}}).row_count == len(benchmark.published) + 1


def test_the_file_goes_into_the_wheel():
    root = Path(__file__).parents[2]
    packed = files("leadterm.experiments") / "benchmarks.toml"
    assert packed.read_bytes() == (root / "corpora" / "benchmarks.toml").read_bytes()
    setuptools = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert any(fnmatch("benchmarks.toml", pattern) for pattern in setuptools["package-data"]["*"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "is no table"),
        ("[a", "is not TOML"),
        (GOOD.replace("reader", "raeder"), "did you mean 'reader'"),
        (GOOD.replace('choose = "dev"\n', ""), "lacks choose"),
        (GOOD.replace("value", "vlaue"), "did you mean 'value'"),
        (GOOD + PERCENT, "not a share"),
    ],
)  # fmt: skip
def test_wrong_files_are_refused(tmp_path, text, words):
    path = tmp_path / "b.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LeadtermError, match=words):
        load_benchmarks(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(LeadtermError, match="cannot read"):
        load_benchmarks(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("got", "verdict"),
    [(0.5, "OK"), (0.51, "OK"), (0.49, "OK"), (0.48, "OKish"), (0.47, "OKish"), (0.46, "FAIL"), (0.6, "OKish")],
)
def test_verdicts(got, verdict):
    assert check_figures([Expected("map", 0.5, 0.01)], {"trained": {"map": got}})[0].verdict == verdict


def test_a_figure_that_is_missing_fails():
    assert check_figures([Expected("map", 0.5)], {})[0].verdict == "FAIL"
