"""The parts of the plugin keep their contracts."""

from medcutmix_corner import Above, Brightness

from medcutmix_cli.testing import check


def test_the_parts_keep_their_contracts():
    check("mask", Above())
    check("encoder", Brightness())
