"""How much of what identifies a person is found: ``python -m leadterm.experiments.bench_deidentify [NOTES]``.

Identifiers are planted into generated notes. The names are common ones in sentences of our own, some of which the
patterns were written after: real notes are harder.
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

from leadterm.codes.registry import load_system
from leadterm.intake.identifiers import find_identifiers
from leadterm.training.generator.notes import generate_notes

__all__ = ["measure"]

FIRST = ("James", "Maria", "Robert", "Linda", "Wei", "Aisha", "Carlos", "Olga", "Tom", "Fatima", "Hiroshi", "Grace")
LAST = ("Smith", "Garcia", "Nguyen", "O'Brien", "Kowalski", "Johnson", "Patel", "Haddad", "Lopez-Ruiz", "Berg")
STREETS = ("Elm Street", "Oak Avenue", "Mill Road", "Harbor Drive")
TOWNS = ("Springfield", "Portland", "Dayton", "Tampa")
MONTHS = ("January", "March", "May", "August", "October")
FRAMES = (
    "Patient: {name}.", "{name} was seen today.", "Seen with Dr. {last} on {date}.",
    "Referred by {name}, phone {phone}.", "MRN {record}.", "Date of birth {date}.",
    "Lives at {street}, {town}, OH {zip}.", "Call her son {first} at {phone}.",
    "She is {age} years old.", "Reply to {email}.", "Follow up on {month}.", "SSN {ssn}.", "Thank you, {name}, MD",
    # As notes are typed: names by themselves, in capitals, in small letters, places without a street.
    "{capitals}", "d/w {last} who agrees with plan", "{first} reports worse pain at night", "pt {small} c/o cough",
    "Wife {first} at bedside", "moved from {town} last year", "Transferred from {place}", "seen {short} by {last}",
)  # fmt: skip


def _filled(frame: str, draw: Random) -> tuple[str, list[tuple[str, int, int]]]:
    """Fill a frame; gives the text, and kind, start and end of each filler."""

    def digits(count: int) -> str:
        return "".join(draw.choice("123456789") for _ in range(count))

    first, last = draw.choice(FIRST), draw.choice(LAST)
    day, year = draw.randint(1, 28), draw.randint(1930, 2025)
    fillers = {
        "name": f"{first} {last}", "last": last, "first": first, "record": digits(7), "zip": digits(5),
        "date": f"{draw.randint(1, 12)}/{day}/{year}", "month": f"{draw.choice(MONTHS)} {day}, {year}",
        "phone": f"({digits(3)}) 555-{digits(4)}", "street": f"{draw.randint(2, 990)} {draw.choice(STREETS)}",
        "town": draw.choice(TOWNS), "age": str(draw.randint(90, 103)), "email": f"{first.lower()}{day}@example.org",
        "capitals": f"{last}, {first}".upper(), "small": f"{first} {last}".lower(),
        "short": f"{draw.randint(1, 12)}/{day}",
        "place": f"{draw.choice(TOWNS)} {draw.choice(('General', 'Memorial', 'County Hospital'))}",
        "ssn": f"{draw.randint(101, 665)}-{draw.randint(10, 99)}-{digits(4)}",
    }  # fmt: skip
    text, places, rest = "", [], frame
    while "{" in rest:
        before, _, rest = rest.partition("{")
        kind, _, rest = rest.partition("}")
        start = len(text) + len(before)
        text += before + fillers[kind]
        places.append((kind, start, len(text)))
    return text + rest, places


def measure(count: int = 200, seed: int = 0) -> tuple[Counter[str], Counter[str], int, int]:
    """Plant identifiers: how many of each kind, how many were found whole, words replaced that were none, all words."""
    draw = Random(seed)
    planted, found, lost, words = Counter[str](), Counter[str](), 0, 0
    for note in generate_notes(load_system("icd10cm"), count, seed=seed):
        text, places = "", []
        for frame in draw.sample(FRAMES, 5):
            piece, inside = _filled(frame, draw)
            places += [(kind, len(text) + start, len(text) + end) for kind, start, end in inside]
            text += piece + "\n"
        start = len(text)
        text += note.notes[0].text
        hidden = {at for one in find_identifiers(text) for at in range(one.start, one.end)}
        for kind, begin, end in places:
            planted[kind] += 1
            found[kind] += all(at in hidden for at in range(begin, end) if not text[at].isspace())
        lost += len("".join(text[at] if at in hidden else " " for at in range(start, len(text))).split())
        words += len(text[start:].split())
    return planted, found, lost, words


if __name__ == "__main__":
    given, hit, gone, total = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    for name in sorted(given):
        print(f"{name:8} {hit[name]:5} of {given[name]:5}  {hit[name] / given[name]:6.1%}")
    print(f"{'all':8} {hit.total():5} of {given.total():5}  {hit.total() / given.total():6.1%}")
    print(f"words replaced that identify nobody: {gone:,} of {total:,} ({gone / total:.2%})")
