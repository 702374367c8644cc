"""Names and dates of releases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from leadterm.codes.systems import spec_of
from leadterm.errors import LeadtermError

__all__ = ["Period", "as_day", "effective_dates", "release_from_label"]

MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
ISO_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ].*)?)?)?")
MONTHS = {name: number for number, name in enumerate(MONTH_NAMES, start=1)}


def release_from_label(label: str, version: str = "") -> str | None:
    """Name a release after the year inside a file and the month in the file's name.

    >>> release_from_label("icd10cm-drug-April-1-2026-XML.xml", "2026"), release_from_label("icd10cm_order_2025.txt")
    ('2026.04', '2025')
    >>> release_from_label("CMS32_DESC_LONG_DX.txt"), release_from_label("codes.txt")
    ('32', None)
    >>> release_from_label("HCPC2025_OCT_ANWEB.txt"), release_from_label("HCPC2019_CONTR_ANWEB.txt")
    ('2025.10', '2019')
    """
    text = label.lower().replace("_", "-")
    if (icd9 := re.search(r"\bcms(\d\d)-desc", text)) and not version:
        return icd9.group(1)
    year = version.strip() or next(iter(re.findall(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text)), "")
    if not year and (hcpcs := re.search(r"hcpc(?:s)?((?:19|20)\d\d)", text)):
        year = hcpcs.group(1)
    if not year:
        return None
    words = re.findall(r"[a-z]+", text)
    if "hcpc" in text:  # by quarter, from January, with the month cut short
        month = next((MONTHS[name] for word in words for name in MONTHS if len(word) > 2 and name.startswith(word)), 1)
        return f"{year}.{month:02d}" if month != 1 else year
    month = next((MONTHS[word] for word in words if word in MONTHS), 10)
    return f"{year}.{month:02d}" if month not in (1, 10) else year


def effective_dates(system: str, release: str) -> tuple[date | None, date | None]:
    """Give the days of service for which a release of an official system holds.

    ICD releases follow the federal fiscal year, October to September; HCPCS the calendar year. A release with a month
    starts on its first day.

    >>> effective_dates("icd10cm", "2026.04")
    (datetime.date(2026, 4, 1), datetime.date(2026, 9, 30))
    >>> effective_dates("hcpcs", "2019")[1], effective_dates("icd9cm", "32")[0]
    (datetime.date(2019, 12, 31), datetime.date(2014, 10, 1))
    """
    match = re.fullmatch(r"(\d{2,4})(?:\.(\d\d))?", release)
    if not match:
        return None, None
    year = int(match.group(1))
    month = int(match.group(2) or 0)
    spec = spec_of(system)
    if year < 100:
        year += spec.year_of_0
    if not 1980 < year < 2100:
        return None, None
    if spec.calendar == "fiscal":
        first = date(year, month, 1) if 0 < month < 10 else date(year - 1, 10, 1)
        return first, date(year, 9, 30)
    if spec.calendar == "calendar":
        return date(year, month if 0 < month < 13 else 1, 1), date(year, 12, 31)
    return None, None


def as_day(day: date | str) -> date:
    """Read a day of service: a date, also with a time behind it; of a year or month alone the first day.

    >>> as_day("2026-03-02").year, as_day("2026-03-02T08:30:00Z").day, as_day("2026-03").day
    (2026, 2, 1)
    """
    if isinstance(day, date):
        return day
    found = ISO_DAY.fullmatch(day.strip())
    try:
        return date(*(int(part or 1) for part in found.groups())) if found else date.fromisoformat(day)
    except ValueError:
        raise LeadtermError(f"bad date '{day[:20]}'; allowed: YYYY-MM-DD.", hint="For instance 2026-03-02.") from None


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day on which something holds; None where there is no limit."""

    since: date | None = None
    until: date | None = None

    def holds(self, day: date | None) -> bool:
        """Tell whether it holds on a day; of no day, today's tables are asked, which are the last."""
        if day is None:
            return self.until is None
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)
