"""The image towers of BioViL and BioViL-T, in plain torch, under the names of the released checkpoints.

Only what a patch map of one picture needs: no classifier, no pooled vector, no earlier picture. Knows no file.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

JOINT = 128  # width of the space that pictures and sentences share
STRIDE = 32  # pixels of the picture a cell of the map stands for, in each direction

_BLOCKS = (3, 4, 6, 3)
_UNUSED = ("encoder.encoder.fc.", "encoder.vit_pooler.")


class BioVilImageTower(nn.Module):
    """Picture to patch vectors in the joint space.

    Args:
        multi_image: BioViL-T, which fuses a picture with an earlier one; here there is none, and a learned
            vector stands for it (Bannur et al. 2023, arXiv:2301.04558, section 3.1). Without it BioViL.
    """

    def __init__(self, *, multi_image: bool) -> None:
        super().__init__()
        self.encoder = _SinglePicture() if multi_image else _Backbone()
        self.projector = _Projector(512 if multi_image else 2048)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Turn (n, side, side) uint8 into (n, cells, 128) float32 unit vectors, row by row from the top.

        A cell is read as the square of 32 pixels it divides the picture into, as published; what it responds to
        most lies 16 pixels up and left of that square's middle, for such is the padding of a ResNet.
        """
        grey = pixels[:, None].float() / 255
        patches = self.projector(self.encoder(grey.expand(-1, 3, -1, -1)))
        rows = patches.float().flatten(2).transpose(1, 2)
        return nn.functional.normalize(rows, dim=-1)


def drop_unused(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Leave out what a released checkpoint holds for other uses: the ImageNet classifier, the temporal blocks."""
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(_UNUSED)}


class _Backbone(nn.Module):
    """A ResNet-50 up to its last map, one level down as in the checkpoints ("encoder.encoder.conv1")."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _ResNet50()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.encoder(pixels)
        return maps


class _SinglePicture(_Backbone):
    """The fusion of BioViL-T where no earlier picture is given."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone_to_vit = nn.Conv2d(2048, 256, 1, bias=False)
        self.missing_previous_emb = nn.Parameter(torch.zeros(1, 256, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        now = self.backbone_to_vit(super().forward(pixels))
        return torch.cat([now, self.missing_previous_emb.to(now.dtype).expand_as(now)], dim=1)


class _Projector(nn.Module):
    """Two 1x1 convolutions with batch norm between, into the joint space."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(width, JOINT, 1, bias=False),
            nn.BatchNorm2d(JOINT),
            nn.ReLU(),
            nn.Conv2d(JOINT, JOINT, 1),
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        projected: torch.Tensor = self.model(maps)
        return projected


class _ResNet50(nn.Module):
    """He et al. 2016 (arXiv:1512.03385), with the stride in the 3x3 convolution as torchvision has it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        width = 64
        for number, blocks in enumerate(_BLOCKS):
            inner, stride = 64 * 2**number, 1 if number == 0 else 2
            first = _Bottleneck(width, inner, stride)
            rest = [_Bottleneck(4 * inner, inner, 1) for _ in range(blocks - 1)]
            self.add_module(f"layer{number + 1}", nn.Sequential(first, *rest))
            width = 4 * inner

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        maps = torch.relu(self.bn1(self.conv1(pixels)))
        maps = nn.functional.max_pool2d(maps, 3, stride=2, padding=1)
        for number in range(len(_BLOCKS)):
            maps = self.get_submodule(f"layer{number + 1}")(maps)
        return maps


class _Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolution beside a short cut."""

    def __init__(self, width: int, inner: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, 4 * inner, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * inner)
        if stride != 1 or width != 4 * inner:
            self.downsample: nn.Module = nn.Sequential(
                nn.Conv2d(width, 4 * inner, 1, stride=stride, bias=False), nn.BatchNorm2d(4 * inner)
            )
        else:
            self.downsample = nn.Identity()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        inner = torch.relu(self.bn1(self.conv1(maps)))
        inner = torch.relu(self.bn2(self.conv2(inner)))
        return torch.relu(self.bn3(self.conv3(inner)) + self.downsample(maps))
