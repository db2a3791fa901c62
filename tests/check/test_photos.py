"""Looks become findings; a folder of maps is judged as a whole."""

from pathlib import Path

from getam.check.look import Look
from getam.check.photos import Seen, photo_findings
from getam.data import Record

FAR = [0, 0xFFFF, 0xFFFF0000, 0xFFFFFFFF << 32, (1 << 64) - 1]  # hashes far from each other


def seen(name: str, look: Look, *, part: str = "train", labels: tuple[str, ...] = ()) -> Seen:
    return Seen(part, Record(name, Path(name), labels), look)


def photo(number: int, *, digest: bytes = b"", size: tuple[int, int] = (300, 400)) -> Look:
    return Look(size=size, digest=digest or bytes([number]), fingerprint=FAR[number])


def by_topic(photos: list[Seen]) -> dict[str, tuple]:
    return {finding.topic: finding.names for finding in photo_findings(photos)}


def test_sound_photos_need_no_word() -> None:
    assert photo_findings([seen(str(n), photo(n)) for n in range(5)]) == []
    assert photo_findings([]) == []


def test_unreadable_and_tiny_photos() -> None:
    photos = [seen("a", Look("a is cut")), seen("b", Look("b is cut"))]
    photos += [seen("c", photo(0, size=(63, 400))), seen("d", photo(1, size=(64, 64)))]
    assert by_topic(photos) == {
        "unreadable photos": ("a is cut", "b is cut"),
        "tiny photos": ("c (400 x 63)",),
    }


def test_copies_in_one_part_and_in_two() -> None:
    same, other = photo(0, digest=b"x"), photo(1, digest=b"y")
    near = Look(size=(300, 400), digest=b"z", fingerprint=FAR[1] ^ 0b11)
    photos = [seen("a", same), seen("b", same), seen("c", other), seen("d", near, part="val")]
    assert by_topic(photos) == {
        "equal photos": (("a", "b"),),
        "nearly equal photos in both parts": (("c (train)", "d (val)"),),
    }
    photos = [seen("a", same), seen("b", same, part="val"), seen("c", other), seen("d", near)]
    assert by_topic(photos) == {
        "equal photos in both parts": (("a (train)", "b (val)"),),
        "nearly equal photos": (("c", "d"),),
    }


def test_copies_with_other_labels() -> None:
    same = photo(0)
    photos = [seen("cat/1", same, labels=("cat",)), seen("dog/1", same, labels=("dog",))]
    assert by_topic(photos)["copies with other labels"] == (("cat/1", "dog/1"),)
    photos = [seen("1", same, labels=("cat", "dog")), seen("2", same, labels=("dog", "cat"))]
    assert "copies with other labels" not in by_topic(photos)


def test_maps_are_judged_together() -> None:
    def maps(*means: tuple[float, float]) -> dict[str, tuple]:
        looks = [Look(size=(99, 99), digest=bytes([n]), border=b, centre=c, fingerprint=FAR[n])
                 for n, (b, c) in enumerate(means)]  # fmt: skip
        return by_topic([seen(str(n), look) for n, look in enumerate(looks)])

    assert "saliency upside down" in maps((200, 60), (180, 70), (20, 90))
    assert not maps((20, 90), (30, 100), (200, 60))
