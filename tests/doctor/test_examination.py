"""Each check is made to pass and to warn or fail; a check without both has no place."""

import os
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from packaging.requirements import Requirement
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from medcutmix_cli import examine, write_sample
from medcutmix_cli.datasets.base import SAMPLE_MARKER
from medcutmix_cli.doctor import data, examination, machine, output, software
from medcutmix_cli.doctor.examination import CHECKS
from medcutmix_cli.doctor.records import Checkup, Diagnosis, HealthCheck, Surroundings
from medcutmix_cli.errors import UsageError
from tests.fresh_process import run_statements
from tests.mimic_trees import Tree
from tests.nih_trees import write_nih
from tests.pictures import make_shapes, write_dicom
from tests.released_trees import WITHOUT_SPLIT, WRITERS
from tests.trees import write_manifest

TEXT = "A patient of Mr Someone."
OFFLINE = dict.fromkeys(software.OFFLINE, "1")


class Case:
    """What a case may change: packages, variables, files."""

    def __init__(self, monkeypatch, folder):
        self.folder = folder
        self.set = monkeypatch.setattr
        self.patch = monkeypatch

    def variables(self, **values):
        for name, value in values.items():
            self.patch.setenv(name, value)

    def asking(self, *lines):
        self.set(
            software, "requirements", lambda extras=False: () if extras else tuple(map(Requirement, lines))
        )

    def manifest(self, **columns):
        return write_manifest(self.folder / "in", 4, **columns)

    def mimic(self):
        return Tree().write(self.folder / "mimic")

    def counts(self, **numbers):
        tables = {split: data.PublishedCounts(*three) for split, three in numbers.items()}
        self.set(data, "published_counts", lambda kind: tables if kind == "mimic-cxr" else {})

    def gpus(self, count, driver):
        file = self.folder / "version"
        if driver:
            file.write_text(f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {driver}  Mon\n")
        self.set(machine, "DRIVER", file)
        self.set(torch.cuda, "is_available", lambda: count > 0)
        self.set(torch.cuda, "device_count", lambda: count)
        self.set(torch.cuda, "get_device_name", lambda number: "NVIDIA Some")

    def program(self, text):
        path = self.folder / "bin" / "sbatch"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)
        self.variables(PATH=str(path.parent))

    def space(self, free):
        self.set(output, "free_bytes", lambda folder: free)
        return {"out": self.folder / "new" / "run"}

    def locked(self):
        folder = self.folder / "locked"
        folder.mkdir()

        def refuse(*_arguments, **_options):
            raise PermissionError(13, "Permission denied", str(folder))

        self.set(output.tempfile, "TemporaryDirectory", refuse)
        return {"out": folder / "run"}


CASES = {
    "python": {
        "pass": lambda case: {},
        "fail": lambda case: case.set(software.platform, "python_version", lambda: "3.10.1"),
    },
    "packages": {
        "pass": lambda case: case.asking("numpy>=1", "rich"),
        "fail": lambda case: case.asking("numpy>=99", "no-such-package>=1"),
    },
    "constraints": {
        "pass": lambda case: case.set(
            software, "tested_versions", lambda: {"numpy": software.installed_version("numpy")}
        ),
        "warn": lambda case: case.set(software, "tested_versions", lambda: {"numpy": "0.1", "rich": "0.2"}),
    },
    "offline": {
        "pass": lambda case: case.variables(**OFFLINE),
        "warn": lambda case: case.variables(**{**OFFLINE, "HF_HUB_OFFLINE": "0"}),
    },
    "gpu": {
        "pass": lambda case: case.gpus(1, "550.54.14"),
        "warn": lambda case: case.gpus(0, "550.54.14"),
        "fail": lambda case: case.gpus(0, "") or {"device": "cuda:1"},
    },
    "slurm": {
        "pass": lambda case: case.program("echo slurm 23.02.1"),
        "warn": lambda case: case.program("exit 1"),
    },
    "ray": {
        "pass": lambda case: case.set(machine, "shared_memory", lambda: 1 << 40),
        "warn": lambda case: case.set(machine, "shared_memory", lambda: 1 << 20),
        "fail": lambda case: (
            case.variables(RAY_ADDRESS="auto") or case.set(machine, "find_spec", lambda name: None)
        ),
    },
    "encoder": {
        "pass": lambda case: {},
        "warn": lambda case: {"dataset": case.manifest()},
        "fail": lambda case: {"encoder": "bundled", "weights": case.folder / "no.safetensors"},
    },
    "nlp-model": {
        "pass": lambda case: {},
        "fail": lambda case: {"nlp_model": case.folder},
    },
    "decoders": {
        "pass": lambda case: case.set(data, "get_decoder", lambda uid: SimpleNamespace(is_available=True)),
        "warn": lambda case: case.set(data, "get_decoder", lambda uid: SimpleNamespace(is_available=False)),
    },
    "dataset": {
        "pass": lambda case: {"dataset": case.manifest()},
        "fail": lambda case: {"dataset": case.folder},
    },
    "counts": {
        "pass": lambda case: case.counts(all=(4, 3, 2), validate=(1, 0, 0)) or {"dataset": case.mimic()},
        "warn": lambda case: case.counts(all=(5, 3, 2), train=(3, 9, 1)) or {"dataset": case.mimic()},
    },
    "pictures": {
        "pass": lambda case: {"dataset": case.manifest()},
        "warn": lambda case: {"dataset": without_one_picture(case.manifest())},
        "fail": lambda case: {"dataset": broken(case.manifest())},
    },
    "space": {
        "pass": lambda case: case.space(1 << 40),
        "warn": lambda case: case.space(5 << 30),
        "fail": lambda case: case.space(1 << 20),
    },
    "rights": {
        "pass": lambda case: {"out": case.folder / "new" / "run"},
        "fail": lambda case: case.locked(),
    },
}
"""By check and grade: what makes the check say so; returns arguments of `examine`."""


def without_one_picture(folder):
    (folder / "1.jpg").unlink()
    return folder


def broken(folder):
    for picture in folder.glob("*.jpg"):
        picture.write_bytes(b"\xff\xd8 no picture")
    return folder


def grades(checkup, name):
    return {found.grade for found in checkup.diagnoses if found.check == name}


def test_every_check_has_a_case_that_passes_and_one_that_does_not():
    assert list(CASES) == [check.name for check in CHECKS]
    assert all("pass" in cases and len(cases) > 1 for cases in CASES.values())


@pytest.mark.parametrize(
    ("name", "grade"), [(name, grade) for name, cases in CASES.items() for grade in cases]
)
def test_a_check_says_what_is_so(monkeypatch, tmp_path, name, grade):
    given = CASES[name][grade](Case(monkeypatch, tmp_path)) or {}
    monkeypatch.setattr(examination, "CHECKS", [check for check in CHECKS if check.name == name])
    checkup = examine(**given)
    assert grades(checkup, name) == {grade} | ({"pass"} if (name, grade) == ("pictures", "warn") else set())
    assert checkup.ok == (grade != "fail")
    for found in checkup.diagnoses:
        assert bool(found.fix) == (found.grade != "pass"), found
        assert found.what


def test_checks_without_a_matter_say_nothing():
    told = {found.check for found in examine().diagnoses}
    assert told == {check.name for check in CHECKS} - {"dataset", "counts", "pictures", "space", "rights"}


def test_nothing_is_written_and_no_connection_is_opened(monkeypatch, tmp_path):
    def refuse(*_arguments, **_options):
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    folder = write_manifest(tmp_path / "in", 4)
    before = sorted(tmp_path.rglob("*"))
    examine(folder, out=tmp_path / "run")
    assert sorted(tmp_path.rglob("*")) == before


def test_one_picture_of_each_transfer_syntax_is_decoded(tmp_path):
    folder = write_manifest(tmp_path / "in", 4)
    for number, syntax in enumerate((ExplicitVRLittleEndian, ImplicitVRLittleEndian)):
        write_dicom(folder / f"{number}.jpg", make_shapes(60, 60), TransferSyntaxUID=syntax)
    packed = dcmread(write_dicom(folder / "2.jpg", make_shapes(60, 60)))
    packed.compress(RLELossless)
    packed.save_as(folder / "2.jpg")
    [found] = [found for found in examine(folder).diagnoses if found.check == "pictures"]
    assert found.grade == "pass"
    for kind in (
        "DICOM, Explicit VR Little Endian",
        "DICOM, Implicit VR Little Endian",
        "DICOM, RLE Lossless",
        "JPEG",
    ):
        assert kind in found.what


def test_an_error_of_one_check_is_told_without_its_message_and_ends_no_other(monkeypatch):
    def fall(_surroundings):
        raise ValueError(TEXT)
        yield

    other = HealthCheck("other", "nothing", lambda _surroundings: [Diagnosis("pass", "all is well")])
    monkeypatch.setattr(examination, "CHECKS", [HealthCheck("odd", "nothing", fall), other])
    checkup = examine()
    assert [(found.check, found.grade) for found in checkup.diagnoses] == [("odd", "fail"), ("other", "pass")]
    assert "ValueError" in checkup.diagnoses[0].what
    assert TEXT not in str(checkup)


@pytest.mark.parametrize("kind", sorted(WITHOUT_SPLIT))
def test_what_is_wrong_with_a_data_set_is_told_once_with_a_place_that_exists(tmp_path, kind):
    root = WRITERS[kind](tmp_path / kind)
    failures = [found for found in examine(root).diagnoses if found.grade == "fail"]
    (told,) = [found.what for found in failures if "'split' is missing" in found.what]
    assert Path(told.partition(" (")[2].removesuffix(")")).exists()


def test_failures_that_differ_are_all_told(monkeypatch):
    def failing(what):
        return HealthCheck(what, "nothing", lambda _surroundings: [Diagnosis("fail", what, "do it")])

    monkeypatch.setattr(examination, "CHECKS", [failing("one"), failing("two"), failing("one")])
    assert [found.what for found in examine().diagnoses] == ["one", "two"]


def marked_nih(folder):
    write_nih(folder)
    (folder / SAMPLE_MARKER).write_text("{}")


DRAWN = {
    "dicom": lambda folder: write_sample(folder, studies=2, image_format="dicom"),
    "jpg": lambda folder: write_sample(folder, studies=2),
    "nih": marked_nih,
}


@pytest.mark.parametrize("kind", sorted(DRAWN))
def test_drawn_phantoms_are_not_compared_with_what_was_published(tmp_path, kind):
    DRAWN[kind](tmp_path / "in")
    told = [found for found in examine(tmp_path / "in").diagnoses if found.check == "counts"]
    assert [found.grade for found in told] == ["pass"]
    assert "synthetic" in told[0].what
    assert "wget" not in str(told)


def test_slurm_is_not_said_to_work_where_only_its_version_was_asked(monkeypatch, tmp_path):
    Case(monkeypatch, tmp_path).program("echo slurm 23.02.1")
    (told,) = machine.check_slurm(Surroundings(None))
    assert "not asked" in told.what
    assert "works" not in told.what


def test_an_option_that_makes_no_sense_is_an_error_at_once():
    with pytest.raises(UsageError):
        examine(precision="fp1")


def test_the_grades_are_counted():
    checkup = Checkup((Diagnosis("pass", "a"), Diagnosis("warn", "b", "c"), Diagnosis("warn", "d", "e")))
    assert (checkup.count("pass"), checkup.count("warn"), checkup.count("fail"), checkup.ok) == (
        1,
        2,
        0,
        True,
    )


def test_the_job_that_has_fewer_cpus_than_it_was_given_is_told(monkeypatch):
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", str(len(os.sched_getaffinity(0)) + 100))
    found = list(machine.check_slurm(Surroundings(None)))
    assert found[0].grade == "warn"
    assert "--cpus-per-task" in found[0].fix
    assert shutil.which("sbatch") is None or len(found) == 2


def test_doctors_home_is_light():
    code = (
        "import sys, medcutmix_cli.commands.doctor; print('torch' in sys.modules, 'packaging' in sys.modules)"
    )
    assert run_statements(code).split() == ["False", "False"]


def test_the_carried_constraints_are_those_of_the_repository():
    root = Path(__file__).resolve().parents[2]
    carried = root / "medcutmix_cli" / "doctor" / "constraints.txt"
    assert carried.read_bytes() == (root / "constraints.txt").read_bytes(), "run `make docs`"
    assert len(software.tested_versions()) > 50
