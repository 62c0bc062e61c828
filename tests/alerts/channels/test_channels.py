from monitor.alerts.channels import configured
from monitor.clock import Clock
from monitor.settings import Settings

SECRET = "whsec_" + "A" * 43 + "="


async def test_without_settings_there_is_no_channel() -> None:
    assert configured(Settings(), Clock(), "presales-monitor-k3f9") == []


async def test_each_channel_that_is_set_is_made_with_a_name_of_its_own() -> None:
    settings = Settings.model_validate(
        {"webhook": {"url": "http://127.0.0.1:9/x", "secret": f"{SECRET} {SECRET}"}, "mqtt": {"host": "127.0.0.1"}}
    )
    channels = configured(settings, Clock(), "presales-monitor-k3f9")
    assert [channel.route.channel for channel in channels] == ["webhook", "mqtt"]
    assert not any(channel.route.for_people for channel in channels)
