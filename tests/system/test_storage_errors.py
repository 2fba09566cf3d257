import errno
import os

import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.system.storage_errors import explain_storage_errors


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_refused_write_says_where_and_what_to_do(tmp_path, code):
    with pytest.raises(RunError) as caught, explain_storage_errors(tmp_path):
        raise OSError(code, os.strerror(code))
    assert caught.value.where == str(tmp_path)
    assert caught.value.hint


def test_an_error_that_is_no_refused_write_passes_unchanged(tmp_path):
    with pytest.raises(OSError, match="pipe"), explain_storage_errors(tmp_path):
        raise OSError(errno.EPIPE, "pipe")
