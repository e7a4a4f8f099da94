"""`assay keys`: makes API keys. The service never stores a secret, only its hash."""

import sys
from typing import Annotated

import typer

from app.api.auth import BadKeys, KeyRing, hashed, new_secret
from app.cli.console import err, fail, out

app = typer.Typer(help="API keys: make them, hash them, check a file of them.", no_args_is_help=True)


@app.command()
def new(name: Annotated[str, typer.Argument(help="Who uses it; becomes a label of the metrics.")]) -> None:
    """Make a key: the secret for its user, and the lines for the service's file of keys."""
    secret = new_secret()
    try:
        KeyRing.load(None, f"{name}={hashed(secret)}")
    except BadKeys as error:
        fail(str(error), 2)
    err.print("The secret, for the client; it is shown once and kept nowhere:")
    out.print(secret, highlight=False, soft_wrap=True)
    err.print("For the service, in the file that ASSAY_API_KEYS_FILE names:")
    out.print(f'[{name}]\nhash = "{hashed(secret)}"', highlight=False, soft_wrap=True, markup=False)


@app.command("hash")
def hash_() -> None:
    """Hash a secret of your own, read from standard input."""
    secret = sys.stdin.readline().strip()
    if not secret:
        fail("nothing on standard input: `assay keys hash < file`", 2)
    out.print(hashed(secret), highlight=False, soft_wrap=True)
