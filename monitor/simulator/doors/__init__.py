"""The doors as a sender sees them: HTTP, WebSocket, MQTT. Nothing handed to one is lost.

What a door has not confirmed is sent again: after 429 and 503, after a closed
connection, after a broker's restart. A door may so get an event twice; it knows
it by its id.
"""

from monitor.simulator.doors.base import ENCODER, Door, Tally
from monitor.simulator.doors.opening import open_door

__all__ = ["ENCODER", "Door", "Tally", "open_door"]
