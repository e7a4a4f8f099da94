"""Options and helpers of the commands that ask an OpenAI-compatible endpoint."""

import os
from typing import Annotated

import typer

from app.offline.sampling.endpoint import Endpoint, Params

EndpointUrl = Annotated[
    str | None, typer.Option("--endpoint", help="Base URL, OpenAI-compatible: http://localhost:11434/v1 for Ollama.")
]
Model = Annotated[str | None, typer.Option(help="Model's name at the endpoint.")]
Samples = Annotated[int, typer.Option("-n", "--samples", min=1, help="Completions of each prompt.")]
Temperature = Annotated[float, typer.Option(min=0.0, help="Sampling temperature.")]
TopP = Annotated[float, typer.Option(min=0.0, max=1.0, help="Nucleus sampling.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Longest completion, in tokens.")]
Concurrency = Annotated[int, typer.Option(min=1, help="Requests under way at once.")]
KeyEnv = Annotated[str, typer.Option(help="Environment variable with the endpoint's API key.")]
RequestTimeout = Annotated[float, typer.Option(min=1.0, help="Seconds that one completion may take.")]
Tries = Annotated[int, typer.Option(min=1, help="Tries of one request: 429, 5xx, cut connections, unreadable answers.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the first sample; sample n gets seed + n.")]

API_KEY_ENV = "OPENAI_API_KEY"


def connect(
    url: str,
    model: str,
    *,
    temperature: float,
    top_p: float,
    max_tokens: int | None,
    seed: int | None,
    concurrency: int,
    key_env: str,
    timeout: float,
    tries: int,
) -> Endpoint:
    """An endpoint as the options say."""
    params = Params(model, temperature, top_p, max_tokens, seed)
    return Endpoint(
        url,
        params,
        api_key=os.environ.get(key_env),
        concurrency=concurrency,
        timeout_s=timeout,
        tries=tries,
    )
