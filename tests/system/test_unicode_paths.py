import os

import pytest

from medcutmix_cli.errors import UsageError
from medcutmix_cli.system.unicode_paths import check_unicode


def test_a_path_in_any_script_is_taken_as_it_is():
    assert check_unicode("/data/größe/胸部") == "/data/größe/胸部"


def test_a_path_of_other_bytes_is_refused_and_told_in_letters():
    with pytest.raises(UsageError) as caught:
        check_unicode(os.fsdecode(b"/data/\xff"))
    assert str(caught.value.where) == "/data/\\udcff"
    assert "rename it" in caught.value.hint


def test_a_path_that_only_the_locale_does_not_know_is_no_fault_of_the_path():
    with pytest.raises(UsageError, match="locale") as caught:
        check_unicode("/data/größe".encode().decode("ascii", "surrogateescape"))
    assert "LC_ALL=C.UTF-8" in caught.value.hint
