import io

from medcutmix_cli.images.buffer_file import as_file


def test_memory_reads_like_a_file():
    file = as_file(memoryview(b"0123456789"))
    assert file.read(3) == b"012"
    assert file.tell() == 3
    assert file.seek(-2, io.SEEK_END) == 8
    assert file.read() == b"89"
    assert file.seek(1) == 1
    assert file.seek(2, io.SEEK_CUR) == 3
    assert file.read(1) == b"3"


def test_behind_the_end_there_is_nothing():
    file = as_file(memoryview(b"01"))
    file.seek(50)
    assert file.read(4) == b""
