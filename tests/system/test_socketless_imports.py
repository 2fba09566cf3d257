import subprocess
import sys

import pytest

from tests.sockets import can_forbid

pytestmark = pytest.mark.skipif(not can_forbid(), reason="this system cannot forbid sockets")

LOADED = """
import socket
from tests.sockets import forbid_sockets
forbid_sockets()
before = socket.has_ipv6
{import_}
assert socket.has_ipv6 == before
import urllib3.util.connection
assert urllib3.util.connection.HAS_IPV6 == before
"""
OURS = (
    "import medcutmix_cli.images",
    "import medcutmix_cli.reports.pipeline as p; p.sentences_of('No effusion. No edema.')",
    "import medcutmix_cli.loader",
    "import medcutmix_cli.datasets.phantoms.sampling.pictures",
    "from medcutmix_cli import plan, render, write_sample",
)


def code_of(statement):
    return subprocess.run([sys.executable, "-c", LOADED.format(import_=statement)], check=False).returncode


@pytest.mark.parametrize("statement", OURS)
def test_importing_a_part_opens_no_socket_and_leaves_the_settings(statement):
    assert code_of(statement) == 0


def test_a_socket_would_be_seen():
    assert code_of("socket.socket()") == -31, "killed by SIGSYS"
