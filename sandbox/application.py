"""The frame of one pretended provider's own web application."""

from typing import Any

from fastapi import FastAPI


class ProviderApplication(FastAPI):
    """FastAPI adds a 422 of its own to every route; these providers document none, and none is sent."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(
            title=f"{name}, pretended",
            version=version,
            description=f"Not {name}: an approximation from public documents that calls nobody.",
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        return document
