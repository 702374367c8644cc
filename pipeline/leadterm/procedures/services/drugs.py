"""Drugs that were given, with dose and route → codes with units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import ceil
from typing import NamedTuple

from leadterm.codes.systems.hcpcs_units import is_unlisted
from leadterm.procedures.services.context import NoteWords, Place
from leadterm.procedures.services.doses import Dose, assign_doses, find_amounts, route_of, tells_of_waste, with_waste
from leadterm.procedures.services.drug_lexicon import NEW, SALTS, DrugLexicon, DrugName, Product
from leadterm.procedures.services.measured import is_measured
from leadterm.procedures.services.service_found import ServiceFound
from leadterm.service_line import Modifier

__all__ = ["find_drugs", "units_of"]

REACH = 220  # characters of a sentence around a drug that may hold its dose
NAMED_STRENGTH = re.compile(r"^[- ]?(10|20|40|80)\b(?!\s*(?:mg|mcg|cc|ml|units?|%|[-/x]))", re.IGNORECASE)
STRENGTH_NAMED = frozenset({"depo-medrol", "depomedrol", "depo medrol", "kenalog"})
CONTINUED = re.compile(r"\s*(?:dose|amount|strength|total dose|route|given|qty|quantity)\s*[:=]", re.IGNORECASE)
SAME = re.compile(r"^[\s,]*[(/\[,]?\s*(?:brand|i\.e\.|aka|generic)?\s*$")
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?%")
RENAL = ("esrd", "stage renal", "dialysis")
ESRD = re.compile(
    r"(?<!not on )(?<!not yet on )(?<!no )(?<!without )(?<!pre-)"
    r"\b(?:esrd|end[- ]stage renal|(?:hemo|peritoneal )?dialysis)\b"
)
WEIGHT = re.compile(
    r"\b(?:weight|wt\.?|weighs?|weighed|weighing)[^.\n\d]{0,25}(\d{2,3}(?:\.\d+)?)\s*(kg|kilograms?|lbs?|pounds?)\b",
    re.I,
)
IODINE = re.compile(r"[- ]?(?:M-?)?([1-3]\d\d)\b(?!\s*(?:ml|cc))", re.IGNORECASE)
LOCAL = re.compile(r"lidocaine|bupivicaine|ropivacaine|chloroprocaine|hyaluronidase")
SEDATION = re.compile(r"midazolam|fentanyl citrate|meperidine|propofol|ketamine")
FLUIDS = re.compile(r"saline|ringers|dextrose|sterile water|heparin lock flush")
DEPOT = "acetate"  # crystals of a corticosteroid, which stay where they are put: no salt for a vein
INJECTED = frozenset({"injected", "spinal", "joint", "eye"})


class _Site(NamedTuple):
    """A drug that the text names, with the place and its dose."""

    drug: DrugName
    place: Place
    dose: Dose
    route: str


def find_drugs(words: NoteWords, lexicon: DrugLexicon, day: date | None) -> Iterator[ServiceFound]:
    """Find the drugs of a note; a code each for the best product, and one for each other that may be meant."""
    esrd = any(word in words.low.low for word in RENAL) and bool(ESRD.search(words.low.low))
    for site in _sites(words, lexicon):
        if site.dose.amounts == () and is_measured(words.low.low, site.drug.start, site.drug.end, site.place):
            continue
        title_words = _by_number(site.drug, words.text)
        products = _fitting(_products(lexicon, title_words, site.route), site, day, words.low.low, esrd=esrd)
        for rank, product in enumerate(_meant(products, site.dose)):
            yield _found(product, site, words.text, rank, ended=not product.holds(day))


def _meant(products: Sequence[Product], dose: Dose) -> list[Product]:
    """Leave out what the note settles: where the dose decides, only another substance, no salt, is a second choice."""
    if not products or units_of(products[0], dose)[0] is None:
        return list(products[:3])
    mine = SALTS.sub("", products[0].head)
    return [one for one in products[:3] if one is products[0] or SALTS.sub("", one.head) != mine]


def _products(lexicon: DrugLexicon, title_words: str, route: str) -> tuple[Product, ...]:
    """Give the products of a drug; what is swallowed has titles with another salt, or none."""
    named = lexicon.named(title_words)
    if route != "oral" or any(product.form == "oral" for product in named):
        return named
    plain = SALTS.sub("", title_words.split(",")[0])
    return lexicon.named(f"{plain}, oral") or named


def _by_number(drug: DrugName, text: str) -> str:
    """Give the words of titles for contrast by the iodine that the number behind its name tells."""
    iodine = IODINE.match(text[drug.end : drug.end + 8]) if "iodine" in drug.title_words else None
    if not iodine:
        return drug.title_words
    hundreds = int(iodine[1]) // 100
    return f"{hundreds}00-{hundreds}99 mg/ml iodine"


def _sites(words: NoteWords, lexicon: DrugLexicon) -> Iterator[_Site]:
    drugs = _joined(list(lexicon.find(words.low)), words.text)
    by_sentence: dict[tuple[int, int], list[DrugName]] = {}
    places = {drug: words.place(drug.start, drug.end) for drug in drugs}
    for drug in drugs:
        by_sentence.setdefault(places[drug].sentence, []).append(drug)
    for bounds, named in by_sentence.items():
        wide = _widened(words, bounds, named)
        doses = assign_doses(words.text, [(drug.start, drug.end) for drug in named], wide)
        if tells_of_waste(told := _behind(words, max(bounds[1], wide[1]), by_sentence)):
            at = _opened(doses, told)
            doses[at] = with_waste(doses[at], told)
        for drug, dose in zip(named, doses, strict=True):
            ahead, behind = _around(words.text, named, drug, wide)
            route = route_of(behind) or route_of(ahead)
            yield _Site(drug, places[drug], _with_own_strength(drug, dose, words.text), route)


def _behind(words: NoteWords, high: int, named: Mapping[tuple[int, int], object]) -> str:
    """Give the two sentences behind a place, up to one that names a drug."""
    told = ""
    for bounds in words.after(high)[:2]:
        if bounds in named:
            break
        told += words.text[bounds[0] : bounds[1]]
    return told


def _opened(doses: Sequence[Dose], told: str) -> int:
    """Whose vial a sentence tells of: of the drug that with what was lost makes up an amount in it; else the last."""
    amounts = [one for one in find_amounts(told) if not one.per]
    held = {(one.measure, round(one.value, 6)) for one in amounts}
    fits = (
        at for at, dose in enumerate(doses)
        if any((own.measure, round(own.value + lost.value, 6)) in held for own in dose.amounts for lost in amounts)
    )  # fmt: skip
    return next(fits, len(doses) - 1)


def _around(text: str, named: Sequence[DrugName], drug: DrugName, bounds: tuple[int, int]) -> tuple[str, str]:
    """Give the words before and behind a drug, up to the next drug on either side."""
    low = max((other.end for other in named if other.end <= drug.start), default=bounds[0])
    high = min((other.start for other in named if other.start >= drug.end), default=bounds[1])
    return text[max(low, drug.start - 60) : drug.start], text[drug.end : min(high, drug.end + 70)]


def _joined(drugs: Sequence[DrugName], text: str) -> list[DrugName]:
    """Take a generic name and the brand behind it in brackets as one."""
    kept: list[DrugName] = []
    for drug in drugs:
        if kept and SAME.match(text[kept[-1].end : drug.start]) and "(" in text[kept[-1].end : drug.start]:
            last = kept[-1]
            closing = drug.end + 1 if text[drug.end : drug.end + 1] in ")]" else drug.end
            kept[-1] = last._replace(
                end=closing, title_words=drug.title_words, mg_per_ml=drug.mg_per_ml or last.mg_per_ml
            )
        else:
            kept.append(drug)
    return kept


def _widened(words: NoteWords, bounds: tuple[int, int], named: Sequence[DrugName]) -> tuple[int, int]:
    """Take in the lines below that go on with dose and route, as forms do."""
    low, high = bounds
    low, high = max(low, named[0].start - REACH), min(high, named[-1].end + REACH)
    if high < bounds[1]:
        return low, high
    for start, end in words.sentences:
        if start == high and end - low < 2 * REACH and CONTINUED.match(words.text[start:end]):
            high = end
    return low, high


def _with_own_strength(drug: DrugName, dose: Dose, text: str) -> Dose:
    """Add the strength that the name tells: Depo-Medrol 80, Celestone."""
    if drug.name in STRENGTH_NAMED and not dose.strength:
        stated = NAMED_STRENGTH.match(text[drug.end : drug.end + 12])
        if stated:
            return replace(dose, strength=float(stated[1]))
    return replace(dose, strength=drug.mg_per_ml) if drug.mg_per_ml and not dose.strength else dose


def _fitting(products: Sequence[Product], site: _Site, day: date | None, text: str, *, esrd: bool) -> list[Product]:
    """Put the products that may be meant in order: form, plainness, newness, then the unit that the dose asks for."""
    form = {"oral": "oral", "inhaled": "inhaled", "eye": "intravitreal"}.get(site.route, "injected")
    there = [product for product in products if product.holds(day)] or [p for p in products if p.until is not None]
    if any("diagnostic" in product.title.lower() or "contrast" in product.title.lower() for product in there):
        form = "injected"  # swallowed tracers have no title of their own
    mine = [product for product in there if product.form == form]
    if form == "intravitreal" and not any(not one.qualified or one.is_named(text) for one in mine):
        mine = []  # a device of one maker, not the drug as such
    if not mine and form != "oral":
        mine = [product for product in there if product.form in ("injected", "spinal", "pump", "implant")]
        mine = mine or ([] if site.route else list(there))
    renal = [product for product in mine if "esrd on dialysis" in product.title.lower()]
    mine = (renal if esrd and renal else [product for product in mine if product not in renal]) or mine
    named = [product for product in mine if product.is_named(text)]
    plain = [product for product in mine if not product.qualified]
    mine = named + [product for product in (plain or mine) if product not in named]
    if any(product.since == NEW and not product.qualified for product in mine):
        newest = [product for product in mine if product.since == NEW or product.code[0] != "J"]
        mine = newest or mine
    told = PERCENT.search(text, site.drug.start, site.drug.end + 8)
    share = told and told[1]
    return sorted(mine, key=lambda product: (_other_share(product.title, share), *_order(product, site, named)))


def _other_share(title: str, share: str | None) -> bool:
    """Whether a title tells another strength in percent than the note: albumin 5% and 25%."""
    own = PERCENT.search(title)
    return bool(share and own and own[1] != share)


def _order(product: Product, site: _Site, named: Sequence[Product]) -> tuple[bool, bool, bool, int, float, str]:
    amount = site.dose.amount(product.unit.measure) if product.unit else None
    size = product.unit.amount if product.unit else 1.0
    fits = amount is not None and abs(amount / size - round(amount / size)) < 1e-6
    return (
        product not in named, product.form in ("spinal", "pump") and site.route != "spinal",
        (DEPOT in product.head) != (site.route in ("joint", "spinal")),
        "JQAPCS".find(product.code[0]), -size if fits else size if amount is None else 1e9 + size, product.code,
    )  # fmt: skip


def _found(product: Product, site: _Site, text: str, rank: int, *, ended: bool) -> ServiceFound:
    dose = site.dose
    if dose.per_weight and not dose.amounts and (weight := _weight(text)):
        scaled = dose.per_weight._replace(value=dose.per_weight.value * weight, per="")
        dose = replace(dose, amounts=(scaled,))
    units, notes = units_of(product, dose)
    if ended:
        notes = (f"{product.code} ended {product.until}; no code in force has this name", *notes)
    traits = {f"route_{site.route}" if site.route else "route_none", "dose" if units else "no_dose", "drug"}
    traits |= {"alternative"} if rank else set()
    traits |= {"ended"} if ended else set()
    head = product.title.lower()
    for trait, pattern in (("local", LOCAL), ("sedation", SEDATION), ("fluid", FLUIDS)):
        traits |= {trait} if pattern.search(head) else set()
    traits |= {"unlisted"} if is_unlisted(product.title) and "otherwise specified" not in head else set()
    traits |= {"tracer"} if product.code.startswith(("A9", "Q99")) else set()
    traits |= {"per_dose"} if product.unit and product.unit.measure == "dose" else set()
    traits |= {f"form_{product.form}"}
    modifiers = _waste(dose, product)
    pieces = ((site.drug.start, site.drug.end), *((one.start, one.end) for one in dose.amounts))
    return ServiceFound(
        product.code, site.drug.name, site.place, "drug", tuple(sorted(pieces)), units, notes, frozenset(traits),
        modifiers, adds=False,
    )  # fmt: skip


def _weight(text: str) -> float | None:
    match = WEIGHT.search(text)
    return float(match[1]) * (0.4536 if match[2].lower()[0] in "lp" else 1) if match else None


def units_of(product: Product, dose: Dose) -> tuple[int | None, tuple[str, ...]]:
    """Divide what was given by the unit of the title, rounded up; where that cannot be done, say why."""
    unit = product.unit
    if unit is None:
        return (1, ()) if "per study" in product.title.lower() else (None, ())
    if unit.measure in ("dose", "vial"):
        return 1, ()
    amount = dose.amount(unit.measure)
    if amount is None and unit.measure == "mg" and (grams := dose.amount("g")) is not None:
        amount = grams
    if amount is None:
        return None, (_why_not(dose, product),)
    units = max(1, ceil(amount / unit.amount - 1e-9))
    return units, (f"{_shown(amount)} {unit.measure} in units of {unit.written}: {units}",)


def _why_not(dose: Dose, product: Product) -> str:
    unit = product.unit
    assert unit is not None
    if not dose.amounts:
        if dose.per_weight:
            return f"dose by weight ({dose.per_weight.written}), weight not documented; one unit is {unit.written}"
        return f"dose not documented; one unit is {unit.written}"
    said = ", ".join(one.written for one in dose.amounts)
    if any(one.measure == "ml" for one in dose.amounts):
        return f"strength not documented: {said} cannot be turned into {unit.measure}; one unit is {unit.written}"
    return f"dose in another unit: {said}; one unit is {unit.written}"


def _waste(dose: Dose, product: Product) -> tuple[Modifier, ...]:
    if dose.wasted is not None and product.unit and dose.wasted.measure == product.unit.measure:
        units = max(1, ceil(dose.wasted.value / product.unit.amount - 1e-9))
        return (Modifier("JW", f"{dose.wasted.written} thrown away: a second line with {units} units", units),)
    return (Modifier("JZ", "nothing of the vial thrown away"),) if dose.all_used else ()


def _shown(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
