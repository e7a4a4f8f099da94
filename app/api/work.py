"""From the public contract to work for the queue."""

from collections.abc import Iterable, Iterator

from app.api.items import ItemIn, MessageIn
from app.queue.codec import WorkItem
from app.queue.packing import Work, works_of
from app.rewards.base import Sample
from app.rubric import Rubric


def work_of(
    items: Iterable[ItemIn], rubric: Rubric, priority: str, *, evidence: bool
) -> Iterator[tuple[WorkItem, tuple[Work, ...]]]:
    """What rewards see of each item, with the work that it is, lane by lane; a kind of reference has one set of it."""
    for item in items:
        seen = WorkItem(
            completion_text(item.completion), prompt_text(item.prompt), item.reference, item.language, item.meta
        )
        yield seen, works_of(rubric, item.reference["kind"], priority, evidence)


def kept_for_groups(items: Iterable[ItemIn], rubric: Rubric) -> list[Sample]:
    """What the rubric's group rewards need of the items; nothing where it has none."""
    if not rubric.group_components:
        return []
    whole = rubric.keeps_completions
    return [Sample(completion_text(item.completion) if whole else "", meta=item.meta) for item in items]


def completion_text(completion: str | list[MessageIn]) -> str:
    """The last message's text; a `reasoning_content` that the server had split off goes back into its tags."""
    if isinstance(completion, str):
        return completion
    last = completion[-1]
    content = last.content or ""
    return f"<think>{last.reasoning_content}</think>{content}" if last.reasoning_content else content


def prompt_text(prompt: str | list[MessageIn]) -> str:
    """The last user message's text, or that of the last message."""
    if isinstance(prompt, str):
        return prompt
    users = [message for message in prompt if message.role == "user"]
    return (users or prompt)[-1].content or ""
