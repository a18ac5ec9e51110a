"""`/_sandbox/`: what was dialled and asked, faults, switches, the clock, and a page that shows it all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.clock import Clock
from sandbox.faults import Fault, FaultBox
from sandbox.journal import Journal
from sandbox.page import render
from sandbox.posts import Postman
from sandbox.provider import Provider


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything the sandbox's own routes may look at or change."""

    clock: Clock
    faults: FaultBox
    journal: Journal
    providers: Mapping[str, Provider]
    postman: Postman

    def provider(self, name: str) -> Provider:
        if name not in self.providers:
            raise HTTPException(422, f"provider: {name!r} is not one of {', '.join(self.providers)}")
        return self.providers[name]

    def dials(self, name: str | None) -> list[dict[str, object]]:
        chosen = [self.provider(name)] if name else self.providers.values()
        dials = [dial for provider in chosen for dial in provider.dials()]
        return [dial.as_json() for dial in sorted(dials, key=lambda dial: dial.at)]

    def ends(self) -> list[dict[str, object]]:
        found = [(name, *end) for name, provider in self.providers.items() for end in provider.ends()]
        return [{"provider": name, "batch": batch, "at": at.isoformat()} for name, batch, at in found]

    def reset(self) -> None:
        self.faults.clear()
        self.journal.clear()
        self.postman.clear()
        self.clock.reset()
        for provider in self.providers.values():
            provider.reset()


class Advance(BaseModel):
    model_config = ConfigDict(extra="forbid")

    advance_seconds: float = Field(ge=0, le=10 * 366 * 86_400, description="pretended seconds; never back")


def in_words(problems: ValidationError | RequestValidationError) -> str:
    """All problems in one line: which field, and what is wrong with it."""
    lines = []
    for problem in problems.errors():
        place = ".".join(str(part) for part in problem["loc"] if part != "body")
        lines.append(f"{place}: {problem['msg']}" if place else problem["msg"])
    return "; ".join(lines)


async def _complain(_request: Request, error: Exception) -> JSONResponse:
    problems = in_words(error) if isinstance(error, RequestValidationError) else str(error)
    return JSONResponse({"detail": problems}, 422)


def create_control(desk: Desk) -> FastAPI:
    app = FastAPI(title="The sandbox's own controls", docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestValidationError, _complain)
    _add_views(app, desk)
    _add_faults(app, desk)
    _add_clock(app, desk)
    _add_switches(app, desk)
    return app


def _add_views(app: FastAPI, desk: Desk) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request) -> str:
        base = str(request.base_url).removesuffix("/").removesuffix("/_sandbox")
        return render(base, desk.clock, desk.providers.values(), desk.faults, desk.journal)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/dials")
    async def dials(provider: str | None = None) -> list[dict[str, object]]:
        return desk.dials(provider)

    @app.get("/requests")
    async def requests(provider: str | None = None) -> list[dict[str, object]]:
        recent = desk.journal.recent()
        return [request for request in recent if provider in (None, request["provider"])]

    @app.get("/posts")
    async def posts() -> list[dict[str, object]]:
        return desk.postman.posted()

    @app.get("/counts")
    async def counts() -> dict[str, int]:
        return desk.journal.counts()

    @app.get("/ends")
    async def ends() -> list[dict[str, object]]:
        return desk.ends()


def _add_faults(app: FastAPI, desk: Desk) -> None:
    @app.post("/faults")
    async def add_fault(fault: Fault) -> list[dict[str, object]]:
        desk.provider(fault.provider)
        desk.faults.add(fault)
        return desk.faults.pending()

    @app.get("/faults")
    async def pending_faults() -> list[dict[str, object]]:
        return desk.faults.pending()

    @app.delete("/faults")
    async def clear_faults() -> list[dict[str, object]]:
        desk.faults.clear()
        return []


def _add_clock(app: FastAPI, desk: Desk) -> None:
    @app.get("/clock")
    async def read_clock() -> dict[str, object]:
        return desk.clock.describe()

    @app.post("/clock")
    async def advance_clock(by: Advance) -> dict[str, object]:
        desk.clock.advance(timedelta(seconds=by.advance_seconds))
        return desk.clock.describe()


def _add_switches(app: FastAPI, desk: Desk) -> None:
    @app.get("/switches")
    async def read_switches() -> dict[str, Any]:
        return {name: provider.switches() for name, provider in desk.providers.items()}

    @app.post("/switches")
    async def set_switches(changes: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        provider = desk.provider(str(changes.pop("provider", "bolna")))
        try:
            provider.set_switches(changes)
        except ValidationError as error:
            raise HTTPException(422, in_words(error)) from error
        return provider.switches()

    @app.post("/reset")
    async def reset() -> dict[str, str]:
        desk.reset()
        return {"status": "reset"}
