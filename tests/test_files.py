"""A file is written whole or not at all."""

from pathlib import Path

import pytest

from getam.files import whole_file


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with whole_file(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".txt"  # libraries choose a format by it
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    with pytest.raises(MemoryError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise MemoryError
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]
