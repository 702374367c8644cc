"""``leadterm config``: what holds where an option is not typed, kept in one small TOML file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from leadterm.cli.console import messages, write_output
from leadterm.errors import LeadtermError, unknown_name
from leadterm.paths import config_file, model_dir
from leadterm.storage.text_files import read_toml, toml_value
from leadterm.storage.writer import explain_failure, write_file

__all__ = ["app", "known_policy", "known_setting", "read_config"]

MEND = "Mend the file, or delete it."


class Key(StrEnum):
    """What can be configured."""

    MODEL = "model"
    SETTING = "setting"
    THRESHOLD = "threshold"
    RELEASES = "releases"
    POLICY = "policy"


def _model(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise LeadtermError(f"the model {value!r} is no name or folder.", hint="Give one, e.g. default.")
    return value


def known_setting(value: object) -> str | None:
    """Give a setting, or None where none is given; ``LeadtermError`` for one there is not."""
    from leadterm.schema import SETTINGS

    if value is not None and value not in SETTINGS:
        raise unknown_name("setting", str(value), SETTINGS)
    return None if value is None else str(value)


def _threshold(value: object) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise LeadtermError(f"the threshold {value!r} is not between 0 and 1.", hint="Give a confidence, e.g. 0.5.")
    return number


def known_policy(value: object) -> str | None:
    """Give the name of a policy, or where its file is; ``LeadtermError`` if it cannot be meant."""
    if value is None:
        return None
    from leadterm.rules.policy import Policy, policy_names

    Policy.read(str(value))
    return str(value) if value in policy_names() else str(Path(str(value)).resolve())


def _releases(value: object) -> dict[str, str]:
    """Read what the file says, or what is typed: ``icd10cm=2025 hcpcs=2026``."""
    given = value
    if isinstance(value, str):
        given = dict(piece.partition("=")[::2] for piece in value.replace(",", " ").split())
    if not isinstance(given, dict) or not given or not all(isinstance(one, str) and one for one in given.values()):
        raise LeadtermError(f"the releases {value!r} name no release.", hint="Say for instance icd10cm=2025.")
    return given


CHECKS: Mapping[str, Callable[[object], Any]] = {
    Key.MODEL: _model, Key.SETTING: known_setting, Key.THRESHOLD: _threshold, Key.RELEASES: _releases,
    Key.POLICY: known_policy,
}  # fmt: skip


def read_config() -> dict[str, Any]:
    """Read what is configured; ``LeadtermError`` if the file cannot be read or says what cannot be meant."""
    file = config_file()
    given = read_toml(file, mend=MEND) if file.exists() else {}
    try:
        for name in given:
            if name not in CHECKS:
                raise unknown_name("key", name, sorted(CHECKS))
        return {name: CHECKS[name](value) for name, value in given.items()}
    except LeadtermError as error:
        raise LeadtermError(f"'{file}': {error.message}", hint=error.hint or MEND) from None


app = typer.Typer(name="config", add_completion=False, no_args_is_help=True, help="Show and set defaults of options.")


@app.command()
def show() -> None:
    """Show what is set and in which file."""
    lines = [f"{name} = {toml_value(value)}" for name, value in sorted(read_config().items())]
    write_output("\n".join([f"# {config_file()}", *(lines or ["# nothing is set"])]))


@app.command("set")
def set_(
    key: Annotated[Key, typer.Argument(help="What to set.")],
    value: Annotated[str, typer.Argument(help="A model; a setting; a confidence; SYSTEM=RELEASE; a policy.")],
) -> None:
    """Set what holds where the option is not typed."""
    checked = CHECKS[key](value)
    if key is Key.MODEL:
        folder = model_dir(value)  # a folder is kept whole: the command may run elsewhere next time
        checked = str(folder.resolve()) if Path(value).exists() else value
    if isinstance(checked, dict):
        _check_releases(checked)
        checked = {**read_config().get(key, {}), **checked}
    _write({**read_config(), str(key): checked})
    messages().print(f"{key} is set in {config_file()}.", soft_wrap=True, markup=False, highlight=False)


@app.command()
def unset(key: Annotated[Key, typer.Argument(help="What to forget.")]) -> None:
    """Forget what was set."""
    held = read_config()
    if str(key) not in held:
        raise LeadtermError(f"{key} is not set.", hint="'leadterm config show' shows what is.")
    _write({name: value for name, value in held.items() if name != key})
    messages().print(f"{key} is no longer set.", soft_wrap=True, markup=False, highlight=False)


def _check_releases(wanted: Mapping[str, str]) -> None:
    """Refuse a release that is not at hand, or that holds for no known days."""
    from leadterm.codes.registry import BASES, available

    parts = [part for part in available() if part.kind in BASES]
    for system, release in wanted.items():
        held = {part.release: part for part in parts if part.system == system}
        if not held:
            raise unknown_name("code system", system, {part.system for part in parts})
        if release not in held:
            raise unknown_name(f"release of {system}", release, held, hint="'leadterm codes install' brings others.")
        if held[release].effective_from is None:
            raise LeadtermError(f"{system} {release} holds for no known days.", hint="It is used as it is.")


def _write(values: Mapping[str, str | float | dict[str, str]]) -> None:
    """Write the file."""
    file = config_file()
    with explain_failure(file, hint="Set XDG_CONFIG_HOME to a folder you may write."):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, "".join(f"{name} = {toml_value(value)}\n" for name, value in sorted(values.items())))
