"""Stochastic depth: in training, a block is left out for some photos (Huang et al., ECCV 2016)."""

from timm.layers import DropPath

from getam.network.network import Network


def drop_blocks(network: Network, rate: float) -> None:
    """Let each half of a block be left out of training for a share of the photos.

    The share rises evenly from 0 in the first block to ``rate`` in the last. Prediction uses every
    block.

    Parameters
    ----------
    network
        The network.
    rate
        The share in the last block, in 0..1 (1 excluded).

    Raises
    ------
    ValueError
        If the halves of a block cannot be left out, because they run side by side.
    """
    blocks = network.backbone.blocks
    if not all(hasattr(block, "drop_path1") and hasattr(block, "drop_path2") for block in blocks):
        raise ValueError(
            f"drop_path: the blocks of {network.architecture.backbone} have no two halves to leave "
            "out: use --drop-path 0"
        )
    for index, block in enumerate(blocks):
        share = rate * index / max(1, len(blocks) - 1)
        block.drop_path1, block.drop_path2 = DropPath(share), DropPath(share)
