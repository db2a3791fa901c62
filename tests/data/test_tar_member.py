"""Files in a tar are found and read at their places, and nothing else in it does any harm."""

import io
import pickle
import tarfile
from pathlib import Path

import pytest

from getam.data import read_photo
from getam.data.tar_member import Member, members
from getam.open_picture import MOST_BYTES


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
    assert list(members(tar)) == ["secret.jpg", "etc/1.jpg"]
    assert not Member(tar, "link.jpg").exists()
    assert Member(tar, "secret.jpg").read_bytes() == b"mine"
    assert Member(tar, "etc/1.jpg").read_bytes() == b"mine too"
    assert {path.name for path in tmp_path.iterdir()} == {"0.tar", "secret.jpg"}


@pytest.mark.parametrize("name", ["0.tar", "folder.tar/0.tar", "0.TAR"])
def test_names_of_every_spelling_are_found(name, tmp_path):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    tar = pack(tmp_path / name, (entry("./1.jpg"), b"one"), (entry("a//b.tar/2.jpg"), b"two"))
    found = members(tar)
    assert list(found) == ["1.jpg", "a/b.tar/2.jpg"]
    assert [Member(tar, each).read_bytes() for each in found] == [b"one", b"two"]


def test_a_member_of_no_shard_is_not_there(tmp_path):
    assert not Member(tmp_path / "no.tar", "1.jpg").exists()


def header(kind: bytes, size: int) -> bytes:
    made = bytearray(entry("1.jpg", kind).tobuf(tarfile.USTAR_FORMAT))
    made[124:136] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (header(b"0", 0) + header(b"Z", -512), "'1.jpg' has a size below zero"),
        (header(b"x", -512), "a header has -512 bytes"),
        (header(b"x", 2**32), "a header has 4294967296 bytes"),
        (header(b"L", 2**32), "a header has 4294967296 bytes"),
        (header(b"x", 0) * 3000, "recursion"),
        (header(b"0", 2**40), "it is cut off"),
    ],
)
def test_headers_that_lie_cost_neither_time_nor_memory(content, reason, tmp_path):
    tar = tmp_path / "0.tar"
    tar.write_bytes(content + bytes(1024))
    with pytest.raises(ValueError, match=rf"^cannot read the shard .*0\.tar: .*{reason}.*"):
        members(tar)


def test_a_huge_photo_is_not_fetched(tmp_path):
    tar, size = tmp_path / "0.tar", MOST_BYTES + 512
    with tar.open("wb") as file:  # a file with a hole takes no room
        file.write(header(b"0", size))
        file.truncate(size + 2048)
    with pytest.raises(
        ValueError, match=r"cannot read the photo .*1\.jpg: it has 536,871,424 bytes"
    ):
        read_photo(Member(tar, "1.jpg"))


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
            ValueError,
            match=rf"^cannot read the shard .*{name}\.tar: .*(plain \.tar|make it anew)$",
        ):
            members(bad)
