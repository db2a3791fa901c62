"""Progress without a terminal: a line now and then, with the time that is left."""

from getam.training import progress
from getam.training.progress import TrainingProgress


def test_a_line_when_enough_time_has_passed(monkeypatch, capsys):
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    with TrainingProgress(steps=300, done=100) as shown:
        clock[0] += progress.LINE_EVERY / 2
        shown.update(110, "classification", {"total": 0.5})
        assert capsys.readouterr().err == ""  # too soon
        clock[0] += 115
        shown.update(200, "joint", {"total": 0.123456})
        shown.update(201, "joint", {"total": 0.1})
        shown.say("epoch 1")
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("step 200/300  phase 2, masks too  total 0.123  ")
    assert first.endswith("GB  2.0 min left")  # 100 steps took 120 s, 100 are left
    assert second == "epoch 1"
