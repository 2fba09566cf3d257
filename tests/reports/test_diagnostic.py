import pytest

from medcutmix_cli.errors import UsageError
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report
from tests.ner_models import ruler_model

HERNIA = "entity:hiatal hernia"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(ruler_model(tmp_path_factory.mktemp("models") / "ruler"))


def read(model, strategy, *sentences):
    """Return (kind, findings present) of each sentence of the findings section."""
    read = ReportReader(nlp_model=model, diagnostic=strategy).read(make_report(*sentences))
    return [(str(s.kind), sorted(s.findings())) for s in read.sentences if s.section == "findings"]


@pytest.mark.parametrize(
    ("sentence", "lexicon", "entities", "both"),
    [
        ("There is a small hiatal hernia.", "diagnostic", "diagnostic", "diagnostic"),
        ("There is mild scoliosis.", "other", "diagnostic", "diagnostic"),
        ("Stable scoliosis.", "other", "prior", "prior"),
        ("No scoliosis.", "other", "other", "other"),
        ("Possible scoliosis.", "other", "other", "other"),
        ("The lungs are clear with scoliosis.", "normal", "diagnostic", "diagnostic"),
        ("There is a left pleural effusion.", "diagnostic", "diagnostic", "diagnostic"),
        ("There is consolidation.", "diagnostic", "other", "diagnostic"),
        ("There is no consolidation.", "negative", "negative", "negative"),
        ("There is consolidation and scoliosis.", "diagnostic", "diagnostic", "diagnostic"),
    ],
)
def test_each_strategy_has_its_own_diagnostic_sentences(model, sentence, lexicon, entities, both):
    kinds = {name: read(model, name, sentence)[0][0] for name in ("lexicon", "entities", "both")}
    assert kinds == {"lexicon": lexicon, "entities": entities, "both": both}


def test_a_finding_of_the_lexicon_keeps_its_name(model):
    assert read(model, "both", "There is a left pleural effusion.") == [("diagnostic", ["pleural_effusion"])]
    assert read(model, "both", "There is scoliosis.") == [("diagnostic", ["entity:scoliosis"])]


def test_the_findings_of_the_lexicon_are_read_as_without_a_model(model):
    text = make_report("No effusion or scoliosis.", "Left consolidation and scoliosis.", "Mild scoliosis.")
    alone, both = (ReportReader().read(text), ReportReader(nlp_model=model, diagnostic="both").read(text))
    of_lexicon = [m for s in both.sentences for m in s.mentions if not m.finding.startswith("entity:")]
    assert of_lexicon == [m for s in alone.sentences for m in s.mentions]
    assert len([m for s in both.sentences for m in s.mentions]) == len(of_lexicon) + 3


@pytest.mark.parametrize("strategy", ["entities", "both"])
@pytest.mark.parametrize(
    "sentences",
    [
        ("The lungs are clear with scoliosis.",),
        ("Normal chest with scoliosis.",),
        ("Scoliosis.",),
        ("No scoliosis.",),
        ("Scoliosis. No effusion.",),
        ("There is consolidation.",),
        ("Heart size is normal and there is scoliosis.", "Possible effusion."),
    ],
)
def test_labels_are_those_of_the_lexicon(model, strategy, sentences):
    report = make_report(*sentences)
    with_model = ReportReader(nlp_model=model, diagnostic=strategy).read(report)
    assert str(chexpert_labels(with_model)) == str(chexpert_labels(ReportReader().read(report)))


@pytest.mark.parametrize("strategy", ["entities", "both"])
def test_entities_without_a_model_are_an_error_with_the_safe_way_to_get_one(strategy):
    with pytest.raises(UsageError, match="needs a model") as refused:
        ReportReader(diagnostic=strategy)
    assert "pip install --no-deps" in str(refused.value)
    assert "--nlp-model FOLDER" in str(refused.value)


def test_a_strategy_that_is_none_is_refused():
    with pytest.raises(UsageError, match="there is no strategy"):
        ReportReader(diagnostic="entity")
