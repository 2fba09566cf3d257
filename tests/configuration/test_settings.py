from dataclasses import fields
from inspect import getmembers, isclass
from pkgutil import iter_modules

import pytest

from medcutmix_cli.configuration import settings
from medcutmix_cli.configuration.settings import OF_TABLES, SETTINGS, TREE, settings_of
from medcutmix_cli.main import command_line

HERE = next(iter(settings.__path__))
DECLARED = (*SETTINGS.values(), *OF_TABLES)
NAMED = sorted({command for one in DECLARED for command in one.declared.commands})


def words(command):
    """Return every word of the command line, those of groups among them."""
    inner = getattr(command, "commands", {})
    return {*inner, *(word for each in inner.values() for word in words(each))}


def test_every_table_of_the_tree_is_a_record_of_one_of_the_files():
    records = {
        record
        for _name, record in getmembers(settings, isclass)
        if record.__module__.startswith(settings.__name__)
    }
    tables = {type(getattr(settings.DEFAULTS, table)) for table in TREE}
    assert records == {*tables, settings.Settings}
    assert {record.__module__.rpartition(".")[2] for record in tables} == {
        module.name for module in iter_modules([HERE])
    }


def test_every_field_of_a_table_is_declared():
    for table in TREE:
        record = getattr(settings.DEFAULTS, table)
        assert [one.name for one in TREE[table]] == [entry.name for entry in fields(record)]


@pytest.mark.parametrize("command", NAMED)
def test_a_command_takes_an_option_once(command):
    flags = [one.flag for one in settings_of(command)]
    keywords = [one.declared.keyword for one in settings_of(command)]
    assert len(set(flags)) == len(flags) > 0
    assert len(set(keywords)) == len(keywords)


def test_what_takes_a_setting_is_a_word_of_the_command_line():
    assert set(NAMED) <= words(command_line())


def test_a_default_is_among_the_choices():
    for one in filter(lambda one: one.declared.choices, DECLARED):
        defaults = one.default if isinstance(one.default, tuple) else (one.default,)
        assert set(filter(None, defaults)) <= set(one.declared.choices), one.key
