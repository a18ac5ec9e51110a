"""Style and script, named by what is in them: kept by browsers for good, and new at once where they change."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOR_GOOD = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """The address of a file of the folder `static`, for templates: `{{ asset("runs.css") }}`."""
    return f"/static/{name}?{_digest(name)}"


class Assets(StaticFiles):
    """The folder. Asked for by its digest a file never changes; without it, browsers ask again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file."""
        answer = await super().get_response(path, scope)
        known = answer.status_code in (200, 304) and scope["query_string"].decode("latin-1") == _digest(path)
        answer.headers["cache-control"] = FOR_GOOD if known else "no-cache"
        return answer


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
