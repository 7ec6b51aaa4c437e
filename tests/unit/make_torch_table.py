"""What PyTorch computes, kept as small data: `python tests/unit/make_torch_table.py OUT.npz`.

Run once with torch 2.13.0 (CPU); the tests read the file and need no torch.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import torch
from torch.nn import functional as nn

CASES = [
    {"name": "Conv2d(3, 6, 5)", "image": [3, 11, 12], "weights": [6, 3, 5, 5]},
    {"name": "stride", "image": [3, 12, 9], "weights": [4, 3, 3, 3], "stride": [2, 3], "padding": [1, 2]},
    {"name": "dilation", "image": [2, 12, 13], "weights": [3, 2, 3, 2], "dilation": [2, 3]},
    {"name": "groups", "image": [4, 7, 8], "weights": [6, 2, 3, 3], "groups": 2, "padding": [1, 1]},
    {"name": "depthwise", "image": [3, 8, 7], "weights": [6, 1, 2, 3], "groups": 3},
    {"name": "1 x 1", "image": [5, 4, 3], "weights": [2, 5, 1, 1]},
    {"name": "stride over the kernel", "image": [2, 11, 10], "weights": [2, 2, 2, 2], "stride": [5, 3]},
    {"name": "same, even", "image": [2, 7, 6], "weights": [3, 2, 4, 2], "padding": "same"},
    {"name": "1-D", "image": [3, 17], "weights": [4, 3, 5], "stride": [2], "padding": [2]},
    {"name": "3-D", "image": [2, 6, 7, 8], "weights": [3, 2, 2, 3, 3], "stride": [1, 2, 1], "padding": [0, 1, 1]},
]  # fmt: skip
BORDERS = {"reflect": "reflect101", "replicate": "replicate", "circular": "wrap"}


def main(path: str) -> None:
    torch.manual_seed(1)
    arrays, about = {}, []
    for number, case in enumerate(CASES):
        image = torch.randn(case["image"])
        weights, bias = torch.randn(case["weights"]), torch.randn(case["weights"][0])
        axes = len(case["weights"]) - 2
        options = {
            key: case[key] for key in ("stride", "padding", "dilation", "groups") if key in case
        }
        out = getattr(nn, f"conv{axes}d")(image[None], weights, bias, **options)[0]
        whole = [t.mul(9).round() for t in (image, weights, bias)]
        exact = getattr(nn, f"conv{axes}d")(whole[0][None], whole[1], whole[2], **options)[0]
        about.append({"name": case["name"], "axes": axes, "options": options})
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
