"""Methods by name, apart from the steps that have them: the help of commands loads no more."""

from __future__ import annotations

from enum import Enum


class Gray(Enum):
    """How three channels become one."""

    BT601 = "bt601"
    """0.299 R + 0.587 G + 0.114 B, rounded as ``cv2.cvtColor`` does."""
    BT709 = "bt709"
    """0.2125 R + 0.7154 G + 0.0721 B, the weights of scikit-image."""
    AVERAGE = "average"
    """(R + G + B) / 3."""
    LIGHTNESS = "lightness"
    """(max + min) / 2, the L of HSL."""
    LINEAR = "linear"
    """0.2126 R + 0.7152 G + 0.0722 B in linear light, encoded as sRGB again."""
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class ThresholdMethod(Enum):
    """Where the threshold comes from; the local ones have one for each pixel."""

    FIXED = "fixed"
    OTSU = "otsu"
    TRIANGLE = "triangle"
    LI = "li"
    YEN = "yen"
    ISODATA = "isodata"
    MINIMUM = "minimum"
    MEAN = "mean"
    LOCAL_MEAN = "local-mean"
    LOCAL_GAUSSIAN = "local-gaussian"
    NIBLACK = "niblack"
    SAUVOLA = "sauvola"

    @property
    def is_local(self) -> bool:
        """Whether each pixel has a threshold of its own."""
        return self in THRESHOLD_PARAMETERS and self is not ThresholdMethod.FIXED


THRESHOLD_PARAMETERS: dict[ThresholdMethod, tuple[str, ...]] = {
    ThresholdMethod.FIXED: ("threshold",),
    ThresholdMethod.LOCAL_MEAN: ("window", "offset"),
    ThresholdMethod.LOCAL_GAUSSIAN: ("window", "offset"),
    ThresholdMethod.NIBLACK: ("window", "k"),
    ThresholdMethod.SAUVOLA: ("window", "k"),
}
