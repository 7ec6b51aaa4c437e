"""What PyTorch computes, kept as small data: `python tests/unit/make_torch_table.py OUT.npz`.

Run once with torch 2.13.0 (CPU); the tests read the file and need no torch.
"""

from __future__ import annotations

import json
import sys

import numpy as np

CASES = [
    ("Conv2d(3, 6, 5)", [3, 11, 12], [6, 3, 5, 5], {}),
    ("stride", [3, 12, 9], [4, 3, 3, 3], {"stride": [2, 3], "padding": [1, 2]}),
    ("dilation", [2, 12, 13], [3, 2, 3, 2], {"dilation": [2, 3]}),
    ("groups", [4, 7, 8], [6, 2, 3, 3], {"groups": 2, "padding": [1, 1]}),
    ("depthwise", [3, 8, 7], [6, 1, 2, 3], {"groups": 3}),
    ("1 x 1", [5, 4, 3], [2, 5, 1, 1], {}),
    ("stride over the kernel", [2, 11, 10], [2, 2, 2, 2], {"stride": [5, 3]}),
    ("same, even", [2, 7, 6], [3, 2, 4, 2], {"padding": "same"}),
    ("1-D", [3, 17], [4, 3, 5], {"stride": [2], "padding": [2]}),
    ("3-D", [2, 6, 7, 8], [3, 2, 2, 3, 3], {"stride": [1, 2, 1], "padding": [0, 1, 1]}),
]
BORDERS = {"reflect": "reflect101", "replicate": "replicate", "circular": "wrap"}


def main(path: str) -> None:
    import torch
    from torch.nn import functional as nn

    torch.manual_seed(1)
    arrays, about = {}, []
    for number, (name, image_shape, shape, options) in enumerate(CASES):
        image, weights = torch.randn(image_shape), torch.randn(shape)
        bias = torch.randn(shape[0])
        axes = len(shape) - 2
        out = getattr(nn, f"conv{axes}d")(image[None], weights, bias, **options)[0]
        whole = [t.mul(9).round() for t in (image, weights, bias)]
        exact = getattr(nn, f"conv{axes}d")(whole[0][None], whole[1], whole[2], **options)[0]
        about.append({"name": name, "axes": axes, "options": options})
        for key, value in (("image", image), ("weights", weights), ("bias", bias), ("out", out),
                           ("exact", exact)):  # fmt: skip
            arrays[f"{number} {key}"] = value.numpy()
    picture = torch.randn(2, 9, 10)
    arrays["picture"] = picture.numpy()
    for mode in BORDERS:
        layer = torch.nn.Conv2d(2, 3, 3, padding=1, padding_mode=mode)
        arrays[f"{mode} weights"] = layer.weight.detach().numpy()
        arrays[f"{mode} bias"] = layer.bias.detach().numpy()
        arrays[f"{mode} out"] = layer(picture[None])[0].detach().numpy()
    values = torch.cat([torch.linspace(-30, 30, 241), torch.randn(60), torch.tensor([0.0, 1e-30])])
    arrays["values"] = values.numpy()
    arrays["relu"], arrays["tanh"] = torch.relu(values).numpy(), torch.tanh(values).numpy()
    arrays["sigmoid"] = torch.sigmoid(values).numpy()
    arrays["leaky_relu:0.125"] = nn.leaky_relu(values, 0.125).numpy()
    arrays["max:2"] = nn.max_pool2d(picture, 2).numpy()
    arrays["max:size=3,stride=2,padding=1"] = nn.max_pool2d(picture, 3, 2, 1).numpy()
    arrays["mean:3x2"] = nn.avg_pool2d(picture, (3, 2)).numpy()
    arrays["mean:size=3,stride=2,padding=1"] = nn.avg_pool2d(picture, 3, 2, 1).numpy()
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    arrays["torch"] = np.array(torch.__version__)
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
