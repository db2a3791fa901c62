"""Methods of other packages are found by their entry point, as pip would leave it."""

import pytest
import torch

from getam.activation import METHODS, Method, activation_maps, lookup_method, method_names

from .models import tiny

CODE = """
from getam.activation import METHODS, Method

def doubled(recording):
    return 2 * METHODS["getam"].formula(recording)

def input_norm(recording):
    return sum((t.values * t.gradient).norm(dim=-1) for t in recording.inputs)

input_norm_method = Method(input_norm, reads="tokens")
"""
POINTS = """
[getam.methods]
doubled = other_package_of_methods:doubled
input_norm = other_package_of_methods:input_norm_method
getam = other_package_of_methods:doubled
zz_broken = other_package_of_methods:nothing
"""


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    (tmp_path / "other_package_of_methods.py").write_text(CODE)
    folder = tmp_path / "other_package-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("other_package")
def test_a_method_of_another_package():
    model, images, _, _ = tiny()
    ours = activation_maps(model, images[:1], classes=[[1, 2]])
    theirs = activation_maps(model, images[:1], classes=[[1, 2]], method="doubled")
    torch.testing.assert_close(theirs[0], 2 * ours[0])
    (norms,) = activation_maps(model, images[:1], classes=[[1]], method="input_norm")
    assert norms.min() > 0
    assert isinstance(lookup_method("doubled"), Method)
    assert method_names() == [*METHODS, "doubled", "input_norm", "zz_broken"]


@pytest.mark.usefixtures("other_package")
def test_ours_win_and_unknown_names_list_all():
    assert lookup_method("getam") is METHODS["getam"]
    with pytest.raises(
        ValueError, match="hgi_attention, doubled, input_norm, zz_broken, got 'double'"
    ):
        lookup_method("double")


@pytest.mark.usefixtures("other_package")
def test_a_package_that_fails_is_named():
    with pytest.raises(ValueError, match="'zz_broken' cannot be loaded .*_methods:nothing"):
        lookup_method("zz_broken")


def test_nothing_is_left_of_another_package():
    assert method_names() == list(METHODS)
