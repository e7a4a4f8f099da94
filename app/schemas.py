"""The public contract: what `POST /v1/score` takes and gives."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from app.status import Status

MAX_COMPLETION_CHARS = 1 << 20
"""Longest completion: about 250,000 tokens, more than any trainer's context window."""
MAX_REFERENCE_CHARS = 1 << 16
"""Longest reference answer in text: a page of text, far above any final answer."""
MAX_ID_CHARS = 256
MAX_ITEMS = 65_536
"""Most items of a request: eight GRPO steps of the R1 paper (8,192 completions each)."""
MAX_JOB_ITEMS = 1_000_000
"""Most items of a job: the R1 paper's 800,000 samples are one."""
MAX_DEADLINE_MS = 3_600_000
DEFAULT_DEADLINE_MS = 30_000


BRANCH = "|"
"""Starts the tags of unions, which validation errors have in their paths: no field's name does."""


def _by_type(kind: type, then: str, otherwise: str) -> Discriminator:
    """Chooses a branch of a union by the value's type: errors then speak of that branch alone."""
    return Discriminator(lambda value: then if isinstance(value, kind) else otherwise)


OnAbstain = Annotated[
    Annotated[Literal["null", "zero"], Tag("|word")] | Annotated[float, Tag("|number")],
    _by_type(str, "|word", "|number"),
]
"""What an abstained component counts as: it makes the reward null, or it is a number."""


class Contract(BaseModel):
    """Base of all requests: unknown fields are errors, so that a typo is not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Message(BaseModel):
    """One turn of a conversation, as chat APIs write it; other fields that they add are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    role: str
    content: Annotated[str, Field(max_length=MAX_COMPLETION_CHARS)] | None = None
    reasoning_content: Annotated[str, Field(max_length=MAX_COMPLETION_CHARS)] | None = None
    """Chain of thought, where the server that sampled it had split it off (vLLM, DeepSeek)."""


Text = Annotated[str, Field(max_length=MAX_COMPLETION_CHARS)]
Conversation = Annotated[list[Message], Field(min_length=1, max_length=1024)]
TextOrMessages = Annotated[
    Annotated[Text, Tag("|text")] | Annotated[Conversation, Tag("|list")],
    _by_type(list, "|list", "|text"),
]
Id = Annotated[str, Field(max_length=MAX_ID_CHARS)]
ShortText = Annotated[str, Field(max_length=MAX_REFERENCE_CHARS)]
OneOrMore = Annotated[
    Annotated[ShortText, Tag("|text")] | Annotated[list[ShortText], Tag("|list")],
    _by_type(list, "|list", "|text"),
]


class MathReference(Contract):
    """A mathematical object, in LaTeX or plain text."""

    kind: Literal["math"]
    answer: ShortText
    policy: dict[str, Any] | None = None
    """Overrides of the accuracy reward's math policy, for this item alone."""


class ChoiceReference(Contract):
    """The right option of a multiple-choice question."""

    kind: Literal["choice"]
    answer: OneOrMore
    options: (
        Annotated[
            Annotated[dict[str, str], Tag("|object")] | Annotated[list[str], Tag("|list")],
            _by_type(list, "|list", "|object"),
        ]
        | None
    ) = None
    policy: dict[str, Any] | None = None


class TextReference(Contract):
    """A text, or several that are all right."""

    kind: Literal["text"]
    answer: OneOrMore
    policy: dict[str, Any] | None = None
    """Overrides of the accuracy reward's policy: `mode`, `threshold`, `tolerance`."""


class CodeReference(Contract):
    """Tests that a program must pass; docs/sandbox.md has the shapes of `tests` by mode."""

    kind: Literal["code"]
    language: str | None = None
    mode: str | None = None
    """stdio, function, asserts, unittest, pytest, checker, fill; may be left out where the tests' shape tells."""
    tests: Any
    entry_point: str | None = None
    setup: Text | None = None
    """Code that the tests need, run before them."""
    checker: Text | None = None
    """Program that decides, in mode `checker`."""
    checker_language: str | None = None
    compare: Any = None
    tolerance: float | None = None
    limits: dict[str, float] | None = None
    policy: dict[str, Any] | None = None


class JudgeReference(Contract):
    """A ground truth that only a judge model can compare with."""

    kind: Literal["judge"]
    answer: ShortText | None = None
    rubric: ShortText | None = None


class NoReference(Contract):
    """Nothing to compare with: for rewards that look at the completion alone."""

    kind: Literal["none"] = "none"


class OtherReference(BaseModel):
    """A kind that an installed plugin knows; its fields are the plugin's to check."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Annotated[str, Field(min_length=1, max_length=64)]


KINDS = ("math", "choice", "text", "code", "judge", "none")


def _kind_of(value: Any) -> str:
    kind: Any = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return f"|{kind}" if kind in KINDS else "|other"


Reference = Annotated[
    Annotated[MathReference, Tag("|math")]
    | Annotated[ChoiceReference, Tag("|choice")]
    | Annotated[TextReference, Tag("|text")]
    | Annotated[CodeReference, Tag("|code")]
    | Annotated[JudgeReference, Tag("|judge")]
    | Annotated[NoReference, Tag("|none")]
    | Annotated[OtherReference, Tag("|other")],
    Discriminator(_kind_of),
]


class Item(Contract):
    """One completion to score."""

    id: Id | None = None
    """Comes back with the result; the position in the batch where absent."""
    group: Id | None = None
    """Items of one group are completions of the same prompt."""
    prompt: TextOrMessages = ""
    completion: TextOrMessages
    reference: Reference = NoReference()
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = None
    """ISO 639-1 code of the language that the completion should be in; the prompt's where absent."""
    meta: dict[str, Any] = {}


class Options(Contract):
    """How to score, not what."""

    deadline_ms: Annotated[int, Field(ge=1, le=MAX_DEADLINE_MS)] = DEFAULT_DEADLINE_MS
    """Time for the whole request, from its arrival; what is not scored by then abstains with `timeout`."""
    priority: Literal["online", "offline"] = "online"
    evidence: Literal["none", "brief", "full"] = "brief"
    on_abstain: OnAbstain | None = None
    """What an abstained component counts as in the reward; the rubric's choice where absent."""


class ComponentSpec(Contract):
    """One line of a rubric: a reward with its parameters and its weight."""

    reward: Annotated[str, Field(min_length=1, max_length=128)]
    weight: float = 1.0
    params: dict[str, Any] = {}


class GateSpec(Contract):
    """Sets the reward where a component's score is at most `at_most` and at least `at_least`, whatever else is."""

    when: Annotated[str, Field(min_length=1, max_length=128)]
    at_most: float | None = None
    at_least: float | None = None
    reward: float = 0.0


class RubricSpec(Contract):
    """How component scores become one reward: clip(scale * combine(weight * score) + offset), unless a gate holds."""

    name: Id = "inline"
    description: str = ""
    components: Annotated[dict[str, ComponentSpec], Field(min_length=1, max_length=32)]
    combine: Literal["sum", "mean", "product"] = "sum"
    scale: float = 1.0
    offset: float = 0.0
    clip: tuple[float, float] | None = None
    gates: Annotated[list[GateSpec], Field(max_length=32)] = []
    """In order: the first that holds gives the reward."""
    on_abstain: OnAbstain = "null"


class ScoreRequest(Contract):
    """A batch of completions and the rubric to score them by."""

    rubric: Annotated[
        Annotated[str, Tag("|name")] | Annotated[RubricSpec, Tag("|inline")],
        _by_type(str, "|name", "|inline"),
    ] = "r1"
    items: Annotated[list[Item], Field(max_length=MAX_ITEMS)]
    options: Options = Options()


class JobRequest(ScoreRequest):
    """The same, to be scored in the background; without `options.priority` it is `offline`."""

    items: Annotated[list[Item], Field(max_length=MAX_JOB_ITEMS)]
    idempotency_key: Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS)] | None = None
    """Submitting again with the same key gives the same job; the header `Idempotency-Key` does the same."""


class ComponentResult(BaseModel):
    """What one component of the rubric says of one item."""

    score: float | None
    status: Status
    evidence: dict[str, Any] | None
    elapsed_ms: float
    """Time that the reward itself took, without the wait in the queue."""
    cached: bool


class ItemError(BaseModel):
    """Why an item has no reward."""

    model_config = ConfigDict(populate_by_name=True)

    class_: Annotated[Status, Field(alias="class")]
    detail: str


class ItemResult(BaseModel):
    """The reward of one item; null with an error where a component abstained."""

    id: str
    reward: float | None
    components: dict[str, ComponentResult]
    error: ItemError | None


class GroupResult(BaseModel):
    """Statistics over the scored items of one group."""

    group: str
    size: int
    scored: int
    mean: float | None
    std: float | None
    """Population standard deviation."""
    pass_rate: float | None
    """Share of the items with an accuracy score of 1; null without an accuracy component."""
    zero_variance: bool
    """All rewards are equal: the group has no gradient under GRPO."""


class Usage(BaseModel):
    """What the request cost."""

    items: int
    abstained: int
    cached: int
    queue_ms: float
    """Longest wait in the queue among the request's micro-batches."""
    compute_ms: float
    """Time of the rewards, summed over items."""
    elapsed_ms: float
    """From the request's arrival to its last result."""


class ScoreResponse(BaseModel):
    """One result an item, in the order of the items."""

    rubric: str
    results: list[ItemResult]
    groups: list[GroupResult]
    usage: Usage


class JobView(BaseModel):
    """A job as it is now; times are ISO 8601, UTC."""

    id: str
    state: Literal["queued", "running", "done", "cancelled"]
    rubric: str
    priority: str
    items: int
    done: int
    """Items with all their scores."""
    abstained: int
    submitted_at: str
    started_at: str | None
    finished_at: str | None
    expires_at: str
    """When the job and its results are deleted."""
    rate: float | None
    """Items a second since the start."""
    eta_s: float | None
    durable: bool | None
    """In the answer to the submission: whether the job is on Redis's disk."""


class JobItemResult(ItemResult):
    """The result of one item of a job."""

    index: int


class JobPage(BaseModel):
    """Results of a job in the order of its items."""

    results: list[JobItemResult]
    next: int | None
    """Where the next page begins; null at the end of a job that is over."""
    job: JobView
