"""A class may not be called background."""

import pytest

from getam.data.class_names import check_class_names, is_background


@pytest.mark.parametrize("name", ["background", "Background", " BACKGROUND\n"])
def test_background_in_any_case(name):
    assert is_background(name)
    with pytest.raises(ValueError, match="a.csv has a class .* rename the class"):
        check_class_names(["cat", name], "a.csv")


def test_other_names_pass():
    assert not is_background("back")
    check_class_names(["cat", "backgrounds", ""], "a.csv")
