"""The `assay` command. One file a command; each is named here once."""

import typer

from app.cli import (
    capacity,
    code,
    coldstart,
    demo,
    diff,
    dlq,
    doctor,
    evaluate,
    keys,
    math,
    rescore,
    rewards,
    rubrics,
    sample,
    score,
    serve,
)

app = typer.Typer(
    help="Score completions of language models with rewards that a program can check.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(serve.api)
app.command()(serve.worker)
app.command()(score.score)
app.command()(rescore.rescore)
app.command()(diff.diff)
app.command()(coldstart.coldstart)
app.command()(sample.sample)
app.command("eval")(evaluate.eval_)
app.command()(demo.demo)
app.command()(capacity.capacity)
app.command()(doctor.doctor)
app.command()(code.code)
app.command()(code.run)
app.command()(math.math)
app.add_typer(dlq.app, name="dlq")
app.add_typer(keys.app, name="keys")
app.add_typer(rewards.app, name="rewards")
app.add_typer(rubrics.app, name="rubrics")


def main() -> None:
    app()
