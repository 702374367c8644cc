"""Which HCPCS codes stand for a drug: the names that notes use, and the products whose titles have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leadterm.codes.systems.hcpcs_units import Unit, is_unlisted, unit_of
from leadterm.procedures.services.held_words import HeldWords, LowText
from leadterm.storage.tsv import package_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["DrugLexicon", "DrugName", "Product"]

ROOM = "leadterm.procedures.services"
DRUGS = re.compile(
    r"J\d{4}|Q01[346-8]\d|Q20[345]\d|Q4081|Q51\d\d|Q99[56]\d|A9[567]\d\d|A4641|P904[1-8]|C9[0-4]\d\d|S01[0-8]\d|S00\d\d|S50\d\d|S5550"
)
NEW = date(2024, 10, 1)  # the first day we give to codes that came after the list that tells first days
LEAD = re.compile(r"^(?:injection|infusion|instillation|injectable)s?,?\s+(?:of )?")
SALTS = re.compile(
    r"\s+(?:hcl|hydrochloride|sodium|phosphate|sulfate|acetate|citrate|tartrate|mesylate|tromethamine|besylate|lactate"
    r"|bitartrate|maleate|disodium|potassium|succinate|human|\(human\)|trihydrate|hydrobromide)\b"
)
FORMS = (
    ("oral", re.compile(r"\boral\b")),
    ("inhaled", re.compile(r"inhalation|nebuli|administered through dme|nasal spray")),
    ("intravitreal", re.compile(r"intravitreal|intraocular|ophthalmic|suprachoroidal|subretinal")),
    ("implant", re.compile(r"\bimplant|pellet|contraceptive|patch\b")),
    ("pump", re.compile(r"through dme|insulin pump")),
    ("spinal", re.compile(r"epidural or intrathecal")),
)
QUALIFIED = re.compile(
    r"not therapeutically equivalent|biosimilar|preservative.free|concentrated form|mg and [a-z]+|\(for"
    r"|compounded product|in \d[\d.]*% ?\w+|in sodium chloride"
)
PLAIN_WORDS = frozenset({
    "contrast", "diagnostic", "therapeutic", "infusion", "solution", "saline", "vaccine", "injection", "patch", "drug",
    "drugs", "plasma", "sterile water", "iron", "technetium tc", "iodine i", "gold", "urea", "imaging", "calcium",
    "vitamin", "medication", "hormone", "human", "treatment", "tablet", "caffeine", "factor", "edetate", "pfizer",
    "baxter", "tendon", "porcine", "porcine implant", "ferric",
})  # fmt: skip


@dataclass(frozen=True)
class Product:
    """A code for a drug.

    ``head``: how its title names it. ``makers``: names in brackets, one of which a note must have where a plainer code
    stands beside it.
    """

    code: str
    title: str
    head: str
    makers: tuple[str, ...]
    since: date | None
    until: date | None

    @cached_property
    def unit(self) -> Unit | None:
        """What one unit stands for."""
        return unit_of(self.title)

    @cached_property
    def form(self) -> str:
        """One of ``injected oral inhaled intravitreal implant pump spinal``."""
        low = LEAD.sub("", self.title.lower())
        return next((name for name, pattern in FORMS if pattern.search(low)), "injected")

    @cached_property
    def qualified(self) -> bool:
        """Whether the title tells it from plainer ones."""
        low = LEAD.sub("", self.title.lower())
        return bool(QUALIFIED.search(low)) or (bool(self.makers) and "excludes" not in low)

    def is_named(self, text: str) -> bool:
        """Whether a text in lower case names one of the makers, or the depot that a title tells."""
        return any(maker in text or (maker.startswith("for depot") and "depot" in text) for maker in self.makers)

    def holds(self, day: date | None) -> bool:
        """Tell whether the code was in force on a day; by default it must not have ended."""
        if day is None:
            return self.until is None
        return (self.since is None or self.since <= day or self.since == NEW) and (
            self.until is None or day <= self.until
        )


class DrugName(NamedTuple):
    """A drug that a note names: where, by which name, the words of titles, and its strength where it has but one."""

    start: int
    end: int
    name: str
    title_words: str
    mg_per_ml: float


@dataclass(frozen=True)
class DrugLexicon:
    """Names of drugs and the products of a release."""

    system: CodeSystem
    _found: dict[str, tuple[Product, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def products(self) -> tuple[Product, ...]:
        """All codes of the release that stand for a drug, a tracer, contrast or a blood product."""
        titles = ((code, self.system.title(code)) for code in self.system if DRUGS.fullmatch(code))
        return tuple(self._product(code, title) for code, title in titles)

    def _product(self, code: str, title: str) -> Product:
        low = LEAD.sub("", title.lower())
        head = re.sub(r"\s*\(.*", "", re.split(r"[,;]|\bper\b|\bup to\b", low, maxsplit=1)[0]).strip()
        makers = tuple(name.strip() for part in re.findall(r"\(([^()]*)\)", low) for name in part.split("/")
                       if re.fullmatch(r"[a-z][a-z .'-]{3,30}", name.strip()) and name.strip() != "human")  # fmt: skip
        return Product(code, title, head, makers, *self.system.days(code))

    @cached_property
    def names(self) -> dict[str, tuple[str, float]]:
        """Name → words of titles, and milligrams in a millilitre where there is one strength."""
        names: dict[str, tuple[str, float]] = {}
        for product in self.products:
            if product.head.startswith(("unclassified", "not otherwise", "noc ")) and is_unlisted(product.title):
                continue
            plain = SALTS.sub("", product.head)
            for name, words in ((product.head, product.head), (plain, plain), *((one, one) for one in product.makers)):
                if len(name) > 4 and name not in PLAIN_WORDS and not name[0].isdigit() and len(name.split()) < 5:
                    names.setdefault(name, (words, 0.0))
        for row in package_table(ROOM, "drug_names.tsv"):
            strength = 0.0 if row["mg_per_ml"] == "-" else float(row["mg_per_ml"])
            names[row["name"]] = row["title_words"], strength
        return names

    @cached_property
    def _by_first(self) -> dict[str, list[str]]:
        first: dict[str, list[str]] = {}
        for name in sorted(self.names, key=len, reverse=True):
            first.setdefault(FIRST.match(name)[0], []).append(name)  # type: ignore[index]
        return first

    @cached_property
    def _held(self) -> HeldWords:
        return HeldWords(self.names)

    def find(self, text: LowText) -> Iterator[DrugName]:
        """Find the drugs that a text names, the longest name at each place."""
        low, end = text.low, 0
        for at in sorted({at for name in self._held.of(text) for at, _ in text.places(name)}):
            first = None if at < end or INSIDE.match(low, at) else FIRST.match(low, at)
            for name in self._by_first.get(first[0], ()) if first else ():
                stop = at + len(name)
                if low.startswith(name, at) and not low[stop : stop + 1].isalnum():
                    words, strength = self.names[name]
                    yield DrugName(at, stop, name, words, strength)
                    end = stop
                    break

    @cached_property
    def _titles(self) -> list[tuple[str, str, Product]]:
        """Titles in lower case, whole and as they begin behind "injection", with their products."""
        low = ((product.title.lower(), product) for product in self.products)
        return [(title, LEAD.sub("", title), product) for title, product in low]

    def named(self, title_words: str) -> tuple[Product, ...]:
        """Give the products whose titles have the words: those that begin with them, else those that hold them."""
        if title_words not in self._found:
            words = title_words.lower()
            begin = [product for _, low, product in self._titles if low.startswith(words)]
            exact = [product for product in begin if words in (product.head, SALTS.sub("", product.head))]
            holding = exact or begin or [product for title, _, product in self._titles if words in title]
            self._found[title_words] = tuple(holding)
        return self._found[title_words]


FIRST = re.compile(r"[a-z0-9][a-z0-9.%]*(?<!\.)|[a-z0-9]")
INSIDE = re.compile(r"(?<=[a-z0-9])|(?<=[a-z0-9][.%])")  # a place within a word
