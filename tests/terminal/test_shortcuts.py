from medcutmix_cli.assembly.shortcuts import Shortcuts
from medcutmix_cli.terminal.shortcuts import shortcuts_view
from tests.terminal.printing import printed


def test_columns_and_ids_that_say_nothing_are_told():
    found = Shortcuts(
        3, {}, (), 0.95, "Bonferroni", {"note": "too-many-values"}, ("1 of 3 studies have a row",)
    )
    told = " ".join(printed(shortcuts_view(found, "medcutmix plan SET RUN", 12)).split())
    assert "none goes together" in told
    assert "! 1 of 3 studies have a row" in told
    assert "! the column 'note' of --attributes is left out: too-many-values" in told
