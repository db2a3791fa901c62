"""An earlier block classifies, too: its patches are less alike (ToCo, Ru et al., CVPR 2023)."""

from collections.abc import Mapping

from torch import Tensor, nn

from getam.network import Features, Network
from getam.pseudo_label.class_maps import inside_of_padding, multi_scale_maps
from getam.training.losses import classification_loss
from getam.training.parts.part_input import Seen

BLOCK = -3  # the third from the end: index 9 of 0..11


class Auxiliary(nn.Module):
    """A linear classifier reads the maximum over the patch tokens of an earlier block.

    Parameters
    ----------
    width
        The number of channels D of the tokens.
    num_classes
        The number of classes C.
    blocks
        The number of blocks of the backbone.

    Raises
    ------
    ValueError
        If the backbone has fewer than three blocks.
    """

    def __init__(self, width: int, num_classes: int, *, blocks: int) -> None:
        super().__init__()
        if blocks < -BLOCK:
            raise ValueError(f"auxiliary needs a backbone of three blocks, this one has {blocks}")
        self.classifier = nn.Linear(width, num_classes, bias=False)

    @classmethod
    def of(cls, network: Network) -> "Auxiliary":
        """Return the part for a network."""
        backbone = network.backbone
        return cls(backbone.embed_dim, network.num_classes, blocks=len(backbone.blocks))

    def forward(self, seen: Seen) -> Tensor:
        """Ask the earlier block for the tags."""
        logits = self.classifier(earlier_patches(seen.features).amax(1))
        return classification_loss(logits, seen.batch.labels, seen.batch.known)

    def maps(self, seen: Seen) -> Tensor:
        """Return the maps of the tags, [B, C, H, W] in 0..1; those of absent classes are 0.

        They have no gradient. All parts that want them share those of one step.
        """
        if "auxiliary" not in seen.shared:
            maps = multi_scale_maps(
                lambda image: self.class_maps(seen.look(image).features), seen.batch.image.float()
            )
            seen.shared["auxiliary"] = maps * seen.batch.labels[:, :, None, None]
        return seen.shared["auxiliary"]

    def class_maps(self, features: Features) -> Tensor:
        """Return the classifier's logits of every patch inside the image, [B, C, h, w]."""
        logits = self.classifier(earlier_patches(features))
        return inside_of_padding(logits.mT.unflatten(-1, features.grid).float(), features)

    def final_maps(self, features: Features) -> Tensor:
        """Return the classifier's logits of every final patch token, float32 [B, C, h, w].

        The classifier learns from the earlier block alone; CPEWS uses it here all the same.
        """
        logits: Tensor = self.classifier(features.patch_tokens)
        return logits.mT.unflatten(-1, features.grid).float()


def earlier_patches(features: Features) -> Tensor:
    """Return the patch tokens [B, P, D] after the third block from the end, without a norm."""
    patches = features.grid[0] * features.grid[1]
    return features.outputs[BLOCK][:, -patches:]


def auxiliary(others: Mapping[str, object], *, asked: str) -> Auxiliary:
    """Return the part "auxiliary" among others, or raise a ValueError if it is not there.

    ``asked`` says in the message who needs it.
    """
    found = others.get("auxiliary")
    if not isinstance(found, Auxiliary):
        raise ValueError(f'{asked} needs the part "auxiliary": give it a weight (--parts)')
    return found
