"""Answers that no program can compare: a judge model says whether they agree with the ground truth."""

import json
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from app.mathcheck import NoAnswer
from app.rewards.base import JUDGE_LANE, Component, Sample, abstain
from app.rewards.checkers.answers import judged, no_answer, stated
from app.rewards.checkers.base import checker, read_policy
from app.settings import Settings
from app.status import Status

_MAX_CHARS = 16_384
"""Longest text that the judge is shown: four pages; a question's end and a prediction's end say most."""
_MAX_REPLY_BYTES = 1 << 20
_TRIES = 2
"""A reply that is no verdict is asked for once more; text in the prediction can provoke such replies."""
_MARK_CHARS = 12
_VERDICTS = {"AGREE": 1.0, "DISAGREE": 0.0}


class _JudgeFailed(Exception):
    """The judge gave no reply; `status` says how."""

    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@checker("judge", lane=JUDGE_LANE)
def judge(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """1 if a judge model finds that the final answer agrees with `answer` (or meets `rubric`), else 0.

    The judge is the OpenAI-compatible endpoint of the settings `judge_url`, `judge_model` and `judge_key`. Abstains
    with `judge_unreadable` where two replies are no verdict, `timeout` where it is too slow, `error` where it fails.
    """
    read_policy(policy, {})
    truth: Any = sample.reference.get("answer") or sample.reference.get("rubric")
    if not isinstance(truth, str) or not truth.strip():
        return abstain(Status.BAD_REFERENCE, "a judge reference has `answer` or `rubric`")
    settings = Settings()
    if not settings.judge_url:
        return abstain(Status.ERROR, "no judge is configured: set ASSAY_JUDGE_URL and ASSAY_JUDGE_MODEL")
    found = stated(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    mark = _mark(sample.prompt, truth, found.text)
    texts = {
        "question": sample.prompt[-_MAX_CHARS:],
        "truth": truth[:_MAX_CHARS],
        "prediction": found.text[-_MAX_CHARS:],
    }
    reply = ""
    for attempt in range(_TRIES):
        try:
            reply = _ask(settings, mark, texts, attempt)
        except _JudgeFailed as failure:
            return abstain(failure.status, str(failure))
        score = read_verdict(reply, mark)
        if score is not None:
            return judged(score, found, "judge", model=settings.judge_model, reply=reply[-500:])
    return abstain(Status.JUDGE_UNREADABLE, "two replies of the judge were no verdict", reply=reply[-500:])


def _mark(*texts: str) -> str:
    """A word that depends on all the texts: none of them can have been written to contain it."""
    return "J" + sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_CHARS]


def read_verdict(reply: str, mark: str) -> float | None:
    """The score of the reply's last line, None if that is no verdict; what stands before it does not count."""
    lines = reply.rstrip().rsplit("\n", 1)
    said, _, verdict = lines[-1].strip().strip("`*").partition(" ")
    return _VERDICTS.get(verdict.strip("`*. ")) if said == mark else None


@cache
def _prompt() -> dict[str, str]:
    return tomllib.loads(files("app").joinpath("data", "judge.toml").read_text("utf-8"))


def _ask(settings: Settings, mark: str, texts: Mapping[str, str], attempt: int) -> str:
    """One reply of the judge. Raises _JudgeFailed."""
    filled = {role: _fill(_prompt()[role].strip(), {"mark": mark, **texts}) for role in ("system", "user")}
    body = {
        "model": settings.judge_model,
        "messages": [{"role": role, "content": text} for role, text in filled.items()],
        # The same question would be answered the same: the second time it is asked a little less strictly.
        "temperature": 0.0 if attempt == 0 else 0.3,
        "max_tokens": settings.judge_max_tokens,
    }
    request = urllib.request.Request(
        f"{str(settings.judge_url).rstrip('/')}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {settings.judge_key.get_secret_value()}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=settings.judge_timeout_s) as response:
            return _content(response.read(_MAX_REPLY_BYTES))
    except TimeoutError:
        raise _JudgeFailed(Status.TIMEOUT, f"the judge took more than {settings.judge_timeout_s:g} s") from None
    except urllib.error.HTTPError as error:
        raise _JudgeFailed(Status.ERROR, f"the judge answered {error.code}") from None
    except urllib.error.URLError as error:
        status = Status.TIMEOUT if isinstance(error.reason, TimeoutError) else Status.ERROR
        raise _JudgeFailed(status, f"the judge can't be reached: {error.reason}") from None
    except OSError as error:
        raise _JudgeFailed(Status.ERROR, f"the judge's connection broke: {error}") from None


def _fill(template: str, values: Mapping[str, str]) -> str:
    """In one pass, so that braces in a text stay as they are."""
    parts = template.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        filled += [values[name], rest]
    return "".join(filled)


def _content(raw: bytes) -> str:
    """The reply's text; empty where it has another shape, which is then no verdict."""
    try:
        content: Any = json.loads(raw)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""
    return content if isinstance(content, str) else ""
