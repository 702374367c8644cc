"""A site's own rules: what fires, what is told of a mistake, what is let stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from leadterm.errors import LeadtermError
from leadterm.rules.code_checks import check_items
from leadterm.rules.findings import Coded, Facts
from leadterm.rules.site_rules import SiteRules

FILE = """
[levels]
integral-symptom = "off"
companion-missing = "Critical"
excludes2 = "informational"

[[rule]]
id = "elderly-fall"
level = "Critical"
message = "A fall at 65 or older needs its place."
fix = "Add Y92.-."
[rule.when]
codes = ["W0*", "W1*"]
missing = ["Y92*"]
age = "65-"
any = [{ payer = "Medicare*" }, { sections = ["hpi"] }]

[[rule]]
id = "no-r69"
level = "informational"
message = "R69 says nothing."
when = { first = "R69", not = { setting = "inpatient" } }

[[override]]
rule = "excludes1"
codes = ["E10.9", "E11*"]
reason = "Two kinds of diabetes, confirmed by the endocrinologist."
"""
OLD = Facts(date(2026, 5, 1), born=date(1950, 1, 1), payer="Medicare Part B")


def found(codes: str, facts: Facts = OLD, text: str = FILE) -> dict[str, tuple[str, str, str]]:
    items = [Coded("icd10cm", code) for code in codes.split()]
    return {one.rule: (one.severity, one.level, one.override)
            for one in check_items(facts, items, site=SiteRules.parse(text, "site.toml"))}  # fmt: skip


def test_conditions_over_codes_age_payer_and_sections() -> None:
    assert found("S52.501A W01.0XXA")["elderly-fall"] == ("error", "critical", "")
    assert "elderly-fall" not in found("S52.501A W01.0XXA Y92.009")
    assert "elderly-fall" not in found(
        "S52.501A W01.0XXA", Facts(date(2026, 5, 1), born=date(2000, 1, 1), payer="Medicare")
    )
    assert "elderly-fall" not in found(
        "S52.501A W01.0XXA", Facts(date(2026, 5, 1), born=date(1950, 1, 1), payer="Aetna")
    )
    noted = Facts(date(2026, 5, 1), born=date(1950, 1, 1), sections=frozenset({"hpi"}))
    assert "elderly-fall" in found("S52.501A W01.0XXA", noted)
    assert "elderly-fall" not in found("S52.501A W01.0XXA", Facts(payer="Medicare"))  # nobody knows the age
    assert found("R69")["no-r69"][0] == "advice"
    assert "no-r69" not in found("R69", Facts(setting="inpatient"))


def test_levels_of_the_book_are_changed() -> None:
    assert "integral-symptom" in found("J18.9 R05.9", text="")
    assert "integral-symptom" not in found("J18.9 R05.9")
    assert found("R65.20")["companion-missing"][:2] == ("error", "critical")
    assert found("J02.9 J31.2")["excludes2"][0] == "advice"
    assert "excludes2" not in found("J02.9 J31.2", text="")


def test_an_override_is_shown_with_its_reason_and_blocks_nothing() -> None:
    items = [Coded("icd10cm", "E10.9"), Coded("icd10cm", "E11.9")]
    (one,) = [f for f in check_items(OLD, items, site=SiteRules.parse(FILE, "s")) if f.rule == "excludes1"]
    assert one.override.startswith("Two kinds")
    assert not one.blocks
    assert found("J32.9 J01.90", text=FILE)["excludes1"][2] == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[level]\nx = "off"', "levels"),
        ('[levels]\nexclude1 = "off"', "excludes1"),
        ('[levels]\nexcludes1 = "warn"', "warning"),
        ('[[rule]]\nid="a"\nmesage="b"\nwhen={codes=["I10"]}', "message"),
        ('[[rule]]\nid="a"\nmessage="b"\nwhen={code=["I10"]}', "codes"),
        ('[[rule]]\nid="a"\nmessage="b"\nwhen={setting="outpatients"}', "outpatient"),
        ('[[rule]]\nid="a"\nmessage="b"\nwhen={age="old"}', "span of years"),
        ('[[rule]]\nid="a"\nmessage="b"\nwhen={age="65-18"}', 'ends before it begins. Write "18-65"'),
        ('[[rule]]\nid="excludes1"\nmessage="b"\nwhen={codes=["I10"]}', "two rules have the id 'excludes1'"),
        ('[[rule]]\nid="a"\nmessage="b"\nwhen={age="1-2"}\n' * 2, "two rules have the id 'a'"),
        ('[[rule]]\nid="a"\nmessage="b"\nwhen={codes=["diabetes"]}', "is no code"),
        ('[[rule]]\nid="a"\nmessage="b"\nwhen={codes=["E11.99"]}', "Did you mean E11.9?"),
        ('[[rule]]\nid="a"\nmessage="b"\nwhen={missing=["Q92*", "QQ*"]}', "'QQ*' is no code, nor the beginning of one"),
        ('[[rule]]\nid="a"\nwhen={codes=["I10"]}', "no message"),
        ('[rule]\nid="a"', "one table"),
        ('[[override]]\nrule="excludes1"', "no reason"),
        ('[[override]]\nrule="exclude1"\nreason="x"', "excludes1"),
        ("[levels", "site.toml"),
    ],
)
def test_a_mistake_is_told_with_what_may_be_meant(text: str, said: str) -> None:
    with pytest.raises(LeadtermError) as caught:
        SiteRules.parse(text, "site.toml")
    assert said in str(caught.value)


@pytest.mark.parametrize("code", ["I10", "E11*", "W0-", "R05", "M54.5", "J1885", "0DT*", "99213", "992*"])
def test_codes_that_are_or_were_may_be_named(code: str) -> None:
    assert SiteRules.parse(f'[[rule]]\nid="a"\nmessage="b"\nwhen={{codes=["{code}"]}}', "site.toml").rules


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="cannot read the rules"):
        SiteRules.read(tmp_path / "gone.toml")
