"""A diagnosis lists the facts, and after them what of them will matter."""

from getam.doctor import Diagnosis, Fact, examine


def test_only_what_matters_is_said_again() -> None:
    facts = [Fact("memory", "2.0 GB", "It is little."), Fact("python", "3.11")]
    assert Diagnosis(facts).table().splitlines() == [
        "memory  2.0 GB",
        "python  3.11",
        "",
        "what will matter:",
        "  memory: It is little.",
    ]
    assert Diagnosis(facts[1:]).table().endswith("Nothing stands in the way of a run.")


def test_every_fact_of_this_machine() -> None:
    names = [fact.name for fact in examine().facts]
    assert names[:6] == ["python", "versions", "devices", "processor", "memory", "extras"]
    assert names[6] == "cache"
    assert names[-1] == "hub"
    for fact in examine().facts:
        assert fact.value
        assert not fact.meaning or fact.meaning.endswith(".")
