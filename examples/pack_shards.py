"""Pack a folder with one sub-folder per class into WebDataset shards, tar files of many photos.

    python examples/pack_shards.py PHOTOS SHARDS [PHOTOS_PER_SHARD]

A disk of a network, or one with spinning plates, reads a few large files much faster than a million
small ones. Afterwards, `getam train --data SHARDS` and `getam predict --images SHARDS` read them.
"""

import io
import sys
import tarfile
from pathlib import Path

from getam.data import open_source


def add(shard: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file to a shard; without times and owners, equal photos make equal shards."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    shard.addfile(member, io.BytesIO(content))


def main(photos: str, out: str, size: str = "1000") -> None:
    """Write ``000.tar``, ``001.tar``, ..., each with so many photos and their tags."""
    folder, records = Path(out), open_source(photos).records
    folder.mkdir(parents=True)  # shards that are there already are not replaced
    for number, start in enumerate(range(0, len(records), int(size))):
        with tarfile.open(folder / f"{number:03d}.tar", "x") as shard:
            for record in records[start : start + int(size)]:
                key = record.id.replace(".", "_")  # the tags begin at the first dot
                add(shard, key + record.image.suffix.lower(), record.image.read_bytes())
                if record.labels is not None:  # otherwise nothing is known about the photo
                    add(shard, f"{key}.cls", ";".join(record.labels).encode())
        print(f"{folder / f'{number:03d}.tar'}: {len(records[start : start + int(size)])} photos")


if __name__ == "__main__":
    main(*sys.argv[1:])
