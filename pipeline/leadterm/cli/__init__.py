"""The command line: ``leadterm``.

Each command lives in a module of its own, loaded only when it is called, so that help comes at once.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from leadterm import __version__
from leadterm.cli.process import COMPLETING, Stopped, collect_seldom, open_streams, stop_on_signals
from leadterm.errors import LeadtermError, place_of, printable
from leadterm.paths import config_file

__all__ = ["COMMANDS", "CommandPlace", "app", "main"]


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """Where a command is defined.

    >>> COMMANDS["corpus"].attribute
    'app'
    """

    module: str
    attribute: str
    help: str


COMMANDS: Mapping[str, CommandPlace] = {
    "suggest": CommandPlace("leadterm.cli.suggest", "suggest", "Suggest codes for notes, best first, with evidence."),
    "batch": CommandPlace("leadterm.cli.batch_command", "batch", "Suggest codes for millions of notes, safely."),
    "plan": CommandPlace("leadterm.cli.plan_command", "plan", "Tell what a batch will take: hours, memory, money."),
    "deidentify": CommandPlace("leadterm.cli.deidentify", "deidentify", "Replace names, dates and numbers in notes."),
    "review": CommandPlace("leadterm.cli.workbench_command", "review", "Decide on suggestions in the browser, by key."),
    "mcp": CommandPlace("leadterm.cli.mcp_command", "mcp", "Serve codes to a language model's program, offline."),
    "train": CommandPlace("leadterm.cli.train", "train", "Train a model on coded notes."),
    "evaluate": CommandPlace("leadterm.cli.evaluate", "evaluate", "Score a model or a run file against a corpus."),
    "compare": CommandPlace("leadterm.cli.evaluate", "compare", "Compare two run files with a paired test."),
    "claim": CommandPlace("leadterm.cli.claim", "claim", "Draft the claim from accepted codes, or check a claim file."),
    "impact": CommandPlace("leadterm.cli.impact", "impact", "Show what codes mean for payment: CC, MCC, HCC, MS-DRG."),
    "practise": CommandPlace("leadterm.cli.practise", "practise", "Code a reference note, and see what was missed."),
    "benchmark": CommandPlace("leadterm.cli.benchmark", "benchmark", "Reproduce a benchmark beside published results."),
    "curve": CommandPlace("leadterm.cli.curve", "curve", "Show accuracy against training size."),
    "check": CommandPlace("leadterm.cli.check_codes", "check", "Check a coder's codes against the note and the rules."),
    "corpus": CommandPlace("leadterm.cli.corpus", "app", "Import, check and count corpora."),
    "codes": CommandPlace("leadterm.cli.codes", "app", "Install, list, show and search code systems."),
    "config": CommandPlace("leadterm.cli.config", "app", "Show and set defaults of options."),
    "completion": CommandPlace("leadterm.cli.completion", "completion", "Print what makes the Tab key complete."),
    "doctor": CommandPlace("leadterm.cli.doctor", "doctor", "Show what is installed and try whether it works."),
    "cache": CommandPlace("leadterm.cli.doctor", "cache", "Show and clear the cache."),
}
"""Name of a command → where it is defined. To add a command, write its module and add a line."""

# The base of all usage errors; depending on its version, typer brings it itself or takes it from click.
UsageProblem: type[BaseException] = typer.BadParameter.__mro__[2]
INTERRUPTED, PIPE_CLOSED, INTERNAL = 130, 141, 70
REGISTRY = "leadterm.codes.registry"
WITHOUT_CODES = ("config", "completion", "cache", "--version", "--help", "-h")


class LazyGroup(TyperGroup):
    """A group whose commands are placeholders until one is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command as typer does, then load the real one."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name else None, rest


def _load(name: str) -> Any:
    """Load the module of a command and make it into what typer runs."""
    place = COMMANDS[name]
    found = getattr(import_module(place.module), place.attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


app = typer.Typer(
    name="leadterm",
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _placeholder() -> None:
    """Stand in the list of commands; `LazyGroup` puts the real command in its place."""


for _name, _place in COMMANDS.items():
    app.command(_name, help=_place.help)(_placeholder)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leadterm {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Read clinical notes and suggest medical codes, best first, each with the words that support it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Exit status: 0 fine, 1 the answer is "no", 2 bad usage or input, 70 a fault of leadterm, 129, 130 or 143 ended by a
    hang-up, an interrupt or a request to end, 141 the reader of the output went away. With ``LEADTERM_DEBUG=1`` errors
    show their traceback. ``arguments``: instead of those of the process.

    >>> main(["--version"])
    leadterm 0.1.0
    0
    """
    open_streams()
    try:
        with stop_on_signals(), collect_seldom():
            return _run(sys.argv[1:] if arguments is None else list(arguments))
    except BaseException as error:  # the last place to say it without a traceback
        if os.environ.get("LEADTERM_DEBUG") == "1" and not isinstance(error, BrokenPipeError):
            raise
        status, message = _explain(error)
        if message:
            _say(message)
        return status


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    if COMPLETING in os.environ:
        from leadterm.cli.completion import complete

        return complete(command)
    _use_config(arguments)
    try:
        with command.make_context("leadterm", arguments) as context:
            command.invoke(context)
        status = 0
    except typer.Exit as done:
        status = done.exit_code
    sys.stdout.flush()
    return status


def _use_config(arguments: list[str]) -> None:
    """Let the releases hold that are configured; a command that does without codes does without the file."""
    wanted: dict[str, str] = {}
    if arguments[:1] and arguments[0] not in WITHOUT_CODES and config_file().exists():
        from leadterm.cli.config import read_config

        wanted = read_config().get("releases", {})
    if wanted or REGISTRY in sys.modules:
        import_module(REGISTRY).use_releases(wanted)


def _explain(error: BaseException) -> tuple[int, str]:
    """Give the exit status and what to say, in one or two lines; never the content of a note."""
    if isinstance(error, LeadtermError):
        return 2, str(error)
    if isinstance(error, UsageProblem):
        return 2, _usage(error)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return INTERRUPTED, "interrupted; nothing is left half-written. Run the same command to go on."
    if isinstance(error, Stopped):
        return error.status, f"ended by {error}; nothing is left half-written. Run the same command to go on."
    if isinstance(error, BrokenPipeError):
        _give_up_output()
        return PIPE_CLOSED, ""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 2, "" if isinstance(error.code, int) else str(error.code)
    if isinstance(error, MemoryError):
        return 2, "out of memory. Use a smaller input or a machine with more memory."
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            _give_up_output()
        name = f" '{error.filename}'" if error.filename else ""
        return 2, f"{error.strerror or type(error).__name__}:{name or ' input or output'}. Check the path and the disk."
    return INTERNAL, f"a fault of leadterm: {place_of(error)}. Set LEADTERM_DEBUG=1 to see where, and report it."


def _give_up_output() -> None:
    """Let what is still to be written vanish, so that the end of the process does not fail on it again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "leadterm"
    if type(error).__name__ == "NoArgsIsHelpError":  # the help has been shown
        return ""
    message = str(getattr(error, "format_message", lambda: error)()).strip().replace(": Value error, ", ": ")
    if given := re.search(r"'([^']*)' is not one of (.*)", message):
        near = get_close_matches(given[1], re.findall("'([^']*)'", given[2]), 1)
        message = f"{message.rstrip('.')}; did you mean '{near[0]}'?" if near else message
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} See '{path} --help'."


def _say(message: str) -> None:
    """Write to standard error, unless that is gone too."""
    try:
        print(f"leadterm: {printable(message)}", file=sys.stderr, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
