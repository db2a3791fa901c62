"""A Ray cluster writes what one process writes, also if one of its workers is killed.

Ray itself takes half a minute to start, so these tests are slow.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from data.scenes import write_photo

from getam.cli.main import main
from getam.data import list_photos

pytestmark = pytest.mark.slow
PHOTOS = 48
WITHIN = 1200  # seconds


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(PHOTOS):
        write_photo(tmp_path / "photos" / f"{number % 3}" / f"{number:02d}.png", seed=number)
    (tmp_path / "photos" / "0" / "bad.png").write_bytes(b"no photo")
    return tmp_path / "photos"


@pytest.fixture
def two_machines(monkeypatch):
    """A local cluster of two machines with one processor each."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    for _ in range(2):  # what only watches them is left out, as it would slow down their start
        cluster.add_node(
            num_cpus=1, include_dashboard=False, include_log_monitor=False, no_monitor=True
        )
    yield cluster
    cluster.shutdown()


def options(model: Path, photos: Path, out: Path) -> list[str]:
    given = ["--model", str(model), "--images", str(photos), "--out", str(out), "--overlays"]
    return ["predict", *given, "--device", "cpu", "--scales", "1,2,3,4"]


def pictures(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*.*g")}


def entries(out: Path) -> list[dict]:
    file = out / "manifest.jsonl"
    lines = file.read_text().split("\n")[1:-1] if file.is_file() else []
    return [json.loads(line) for line in lines]


def without_seconds(out: Path) -> list[dict]:
    rest = [{n: v for n, v in entry.items() if n != "seconds"} for entry in entries(out)]
    return sorted(rest, key=lambda entry: entry["id"])


def workers_of(cluster) -> list[int]:
    """The processes of a cluster that hold a predictor."""
    machines = {node.all_processes["raylet"][0].process.pid for node in cluster.list_all_nodes()}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            title = (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if parent in machines and title.startswith(b"ray::MapWorker"):
            found.append(int(process.name))
    return found


def test_photos_are_cut_for_the_devices(photos):
    from getam.inference.cluster import cut, devices

    machine = {"Alive": True, "Resources": {"CPU": 16.0, "GPU": 4.0, "memory": 1.0}}
    head = {"Alive": True, "Resources": {"CPU": 4.0}}
    gone = {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}}
    assert devices([machine, machine, head, gone], None) == (8, {"num_gpus": 1, "num_cpus": 4})
    assert devices([machine, head, gone], "cpu") == (2, {"num_cpus": 4})
    with pytest.raises(ValueError, match="no machine of the Ray cluster offers a processor"):
        devices([gone], None)
    source = list_photos(photos)
    for count, alone in ((2, False), (1000, False), (2, True)):
        portions = cut(source, count, alone=alone)
        assert [r.id for p in portions for r in p.records] == [r.id for r in source.records]
        sizes = {len(portion) for portion in portions}
        assert max(sizes) == (7 if (count, alone) == (2, False) else 1)


def test_a_worker_that_is_killed_costs_nothing(folder, photos, two_machines, tmp_path):
    out = tmp_path / "out"
    cluster = ["--engine", "ray", "--address", two_machines.address, "--workers", "1"]
    command = [sys.executable, "-m", "getam", *options(folder, photos, out), *cluster]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + WITHIN
    while process.poll() is None and time.monotonic() < until and not entries(out):
        time.sleep(0.01)
    before = entries(out)
    victim = workers_of(two_machines)[0]
    os.kill(victim, signal.SIGKILL)
    said, complaints = process.communicate(timeout=WITHIN)
    assert 1 <= len(before) < PHOTOS, complaints
    assert process.returncode == 4, complaints
    assert said.startswith(f"{PHOTOS} masks in {out}")
    assert main([*options(folder, photos, tmp_path / "plain"), "--workers", "0"]) == 4
    assert pictures(out) == pictures(tmp_path / "plain")
    assert len(entries(out)) == PHOTOS + 1  # each once
    assert without_seconds(out) == without_seconds(tmp_path / "plain")
    assert not [path for path in out.rglob("*") if "part" in path.name]
