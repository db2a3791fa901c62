"""How long a step takes when another program needs a core: python benchmarks/threads.py.

Two compute threads wait for each other after every operation. How long a waiting thread spins
before it sleeps decides what a busy neighbour costs. Run it on an otherwise idle machine; the
script itself occupies one core for the second half. It writes ``results/threads.json``.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

RESULT = Path(__file__).with_name("results") / "threads.json"
SPINS = (None, 10_000, 3_000, 2_000, 1_500, 1_000, 0)  # None: what the library does by itself
REPEATS = 5
STEP = """
import time, timm, torch
torch.set_num_threads(2)
model, images = timm.create_model("vit_tiny_patch16_224").train(), torch.randn(8, 3, 224, 224)
times = []
for _ in range(11):
    began = time.perf_counter()
    model(images).sum().backward()
    times.append(time.perf_counter() - began)
print(sorted(times[3:])[4], torch.backends.cpu.get_cpu_capability())
"""


def main() -> None:
    """Measure every setting, idle and beside one busy core, in turn."""
    rows: dict[str, dict[str, list[float]]] = {str(s): {"idle": [], "busy": []} for s in SPINS}
    instructions = ""
    for state in ("idle", "busy"):
        neighbour = start_neighbour() if state == "busy" else None
        for _ in range(REPEATS):
            for spin in SPINS:
                seconds, instructions = step_seconds(spin)
                rows[str(spin)][state].append(seconds)
        if neighbour:
            neighbour.kill()
    RESULT.parent.mkdir(exist_ok=True)
    content = {"threads": 2, "instructions": instructions, "seconds": rows}
    RESULT.write_text(json.dumps(content, indent=2) + "\n")
    print(table(rows))


def start_neighbour() -> "subprocess.Popen[bytes]":
    """Start a process that never rests."""
    return subprocess.Popen([sys.executable, "-c", "while True: pass"])


def step_seconds(spin: int | None) -> tuple[float, str]:
    """Return the median seconds of a step in a fresh process, and the instruction set."""
    environment = {k: v for k, v in os.environ.items() if k != "GOMP_SPINCOUNT"}
    if spin is not None:
        environment["GOMP_SPINCOUNT"] = str(spin)
    done = subprocess.run(
        [sys.executable, "-c", STEP], env=environment, capture_output=True, check=True, text=True
    )
    seconds, _, instructions = done.stdout.strip().partition(" ")
    return float(seconds), instructions


def table(rows: dict[str, dict[str, list[float]]]) -> str:
    """Return the medians in Markdown."""
    lines = [
        "| GOMP_SPINCOUNT | idle | beside one busy core | ratio |",
        "| --- | --- | --- | --- |",
    ]
    for spin, states in rows.items():
        idle, busy = (statistics.median(states[state]) for state in ("idle", "busy"))
        lines.append(f"| {spin} | {idle:.3f} s | {busy:.3f} s | {busy / idle:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
