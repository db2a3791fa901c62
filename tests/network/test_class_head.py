"""Each classifier reads what its name says."""

import torch
import torch.nn.functional as F

from getam.network import CLASSIFIERS

from .conftest import draw_image


def test_classifiers_read_what_their_names_say(tiny):
    image = draw_image(32, 48)
    tokens = tiny.backbone.forward_features(image)
    expected = F.linear(tokens[:, 0], tiny.class_head.weight, tiny.class_head.bias)
    features = tiny.forward_features(image)
    torch.testing.assert_close(tiny.classify(features), expected)
    patches = CLASSIFIERS["average"](features, tiny.pyramid)
    torch.testing.assert_close(patches, tokens[:, 1:].mean(1))
    greatest = CLASSIFIERS["maximum"](features, tiny.pyramid)
    torch.testing.assert_close(greatest, tokens[:, 1:].amax(1))
    coarsest = CLASSIFIERS["stride32"](features, tiny.pyramid)
    torch.testing.assert_close(coarsest, tiny.pyramid(features)[-1].mean((2, 3)))
