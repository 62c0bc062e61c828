"""What all sides of MQTT share: the broker, one connection to it, and coming back."""

from aiomqtt import MqttError

from monitor.mqtt.broker import Broker
from monitor.mqtt.coming_back import STEADY_SECONDS, Backoff, keep_connected, say_loss
from monitor.mqtt.link import Arrived, Link

__all__ = ["STEADY_SECONDS", "Arrived", "Backoff", "Broker", "Link", "MqttError", "keep_connected", "say_loss"]
