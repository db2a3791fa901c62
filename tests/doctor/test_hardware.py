"""Processor and memory, and what they mean."""

from pathlib import Path

import pytest
import torch

from getam.doctor.hardware import devices, meaning_of, memory, processor, usable_memory


@pytest.mark.parametrize(
    ("instructions", "cores", "threads", "expected"),
    [
        ("AVX2", 4, 4, ""),
        ("AVX512", 4, 8, "set OMP_NUM_THREADS=4 before"),
        ("AVX512", 4, 1, "set OMP_NUM_THREADS=4, unless"),
        ("DEFAULT", 4, 4, "Without AVX2"),
    ],
)
def test_what_a_processor_means(instructions: str, cores: int, threads: int, expected: str) -> None:
    meaning = meaning_of(instructions, cores=cores, threads=threads)
    assert meaning.startswith(expected) or expected in meaning
    assert bool(meaning) == bool(expected)


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    whole = usable_memory(tmp_path / "none")
    assert whole is not None
    for text, expected in (("2000000000\n", 2.0), ("max\n", whole), ("9" * 18, whole)):
        (tmp_path / "memory.max").write_text(text)
        assert usable_memory(tmp_path / "memory.max") == expected


def test_facts_of_this_machine() -> None:
    assert f"{torch.get_num_threads()} threads" in processor().value
    assert memory().value.endswith(" GB")
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "none beside"
    assert name in devices().value or torch.backends.mps.is_available()
