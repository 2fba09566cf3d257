import dataclasses
import math

import pytest

import medcutmix_cli
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.datasets.combination import CombinedDataset, kind_of
from medcutmix_cli.datasets.label_table import label_use, with_labels
from medcutmix_cli.datasets.manifest import Manifest
from medcutmix_cli.datasets.nih_chestxray14 import NihChestXray14
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError, RunConflictError, UsageError
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.cohort import build_cohort
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.records import Study
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shards import read_rows
from tests.builders import make_study
from tests.mimic_trees import Tree
from tests.nih_trees import write_nih
from tests.released_trees import WRITERS
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())


def trees(tmp_path):
    return write_manifest(tmp_path / "paired"), write_nih(tmp_path / "nih", studies=24)


def mixed(tmp_path, role, out="out", **options):
    paired, nih = trees(tmp_path)
    chosen = {
        "encoder": "toy",
        "gate": "none",
        "align": "none",
        "workers": 2,
        "pairs_per_study": 3,
        **options,
    }
    return medcutmix_cli.augment(paired, tmp_path / out, unpaired=nih, unpaired_as=role, **chosen)


def rows_of(run):
    return [row for shard in sorted((run / "data").iterdir()) for row in read_rows(shard)]


@pytest.mark.parametrize(
    ("role", "letter", "reason"),
    [
        pytest.param("donor", "a", "unpaired-not-a-recipient", id="donors-never-receive"),
        pytest.param("recipient", "b", "", id="recipients-never-give"),
    ],
)
def test_studies_without_reports_keep_to_their_role(tmp_path, role, letter, reason):
    status = mixed(tmp_path, role)
    assert status.balanced
    assert not status.failed
    assert verify(tmp_path / "out", deep=True).ok
    rows = rows_of(tmp_path / "out")
    assert not any(row[f"prompted_{letter}"] for row in rows)
    other = {"a": "b", "b": "a"}[letter]
    assert {row[f"prompted_{other}"] for row in rows} == {True, False}
    for row in rows:
        for which in "ab":
            assert row[f"prompted_{which}"] == row[f"subject_id_{which}"].startswith("nih-")
            assert row[f"prompted_{which}"] == row[f"image_path_{which}"].startswith("unpaired:")
    if reason:
        assert status.dropped[reason] == 22  # two of them are test pictures


def test_both_roles_let_everybody_give_and_receive(tmp_path):
    mixed(tmp_path, "both")
    rows = rows_of(tmp_path / "out")
    assert {(row["prompted_a"], row["prompted_b"]) for row in rows} == {
        *((True, False), (False, True), (False, False), (True, True))
    }


def test_sources_of_both_are_in_the_record_and_no_place_is(tmp_path):
    mixed(tmp_path, "donor")
    sources = read_run(RunFolder(tmp_path / "out")).sources
    assert sources["kind"] == "manifest"
    assert sources["unpaired:kind"] == "nih-chestxray14"
    assert len(sources["unpaired:Data_Entry_2017_v2020.csv:sha256"]) == 64
    card = (tmp_path / "out" / "README.md").read_text()
    assert str(tmp_path) not in card
    assert "`plan.unpaired` = 'donor'" in card


def test_both_sets_may_move_between_plan_and_rendering(tmp_path):
    mixed(tmp_path, "donor", out="whole")
    paired, nih = tmp_path / "paired", tmp_path / "nih"
    options = {"encoder": "toy", "gate": "none", "align": "none", "workers": 2, "pairs_per_study": 3}
    medcutmix_cli.plan(paired, tmp_path / "out", unpaired=nih, unpaired_as="donor", **options)
    moved = [path.rename(tmp_path / f"moved-{path.name}") for path in (paired, nih)]
    medcutmix_cli.render(tmp_path / "out", dataset=moved[0], unpaired=moved[1], workers=2)
    assert output_bytes(tmp_path / "out") == output_bytes(tmp_path / "whole")


def test_other_labels_in_the_unpaired_set_are_another_run(tmp_path):
    mixed(tmp_path, "donor")
    write_nih(tmp_path / "nih", studies=24, labels={"00000001_000": "Mass"})
    with pytest.raises(RunConflictError, match="unpaired:Data_Entry"):
        medcutmix_cli.augment(
            tmp_path / "paired",
            tmp_path / "out",
            unpaired=tmp_path / "nih",
            unpaired_as="donor",
            encoder="toy",
            gate="none",
            align="none",
            pairs_per_study=3,
        )


def test_options_of_the_unpaired_set_stand_in_a_table_of_their_own(tmp_path):
    paired, nih = trees(tmp_path)
    (nih / "test_list.txt").unlink()
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f"[dataset]\nunpaired = {str(nih)!r}\n[dataset.unpaired_options]\nkind = 'nih-chestxray14'\n"
        "split = 'train'\n[plan]\nunpaired = 'donor'\n"
    )
    status = medcutmix_cli.augment(
        paired, tmp_path / "out", config=recipe, encoder="toy", gate="none", align="none"
    )
    assert status.studies["inputs"] == 12 + 24
    assert status.dropped["unpaired-not-a-recipient"] == 24


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"unpaired": "nih"}, id="a-place-and-no-role"),
        pytest.param({"unpaired_as": "donor"}, id="a-role-and-no-place"),
        pytest.param({"unpaired": "nih", "unpaired_as": "none"}, id="no-role"),
    ],
)
def test_place_and_role_are_wanted_together(tmp_path, options):
    paired, nih = trees(tmp_path)
    given = {key: nih if value == "nih" else value for key, value in options.items()}
    with pytest.raises(UsageError, match="needs its place and what it may be"):
        medcutmix_cli.plan(paired, tmp_path / "out", encoder="toy", gate="none", align="none", **given)


def test_a_role_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"plan\.unpaired"):
        mixed(tmp_path, "giver")


def test_two_sets_with_a_study_of_one_name_are_refused(tmp_path):
    one, two = write_nih(tmp_path / "one"), write_nih(tmp_path / "two")
    with pytest.raises(DatasetError, match="two data sets have"):
        list(CombinedDataset(NihChestXray14(one), NihChestXray14(two)).studies())


WITH_REPORTS = {
    "a-table": lambda folder: write_manifest(folder, studies=3),
    "a-table-that-has-none": lambda folder: without_reports(folder),
    "mimic-cxr": lambda folder: Tree().write(folder),
    **{kind: WRITERS[kind] for kind in ("chexpert-plus", "open-i", "rexgradient")},
}


def without_reports(folder):
    folder.mkdir()
    (folder / "manifest.csv").write_text("image,subject,split,view\na.png,p1,train,PA\n")
    return folder


@pytest.mark.parametrize("kind", sorted(WITH_REPORTS))
def test_a_kind_with_reports_is_no_unpaired_set_and_is_told_so_by_name(tmp_path, kind):
    one, two = write_nih(tmp_path / "one"), WITH_REPORTS[kind](tmp_path / "two")
    with pytest.raises(DatasetError, match="has reports of its own") as caught:
        list(CombinedDataset(NihChestXray14(one), open_dataset(two)).studies())
    assert "--column" not in caught.value.hint


def test_two_sets_are_opened_again_by_the_kind_of_the_paired_one(tmp_path):
    paired, nih = trees(tmp_path)
    both = CombinedDataset(Manifest(paired), NihChestXray14(nih))
    assert kind_of(both) == "manifest"
    assert not CombinedDataset.recognises(tmp_path)
    assert not both.synthetic
    assert both.root == paired
    for study in both.studies():
        assert not isinstance(study, Study) or both.resolve(study.images[0].path).is_file()


def test_labels_of_a_table_do_not_take_those_of_a_prompt_away():
    prompted = dataclasses.replace(make_study(1, labels={"Edema": 1.0}), prompted=True)
    use = label_use("labels.csv")
    table = {"50000003": {"Mass": 1.0}}
    kept, bare, _ = with_labels([prompted, make_study(2, labels={"Edema": 1.0}), make_study(3)], table, use)
    assert (use.matched, use.studies) == (1, 2)
    assert kept.labels == {"Edema": 1.0}
    assert bare.labels == {}


@pytest.mark.parametrize("role", ["none", "donor", "recipient", "both"])
def test_the_plan_knows_who_was_prompted_and_keeps_the_roles(role):
    own = [make_study(number) for number in range(8)]
    prompts = [
        dataclasses.replace(
            make_study(100 + number, " FINDINGS:  There is pleural effusion.\n"), prompted=True
        )
        for number in range(8)
    ]
    plan = make_plan([*own, *prompts], PlanSettings(unpaired=role, pairs_per_study=4), SameFinding())
    met = {(pair.recipient.prompted, pair.donor.prompted) for pair in plan.pairs}
    assert {recipient for recipient, _ in met} == ({False} if role == "donor" else {False, True})
    assert {donor for _, donor in met} == ({False} if role == "recipient" else {False, True})
    assert not any(math.isnan(pair.text_weights.tokens) for pair in plan.pairs)
    assert len(plan.dropped) == (8 if role == "donor" else 0)


@dataclasses.dataclass(frozen=True)
class Everybody(SameFinding):
    """Proposes from all studies, as no strategy should."""

    def proposals(self, recipient, cohort, rng):
        everyone = dataclasses.replace(cohort, donors=build_cohort(all_of(cohort)).donors)
        return super().proposals(recipient, everyone, rng)


def all_of(cohort):
    return [dataclasses.replace(study, may_give=True) for study in cohort.studies]


def test_a_strategy_that_proposes_a_barred_donor_is_refused_by_name():
    prompt = dataclasses.replace(make_study(9, " FINDINGS:  There is pleural effusion.\n"), prompted=True)
    plan = make_plan([make_study(1), prompt], PlanSettings(unpaired="recipient"), Everybody())
    assert plan.refused["unpaired-not-a-donor"] >= 1
    assert [pair.recipient.prompted for pair in plan.pairs] == [True]
