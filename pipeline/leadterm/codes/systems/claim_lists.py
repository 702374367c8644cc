"""Lists that claims use beside the codes of what was found and done; a user's own list takes the place of ours."""

from leadterm.codes.systems.spec import Packaged, SystemSpec


def _list(name: str, title: str) -> SystemSpec:
    return SystemSpec(
        name, title, calendar="calendar", packaged=Packaged("codes", "leadterm", "codes/systems", f"{name}.tsv")
    )


REVENUE_CODES = _list("revenue_codes", "Revenue codes")
PLACE_OF_SERVICE = _list("place_of_service", "Place of service")
DISCHARGE_STATUS = _list("discharge_status", "Discharge status")
