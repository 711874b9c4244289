"""An app that tells how much of a body had come when it was answered; served like the scenarios."""

from __future__ import annotations

from segue import App, Next, Request, Response

LIMIT = 1_000_000

app = App()


@app.middleware
async def count(request: Request, next: Next) -> Response:
    response = await next(request)
    response.headers["x-received"] = str(getattr(request.source, "received", 0))
    return response


@app.get("/text")
async def text() -> str:
    return "ready"


@app.post("/take", max_body=LIMIT)
async def take(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


wsgi = app.wsgi
