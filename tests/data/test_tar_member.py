"""Files in a tar are found and read at their places, and nothing else in it does any harm."""

import io
import pickle
import tarfile
from pathlib import Path

import pytest

from getam.data.tar_member import Member, members


def pack(tar: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(tar, "w") as shard:
        for member, content in entries:
            member.size = len(content)
            shard.addfile(member, io.BytesIO(content))
    return tar


def entry(name: str, kind: bytes = tarfile.REGTYPE, leads_to: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, leads_to
    return made


def test_a_file_is_read_where_it_lies(tmp_path):
    contents = {"a/1.jpg": b"one", "b.tar/2.jpg": b"two" * 1000, "x" * 200: b""}
    tar = pack(tmp_path / "0.tar", *((entry(n), c) for n, c in contents.items()))
    assert list(members(tar)) == list(contents)
    for name, content in contents.items():
        photo = Member(tar, name)
        assert (photo.read_bytes(), photo.stat().st_size) == (content, len(content))
        assert photo.is_file() and not photo.is_dir() and not photo.is_symlink()
        assert pickle.loads(pickle.dumps(photo)).read_bytes() == content
        assert photo.resolve().read_bytes() == photo.absolute().read_bytes() == content
    assert not Member(tar, "no.jpg").exists()
    with pytest.raises(FileNotFoundError, match=r"there is no no\.jpg in .*0\.tar"):
        Member(tar, "no.jpg").read_bytes()


def test_links_devices_and_names_that_lead_out_are_harmless(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    tar = pack(
        tmp_path / "0.tar",
        (entry("link.jpg", tarfile.SYMTYPE, "../secret.jpg"), b""),
        (entry("hard.jpg", tarfile.LNKTYPE, "/etc/passwd"), b""),
        (entry("null.jpg", tarfile.CHRTYPE), b""),
        (entry("pipe.jpg", tarfile.FIFOTYPE), b""),
        (entry("../secret.jpg"), b"mine"),
        (entry("/etc/1.jpg"), b"mine too"),
    )
    assert list(members(tar)) == ["../secret.jpg", "/etc/1.jpg"]
    assert not Member(tar, "link.jpg").exists()
    assert Member(tar, "../secret.jpg").read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {"0.tar", "secret.jpg"}


def test_a_tar_that_is_changed_is_read_again(tmp_path):
    tar = pack(tmp_path / "0.tar", (entry("1.jpg"), b"one"))
    assert Member(tar, "1.jpg").read_bytes() == b"one"
    pack(tar, (entry("2.jpg"), b"x" * 20_000))
    assert list(members(tar)) == ["2.jpg"]


def test_what_is_no_plain_tar_is_one_line(tmp_path):
    tar = pack(tmp_path / "0.tar", (entry("1.jpg"), b"x" * 5000), (entry("2.jpg"), b"x" * 5000))
    whole = tar.read_bytes()
    wrong = {"cut": whole[:4000], "text": b"no tar" * 1000}
    with tarfile.open(tmp_path / "packed", "w:gz") as shard:
        shard.add(tar)
    wrong["gz"] = (tmp_path / "packed").read_bytes()
    pack(tmp_path / "twice", (entry("1.jpg"), b"a"), (entry("1.jpg"), b"b"))
    wrong["twice"] = (tmp_path / "twice").read_bytes()
    for name, content in wrong.items():
        bad = tmp_path / f"{name}.tar"
        bad.write_bytes(content)
        with pytest.raises(
            ValueError, match=rf"^cannot read the shard .*{name}\.tar: .*plain \.tar"
        ):
            members(bad)
