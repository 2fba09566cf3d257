"""Call the command line in this process, as a user would."""

from __future__ import annotations

import pytest

from medcutmix_cli.main import main


def medcutmix(*arguments: object) -> int:
    """Return the exit code of `medcutmix ARGUMENTS`."""
    with pytest.raises(SystemExit) as leaving:
        main([str(argument) for argument in arguments])
    code = leaving.value.code
    assert isinstance(code, int)
    return code
