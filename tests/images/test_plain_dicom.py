"""Plain DICOM is read without a decoder; whatever is not plain is left to one, with the same verdict."""

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import DICOM_MODES, canvas, read_canvas
from medcutmix_cli.images.decoding import DecodingRequest
from medcutmix_cli.images.plain_dicom import read_plain_dicom
from medcutmix_cli.records import PictureRules
from tests.pictures import make_shapes, write_dicom

PLAIN = {
    "explicit": {},
    "implicit": {"TransferSyntaxUID": ImplicitVRLittleEndian},
    "inverted": {"PhotometricInterpretation": "MONOCHROME1"},
    "window": {"WindowCenter": 2048, "WindowWidth": 3000},
}
NOT_PLAIN = {
    "deflated": {"TransferSyntaxUID": DeflatedExplicitVRLittleEndian},
    "colour": {"PhotometricInterpretation": "RGB"},
    "frames": {"NumberOfFrames": 2},
    "short": {"PixelData": b"\0" * 100},
    "more bits": {"BitsStored": 10, "HighBit": 9},
    "no window": {"WindowCenter": 2048, "WindowWidth": 0},
    "long header": {"EncapsulatedDocument": bytes(1 << 17)},
}


def read_plain(path, mode="minmax"):
    with path.open("rb", buffering=0) as file:
        return read_plain_dicom(file, DecodingRequest(path.stat().st_size, 64, mode))


@pytest.mark.parametrize("mode", DICOM_MODES)
@pytest.mark.parametrize("how", PLAIN)
def test_it_is_the_picture_that_a_decoder_gives(tmp_path, monkeypatch, how, mode):
    path = write_dicom(tmp_path / "a.dcm", make_shapes(128, 100), **PLAIN[how])
    plane, at = read_plain(path, mode)
    monkeypatch.setattr(canvas, "_read_plain", lambda *_: None)
    decoded = read_canvas(path, 64, PictureRules(mode))
    top, left, bottom, right = decoded.box
    assert at == decoded.placement
    assert (plane == decoded.pixels[top:bottom, left:right]).all()


@pytest.mark.parametrize("how", NOT_PLAIN)
def test_what_is_not_plain_is_left_to_a_decoder(tmp_path, how):
    path = write_dicom(tmp_path / "a.dcm", make_shapes(128, 100), **NOT_PLAIN[how])
    assert read_plain(path) is None


def test_a_cut_file_has_the_reason_that_a_decoder_gives(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", make_shapes(128, 100))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ImageError) as caught:
        read_canvas(path, 64, PictureRules("minmax"))
    assert caught.value.reason == "image-truncated"
