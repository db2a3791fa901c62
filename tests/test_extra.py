"""A missing package becomes one line."""

import pytest

from getam.extra import needs


def test_the_extra_is_named() -> None:
    with (
        pytest.raises(ValueError, match=r'needs the package absent: .*"getam\[some\]"'),
        needs("some", asked="saliency: some"),
    ):
        import absent  # noqa: F401


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), needs("some", asked="saliency: some"):
        print(1 / 0)
