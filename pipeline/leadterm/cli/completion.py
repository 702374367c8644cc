"""``leadterm completion``: what a shell is told so that the Tab key completes commands and options."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated, Any

import typer

from leadterm.cli.console import write_output
from leadterm.cli.process import COMPLETING

__all__ = ["complete", "completion"]

class Shell(StrEnum):
    """A shell that is known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="Your shell.")]) -> None:
    """Print what makes the Tab key complete commands and options.

    bash: eval "$(leadterm completion bash)" in ~/.bashrc. zsh: the same with zsh, after compinit, in ~/.zshrc.
    fish: leadterm completion fish > ~/.config/fish/completions/leadterm.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    write_output(get_completion_script(prog_name="leadterm", complete_var=COMPLETING, shell=shell))


def complete(command: Any) -> int:
    """Answer the script of a shell; what it asks stands in the environment."""
    from typer.completion import completion_init, shell_complete  # type: ignore[attr-defined]

    completion_init()
    try:
        return shell_complete(command, {}, "leadterm", COMPLETING, os.environ[COMPLETING])
    except typer.Exit as done:  # fish asks whether there is anything
        return done.exit_code
