"""What a device is asked, with a device that is not there (`tests.fake_gpu`): copies and waits a batch, and the maps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from medcutmix_cli.encoders import bundled
from medcutmix_cli.encoders.base import Query, in_groups, look, map_of, see_pictures
from medcutmix_cli.encoders.bundled import BundledEncoder
from medcutmix_cli.encoders.groups import BLOCK, Questions, products
from medcutmix_cli.encoders.runtime import Runtime
from tests.fake_gpu import plugged_in
from tests.gpu import claims, networks

BATCH = 4
UPLOADS = 4  # pixels, sentences, and at most two tables of who is asked what
FAMILIES = {
    **{name: (name, {}) for name in networks.NAMES},
    **{f"{name}, gradient": (name, {"method": "gradient"}) for name in networks.NAMES[1:4]},
    "blip base, all layers": ("blip base", {"layers": "all"}),
}


@pytest.fixture
def gpu(monkeypatch):
    with plugged_in(monkeypatch) as counted:
        yield counted


def network_of(family):
    """Return the same tiny network on the CPU, and as it would be on a GPU, with its unit."""
    if family == "bundled":
        return BundledEncoder(device="cpu"), BundledEncoder(device="cuda:0", batch_size=BATCH), 12.0
    name, options = FAMILIES[family]
    made = networks.make(name, "cpu", tiny=True)
    if "layers" in options:
        options = {"layers": "0,1"}
    here = replace(made, encoder=replace(made.encoder, **options))
    if here.encoder != made.encoder and name == "blip base":
        networks._TABLES[type(here.encoder)]._made[networks._key(here.encoder)] = networks._TABLES[
            type(here.encoder)
        ]._made[networks._key(made.encoder)]
    there = networks.on(here, "cuda:0")
    return here.encoder, replace(there.encoder, batch_size=BATCH), made.unit
