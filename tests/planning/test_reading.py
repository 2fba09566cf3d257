from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.planning.plan import DEFAULT_READER
from medcutmix_cli.planning.reading import ReadingRules, read_all
from tests.builders import make_report, make_study

REPORT = make_report("There is a small right pleural effusion.", "Normal heart size.")


def test_studies_that_say_the_same_share_what_is_known_of_them():
    studies = [make_study(number, REPORT) for number in range(70)]  # of two chunks
    rules = ReadingRules(DEFAULT_READER, SameFinding().findings, "rules")
    chosen = [(study, study.images[0]) for study in studies]
    read = read_all(chosen, rules, 1, lambda *_: None).studies
    first, last = read[0], read[-1]
    for name in ("gives", "attributes", "traits", "row_traits"):
        assert getattr(first, name)
        assert getattr(first, name) is getattr(last, name)
    assert (first.study_id, last.study_id) == (studies[0].study_id, studies[-1].study_id)
