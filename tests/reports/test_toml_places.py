"""Lines of tables, keys and phrases in a TOML text."""

import tomllib

import pytest

from medcutmix_cli.reports.tables import packaged_text
from medcutmix_cli.reports.toml_places import toml_places

TEXT = """# findings
[[finding]]
id = "one"
terms = [
  'alpha', 'beta',
  "gamma",
]

[[finding]] # another
id = "two"
add.terms = ['alpha']
remove = { terms = ['beta'] }

[ignore.add]
phrases = ['alpha']
"""


@pytest.mark.parametrize(
    ("table", "number", "key", "phrase", "line"),
    [
        pytest.param("finding", 0, "", "", 2, id="a table is its header"),
        pytest.param("finding", 1, "", "", 9, id="the second of its name"),
        pytest.param("finding", 0, "terms", "", 4, id="a key"),
        pytest.param("finding", 0, "terms", "beta", 5, id="a phrase of a list over several lines"),
        pytest.param("finding", 0, "terms", "gamma", 6, id="a phrase in double quotes"),
        pytest.param("finding", 1, "add.terms", "alpha", 11, id="the same phrase in another table"),
        pytest.param("finding", 1, "remove.terms", "beta", 12, id="a key of an inline table"),
        pytest.param("finding", 0, "terms", "delta", 4, id="a phrase that is not there is its key"),
        pytest.param("finding", 0, "signs", "", 2, id="a key that is not there is its table"),
        pytest.param("cue", 0, "", "", 1, id="a table that is not there is the file"),
    ],
)
def test_what_is_asked_for_has_its_line(table, number, key, phrase, line):
    assert toml_places(TEXT).line_of(table, number, key, phrase) == line


@pytest.mark.parametrize(
    ("name", "table", "key"), [("findings", "finding", "terms"), ("assertion", "cue", "phrases")]
)
def test_every_phrase_of_the_built_in_tables_stands_in_the_line_that_is_named(name, table, key):
    text = packaged_text(name)
    lines, places = text.splitlines(), toml_places(text)
    phrases = [
        (number, phrase) for number, entry in enumerate(tomllib.loads(text)[table]) for phrase in entry[key]
    ]
    assert len(phrases) > 100
    for number, phrase in phrases:
        assert f"'{phrase}'" in lines[places.line_of(table, number, key, phrase) - 1]
