"""What we subscribe to or read: MQTT, files, the simulator."""
