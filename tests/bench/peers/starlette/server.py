"""A peer: Starlette on uvicorn (uvloop, httptools), written the ordinary way.

    python3 server.py PORT FILE
"""
import asyncio
import json
import sys
import time

import uvicorn
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

SECOND = 1_000_000_000
encode = json.JSONEncoder(separators=(",", ":")).encode


async def items(interval=0, count=None):
    start = time.time_ns()
    i = 0
    while count is None or i < count:
        due = time.time_ns()
        if interval:
            due = start + i * interval
            await asyncio.sleep(max(0, due - time.time_ns()) / SECOND)
        yield encode({"i": i, "ts": due})
        i += 1


async def as_ndjson(texts):
    async for text in texts:
        yield text + "\n"


async def as_events(texts):
    async for text in texts:
        yield f"data: {text}\n\n"


def endpoint(path, **timing):
    async def over_http(request):
        if request.query_params.get("format") == "sse":
            return StreamingResponse(as_events(items(**timing)), media_type="text/event-stream")
        return StreamingResponse(as_ndjson(items(**timing)), media_type="application/x-ndjson")

    async def over_websocket(websocket):
        await websocket.accept()
        try:
            async for item in items(**timing):
                await websocket.send_text(item)
            await websocket.close()
        except WebSocketDisconnect:
            pass

    return [Route(path, over_http), WebSocketRoute(path, over_websocket)]


def file_route(path):
    async def lines(as_text):
        with open(path, encoding="utf-8") as source:
            for line in source:
                yield line if as_text else encode(line.rstrip("\n")) + "\n"

    async def over_http(request):
        as_text = request.query_params.get("format") == "text"
        return StreamingResponse(lines(as_text), media_type="text/plain" if as_text else "application/x-ndjson")

    return [Route("/file", over_http)]


def main():
    port, path = sys.argv[1:]
    routes = [
        *endpoint("/ndjson"),
        *endpoint("/ws"),
        *endpoint("/short", count=10),
        *endpoint("/tick", interval=SECOND),
        *endpoint("/quiet", interval=3600 * SECOND),
        *file_route(path),
    ]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(port), loop="uvloop", http="httptools",
                ws="websockets", log_level="error", access_log=False, backlog=4096, ws_ping_interval=None)


main()
