"""C-CDA and other CDA documents: the narrative of each section under its title, and whom and when it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from leadterm.errors import LeadtermError
from leadterm.intake.markup import html_text
from leadterm.schema import Encounter, Note

__all__ = ["ccda_encounter", "ccda_text", "parse"]

INPATIENT = {"IMP", "ACUTE", "NONAC"}
Embedded = Callable[[str, str, str], str]
DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")


def ccda_text(content: bytes, name: str, embedded: Embedded) -> str:
    """Give the text of a document: the narratives of its sections, never the coded entries.

    ``embedded`` reads a body in base64: it gets data, media type and a name for messages.
    """
    return _text(parse(content, name), name, embedded)


def ccda_encounter(content: bytes, name: str, ident: str, embedded: Embedded) -> tuple[Encounter, bool]:
    """Read a document as an encounter, called by the id of its visit; tells whether it states the setting."""
    root = parse(content, name)
    visit, person = root.find("componentOf/encompassingEncounter"), root.find("recordTarget/patientRole")
    visit = visit if visit is not None else ElementTree.Element("none")
    person = person if person is not None else ElementTree.Element("none")
    start = _value(visit, "effectiveTime/low") or _value(visit, "effectiveTime") or _value(root, "effectiveTime")
    born = _value(person, "patient/birthTime")[:4]
    day = DAY.match(start)
    kind = root.findtext("title") or ""
    code = _value(visit, "code", "code")
    made = Encounter(
        _id(visit) or ident,
        (Note(_id(root) or "n1", _text(root, name, embedded), " ".join(kind.split()).lower()),),
        patient_id=_id(person) or None,
        setting="inpatient" if code in INPATIENT else "outpatient",
        sex={"F": "F", "M": "M"}.get(_value(person, "patient/administrativeGenderCode", "code")),
        birth_year=int(born) if re.fullmatch(r"\d{4}", born) else None,
        date_of_service="-".join(day.groups()) if day else None,
    )
    return made, bool(code)


def parse(content: bytes, name: str) -> ElementTree.Element:
    """Read XML; the names of elements lose their namespaces. A file that declares entities is refused."""
    if b"<!ENTITY" in content[:10_000]:
        raise LeadtermError(f"{name} declares entities, which no clinical document needs.", hint="Save it without.")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        place = error.position[0]
        raise LeadtermError(f"{name} is not well-formed XML at line {place}.", hint="Is the file whole?") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    return root


def _text(root: ElementTree.Element, name: str, embedded: Embedded) -> str:
    plain = root.find("component/nonXMLBody/text")
    if plain is not None:
        said = "".join(plain.itertext())
        packed = plain.get("representation") == "B64"
        return embedded(said, plain.get("mediaType", "text/plain"), f"the body of {name}") if packed else said
    body = root.find("component/structuredBody")
    parts = [part for component in (body if body is not None else ()) for part in _section(component.find("section"))]
    if not any(part.strip() for part in parts):
        raise LeadtermError(f"{name} is a clinical document without a narrative.", hint="Only section texts are read.")
    return "\n\n".join(parts) + "\n"


def _section(section: ElementTree.Element | None) -> Iterator[str]:
    """Give title and narrative of a section, then of those within."""
    if section is None:
        return
    title = " ".join("".join(element.itertext()) for element in section.findall("title")).strip()
    narrative = section.find("text")
    said = "" if narrative is None else html_text(ElementTree.tostring(narrative, encoding="unicode")).strip("\n")
    if said.strip():
        yield (f"{title}:\n" if title and title[-1] not in ":." else f"{title}\n" * bool(title)) + said
    for component in section.findall("component"):
        yield from _section(component.find("section"))


def _id(element: ElementTree.Element) -> str:
    found = element.find("id")
    return "" if found is None else found.get("extension", "").strip() or found.get("root", "").strip()


def _value(element: ElementTree.Element, path: str, attribute: str = "value") -> str:
    found = element.find(path)
    return "" if found is None else found.get(attribute, "")
