"""Install official releases: recognise files by their content, then put them in place whole."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from leadterm.codes.official.axis_files import read_axis_file
from leadterm.codes.official.component import NAME, Component, component_text, list_components
from leadterm.codes.official.hcpcs_files import read_hcpcs_table, xlsx_rows
from leadterm.codes.official.index import index_entries
from leadterm.codes.official.lists import CodeList, hcpcs_lists, read_list
from leadterm.codes.official.sources import read_source
from leadterm.codes.official.tabular import tabular_events
from leadterm.codes.official.whole import check_whole
from leadterm.codes.official.xml import line, parse_xml
from leadterm.codes.release import release_from_label
from leadterm.codes.systems import SYSTEMS
from leadterm.errors import LeadtermError, unknown_name
from leadterm.paths import code_data
from leadterm.storage.writer import explain_failure, open_file

__all__ = ["InstallReport", "Recognised", "install", "recognise", "remove"]


@dataclass(frozen=True, slots=True)
class Recognised:
    """What one file turned out to be."""

    system: str
    release: str
    kind: str
    rows: tuple[tuple[str, ...], ...]
    label: str
    rank: int


@dataclass(frozen=True, slots=True)
class InstallReport:
    """What an installation did.

    ``installed``: the parts put in place. ``skipped``: name of each file left aside, and why. ``doubts``: what may be
    wrong with a file that was installed.

    >>> InstallReport((), (("readme.txt", "not a code file"),)).installed
    ()
    """

    installed: tuple[Component, ...]
    skipped: tuple[tuple[str, str], ...]
    doubts: tuple[str, ...] = ()


def install(
    source: str | Path, *, release: str | None = None, system: str | None = None, force: bool = False
) -> InstallReport:
    """Install the code files of a source; parts already installed under the same release are replaced.

    All files are read and checked before the first is put in place, so a damaged or partial source
    changes nothing.

    - ``source``: a file, a folder, a zip archive or an ``http(s)`` address.
    - ``release``: name of the release, where neither content nor file name tells it.
    - ``system``: name of the system, for a plain list of codes and titles (a licensed CPT file, an own system).
    - ``force``: whether to install a list that has far fewer codes than the release at hand.

    ``LeadtermError`` if nothing in it is a code file, a file is damaged, or the data folder cannot be written.

    >>> install("no-such-file.xml")
    Traceback (most recent call last):
        ...
    leadterm.errors.LeadtermError: no file or folder 'no-such-file.xml'. ...
    """
    for name, given in (("release", release), ("system", system)):
        if given is not None and not NAME.fullmatch(given):
            raise LeadtermError(f"bad {name} '{given}'; allowed: letters, digits and . _ - (64 at most).")
    best, skipped = _choose(source, release, system)
    if not best:
        raise LeadtermError(
            f"nothing in '{source}' is a code file that leadterm knows.",
            hint="Known: XML of ICD-10-CM and ICD-10-PCS (list, index, tables), order files, HCPCS and ICD-9-CM lists "
            "(a workbook needs the extra 'tables').",
        )
    for part in best if not force else ():
        check_whole(part.system, part.release, part.kind, part.rows)
    doubts = [doubt for part in best if (doubt := _doubt(part))]
    return InstallReport(tuple(_put(best, code_data())), tuple(skipped), tuple(doubts))


def _choose(
    source: str | Path, release: str | None, system: str | None
) -> tuple[list[Recognised], list[tuple[str, str]]]:
    """Read every file; of several with the same content keep the one that tells most."""
    best: dict[tuple[str, str, str], Recognised] = {}
    skipped: list[tuple[str, str]] = []
    for label, data in read_source(str(source)):
        found = recognise(label, data, release=release, system=system)
        if not found:
            skipped.append((label, "not a code file that leadterm knows"))
        for part in found:
            key = (part.system, part.release, part.kind)
            rival = best.get(key)
            if rival is None or (part.rank, len(part.rows)) > (rival.rank, len(rival.rows)):
                best[key], part = part, rival  # type: ignore[assignment]
            if part is not None:
                skipped.append((part.label, f"another file tells more about {part.system} {part.release}"))
    return list(best.values()), skipped


def _doubt(part: Recognised) -> str:
    """Say so where a file is called as those of other systems are."""
    named = [spec.name for spec in SYSTEMS.values() if spec.names_file(part.label)]
    if not named or part.system in named:
        return ""
    return f"'{part.label}' is called like a file of {named[0]}, but its codes are those of {part.system}."


def remove(system: str, release: str) -> tuple[str, ...]:
    """Remove an installed release; the default data stays.

    The kinds of part that were removed. ``system``, ``release``: as ``available`` names them. ``LeadtermError`` if no
    such release is installed, or it cannot be removed.
    """
    installed = list_components(code_data())
    parts = [part for part in installed if (part.system, part.release) == (system, release)]
    if not parts:
        known = sorted({f"{part.system} {part.release}" for part in installed})
        raise unknown_name("installed release", f"{system} {release}", known)
    try:
        for part in parts:
            part.path.unlink()
        for folder in (parts[0].path.parent, parts[0].path.parent.parent):
            if not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        raise LeadtermError(
            f"cannot remove {system} {release} from '{code_data()}': {error.strerror or error}.",
            hint="Check that you may write there.",
        ) from None
    return tuple(part.kind for part in parts)


def recognise(label: str, data: bytes, *, release: str | None = None, system: str | None = None) -> list[Recognised]:
    """Find out by its content what a file is, and read it.

    >>> entry = b"<mainTerm><title>Gout</title><code>M10.9</code></mainTerm>"
    >>> xml = b"<ICD10CM.index><version>2026</version>" + entry + b"</ICD10CM.index>"
    >>> [(part.kind, part.release) for part in recognise("index.xml", xml)]
    [('index', '2026')]
    """
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        return _recognise_xml(label, data, release)
    found = []
    for listed in _lists(label, data, system):
        rows = [(row.code, row.title, str(int(row.billable)), str(row.since), str(row.until)) for row in listed.rows]
        named = _release(label, "", release)
        found.append(Recognised(listed.system, named, "codes", tuple(rows), label, listed.rank))
        if listed.facts:
            found.append(Recognised(listed.system, named, "facts", listed.facts, label, listed.rank))
    return found


def _lists(label: str, data: bytes, system: str | None) -> list[CodeList]:
    """Read a text or a workbook as lists of codes; nothing where it is neither."""
    if data.startswith(b"PK\x03\x04"):
        table = read_hcpcs_table(xlsx_rows(data), label)
        return hcpcs_lists(table, table.rank) if table else []
    if b"\x00" in data[:4096]:
        return []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    return read_list(text, label, system)


def _recognise_xml(label: str, data: bytes, release: str | None) -> list[Recognised]:
    """Read an official XML file; other XML (HTML pages) is none of ours."""
    head = data[:4096].replace(b"\x00", b"")
    spec = next((s for s in SYSTEMS.values() if s.xml_root and f"<{s.xml_root}.".encode() in head), None)
    if spec is None:
        return []
    root = parse_xml(data, label)
    named = _release(label, line(root.findtext("version")), release)
    if spec.axes is not None:
        found = read_axis_file(root, label)
        return [_checked(Recognised(spec.name, named, *found, label, 3))] if found else []
    if root.tag == f"{spec.xml_root}.tabular":
        kind = "tabular"
        rows: tuple[tuple[str, ...], ...] = tuple((e.kind, str(e.depth), e.name, e.text) for e in tabular_events(root))
    elif root.tag == f"{spec.xml_root}.index":
        kind, rows = _kind_of_index(root), tuple(tuple(entry.to_fields()) for entry in index_entries(root))
    else:
        return []
    return [_checked(Recognised(spec.name, named, kind, rows, label, 3))]


def _kind_of_index(root: Element) -> str:
    heads = " ".join(line("".join(head.itertext())).lower() for head in root.iter("head"))
    if "external cause" in line(root.findtext("title")).lower():
        return "external cause"
    return "neoplasm" if "neoplasm" in heads else "drug" if "substance" in heads else "index"


def _checked(part: Recognised) -> Recognised:
    if not part.rows:
        raise LeadtermError(f"'{part.label}' holds no entries.", hint="Download it again; nothing was installed.")
    return part


def _release(label: str, version: str, given: str | None) -> str:
    named = given or release_from_label(label, version)
    if not named or not NAME.fullmatch(named):
        raise LeadtermError(
            f"neither the content nor the name of '{label}' tells its release.",
            hint="Name it, for instance: --release 2026",
        )
    return named


def _put(parts: Sequence[Recognised], folder: Path) -> list[Component]:
    """Write all parts before the first takes its place; on trouble take back those that were not there before."""
    made: list[Component] = []
    with (
        explain_failure(folder, what="the code data to ", hint="Set XDG_DATA_HOME to a folder you may write."),
        ExitStack() as taken_back, ExitStack() as drafts,
    ):  # fmt: skip
        for part in parts:
            place = folder / part.system / part.release / f"{part.kind.replace(' ', '-')}.tsv"
            if not place.exists():
                taken_back.callback(place.unlink, missing_ok=True)
            text = component_text(part.system, part.release, part.kind, part.rows)
            file = drafts.enter_context(open_file(place))
            file.write(text.encode())
            file.flush()
            digest = text.split("# sha256: ", 1)[1].split("\n", 1)[0]
            made.append(Component(part.system, part.release, part.kind, place, len(part.rows), digest))
        drafts.close()
        taken_back.pop_all()
    return made
