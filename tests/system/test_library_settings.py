import threading

import pytest

from medcutmix_cli.system.library_settings import HeldSetting


class Library:
    """A library with one setting, which counts how often it is set."""

    def __init__(self, value):
        self.value, self.times = value, 0

    def put(self, value):
        self.value, self.times = value, self.times + 1


@pytest.fixture
def library():
    return Library("theirs")


@pytest.fixture
def setting(library):
    return HeldSetting(lambda: library.value, library.put, "ours")


def test_nothing_is_set_before_the_first_block(library, setting):
    assert (library.value, library.times) == ("theirs", 0)


def test_the_setting_is_ours_inside_and_theirs_again_after_the_outermost_block(library, setting):
    with setting.hold():
        with setting.hold():
            assert library.value == "ours"
        assert library.value == "ours"
    assert (library.value, library.times) == ("theirs", 2)


def test_the_setting_is_put_back_after_an_error(library, setting):
    with pytest.raises(KeyError, match="inside"), setting.hold():
        raise KeyError("inside")
    assert library.value == "theirs"


def test_what_somebody_else_sets_meanwhile_stays(library, setting):
    with setting.hold():
        library.value = "another"
    assert library.value == "another"


def test_the_last_thread_to_leave_puts_the_setting_back(library, setting):
    entered, leave = threading.Event(), threading.Event()

    def work():
        with setting.hold():
            entered.set()
            leave.wait(10)

    with setting.hold():
        thread = threading.Thread(target=work)
        thread.start()
        assert entered.wait(10)
    assert library.value == "ours"
    leave.set()
    thread.join()
    assert library.value == "theirs"
