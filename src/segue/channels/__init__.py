"""Messages to all who listen: in one process, in the workers of a machine, or on many machines.

    channels = Channels()                        # the workers of this machine, with nothing to install
    app = App(plugins=[channels])

    @app.get("/news")
    async def news(channels: Channels) -> EventStream[str]:
        async with channels.subscribe("news", history=10) as messages:
            async for message in messages:
                yield Event(data=message.data, id=message.id)

    @app.post("/news")
    async def publish(text: str, channels: Channels) -> None:
        await channels.publish("news", text)

- what one works with: ``channels`` (Channels), ``subscription`` (Subscription), ``message`` (Message, Gap), ``presence``
- what keeps the order and finds what was missed: ``following``; WebSockets: ``sockets``
- how messages travel: ``backend`` (the contract), ``entry`` (their form), ``board`` (kept in memory); ``memory``, ``local`` over
  ``hub``, ``postgresql``, ``redis``, ``nats``; which one: ``choice``
"""

from segue.channels.backend import Backend, ChannelsDown
from segue.channels.channels import Channels
from segue.channels.message import Gap, Message
from segue.channels.presence import Presence
from segue.channels.subscription import SlowReader, Subscription

__all__ = ["Backend", "Channels", "ChannelsDown", "Gap", "Message", "Presence", "SlowReader", "Subscription"]
