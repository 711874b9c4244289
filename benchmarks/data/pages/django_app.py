"""Django: persistent connections, cached templates, no middleware."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from data.pages import ROWS, URL, count

parts = urlsplit(URL)
settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="not a secret: nothing is signed here",
    MIDDLEWARE=[],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path[1:],
            "HOST": parts.hostname,
            "PORT": parts.port,
            "USER": parts.username,
            "CONN_MAX_AGE": None,
        }
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [str(Path(__file__).parent / "templates")],
        }
    ],
)
app = get_wsgi_application()

from django.shortcuts import render  # noqa: E402

from data.pages.django_models import Fortune, World  # noqa: E402 -- after the settings

cache: dict[int, World] = {}


def plain(world: World) -> dict[str, int]:
    return {"id": world.id, "randomnumber": world.randomnumber}


def one(request: HttpRequest) -> HttpResponse:
    return JsonResponse(plain(World.objects.get(pk=random.randint(1, ROWS))))


def several(request: HttpRequest) -> HttpResponse:
    found = [World.objects.get(pk=random.randint(1, ROWS)) for _ in range(count(request.GET.get("n")))]
    return JsonResponse([plain(world) for world in found], safe=False)


def fortunes(request: HttpRequest) -> HttpResponse:
    found = list(Fortune.objects.all())
    found.append(Fortune(id=0, message="Additional fortune added at request time."))
    found.sort(key=lambda fortune: fortune.message)
    return render(request, "fortunes.html", {"fortunes": found})


def updates(request: HttpRequest) -> HttpResponse:
    found = [World.objects.get(pk=random.randint(1, ROWS)) for _ in range(count(request.GET.get("n")))]
    for world in found:
        world.randomnumber = random.randint(1, ROWS)
    for world in sorted(found, key=lambda one: one.id):
        world.save(update_fields=["randomnumber"])
    return JsonResponse([plain(world) for world in found], safe=False)


def cached(request: HttpRequest) -> HttpResponse:
    if not cache:
        cache.update({world.id: world for world in World.objects.all()})
    return JsonResponse(
        [plain(cache[random.randint(1, ROWS)]) for _ in range(count(request.GET.get("n")))], safe=False
    )


urlpatterns = [
    path("db", one),
    path("queries", several),
    path("fortunes", fortunes),
    path("updates", updates),
    path("cached", cached),
]
