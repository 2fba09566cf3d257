from medcutmix_cli.reports.critic import FindingExchange, make_case
from tests.reports.critic.reports import READER, report


def case(before, after, gone, came):
    return make_case(before, READER.read(before), after, READER.read(after), FindingExchange(gone, came))


def test_what_stayed_left_and_came_is_found_without_the_edit():
    before = report("Heart normal. Left pneumonia. No effusion.")
    after = report("Heart normal. Right pneumothorax. No effusion.")
    found = case(before, after, "pneumonia", "pneumothorax")
    assert [s.text for s in found.stayed] == ["Heart normal.", "No effusion."]
    assert [s.text for s in found.left] == ["Left pneumonia."]
    assert [s.text for s in found.arrived] == ["Right pneumothorax."]
    assert [m.finding for m in found.gone_mentions] == ["pneumonia"]


def test_a_sentence_that_is_there_once_more_is_fresh():
    found = case(report("Left pneumonia."), report("Left pneumonia. Left pneumonia."), "", "pneumonia")
    assert (len(found.stayed), len(found.fresh)) == (1, 1)


def test_what_is_left_of_a_cut_sentence_is_the_recipients():
    found = case(
        report("Left pneumonia and a rib fracture."),
        report("A rib fracture. Right effusion."),
        "pneumonia",
        "pleural_effusion",
    )
    assert [s.text for s in found.own] == ["A rib fracture."]
