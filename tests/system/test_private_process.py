import os
import resource
import stat

from medcutmix_cli.system.private_process import private_process
from tests.fresh_process import run_statements

SCRIPT = """
import resource
from medcutmix_cli.main import main
resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)[1:] * 2)
try:
    main(["--version"])
except SystemExit:
    print(*resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_the_command_leaves_no_core_dump_and_the_limit_can_be_raised_again():
    soft, hard = run_statements(SCRIPT).splitlines()[-1].split()
    assert int(soft) == 0
    assert int(hard) == resource.getrlimit(resource.RLIMIT_CORE)[1]


def test_what_a_library_makes_is_private_and_the_mask_is_put_back(tmp_path):
    before = os.umask(0o022)
    try:
        with private_process():
            (tmp_path / "cache").mkdir()
            (tmp_path / "cache" / "file").write_text("")
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "cache", tmp_path / "cache" / "file")]
    assert modes == [0o700, 0o600]
