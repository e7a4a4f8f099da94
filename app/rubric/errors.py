"""What can be wrong with a rubric, and what an abstention says of itself."""

from app.status import Status


class BadRubric(ValueError):
    """A rubric that can't be read or names what does not exist. `path` leads to the field at fault, from the root."""

    def __init__(self, path: tuple[str, ...], detail: str) -> None:
        super().__init__(f"{'.'.join(path) or 'rubric'}: {detail}")
        self.path = path
        self.detail = detail


ABSTAIN_DETAIL: dict[Status, str] = {
    Status.BAD_REFERENCE: "the reference can't be used",
    Status.UNDECIDED: "neither equality nor difference could be shown",
    Status.TIMEOUT: "not scored in time",
    Status.SANDBOX_UNAVAILABLE: "no sandbox works on the worker",
    Status.JUDGE_UNREADABLE: "the judge's reply is no verdict",
    Status.ERROR: "the reward failed",
}
"""What an item's error says where the component gave no detail of its own."""
