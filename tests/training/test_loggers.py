"""Loggers get every figure of a run, and none of them can spoil the run."""

import csv
import json
from contextlib import nullcontext

import pytest

from getam.training import loggers
from getam.training.loggers import LOGGERS, check_loggers, forget_rows_after, logging_to
from getam.training.run_folder import RunFolder

FIGURES = {"train/total": 0.5, "train/learning_rate": 1e-3}


def lines_of(folder):
    with next(folder.glob("csv/*/metrics.csv")).open() as file:
        return [{k: float(v) for k, v in line.items()} for line in csv.DictReader(file)]


def test_nothing_named_nothing_written(tmp_path):
    with logging_to([], tmp_path, done=0) as log:
        log(FIGURES, 1)
    assert not [*tmp_path.iterdir()]


def test_csv_holds_what_was_given_also_of_a_run_that_fails(tmp_path):
    with pytest.raises(KeyboardInterrupt), logging_to(["csv"], tmp_path, done=0) as log:
        log(FIGURES, 10)
        raise KeyboardInterrupt
    assert lines_of(tmp_path) == [{**FIGURES, "step": 10}]


def test_a_run_that_goes_on_keeps_its_first_table(tmp_path):
    for done in (0, 10):
        with logging_to(["csv"], tmp_path, done=done) as log:
            log(FIGURES, done + 10)
            log(FIGURES, done + 20)  # is lost by a kill the first time
    first, second = sorted(tmp_path.glob("csv/*/*"))
    assert (first.parent.name, second.parent.name) == ("from_step_0", "from_step_10")
    assert [row["step"] for row in csv.DictReader(first.open())] == ["10"]
    assert [row["step"] for row in csv.DictReader(second.open())] == ["20", "30"]


def test_a_table_of_a_killed_run_is_cut_at_its_checkpoint(tmp_path):
    table = tmp_path / "metrics.csv"
    table.write_text("mAP,step,total\n,10,0.5\n0.2,20,0.4\n,30,0.3\n,4")
    forget_rows_after(table, 20)
    assert table.read_text().split() == ["mAP,step,total", ",10,0.5", "0.2,20,0.4"]


def test_tensorboard_reads_its_file(tmp_path):
    pytest.importorskip("tensorboard", reason="it comes with the extra getam[tensorboard]")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with logging_to(["tensorboard"], tmp_path, done=0) as log:
        log(FIGURES, 10)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    (scalar,) = events.Scalars("train/total")
    assert (scalar.step, scalar.value) == (10, 0.5)


def test_tensorboard_hides_what_a_stopped_run_wrote_after_its_checkpoint(tmp_path):
    pytest.importorskip("tensorboard", reason="it comes with the extra getam[tensorboard]")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for done, steps in ((0, (10, 20)), (10, (30,))):
        with logging_to(["tensorboard"], tmp_path, done=done) as log:
            for step in steps:
                log(FIGURES, step)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [scalar.step for scalar in events.Scalars("train/total")] == [10, 30]


def test_wandb_keeps_the_figures_offline(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb", reason="it comes with the extra getam[wandb]")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    for name, project in (("seed0", "getam"), ("seed1", "mine")):  # they stay two runs
        with logging_to(["wandb"], tmp_path / name, done=0) as log:
            log(FIGURES, 10)
            assert wandb.run.summary["train/total"] == 0.5
            assert wandb.run.summary["step"] == 10
            assert wandb.run.project == project
        assert len([*(tmp_path / name / "wandb").glob("offline-run-*")]) == 1
        monkeypatch.setenv("WANDB_PROJECT", "mine")
    assert wandb.run is None


def mlflow_runs(folder, experiment):
    """Return the names of the runs of an experiment, and the figure that each of them holds."""
    mlflow = pytest.importorskip("mlflow", reason="it comes with the extra getam[mlflow]")
    client = mlflow.MlflowClient(tracking_uri=folder.absolute().as_uri())
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    histories = [client.get_metric_history(run.info.run_id, "train/total") for run in found]
    return [
        (run.info.run_name, metric.step, metric.value)
        for run, (metric,) in zip(found, histories, strict=True)
    ]


def test_mlflow_keeps_the_figures_in_each_run(tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="it comes with the extra getam[mlflow]")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # taken back after the test
    for name in ("seed0", "seed1"):  # runs of one process
        with logging_to(["mlflow"], tmp_path / name, done=0) as log:
            log(FIGURES, 10)
        assert mlflow_runs(tmp_path / name / "mlruns", loggers.PROJECT) == [(name, 10, 0.5)]


def test_mlflow_logs_where_its_own_variables_say(tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="it comes with the extra getam[mlflow]")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "server").as_uri())
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    with logging_to(["mlflow"], tmp_path / "run", done=0) as log:
        log(FIGURES, 10)
    assert mlflow_runs(tmp_path / "server", "mine") == [("run", 10, 0.5)]
    assert not (tmp_path / "run" / "mlruns").exists()


def test_a_logger_that_fails_is_left_and_the_others_go_on(tmp_path, monkeypatch, caplog):
    def failing(_figures, _step):
        raise OSError("no\nserver")

    def opened(_folder, _done):
        return nullcontext(failing)

    monkeypatch.setitem(LOGGERS, "wandb", LOGGERS["csv"]._replace(open=opened))
    with logging_to(["wandb", "csv"], tmp_path, done=0) as log:
        log(FIGURES, 1)
        log(FIGURES, 2)
    assert [record.message for record in caplog.records] == [
        "the logger wandb takes no more figures (no); metrics.jsonl has all of them"
    ]
    assert [line["step"] for line in lines_of(tmp_path)] == [1, 2]


def test_a_logger_that_cannot_begin_is_named(tmp_path, monkeypatch):
    def opened(_folder, _done):
        raise RuntimeError

    monkeypatch.setitem(LOGGERS, "wandb", LOGGERS["csv"]._replace(open=opened))
    with (
        pytest.raises(ValueError, match="the logger wandb cannot begin: RuntimeError"),
        logging_to(["csv", "wandb"], tmp_path, done=0),
    ):
        pass


def test_unknown_and_missing_ones_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="must be of tensorboard, csv, wandb, mlflow, got 'board'"):
        check_loggers(["board"])
    with pytest.raises(ValueError, match="a list of names"):
        check_loggers("csv")
    monkeypatch.setitem(LOGGERS, "wandb", LOGGERS["wandb"]._replace(package="not_there"))
    with pytest.raises(ValueError, match=r'loggers: wandb needs .* pip install "getam\[wandb\]"'):
        check_loggers(["wandb"])


def test_a_run_gives_its_figures(run):
    _, folder, _ = run(epochs=1, loggers=["csv"])
    logged = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    (line,) = lines_of(folder)
    assert line["step"] == logged[-1]["step"]
    assert line["epoch/total"] == logged[-1]["total"]


def test_a_run_that_a_logger_stopped_at_its_start_may_begin_again(tmp_path):
    RunFolder(tmp_path, {}).begin()
    for known in LOGGERS.values():
        (tmp_path / known.folder).mkdir()
    RunFolder(tmp_path, {}).begin()
