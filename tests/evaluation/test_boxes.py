"""Box files of every kind, made here, and the targets and sentences that come of them."""

import json

import pytest

from medcutmix_cli.errors import DatasetError, ImageError, UsageError
from medcutmix_cli.evaluation.boxes import SHARES, BoxFrame, BoxNote, read_boxes
from medcutmix_cli.evaluation.picture_files import PictureFiles
from medcutmix_cli.evaluation.targets import choose_pictures, group, place, prompt
from medcutmix_cli.images import letterbox

PHRASE = "Streaky opacity behind the heart"


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def coco(**changes):
    """Return MS-CXR's shape: two boxes of one phrase, one of another."""
    image = {"id": 7, "file_name": "d1.jpg", "path": "files/p10/p1/s1/d1.jpg", "width": 2000, "height": 3000}
    notes = [
        {"id": n, "image_id": 7, "category_id": 3, "bbox": box, "label_text": text} | changes
        for n, (box, text) in enumerate(
            [([1, 2, 30, 40], PHRASE), ([100, 200, 30, 40], PHRASE), ([5, 6, 7, 8], "A nodule")]
        )
    ]
    return {"images": [image], "annotations": notes, "categories": [{"id": 3, "name": "Lung Opacity"}]}


def padchest(**changes):
    finding = {
        "sentence_en": PHRASE, "sentence_es": "Opacidad", "abnormal": True, "labels": ["atelectasis"],
        "boxes": [[0.25, 0.5, 0.5, 0.75]], "extra_boxes": [[0.2, 0.5, 0.5, 0.75]],
    }  # fmt: skip
    normal = {"sentence_en": "No effusion", "sentence_es": "Sin derrame", "abnormal": False}
    return [{"StudyID": "s", "ImageID": "a.png", "findings": [finding | changes, normal]}]


@pytest.mark.parametrize(
    ("header", "row", "kind", "frame"),
    [
        pytest.param(
            "Image Index,Finding Label,Bbox [x,y,w,h],,,",
            "0001_000.png,Effusion,10,20.5,30,40,,,",
            "nih",
            BoxFrame(1024, 1024),
            id="the-header-of-chestxray14",
        ),
        pytest.param(
            "path,finding,x,y,w,h", "0001_000.png,Effusion,10,20.5,30,40", "table", None, id="a-plain-table"
        ),
        pytest.param(
            "dicom_id,study_id,finding,side,x,y,width,height,rle",
            "0001_000.png,s,Effusion,left,10,20.5,30,40,0 1",
            "table",
            None,
            id="boxes-of-the-sample",
        ),
        pytest.param(
            "path,finding,x,y,w,h,image_width,image_height",
            "0001_000.png,Effusion,10,20.5,30,40,512,256",
            "table",
            BoxFrame(512, 256),
            id="a-table-that-says-its-size",
        ),
    ],
)
def test_a_table_is_known_by_its_header(tmp_path, header, row, kind, frame):
    found = read_boxes(write(tmp_path / "boxes.csv", f"{header}\n{row}\n"))
    assert found.kind == kind
    assert found.boxes == (BoxNote("0001_000.png", "Effusion", "", 10, 20.5, 30, 40, frame),)


def test_a_plain_table_can_be_said_to_be_of_chestxray14(tmp_path):
    path = write(tmp_path / "boxes.csv", "path,finding,x,y,w,h\na.png,Mass,1,2,3,4\n")
    assert read_boxes(path, "nih").boxes[0].frame == BoxFrame(1024, 1024)


def test_ms_cxr_keeps_phrase_and_size(tmp_path):
    found = read_boxes(write(tmp_path / "boxes.json", coco()))
    assert found.kind == "ms-cxr"
    first = found.boxes[0]
    assert (first.picture, first.finding, first.phrase) == ("files/p10/p1/s1/d1.jpg", "Lung Opacity", PHRASE)
    assert (first.x, first.y, first.width, first.height, first.frame) == (1, 2, 30, 40, BoxFrame(2000, 3000))


def test_ms_cxr_as_csv_says_the_same(tmp_path):
    header = "dicom_id,category_name,label_text,path,x,y,w,h,image_width,image_height"
    row = f"d1,Lung Opacity,{PHRASE},files/p10/p1/s1/d1.jpg,1,2,30,40,2000,3000"
    found = read_boxes(write(tmp_path / "boxes.csv", f"{header}\n{row}\n"))
    assert found.kind == "ms-cxr"
    assert found.boxes == read_boxes(write(tmp_path / "boxes.json", coco())).boxes[:1]


def test_padchest_gr_gives_shares_of_the_picture(tmp_path):
    found = read_boxes(write(tmp_path / "boxes.json", padchest()))
    (box,) = found.boxes
    assert found.kind == "padchest-gr"
    assert (box.picture, box.finding, box.frame) == ("a.png", "atelectasis", SHARES)
    assert (box.x, box.y, box.width, box.height) == (0.25, 0.5, 0.25, 0.25)
    assert found.noted == {"box-of-second-reader": 1, "sentence-without-box": 1}


@pytest.mark.parametrize("sentence", ["", None, " - "], ids=["empty", "null", "without-a-letter"])
def test_a_finding_said_in_spanish_only_is_a_counted_drop(tmp_path, sentence):
    found = read_boxes(write(tmp_path / "boxes.json", padchest(sentence_en=sentence)))
    assert (found.boxes, found.dropped) == ((), {"no-english-sentence": 1})


def test_a_phrase_is_in_no_representation():
    assert PHRASE not in repr(read_note())
    assert PHRASE not in repr(group([read_note()]))


def read_note(**changes):
    fields = {"picture": "a.png", "finding": "Mass", "phrase": PHRASE, "frame": None}
    return BoxNote(**(fields | {"x": 0.0, "y": 0.0, "width": 10.0, "height": 10.0} | changes))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        pytest.param("b.csv", "path,finding,x,y,w\na.png,Mass,1,2,3\n", "", id="a-column-is-missing"),
        pytest.param("b.csv", "path,finding,x,y,w,h\na.png,Mass,1,2,3,wide\n", "", id="a-number-is-none"),
        pytest.param("b.csv", "path,finding,x,y,w,h\na.png,Mass,1,2\n", "", id="a-row-is-short"),
        pytest.param(
            "b.csv", "path,finding,x,y,w,h\na.png,Mass,1,2,3,4\n", "padchest-gr", id="a-table-is-no-json"
        ),
        pytest.param("b.json", f'{{"annotations": "{PHRASE}', "", id="json-is-cut-off"),
        pytest.param("b.json", {"studies": []}, "", id="json-of-another-shape"),
        pytest.param("b.json", padchest(), "ms-cxr", id="json-of-another-kind"),
        pytest.param("b.json", coco(image_id=8), "", id="an-image-is-unknown"),
        pytest.param("b.json", coco(bbox=[1, 2, 3]), "", id="a-box-has-three-numbers"),
        pytest.param("b.json", coco(bbox=PHRASE), "", id="a-box-is-text"),
    ],
)
def test_a_file_that_is_none_is_one_error_without_its_text(tmp_path, name, content, kind):
    with pytest.raises(DatasetError) as caught:
        read_boxes(write(tmp_path / name, content), kind)
    assert name in caught.value.where
    assert PHRASE not in str(caught.value)


def test_a_missing_file_or_kind_is_told(tmp_path):
    with pytest.raises(DatasetError, match="does not exist"):
        read_boxes(tmp_path / "none.json")
    with pytest.raises(DatasetError, match="does not exist"):
        read_boxes(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="vindr"):
        read_boxes(tmp_path / "none.csv", "vindr")


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        ("Effusion", "There is pleural effusion."),
        ("Infiltrate", "There is pulmonary opacity."),
        ("Infiltration", "There is pulmonary opacity."),
        ("Pleural_Thickening", "There is pleural thickening."),
        ("pleural_effusion", "There is pleural effusion."),
        ("Lung Opacity", "There is lung opacity."),
        ("Mass", "There is a pulmonary mass."),
    ],
)
def test_a_finding_without_a_phrase_is_asked_for_by_name(finding, sentence):
    assert prompt(finding) == sentence


def test_boxes_of_one_picture_and_phrase_are_one_target(tmp_path):
    targets = group(read_boxes(write(tmp_path / "boxes.json", coco())).boxes)
    assert [(t.sentence, len(t.boxes), t.prompted) for t in targets] == [
        ("A nodule", 1, False),
        (PHRASE, 2, False),
    ]


def test_an_annotation_without_a_phrase_gets_a_prompt():
    (target,) = group([read_note(phrase="")])
    assert (target.sentence, target.prompted) == ("There is a pulmonary mass.", True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"width": 0.0}, "box-without-area", id="no-width"),
        pytest.param({"height": -3.0}, "box-without-area", id="turned-over"),
        pytest.param({"x": float("nan")}, "box-without-area", id="not-a-number"),
        pytest.param({"x": 64.0}, "box-outside-picture", id="right-of-the-picture"),
        pytest.param({"y": -10.0}, "box-outside-picture", id="above-the-picture"),
        pytest.param({"x": 3.6, "width": 0.8}, "box-outside-picture", id="between-two-pixel-centres"),
        pytest.param(
            {"frame": BoxFrame(100.0, 100.0)}, "picture-of-other-shape", id="drawn-on-another-shape"
        ),
        pytest.param({"frame": BoxFrame(0.0, 100.0)}, "picture-without-size", id="drawn-on-nothing"),
    ],
)
def test_a_box_that_marks_nothing_is_dropped_by_name(changes, reason):
    (target,) = group([read_note(**changes)])
    placed = place(target, letterbox(48, 64, 112))
    assert (placed.boxes, placed.dropped) == ((), {reason: 1})


@pytest.mark.parametrize(
    ("changes", "edges"),
    [
        pytest.param({"x": 3.0, "y": 5.0, "width": 2.0, "height": 4.0}, (5, 3, 9, 5), id="whole-pixels"),
        pytest.param(
            {"x": 3.4, "width": 2.2, "height": 1.0}, (0, 3, 1, 6), id="pixels-whose-centre-is-inside"
        ),
        pytest.param(
            {"x": 60.0, "y": 40.0, "width": 50.0, "height": 50.0}, (40, 60, 48, 64), id="cut-at-the-edge"
        ),
        pytest.param(
            {"frame": SHARES, "x": 0.5, "y": 0.25, "width": 0.25, "height": 0.5},
            (12, 32, 36, 48),
            id="shares",
        ),
        pytest.param(
            {"frame": BoxFrame(640.0, 480.0), "x": 100.0, "y": 20.0},
            (2, 10, 3, 11),
            id="drawn-at-ten-times-the-size",
        ),
    ],
)
def test_a_box_lands_on_the_pixels_of_the_picture(changes, edges):
    (target,) = group([read_note(**changes)])
    (box,) = place(target, letterbox(48, 64, 112)).boxes
    assert (box.top, box.left, box.bottom, box.right) == edges


def test_the_choice_of_pictures_depends_on_seed_and_names_alone():
    names = [f"{n}.png" for n in range(50)]
    assert choose_pictures(names, 0, 0) == sorted(names)
    assert (
        choose_pictures(names, 10, 3)
        == choose_pictures(reversed(names), 10, 3)
        != choose_pictures(names, 10, 4)
    )
    assert set(choose_pictures(names, 5, 3)) < set(choose_pictures(names, 10, 3))


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    "picture",
    ["files/p1/a.jpg", "p1/a.jpg", "elsewhere/p1/a.dcm", "a.jpg", "a", "files\\p1\\a.jpg"],
)
def test_a_picture_is_found_by_path_name_or_stem(tmp_path, picture):
    touch(tmp_path, "files/p1/a.jpg", "files/p1/b.jpg", "files/a.txt")
    assert PictureFiles(tmp_path).find(picture) == tmp_path / "files/p1/a.jpg"


def test_of_pictures_with_one_name_the_path_decides(tmp_path):
    touch(tmp_path, "x/p1/s1/a.jpg", "x/p2/s1/a.jpg")
    files = PictureFiles(tmp_path)
    assert files.find("files/p2/s1/a.jpg") == tmp_path / "x/p2/s1/a.jpg"
    for picture, reason in (("a.jpg", "image-ambiguous"), ("b.jpg", "image-missing")):
        with pytest.raises(ImageError) as caught:
            files.find(picture)
        assert caught.value.reason == reason


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(DatasetError, match="no such folder"):
        PictureFiles(tmp_path / "none")
