"""Small trees in the layouts of published data sets, made by the tests themselves: noise for pictures, made-up words.

Each layout is cited in the module of its data set.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.trees import SENTENCES, write_picture

PADCHEST_LABELS = (
    "['pleural effusion', 'scoliosis']",
    "['normal']",
    "['cardiomegaly']",
    "['pneumonia', 'infiltrates']",
)
VINDR_COLUMNS = (
    *("Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture"),
    *(
        "Consolidation",
        "Edema",
        "Emphysema",
        "Enlarged PA",
        "ILD",
        "Infiltration",
        "Lung Opacity",
        "Lung cavity",
    ),
    *(
        "Lung cyst",
        "Mediastinal shift",
        "Nodule/Mass",
        "Pleural effusion",
        "Pleural thickening",
        "Pneumothorax",
    ),
    *(
        "Pulmonary fibrosis",
        "Rib fracture",
        "Other lesion",
        "COPD",
        "Lung tumor",
        "Pneumonia",
        "Tuberculosis",
    ),
    *("Other diseases", "No finding"),
)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(rows)
    return path


def write_pictures(root: Path, paths: Iterable[str]) -> None:
    """Write pictures; one whose suffix no writer knows is PNG all the same."""
    for number, below in enumerate(paths):
        path = root / below
        path.parent.mkdir(parents=True, exist_ok=True)
        write_picture(path.with_suffix(".png"), 500 + number)
        path.with_suffix(".png").rename(path)


def sections_of(number: int) -> dict[str, str]:
    """Return the sections of a report."""
    return {
        "indication": "Cough.",
        "comparison": "None.",
        "findings": f"{SENTENCES[number % len(SENTENCES)]} Normal heart size.",
        "impression": SENTENCES[number % len(SENTENCES)],
    }


def write_open_i_csv(root: Path, studies: int = 6, pictures: str = "images/images_normalized") -> Path:
    """Write the CSV form: a frontal and a lateral picture a study."""
    header = ["uid", "MeSH", "Problems", "image", "indication", "comparison", "findings", "impression"]
    reports = [[n, "normal", "normal", "Chest", *sections_of(n).values()] for n in range(1, studies + 1)]
    write_csv(root / "indiana_reports.csv", header, reports)
    write_projections(root, studies)
    ids = [f"{n}_IM-{n:04d}-{1001 * side}" for n in range(1, studies + 1) for side in (1, 2)]
    write_pictures(root, [f"{pictures}/{image}.dcm.png" for image in ids])
    return root


def write_projections(root: Path, studies: int = 6) -> Path:
    """Write the table of views."""
    rows = [
        [n, f"{n}_IM-{n:04d}-{1001 * side}.dcm.png", ("Frontal", "Lateral")[side - 1]]
        for n in range(1, studies + 1)
        for side in (1, 2)
    ]
    return write_csv(root / "indiana_projections.csv", ["uid", "filename", "projection"], rows)


def write_open_i_xml(root: Path, studies: int = 6, pictures: str = "NLMCXR_png") -> Path:
    """Write the XML form, with the same reports and pictures."""
    folder = root / "ecgen-radiology"
    folder.mkdir(parents=True)
    for n in range(1, studies + 1):
        texts = "".join(
            f'<AbstractText Label="{name.upper()}">{text}</AbstractText>'
            for name, text in sections_of(n).items()
        )
        ids = [f"CXR{n}_IM-{n:04d}-{1001 * side}" for side in (1, 2)]
        shown = "".join(f'<parentImage id="{image}"><caption>x</caption></parentImage>' for image in ids)
        (folder / f"{n}.xml").write_text(
            f'<?xml version="1.0" encoding="utf-8"?><eCitation><uId id="CXR{n}"/><MedlineCitation><Article>'
            f"<Abstract>{texts}</Abstract></Article></MedlineCitation>{shown}</eCitation>",
            encoding="utf-8",
        )
        write_pictures(root, [f"{pictures}/{image}.png" for image in ids])
    return root


def write_chexpert_plus(root: Path, studies: int = 6, place: str = "PNG/PNG", suffix: str = ".png") -> Path:
    """Write the table and pictures: two studies a patient, the last patient in "valid"."""
    rows, paths = [], []
    for n in range(studies):
        split = "valid" if n >= studies - 2 else "train"
        for view, side, beam in (("view1_frontal", "Frontal", "AP"), ("view2_lateral", "Lateral", "")):
            path = f"{split}/patient{n // 2:05d}/study{n % 2 + 1}/{view}.jpg"
            said = sections_of(n)
            text = f"NARRATIVE:\nFINDINGS:\n{said['findings']}\n\nIMPRESSION:\n{said['impression']}"
            rows.append([path, side, beam, f"patient{n // 2:05d}", n % 2, text, said["findings"], split])
            paths.append(f"{place}/{path.removesuffix('.jpg')}{suffix}".lstrip("/"))
    header = ["path_to_image", "frontal_lateral", "ap_pa", "deid_patient_id", "patient_report_date_order"]
    write_csv(root / "df_chexpert_plus_240401.csv", [*header, "report", "section_findings", "split"], rows)
    write_pictures(root, paths)
    return root


def write_rexgradient(root: Path, studies: int = 6) -> Path:
    """Write the metadata of three splits and pictures: two a study."""
    for at, (split, count) in enumerate({"train": studies, "valid": 1, "test": 1}.items()):
        known = {}
        for n in range(count):
            uid = f"1.2.{at}.{n}"
            views = [
                f"GRDN{at}{n}/GRDNACC{at}{n}/studies/{uid}/series/{uid}.{k}/instances/{uid}.{k}.1.png"
                for k in (1, 2)
            ]
            known[f"pGRDN{at}{n}_aGRDNACC{at}{n}_s{uid}"] = {
                **{name.capitalize(): text for name, text in sections_of(n).items()},
                "PatientID": f"GRDN{at}{n}",
                "StudyInstanceUid": uid,
                "ImagePath": [f"../deid_png/{view}" for view in views],
                "ImageViewPosition": ["PA", "LATERAL"],
            }
            write_pictures(root / "deid_png", views)
        path = root / "metadata" / f"{split}_metadata_view_position.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(known))
    return root


def write_padchest(
    root: Path, studies: int = 8, labels: Sequence[str] = PADCHEST_LABELS, place: str = "0"
) -> Path:
    """Write the table and pictures: PA and lateral of each study, two studies a patient."""
    header = [
        "",
        "ImageID",
        "ImageDir",
        "StudyDate_DICOM",
        "StudyID",
        "PatientID",
        "Projection",
        "Report",
        "Labels",
    ]
    rows, paths = [], []
    for n in range(studies):
        for view in ("PA", "L"):
            image = f"{n:05d}_{view.lower()}.png"
            cells = [
                len(rows),
                image,
                "0",
                20140915,
                f"2000{n}",
                f"84{n // 2}",
                view,
                "derram pleural",
                labels[n % len(labels)],
            ]
            rows.append(cells)
            paths.append(f"{place}/{image}")
    write_csv(root / "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv", header, rows)
    write_pictures(root, paths)
    return root


def write_vindr(
    root: Path, readings: Sequence[Sequence[Sequence[str]]] = ((("Cardiomegaly",),) * 3,) * 4
) -> Path:
    """Write both tables and pictures: of each picture what its readers said; the last picture is of the test set."""
    folder = root / "annotations"
    cases = list(enumerate(readings))
    train = [_votes(f"image{n}", f"R{k}", said) for n, own in cases[:-1] for k, said in enumerate(own)]
    test = [_votes(f"image{n}", "", own[0]) for n, own in cases[-1:]]
    write_csv(folder / "image_labels_train.csv", ["image_id", "rad_id", *VINDR_COLUMNS], train)
    header = ["image_id", *VINDR_COLUMNS]
    write_csv(folder / "image_labels_test.csv", header, [[image, *votes] for image, _, *votes in test])
    paths = [f"{'test' if n == len(cases) - 1 else 'train'}/image{n}.dicom" for n, _ in cases]
    write_pictures(root, paths)
    return root


def _votes(image: str, reader: str, said: Sequence[str]) -> list[object]:
    assert set(said) <= set(VINDR_COLUMNS)
    return [image, reader, *(int(name in said) for name in VINDR_COLUMNS)]


def write_siim(root: Path, pictures: int = 8, table: str = "stage_2_train.csv") -> Path:
    """Write the table and pictures: every other one has two outlines."""
    rows, paths = [], []
    for n in range(pictures):
        image = f"1.2.276.0.7230010.3.1.4.8323329.{n}"
        rows += [[image, "175349 7 1013 12"], [image, " 1 2"]] if n % 2 else [[image, " -1"]]
        paths.append(f"dicom-images-train/study{n}/series{n}/{image}.dcm")
    outline = "EncodedPixels" if table == "stage_2_train.csv" else " EncodedPixels"
    write_csv(root / table, ["ImageId", outline], rows)
    write_pictures(root, paths)
    return root


WRITERS = {
    "open-i": write_open_i_csv,
    "chexpert-plus": write_chexpert_plus,
    "rexgradient": write_rexgradient,
    "padchest": write_padchest,
    "vindr-cxr": write_vindr,
    "siim-acr": write_siim,
}
"""How a tree of each published data set is made."""

WITHOUT_SPLIT = ("open-i", "padchest", "siim-acr")
WITHOUT_VIEW = ("siim-acr",)
