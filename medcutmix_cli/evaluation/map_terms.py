"""What the numbers of `evaluate maps` mean, in the words that stand below its table. Computes nothing."""

from __future__ import annotations

from medcutmix_cli.evaluation.map_settings import MapSettings


def definitions(settings: MapSettings, *, prompted: bool) -> dict[str, str]:
    """Return name -> what it means under these settings, with its source."""
    smoothing = f"Gaussian, sigma {settings.smoothing:g}/14 of the canvas" if settings.smoothing else "none"
    beside = f"at most {settings.tolerance:g} px beside it" if settings.tolerance else "no tolerance"
    scale = (
        f"score x {settings.temperature:g} (the temperature)"
        if settings.temperature
        else "the map between its lowest (0) and highest (1) pixel"
    )
    asked = "the finding in a sentence, see prompts" if prompted else "each annotation's own phrase"
    return {
        "map": f"scores of the encoder's grid, smoothed ({smoothing}), bilinear at the picture's own pixels; "
        "what the encoder does not see is found nowhere and is not outside",
        "query": f"{asked}; all boxes of one picture and phrase are one target",
        "chance": "mean share of the picture that the boxes cover: how often a point set blindly hits",
        "pointing": f"pointing game: the highest pixel lies in a box, {beside} (Zhang 2018, arXiv 1608.00507)",
        "CNR": "|mean inside - mean outside| / sqrt(variance inside + variance outside) (Boecking 2022, "
        "arXiv 2204.09817); without the bars it is signed",
        "mIoU": f"mean IoU over thresholds 0.1 to 0.5 (Boecking 2022) of {scale}; published ones are of cosines",
        "interval": f"{settings.interval:.0%} percentile bootstrap over pictures, {settings.resamples:,} resamples, "
        f"seed {settings.seed}"
        if settings.resamples
        else "none",
    }
