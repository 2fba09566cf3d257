from importlib import metadata

import pytest
from packaging.requirements import Requirement

from medcutmix_cli.system.extras import DISTRIBUTION, pip_line


@pytest.mark.parametrize("extra", sorted(metadata.metadata(DISTRIBUTION).get_all("Provides-Extra")))
def test_the_line_names_what_the_extra_asks_for_and_nothing_that_is_not_published(extra):
    line = pip_line(extra)
    words = [word.strip("'") for word in line.removeprefix("pip install ").split("' '")]
    asked = [Requirement(need) for need in metadata.requires(DISTRIBUTION)]
    wanted = {str(need.specifier) for need in asked if need.marker and need.marker.evaluate({"extra": extra})}
    assert {str(Requirement(word).specifier) for word in words} == wanted
    if extra not in ("dev", "test"):
        assert DISTRIBUTION not in line


@pytest.mark.parametrize("distribution", [DISTRIBUTION, "no-such-distribution"])
def test_an_extra_of_which_nothing_is_known_is_asked_for_by_name(distribution):
    assert pip_line("ghost", distribution) == f"pip install '{distribution}[ghost]'"
