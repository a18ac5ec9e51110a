"""The agents and phone numbers of this pretended organization: whatever looks like an id is one of them."""

import re
from dataclasses import dataclass

from sandbox.cartesia.switches import Switches
from sandbox.dice import Dice

AGENT_ID = r"^agent_[A-Za-z0-9_-]+$"
NUMBER_ID = r"^(ap|pn)_[A-Za-z0-9_-]+$"
_AGENT, _NUMBER = re.compile(AGENT_ID[:-1]), re.compile(NUMBER_ID[:-1])
_SIP_TRUNK, _INBOUND_ONLY = ("ap_sip", "pn_sip"), ("ap_inbound", "pn_inbound")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number to call from; its id tells what kind it is."""

    id: str
    number: str
    label: str

    @property
    def kind(self) -> str:
        return "sip_trunk" if self.id.startswith(_SIP_TRUNK) else "cartesia"

    @property
    def places_calls(self) -> bool:
        return not self.id.startswith(_INBOUND_ONLY)


LISTED = (
    PhoneNumber("pn_main", "+14155550100", "Main line"),
    PhoneNumber("ap_second", "+14155550101", "Second line"),
    PhoneNumber("pn_sip_trunk", "+442079460100", "Own SIP trunk"),
    PhoneNumber("pn_inbound_only", "+14155550103", "Takes calls only"),
)
_BY_ID = {number.id: number for number in LISTED}


def is_agent(agent_id: str, switches: Switches) -> bool:
    return _AGENT.fullmatch(agent_id) is not None and agent_id not in switches.unknown_agents


def find_number(number_id: str, switches: Switches) -> PhoneNumber | None:
    if not _NUMBER.fullmatch(number_id) or number_id in switches.unknown_numbers:
        return None
    return _BY_ID.get(number_id) or _invented(number_id)


def _invented(number_id: str) -> PhoneNumber:
    last = Dice(number_id).between("number", 0, 9999)
    return PhoneNumber(number_id, f"+1415556{last:04}", "Pretended line")
