"""The settings as a command takes them, with what is wrong with them said to a person."""

from pydantic import ValidationError

from app.cli.console import fail
from app.settings import Settings


def load_settings(**overrides: object) -> Settings:
    """Settings from environment and file, with what the command line gave on top; exits where they are no good."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # pyright: ignore[reportArgumentType]
    except ValidationError as error:
        problems = "; ".join(f"ASSAY_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        fail(f"settings: {problems}", 2)
