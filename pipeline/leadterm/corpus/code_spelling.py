"""The way each code system writes its codes."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["canonical"]


@lru_cache(maxsize=4096)
def canonical(system: str, code: str) -> str:
    """Write a code as its system does: capitals, and the dot where it belongs.

    Leading zeros stay. Codes of a system leadterm does not know only lose outer spaces.

    >>> canonical("icd10cm", "e119"), canonical("icd9cm", "0389"), canonical("icd9pcs", "0066")
    ('E11.9', '038.9', '00.66')
    >>> canonical("icd9cm", "E8120"), canonical("own", " m8500/3 ")
    ('E812.0', 'm8500/3')
    """
    from leadterm.codes.systems import SYSTEMS
    from leadterm.codes.systems.bare_codes import bare

    return SYSTEMS[system].spell(bare(code)) if system in SYSTEMS else code.strip()
