"""A frozen run: the tiny run with whole photos, without what is judged at its end."""

from dataclasses import replace

import pytest

from getam.training.prepare import prepare
from training.conftest import RECIPE

FROZEN = replace(
    RECIPE,
    frozen=True,
    feature_cache="float32",
    scale=(1.0, 1.0),
    jitter=0.0,
    ema=0.3,
    epochs=2,
    iterations=1,
)


@pytest.fixture
def frozen_run(source, new_network, tmp_path):
    """Train a frozen network on four photos, 8 steps; return the network and the run folder."""
    shown = replace(source, records=tuple(r for r in source.records if r.labels))

    def go(name="run", *, network=None, data=shown, resume=False, **changes):
        out = tmp_path / name
        network, recipe = network or new_network(), replace(FROZEN, **changes)
        ready = prepare(
            network, data, out, recipe=recipe, val=None, device="cpu", devices=1, workers=0,
            strict=False, resume=resume, config=None,
        )  # fmt: skip
        out.mkdir(exist_ok=True)
        ready.trainer.run.begin()
        ready.trainer.fit(
            resume=resume,
            on_epoch_end=lambda *_: None,
            on_begin=lambda: ready.fill_cache(workers=0),
        )
        return network, out

    return go
