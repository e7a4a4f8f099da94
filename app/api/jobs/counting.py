"""What the scores of a job say, as metrics and as its number of abstentions."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from app.api.results import Combiner
from app.observe.metrics import Metrics
from app.queue.jobs.model import JobSpec
from app.queue.jobs.run import Scores
from app.rubric import Rubric, bind
from app.schemas import RubricSpec

_RUBRICS_KEPT = 64


class JobRubrics:
    """Rubrics of jobs, ready to score with; the last ones are kept."""

    def __init__(self) -> None:
        self._rubrics: OrderedDict[bytes, Rubric] = OrderedDict()

    def of(self, spec: JobSpec) -> Rubric:
        """The job's own rubric, whatever its name means by now."""
        rubric = self._rubrics.get(spec.rubric)
        if rubric is None:
            rubric = self._rubrics[spec.rubric] = bind(RubricSpec.model_validate_json(spec.rubric))
            if len(self._rubrics) > _RUBRICS_KEPT:
                self._rubrics.popitem(last=False)
        return rubric


class JobCounter:
    """Counts what the jobs that this process keeps come to."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._rubrics = JobRubrics()

    def count(self, spec: JobSpec, items: Sequence[Scores]) -> int:
        """How many of these items abstain. Rewards of whole groups are not known yet and left out."""
        rubric = replace(self._rubrics.of(spec), group_components=())
        combiner = Combiner(rubric, spec.on_abstain)  # pyright: ignore[reportArgumentType]
        results = [combiner.result("", scores) for scores in items]
        abstained = sum(result.error is not None for result in results)
        self._metrics.scored(rubric.names, [result.components for result in results])
        self._metrics.answered(rubric.name, len(items) - abstained, abstained)
        return abstained
