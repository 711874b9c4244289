"""The newest reviews: a list that works without a script, and the events that keep it up to date."""

from filmclub.channels import channels
from filmclub.live.news import CHANNEL, News, Shown
from filmclub.models import Review
from segue import App, Event, EventStream, Header
from segue.channels import Gap
from segue.html import Page, render

live = App("live")
NEWEST = 20


@live.get("/reviews/live", documented=False)
async def newest() -> Page:
    """What was written last."""
    reviews = (
        Review.where(Review.state == "shown").order_by(Review.written.desc(), Review.id.desc()).limit(NEWEST)
    )
    # The page is kept up to date from here on: what comes while it is made, comes once more.
    last = await channels.history(CHANNEL, 1)
    found = await reviews.load(Review.film, Review.author)
    return render(
        "live/newest.html",
        reviews=[Shown.of(one, one.film, one.author) for one in found],
        last=last[0].id if last else "",
    )


@live.get("/reviews/live/events")
async def events(after: str = "", last_event_id: Header[str] = "") -> EventStream[News | str | Event]:
    """Reviews as they come, and that some are gone.

    A browser that comes back says what it has seen last, and gets what came since then; if that is kept no more, an event `missed`
    says so, and the page is to be loaded again. `after` is the same, for the first time.
    """
    async with channels.subscribe(CHANNEL, type=News, after=last_event_id or after) as messages:
        async for one in messages.events():
            if isinstance(one, Gap):
                yield Event(event="missed", data="")
            else:
                yield Event(data=one.data, id=one.id)
