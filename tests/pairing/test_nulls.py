import pytest

from medcutmix_cli.pairing.cohort import build_cohort, pack_study
from medcutmix_cli.pairing.nulls import negatives
from medcutmix_cli.planning.reading import read_study
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study
from tests.ner_models import ruler_model

SCOLIOSIS = "entity:scoliosis"


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    model = ruler_model(tmp_path_factory.mktemp("models") / "ruler", ("scoliosis", "dextrocardia"))
    return ReportReader(nlp_model=str(model), diagnostic="both")


def cohort(reader, *texts, subjects=None):
    studies = [
        make_study(n, make_report(text), subject=f"p{subjects[n] if subjects else n}")
        for n, text in enumerate(texts)
    ]
    read = [read_study(study, study.images[0], reader) for study in studies]
    return build_cohort(pack_study(one, ("pleural_effusion",)) for one in read)


def numbers(studies):
    return [int(study.study_id[-1]) for study in studies]


TEXTS = (
    "There is a scoliosis.",
    "There is a mild scoliosis.",
    "No scoliosis. There is a left effusion.",
    "The lungs are clear.",
    "The lungs are clear. Possible scoliosis.",
    "There is a left effusion.",
    "There is dextrocardia.",
)


def test_nulls_of_an_open_finding_deny_it_or_have_no_finding_and_are_silent(reader):
    found = negatives(cohort(reader, *TEXTS))
    assert numbers(found["train", SCOLIOSIS]) == [2, 3]


def test_what_one_patient_alone_has_needs_no_nulls(reader):
    found = negatives(cohort(reader, *TEXTS, subjects=(0, 0, 2, 3, 4, 5, 6)))
    assert {finding for _, finding in found} == {"pleural_effusion"}
