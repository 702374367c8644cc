"""What the build of a sentence says beside its cues: whose clause it is, what is not so, denials that cancel out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from leadterm.text.context.cues import Cue, Hit

__all__ = ["STOPS", "Grammar", "answers", "begins_clause", "cancelled", "of_others", "queried", "unreal"]

COUNTED = frozenset({"of", "among"})  # "of her siblings, one has"
TREATED = frozenset({"up", "treatment", "therapy", "surgery", "care", "medication", "pills", "chemo", "chemotherapy"})
FARTHEST_LINK, SHORT, SOON = 11, 8, 4
ANSWERS = frozenset({"no", "yes", "sí", "si"})
ANSWERED = ANSWERS | {f"{word}." for word in ANSWERS}
FULL = frozenset({",", ".", ";"})
STOPS = frozenset({";", ":", "•", "|", "!", "?", ".", "and", "but", "or", "y", "pero", "o"})
MAIN = frozenset({"this", "it", "he", "she", "that", "patient"})
BY = frozenset({"behind", "beside", "near", "opposite", "above", "below", "around"})  # "the man beside him"
ANYBODY = frozenset({"people", "someone", "somebody", "anybody", "folks"})
OWNED = frozenset({"his", "her", "their", "my"})  # "both of his boys"
RELATIVE = frozenset({"who", "whose", "que", "now", "aged"})
ASKED = STOPS | {",", "-", "–", "(", "/"}
OF_ANOTHER = frozenset({"not", "told", "learned"})  # "not she", "her friend was told she has"
NOT = frozenset({"not", "n't", "never", "no", "nunca", "hardly", "rarely", "seldom", "scarcely"})
JOINS = frozenset({",", ";", ":", "and", "or", "but", "nor", "y", "o", "ni", "pero"})
REACH = 4
LACKS = frozenset({"lacks", "lack", "lacking", "free", "deny", "denies", "denied", "denying", "absence", "absent"})
CANNOT = frozenset({"can't", "cannot", "couldn't", "unable", "ca"})
WITHOUT = frozenset({"without", "sin"})
INVERTED = frozenset({"had", "were", "should"})
_SUBJECTS = "this that there it he she they these his her the we i any"
_UNREAL = "would could might should 'd wouldn't he'd she'd i'd we'd it'd they'd"
SUBJECTS, UNREAL = frozenset(_SUBJECTS.split()), frozenset(_UNREAL.split())
BEING = frozenset({"been", "had", "shown", "proved", "turned", "developed", "a", "an", "any", "not", "come", "meant"})


class Grammar(NamedTuple):
    """Closed classes of words of a language; each a ``set`` row of its cue table with the name of the field."""

    persons: frozenset[str]
    strangers: frozenset[str]
    beside: frozenset[str]
    links: frozenset[str]
    reporting: frozenset[str]
    patients: frozenset[str]
    determiners: frozenset[str]
    addressed: frozenset[str]
    times: frozenset[str]

    @classmethod
    def of(cls, sets: Mapping[str, Sequence[str]]) -> Grammar:
        """Take the classes out of the word lists of a cue table; one that is not told is empty.

        >>> Grammar.of({"persons": ["aunt"]}).persons
        frozenset({'aunt'})
        """
        return cls(*[frozenset(sets.get(name, ())) for name in cls._fields])


def of_others(words: Sequence[str], hits: Sequence[Hit], grammar: Grammar) -> Iterator[tuple[int, int]]:
    """Yield each person other than the patient, and where what is said of him begins.

    A person counts as the subject of a clause ("Dad went at fifty with"), or before "who" and "with"; not one who
    reports, brings or is there, nor one behind whom the patient is named.

    >>> words = "her roommate , thought to have influenza".split()
    >>> grammar = Grammar.of({"persons": ["roommate"], "links": ["have"], "determiners": ["her"]})
    >>> list(of_others(words, [], grammar))
    [(1, 6)]
    """
    if grammar.persons.isdisjoint(words) and grammar.strangers.isdisjoint(words):
        return
    covering = {i: hit for hit in hits for i in range(hit.start, hit.end)}
    for i, word in enumerate(words):
        known = word in grammar.persons
        if not known and not (word in grammar.strangers and _apart(words, i, grammar)):
            continue
        hit, relative = covering.get(i), "who" in words[i + 1 : i + 3]
        before = _before(words, i, grammar)
        counted = before == 0 and words[0] in COUNTED
        if hit and not counted and not all(_leaves_open(cue, relative=relative) for cue in hit.cues):
            continue
        if known and not (relative or counted) and before >= 0 and words[before] in grammar.addressed:
            continue
        link = _link(words, i, grammar, first=before < 0)
        if link >= 0:
            yield i, link + 1


def _leaves_open(cue: Cue, *, relative: bool) -> bool:
    """Whether a cue over a person says less than the clause behind him: "her friend has | just been told she has"."""
    return (cue.category, cue.direction) == ("family", "forward") or (relative and cue.category == "pseudo")


def _before(words: Sequence[str], i: int, grammar: Grammar) -> int:
    """The place of the last word before a person's determiners and adjectives, or -1."""
    at = i - 1
    while at >= 0 and words[at] in grammar.determiners:
        at -= 1
    return at


def _apart(words: Sequence[str], i: int, grammar: Grammar) -> bool:
    """Whether a man or girl is not the patient: "from a man with", "the boy at the next desk"."""
    before = _before(words, i, grammar)
    if words[i] in ANYBODY or (i and words[i - 1] in OWNED):
        return True
    near = before >= 0 and words[before] in grammar.beside
    return near or any(word in grammar.beside for word in words[i + 1 : i + 2])


def _link(words: Sequence[str], i: int, grammar: Grammar, *, first: bool) -> int:
    """The word behind which a person's disease stands, or -1."""
    if first and words[i + 1 : i + 2] == [","] and len(words) <= SHORT:
        said = frozenset(words)
        if said.isdisjoint(grammar.links | grammar.reporting | grammar.patients):
            return i + 1  # "Twin brother, epileptic."
    aside = -1  # where a clause between commas ends: "her sister, who lives with her, has"
    for j in range(i + 1, min(i + FARTHEST_LINK, len(words) - 1)):
        word = words[j]
        if word == "," and words[j + 1] in RELATIVE and "," in words[j + 1 : j + FARTHEST_LINK]:
            aside = words.index(",", j + 1)
        told = word in grammar.patients and words[j - 1] not in OF_ANOTHER and words[j - 1] not in BY
        if told or word in STOPS or word in grammar.reporting or word in grammar.persons:
            if j > aside:
                return -1
        elif _links(words, i, j, grammar) and OF_ANOTHER.isdisjoint(words[j + 1 : j + SOON]):
            says = any(w in grammar.reporting or w in grammar.patients for w in words[j + 1 : j + SOON])
            if j < aside and (says or words[j + 1 : j + 3] == ["her", ","]):
                continue
            return -1 if says or (word in ("of", "from", "de") and j == i + 1) else j
    return -1


def _links(words: Sequence[str], i: int, j: int, grammar: Grammar) -> bool:
    """Whether a word leads from a person to his disease: "with", "who is", "treated for"."""
    if words[j] == "for":
        return j > i + 1 and (words[j - 1].endswith("ed") or words[j - 1] in TREATED)
    return words[j] in grammar.links or (words[j] in ("is", "are", "was", "were") and words[j - 1] == "who")


def cancelled(words: Sequence[str], hits: Sequence[Hit], grammar: Grammar) -> frozenset[int]:
    """Find the denials that another denial turns round, and that other one: "not a day passes without pain".

    The numbers of the hits that deny nothing. ``not`` before an adverb that speaks of the whole sentence is none
    either ("not surprisingly").

    >>> from leadterm.text.context.cues import Cue
    >>> deny = (Cue("lacks", "absent", "forward", 0, frozenset()),)
    >>> sorted(cancelled("not that she lacks anemia".split(), [Hit(3, 4, deny)], Grammar.of({})))
    [0]
    """
    found: set[int] = set()
    if NOT.isdisjoint(words) and CANNOT.isdisjoint(words):  # "n't" is a word of its own
        return frozenset()
    for number, hit in enumerate(hits):
        if _goes_on(words, hit):
            found.add(number)
        if not any(cue.category in ("absent", "denied") for cue in hit.cues):
            continue
        said = words[hit.start : hit.end]
        behind = words[hit.end] if hit.end < len(words) else ""
        if said[-1:] == ["not"] and behind.endswith("ly") and words[hit.end + 1 : hit.end + 2] == [","]:
            found.add(number)
        inner = next((i for i in range(hit.start, hit.end) if _turnable(words, i)), -1)
        if inner < 0 or not (outer := _turned(words, inner, grammar)):
            continue
        found.add(number)
        found.update(n for n, other in enumerate(hits[:number]) if other.start <= outer[0] < other.end)
    return frozenset(found)


def _goes_on(words: Sequence[str], hit: Hit) -> bool:
    """Whether an end is denied: "the rash never went away"."""
    ended = all(cue.category == "history" and cue.direction in ("backward", "end") for cue in hit.cues)
    before = words[max(0, hit.start - 1) : hit.start]
    return ended and any(word in NOT or word.endswith("n't") for word in before)


def _turnable(words: Sequence[str], i: int) -> bool:
    return words[i] in LACKS or words[i] in WITHOUT or words[max(0, i - 1) : i + 1] == ["que", "no"]


def _turned(words: Sequence[str], inner: int, grammar: Grammar) -> tuple[int, ...]:
    """The place of the word that turns a denial round, in a tuple, or none."""
    without = words[inner] in WITHOUT or words[inner] == "no"
    for at in range(inner - 1, max(-1, inner - (2 * REACH if without else REACH) - 1), -1):
        word = words[at]
        if word in JOINS:
            return ()
        if word in NOT or word in CANNOT or word.endswith("n't"):
            time = not grammar.times.isdisjoint(words[at:inner])
            usual = word in ("never", "nunca", "rarely", "seldom", "hardly") or word in CANNOT or inner - at == 1
            usual |= word in ("not", "n't") and at > 0 and words[at - 1] in ("can", "could", "ca")
            return (at,) if (time or usual if without else word not in ("no", "unable")) else ()
    return ()


def begins_clause(words: Sequence[str], i: int) -> bool:
    """Whether a main clause begins at a word: "even without a biopsy | this is psoriasis".

    >>> begins_clause("without a biopsy this is psoriasis".split(), 3)
    True
    """
    return words[i] in MAIN and words[i + 1 : i + 2] in (["is"], ["has"], ["was"], ["had"], ["remains"])


def queried(words: Sequence[str]) -> list[int]:
    """Find the question marks that stand before what they ask: "? UTI", "Impression: ?gout".

    >>> queried("impression : ? uti".split()), queried("asthma ? no".split())
    ([2], [])
    """
    return [i for i, word in enumerate(words[:-1]) if word == "?" and (not i or words[i - 1] in ASKED)]


def unreal(words: Sequence[str]) -> int:
    """Find where a clause begins that says what was not so: "Had this been cellulitis, she would be febrile"; or -1.

    >>> unreal("had there been fever , i would have kept her".split())
    0
    >>> unreal("had the flu , would like a shot".split())
    -1
    """
    if UNREAL.isdisjoint(words):
        return -1
    for i in [i for i, word in enumerate(words[:-2]) if word in INVERTED]:
        opens = not i or words[i - 1] not in SUBJECTS | {"who", "which", "patient", "that"}
        if opens and words[i + 2] != "not" and words[i + 1] in SUBJECTS and not BEING.isdisjoint(words[i + 2 : i + 5]):
            return i
    return -1


def answers(words: Sequence[str]) -> list[tuple[int, int, int, bool]]:
    """Find what a line answers item by item: "chest pain no, cough yes", "rash, no; itching, yes".

    ``[low, high)`` of each item, the place of its answer, and if that is yes.

    >>> answers("chest pain no , cough yes".split())
    [(0, 2, 2, False), (4, 5, 5, True)]
    """
    if ANSWERED.isdisjoint(words):
        return []
    found: list[tuple[int, int, int, bool]] = []
    low, bare = 0, [word.rstrip(".") for word in words]
    for i, word in enumerate(bare if not ANSWERS.isdisjoint(bare) else ()):
        if word not in ANSWERS or (i + 1 < len(words) and words[i + 1] not in FULL):
            continue
        high = i - (words[i - 1] == ",") if i else 0
        start = max([low, *(k + 1 for k in range(low, high) if words[k] in FULL or words[k] == ":")])
        if start < high:
            found.append((start, high, i, word != "no"))
        low = i + 1
    whole = bool(found) and found[0][0] == 0 and found[0][1] <= REACH and found[-1][2] + 2 >= len(words)
    return found if len(found) > 1 or whole else []
