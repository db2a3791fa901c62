"""Facts say how a run was made."""

from getam.run_report.facts import facts

from .test_tables import run


def test_time_speed_machine_and_versions():
    metrics = [
        {"phase": "classification", "images_per_second": 9.0},
        {"phase": "classification", "images_per_second": 11.0},
        {"phase": "joint", "images_per_second": 4.04},
        {"epoch": 1, "images_per_second": 5.0},
    ]
    recorded = run(
        metrics=metrics,
        environment={"cpus": 2, "versions": {"torch": "2"}},
        config={"epochs": 3},
        scores={"seconds": 61.0},
    )
    found = facts(recorded)
    assert found["Time"] == {
        "learning the tags": "11.0 photos per second",
        "learning the masks": "4.0 photos per second",
        "scoring": "1 min 01 s",
    }
    assert found["Settings"] == {"epochs": 3}
    assert (found["Machine"], found["Versions"]) == ({"cpus": 2}, {"torch": "2"})
    assert not any(facts(run()).values())
