"""What the metrics say of scored items, however many were held back."""

import pytest

from app.api.results import ComponentOut
from app.observe import metrics as module
from app.observe.metrics import Metrics
from app.queue.codec import ComponentScore
from app.status import Status


def item(*names: str, score: float | None = 1.0, status: Status = Status.OK) -> dict[str, ComponentOut]:
    return {name: ComponentOut.of(ComponentScore.of(score, status, {"seen": "x"}, 2000)) for name in names}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    metrics.expose()
    return metrics.registry.get_sample_value(name, labels)


def statuses(metrics: Metrics, component: str, status: Status) -> float | None:
    labels = {"component": component, "status": status.value, "fault": status.fault.value}
    return value(metrics, "assay_component_status_total", **labels)


@pytest.mark.parametrize("together", [1, 7, 1000])
def test_each_item_is_counted_once(together: int):
    metrics = Metrics()
    for start in range(0, 1000, together):
        metrics.scored(("a", "b"), [item("a", "b")] * min(together, 1000 - start))
        metrics.scored(("b",), [item("b", score=None, status=Status.TIMEOUT)])
    others = -(-1000 // together)
    assert (statuses(metrics, "a", Status.OK), statuses(metrics, "b", Status.OK)) == (1000, 1000)
    assert (statuses(metrics, "a", Status.TIMEOUT), statuses(metrics, "b", Status.TIMEOUT)) == (0, others)
    assert value(metrics, "assay_component_score_count", component="b") == 1000
    assert value(metrics, "assay_component_seconds_count", component="b") == 1000 + others
    assert value(metrics, "assay_component_seconds_sum", component="a") == pytest.approx(2.0)
    assert statuses(metrics, "a", Status.OK) == 1000


def test_names_that_clients_choose_do_not_make_series_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_SERIES", 8)
    metrics = Metrics()
    for n in range(100):
        metrics.scored((f"c{n}",), [item(f"c{n}")])
        metrics.answered(f"r{n}", 1, 0)
        metrics.answered("r0", 1, 0)
    assert (statuses(metrics, "c7", Status.OK), statuses(metrics, "c8", Status.OK)) == (1, None)
    assert statuses(metrics, "other", Status.OK) == 92
    items = "assay_items_total"
    assert (
        value(metrics, items, rubric="r0", outcome="scored"),
        value(metrics, items, rubric="r8", outcome="scored"),
    ) == (
        101,
        None,
    )
    assert value(metrics, items, rubric="other", outcome="scored") == 92
    assert value(metrics, items, rubric="r1", outcome="abstained") == 0
