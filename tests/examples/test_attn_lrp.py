"""AttnLRP as a plug-in gives what the same rules give when they are written into the network."""

import copy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import timm
import torch
from PIL import Image
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import gelu

from getam.activation import activation_maps

PLUGIN = Path(__file__).resolve().parents[2] / "examples" / "attn_lrp"
POINTS = "[getam.methods]\nattn_lrp = attn_lrp:method\n"


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """What installing the example does, without an installation."""
    shutil.copy(PLUGIN / "attn_lrp.py", tmp_path)
    folder = tmp_path / "getam_attn_lrp-0.1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: getam-attn-lrp\nVersion: 0.1\n")
    (folder / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


class Norm(nn.Module):
    """A layer norm whose standard deviation is a constant for the gradient."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        deviation = (x.var(-1, keepdim=True, unbiased=False) + self.norm.eps).sqrt().detach()
        return centred / deviation * self.norm.weight + self.norm.bias


class Gelu(nn.Module):
    """A GELU whose slope is a constant for the gradient."""

    def forward(self, x):
        return x * (gelu(x) / x).detach()


class Half(torch.autograd.Function):
    """Half of the gradient goes back."""

    @staticmethod
    def forward(_, x):
        return x.clone()

    @staticmethod
    def backward(_, gradient):
        return gradient / 2


class Attention(nn.Module):
    """Attention written out: each product hands on half of the gradient to either factor."""

    def __init__(self, attention):
        super().__init__()
        self.own = attention

    def forward(self, x, **_):
        batch, tokens, width = x.shape
        shape = (batch, tokens, 3, self.own.num_heads, -1)
        query, key, value = self.own.qkv(x).reshape(shape).permute(2, 0, 3, 1, 4)
        scores = Half.apply(query) @ Half.apply(key).mT * self.own.scale
        mixed = Half.apply(scores.softmax(-1)) @ Half.apply(value)
        return self.own.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))


def written_in(model):
    """The network with the rules in its modules."""
    changed = copy.deepcopy(model)
    for block in changed.blocks:
        block.norm1, block.norm2 = Norm(block.norm1), Norm(block.norm2)
        block.attn, block.mlp.act = Attention(block.attn), Gelu()
    changed.norm = Norm(changed.norm)
    return changed


@pytest.fixture
def model():
    torch.manual_seed(0)
    vit = timm.create_model(
        "vit_tiny_patch16_224", img_size=48, depth=4, num_classes=3, pretrained=False
    ).eval()
    for parameter in vit.parameters():
        nn.init.normal_(parameter, std=0.1)
    return vit


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize("kernel", [SDPBackend.FLASH_ATTENTION, SDPBackend.MATH])
@pytest.mark.parametrize("first", [0, 2])
def test_the_hooks_are_the_rules(model, first, kernel):
    """Two classes of a photo share one graph, so a hook that stayed would count twice."""
    images, classes = torch.randn(2, 3, 48, 48), [[0, 1], [2, 0]]
    with sdpa_kernel(kernel):
        found = activation_maps(
            model, images, classes=classes, method="attn_lrp", first_block=first
        )
    changed, kept = written_in(model), []
    changed.blocks[first].register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    scores = changed(images)
    torch.testing.assert_close(scores, model(images), atol=1e-4, rtol=1e-4)
    for slot in range(2):
        total = sum(scores[image, wanted[slot]] for image, wanted in enumerate(classes))
        (gradient,) = torch.autograd.grad(total, kept, retain_graph=True)
        expected = (kept[0] * gradient).sum(-1).relu()[:, 1:].view(2, 3, 3)
        assert expected.max() > 0
        ours = torch.stack([maps[slot] for maps in found])
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-3)


def test_the_command_line_knows_it(plugin, tmp_path):
    photo, out = tmp_path / "photo.png", tmp_path / "out"
    Image.new("RGB", (60, 50), "red").save(photo)
    code = "import sys; from getam.cli.main import main; sys.exit(main(sys.argv[1:]))"
    options = ["--backbone", "vit_tiny_patch16_224", "--no-pretrained", "--methods", "attn_lrp"]
    command = [
        sys.executable,
        "-c",
        code,
        "explain",
        "--images",
        str(photo),
        *options,
        "--out",
        str(out),
    ]
    done = subprocess.run(command, cwd=plugin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(out.rglob("*.jpg")) or list(out.rglob("*.png"))
