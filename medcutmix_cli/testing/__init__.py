"""What every part keeps, as checks that the author of a plugin can run: `check("mask", MyMask())`.

    from medcutmix_cli.testing import check

    def test_my_mask_keeps_its_contract():
        check("mask", MyMask())

The same checks run over every registered part in this project's own tests. They need no test framework.
"""

from medcutmix_cli.testing.contract import Check, check, checks_of
from medcutmix_cli.testing.expectation import BrokenContractError
from medcutmix_cli.testing.inputs import SENTENCES, made_pictures, made_studies

__all__ = [
    "SENTENCES",
    "BrokenContractError",
    "Check",
    "check",
    "checks_of",
    "made_pictures",
    "made_studies",
]
