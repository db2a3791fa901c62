"""hgi on timm's Swin equals its authors' values and loops; other models are told apart."""

import pytest
import torch
from reference.explicit_windows import slow_hgi
from reference.peers import Peer
from timm.models.swin_transformer import SwinTransformer
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import interpolate

from getam.activation import Setting, activation_maps
from getam.activation.forward import run_forward
from getam.activation.methods import blocks_in_place, in_place
from getam.activation.recording import Block
from getam.activation.scaling import unit_range
from getam.activation.windows import merge_stages, stage_means

from .models import tiny, tiny_swin

CLASSES = [[3, 0], [1]]
SIZE = (128, 128)


@pytest.fixture(scope="module")
def hgisam(shared_reference):
    return Peer("hgisam", shared_reference)


@pytest.fixture(scope="module")
def published(hgisam):
    """The Swin of the authors' values, and the two images."""
    swin = SwinTransformer(
        img_size=SIZE[0],
        patch_size=4,
        embed_dim=16,
        depths=(2, 2, 6, 2),
        num_heads=(2, 2, 4, 4),
        window_size=4,
        num_classes=0,
    )
    model = torch.nn.Sequential(swin, torch.nn.Linear(swin.num_features, 3)).eval()
    weights = hgisam.weights("network_keys")
    for key in weights:
        if key.endswith("relative_position_bias_table"):
            weights[key] = hgisam.z(f"network.{key}", weights[key].shape)
        if key.endswith("qkv.weight"):
            weights[key] = 2 * weights[key]
    names = {key: key.replace("swin.", "0.").replace("head.", "1.") for key in weights}
    model.load_state_dict({names[key]: own for key, own in weights.items()}, strict=False)
    for module in model.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = True
    return model, hgisam.z("images", (2, 3, *SIZE))


def recorded(published, images, index):
    """The class logits of some of the two images, and what one class left in the model."""
    model, both = published
    # The quick kernels round otherwise, by just above the tolerance.
    with sdpa_kernel(SDPBackend.MATH):
        frame = run_forward(model, both[images], settings=[Setting("hgi", 0)])
        gradients = torch.autograd.grad(frame.class_scores[:, index].sum(), frame.watched())
    return frame.class_scores, frame.recording(gradients, slice(0, 16))


def together(maps):
    """Scale maps to 0..1 by the least and the greatest value of the whole batch."""
    return (maps - maps.min()) / (maps.max() - maps.min())


@pytest.mark.parametrize("index", [1, 2])
@pytest.mark.parametrize("images", [[0], [1], [0, 1]])
def test_equals_the_published_code(hgisam, published, index, images):
    logits, recording = recorded(published, images, index)
    name = f"class{index}_image{'_'.join(map(str, images))}"
    if len(images) == 2:
        hgisam.check(logits, "class_logits")
    means = stage_means(blocks_in_place(recording, Block.score_gradient_rows))
    for stage, mean in enumerate(means):
        large = interpolate(together(mean)[:, None], SIZE, mode="bilinear")[:, 0, ::4, ::4]
        hgisam.check(large if len(images) == 2 else large[0], f"{name}_stage{stage}")
    final = together(merge_stages(means, size=SIZE, scale=together))[:, ::2, ::2]
    hgisam.check(final if len(images) == 2 else final[0], f"{name}_final")


def test_the_norms_are_those_of_autograd(hgisam, published):
    _, recording = recorded(published, [0], 1)
    block = recording.blocks[4]  # the first of the third stage
    everything = slice(None)
    own = "autograd_norms_stage2_block0"
    hgisam.check(block.score_gradient_rows(everything).norm(dim=(2, 3)), f"{own}_scores")
    hgisam.check(block.gradient_rows(everything).norm(dim=(2, 3)), f"{own}_attention")


def test_without_gradient(hgisam, published):
    _, recording = recorded(published, [0], 1)
    placed = zip(recording.blocks, recording.windows, strict=True)
    maps = [in_place(b, torch.ones(b.call.output.shape[:2]), w) for b, w in placed]
    final = unit_range(merge_stages(stage_means(maps), size=SIZE))[0, ::2, ::2]
    hgisam.check(final, "no_gradient_image0_final_three_stages")


@pytest.mark.parametrize("size", [(56, 48), (64, 64)])  # windows filled up and whole
@pytest.mark.parametrize("first_block", [0, 2, 4])
@pytest.mark.parametrize("method", ["hgi", "hgi_attention"])
def test_equals_loops(size, first_block, method):
    model, images = tiny_swin(size=size)
    maps = activation_maps(model, images, classes=CLASSES, method=method, first_block=first_block)
    for image, wanted, image_maps in zip(images, CLASSES, maps, strict=True):
        for index, ours in zip(wanted, image_maps, strict=True):
            options = {"first_block": first_block, "of_scores": method == "hgi"}
            slow = slow_hgi(model, image, index, patch=4, **options)
            assert slow.max() > 0
            torch.testing.assert_close(ours, slow, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "getam"}, "does not fit SwinTransformer, which has windowed attention"),
        ({"method": "layer_cam"}, "does not fit SwinTransformer, which has windowed attention"),
        ({"first_block": 6}, r"first_block must lie in 0\.\.5, got 6"),
        ({"first_block": 1}, "first_block must be even"),
        ({"affinity": 1}, "affinity must be 0 for method 'hgi'"),
    ],
)
def test_wrong_use_of_a_swin(options, message):
    model, images = tiny_swin()
    arguments = {"classes": CLASSES, "method": "hgi", "first_block": 0, **options}
    with pytest.raises(ValueError, match=message) as error:
        activation_maps(model, images, **arguments)
    assert "\n" not in str(error.value)


def test_a_swin_as_timm_makes_it_is_told_how_to_fuse():
    model, images = tiny_swin(fused=False)
    with pytest.raises(ValueError, match="TIMM_FUSED_ATTN=1, or 2 for Swin"):
        activation_maps(model, images, classes=CLASSES, method="hgi", first_block=0)


def test_hgi_needs_windows():
    model, images, _, _ = tiny()
    with pytest.raises(ValueError, match="does not fit VisionTransformer, which has no windowed"):
        activation_maps(model, images, classes=[[0]] * 3, method="hgi", first_block=0)
