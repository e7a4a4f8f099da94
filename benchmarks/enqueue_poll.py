"""A small reward service of the enqueue-and-poll kind, with the protocol of cosmos-rl's `reward_service`: the peer.

That service itself needs torch with CUDA and its own video models to start, so what is compared is its protocol,
written down here anew: `POST /api/reward/enqueue` puts the raw body into a multiprocessing queue and gives a uuid;
processes take bodies from there, score them, and POST form fields to `/api/reward/push`, which sets them as one JSON
string in Redis; clients POST the uuid to `/api/reward/pull` again and again until it is not 400. The rewards are
Assay's, so that only the plumbing differs. Redis there is a cache without a file; here too.

Run by benchmarks/protocols.py, as `python -m benchmarks.enqueue_poll PORT SOCKET PROCESSES`.
"""

import multiprocessing
import sys
import uuid
from urllib.parse import parse_qsl

import httpx
import msgspec
import redis.asyncio
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.queue.codec import WorkItem
from app.rewards import registry
from app.rubric import resolve
from app.worker.scoring import sample_of


def score_for_ever(tasks: "multiprocessing.Queue[tuple[str, bytes]]", url: str) -> None:
    """One process of the rewards: a body after the other, a push for each."""
    rubric = resolve("r1")
    bound = [(r := registry.get(c.reward.name), r.params.model_validate(c.params)) for c in rubric.components]
    with httpx.Client(timeout=120) as client:
        while True:
            key, body = tasks.get()
            scores = []
            for item in msgspec.json.decode(body)["items"]:
                sample = sample_of(WorkItem(item["completion"], item["prompt"], item["reference"], None, {}))
                scored = {c.name: r.score(sample, p) for c, (r, p) in zip(rubric.components, bound, strict=True)}
                reward = rubric.combine([s.score for s in scored.values()], None).reward
                scores.append({"reward": reward, **{name: s.score for name, s in scored.items()}})
            text = msgspec.json.encode(scores).decode()
            client.post(f"{url}/api/reward/push", data={"uuid": key, "scores": text, "type": "r1"})


def application(tasks: "multiprocessing.Queue[tuple[str, bytes]]", socket: str) -> FastAPI:
    app = FastAPI()
    store = redis.asyncio.Redis(unix_socket_path=socket)

    @app.post("/api/reward/enqueue")
    async def enqueue(request: Request) -> dict[str, str]:
        key = str(uuid.uuid4())
        tasks.put((key, await request.body()))
        return {"uuid": key}

    @app.post("/api/reward/push")
    async def push(request: Request) -> dict[str, str]:
        form = dict(parse_qsl((await request.body()).decode()))
        await store.set(f"{form['uuid']}_{form['type']}", form["scores"])
        return {"message": "stored"}

    @app.post("/api/reward/pull")
    async def pull(request: Request) -> JSONResponse:
        form = dict(parse_qsl((await request.body()).decode()))
        value = await store.get(f"{form['uuid']}_{form['type']}")
        if value is None:
            return JSONResponse(status_code=400, content={"message": f"Not found scores for {form['uuid']}"})
        return JSONResponse(msgspec.json.decode(value))

    return app


def main() -> None:
    port, socket, processes = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    context = multiprocessing.get_context("spawn")
    tasks: multiprocessing.Queue[tuple[str, bytes]] = context.Queue()
    for _ in range(processes):
        context.Process(target=score_for_ever, args=(tasks, f"http://127.0.0.1:{port}"), daemon=True).start()
    uvicorn.run(application(tasks, socket), port=port, log_level="warning", loop="uvloop", http="httptools")


if __name__ == "__main__":
    main()
