"""Who is told what became of runs: it checks each message as any receiver would, and remembers it by its name."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from callbeat.notify.answers import Answer, Later, Taken
from tests.simulation.wires import TIMEOUT

if TYPE_CHECKING:
    from tests.simulation.world import World

KEY = b"what the simulation signs with.."
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


class Receiver:
    """In place of the network: three points for each message, and whatever goes wrong between them."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.heard: dict[str, str] = {}  # by its name, what it told

    def post(self, _url: str, body: bytes, headers: Mapping[str, str], **_how: object) -> Answer:
        world, process = self._world, self._world.at_work
        world.seams.reach(process, "before a webhook leaves")
        trouble = world.draw(process, "receiver", "webhook")
        if trouble is not None and trouble.kind == "stalled":
            world.stall(process, trouble.seconds)
        if trouble is None or trouble.kind == "stalled" or trouble.acted:
            self._hear(body, headers)
            world.seams.reach(process, "a webhook has arrived")
        if trouble is None or trouble.kind == "stalled":
            return Taken("answered 200 OK")
        world.stall(process, min(trouble.seconds, TIMEOUT))
        return Later(f"no answer ({trouble.kind})")

    def _hear(self, body: bytes, headers: Mapping[str, str]) -> None:
        name = headers["webhook-id"]
        content = f"{name}.{headers['webhook-timestamp']}.".encode() + body
        wanted = base64.b64encode(hmac.digest(KEY, content, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{wanted}"
        told = json.loads(body)
        self._world.note(f"told: {told['type']} {told['run']}")
        assert self.heard.setdefault(name, told["type"]) == told["type"]
