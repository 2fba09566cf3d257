import pytest

from medcutmix_cli.datasets.ids import bare_id, id_spellings, key_column, published_id


@pytest.mark.parametrize(
    ("about", "written", "bare"),
    [
        ("study", " s54017036 ", "54017036"),
        ("study", "54017036.0", "54017036"),
        ("study", "p54017036", "p54017036"),
        ("study", "sample", "sample"),
        ("subject", "p10000032", "10000032"),
        ("subject", "10000032.00", "10000032"),
        ("image", "00000001_000.png", "00000001_000"),
        ("image", "s1", "s1"),
        ("image", "1.2.840.0", "1.2.840.0"),
    ],
)
def test_an_id_is_bare_however_it_is_written(about, written, bare):
    assert bare_id(about, written) == bare


def test_a_list_may_spell_an_id_as_folders_or_tables_do():
    assert id_spellings("study", "s5") == id_spellings("study", "5") | {"s5"} == {"s5", "5"}
    assert id_spellings("subject", "5") == {"5", "p5"}
    assert id_spellings("image", "a.png") == {"a.png", "a"}


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["subject_id", "study_id"], ("study", "study_id")),
        (["Patient ID", "Image Index"], ("image", "Image Index")),
        (["who"], ("", "")),
    ],
)
def test_the_column_that_says_most_exactly_what_a_row_is_about_is_the_key(columns, found):
    assert key_column(columns) == found


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("nih-123", "123"),
        ("vindr-nih-1", "nih-1"),
        ("nih-", "nih-"),
        ("10000001", "10000001"),
        ("nihil", "nihil"),
    ],
)
def test_an_id_is_published_without_what_tells_data_sets_apart(written, published):
    assert published_id(written) == published
