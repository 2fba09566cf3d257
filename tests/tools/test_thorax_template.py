import sys
import tomllib

import cv2
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.datasets.phantoms.anatomy import lung
from medcutmix_cli.datasets.phantoms.canvas import make_frame
from medcutmix_cli.registration.poses import fit_pose
from medcutmix_cli.registration.thumbnails import SIDE
from tests.thoraxes import registered_phantom
from tools import thorax_template

SEEDS = range(10)


@pytest.fixture(scope="module")
def template():
    return thorax_template.mean_thorax([registered_phantom(seed).pose.thumbnail for seed in SEEDS])


def test_every_thorax_looks_like_the_mean_of_all(template):
    assert (template.values.shape, template.values.dtype) == ((SIDE, SIDE), np.float32)
    assert template.values.std() == pytest.approx(thorax_template.SPREAD, rel=1e-5)
    assert set(np.unique(template.inside)) <= {0.0, 1.0}
    found = [fit_pose(registered_phantom(seed).pose.thumbnail, template).quality for seed in range(10, 20)]
    assert np.median(found) > 0.85  # pictures that are not in it


def test_the_mean_has_the_mean_shape(template):
    """Were it the shape of the first, all others would be moved the same way."""
    poses = [fit_pose(registered_phantom(seed).pose.thumbnail, template) for seed in SEEDS]
    rows, columns = np.indices((SIDE, SIDE))
    moved = np.mean([pose.to_picture for pose in poses], axis=0) - np.dstack([columns, rows])
    assert np.abs(moved[16:48, 16:48]).max() < 2


def write_tree(folder, views=("PA", "AP", "L", "PA"), masks=True):
    """Write phantoms with a manifest and, in the names of the shared data, their lungs; the last is no picture."""
    (folder / "images").mkdir(parents=True)
    (folder / "annotations" / "lung-masks-v7").mkdir(parents=True)
    lines = ["path,view"]
    for number, view in enumerate(views):
        name = f"{number}.png"
        lines.append(f"images/{name},{view}")
        phantom = draw_phantom(number)
        Image.fromarray((paint(phantom, 224).image * 255).astype(np.uint8)).save(folder / "images" / name)
        frame = make_frame(phantom.exposure, phantom.aspect, 224, coarse=False)
        lungs = frame.fill([lung(phantom.patient, side) for side in ("right", "left")]) > 0.5
        cv2.imwrite(str(folder / "annotations/lung-masks-v7" / name), lungs.astype(np.uint8) * 255 * masks)
    (folder / "images" / "broken.png").write_bytes(b"no picture")
    lines += ["images/broken.png,PA", "images/missing.png,PA"]
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_frontal_pictures_that_can_be_read_are_taken(tmp_path):
    found = list(thorax_template.pictures(write_tree(tmp_path / "in")))
    assert [path for _, path in found] == ["images/0.png", "images/1.png", "images/3.png"]
    assert all(thumbnail.values.std() > 0.3 for thumbnail, _ in found)


def test_lungs_are_the_mean_of_the_masks_in_the_templates_frame(tmp_path, template):
    folder = write_tree(tmp_path / "in", ("PA",) * 4)
    lungs = thorax_template.mean_lungs(template, folder)
    assert (lungs.shape, lungs.dtype) == ((SIDE, SIDE), np.float32)
    assert 0 <= lungs.min() <= lungs.max() <= 1.001
    assert lungs[template.values > 1].mean() < 0.3
    assert 0.1 < (lungs > 0.5).mean() < 0.45


def ellipses():
    rows, columns = np.mgrid[:SIDE, :SIDE]
    one = ((columns - 18) / 8) ** 2 + ((rows - 30) / 15) ** 2
    other = ((columns - 44) / 7) ** 2 + ((rows - 28) / 14) ** 2
    speck = (columns - 60) ** 2 + (rows - 60) ** 2
    near = np.minimum(np.minimum(one, other), speck)
    return np.clip(1.5 - near, 0, 1).astype(np.float32)


def test_the_outlines_of_the_two_largest_pieces_are_written_the_patients_right_first():
    plain = tomllib.loads("\n".join(thorax_template.outline_lines(ellipses())))
    assert list(plain) == ["right", "left"]
    for side, (x, y, width, height) in {"right": (18, 30, 8, 15), "left": (44, 28, 7, 14)}.items():
        points = np.array(plain[side])
        assert points.mean(axis=0) == pytest.approx([x, y], abs=1)
        assert np.ptp(points, axis=0) == pytest.approx([2 * width, 2 * height], abs=1)
        away = ((points[:, 0] - x) / width) ** 2 + ((points[:, 1] - y) / height) ** 2
        assert np.abs(away - 1).max() < 0.15


def test_the_command_writes_both_files_of_the_package(tmp_path, monkeypatch):
    for name in ("nih-chestxray14", "covid-cxr"):
        write_tree(tmp_path / "in" / name, ("PA",) * 6)
    picture, outlines = tmp_path / "t.safetensors", tmp_path / "t.toml"
    monkeypatch.setattr(thorax_template, "PICTURE", picture)
    monkeypatch.setattr(thorax_template, "OUTLINES", outlines)
    monkeypatch.setattr(thorax_template, "ROUNDS", 2)
    monkeypatch.setattr(sys, "argv", ["thorax_template", str(tmp_path / "in")])
    thorax_template.main()
    stored = load_file(picture)
    assert {name: values.shape for name, values in stored.items()} == dict.fromkeys(
        ("values", "inside"), (SIDE, SIDE)
    )
    plain = tomllib.loads(outlines.read_text())
    right, left = (np.array(plain[side]) for side in ("right", "left"))
    assert right[:, 0].max() < left[:, 0].min()
