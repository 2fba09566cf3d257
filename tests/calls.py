"""Call the command line in this process, as a user would."""

from __future__ import annotations

import pytest

from medcutmix_cli.main import command_line, main


def medcutmix(*arguments: object) -> int:
    """Return the exit code of `medcutmix ARGUMENTS`."""
    with pytest.raises(SystemExit) as leaving:
        main([str(argument) for argument in arguments])
    code = leaving.value.code
    assert isinstance(code, int)
    return code


def options_of_command(*words: str) -> set[str]:
    """Return every option of a command."""
    command = command_line()
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    return {flag for entry in command.params for flag in (*entry.opts, *entry.secondary_opts)}
