"""Django: persistent connections, cached templates, no middleware; the list by django-tables2, and by the admin for who may see it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from pages import COUNTRIES, FORTUNE, KINDS, URL

parts = urlsplit(URL)
settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="not a secret: nothing is signed here",
    MIDDLEWARE=[],
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        "django_tables2",
        "pages.django_config.Films",
    ],
    STATIC_URL="/static/",
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
            "DIRS": [str(Path(__file__).parent / "templates" / "django")],
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [
                            "django.template.loaders.filesystem.Loader",
                            "django.template.loaders.app_directories.Loader",
                        ],
                    )
                ],
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        }
    ],
)
app = get_wsgi_application()

import django_tables2  # noqa: E402 -- after the settings
from django import forms  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.paginator import Paginator  # noqa: E402
from django.shortcuts import render  # noqa: E402

from pages.django_models import Film, Fortune  # noqa: E402

MENU = [("All", "/"), ("Fortunes", "/fortunes"), ("New", "/form"), ("Table", "/grid/")]


class Entry(forms.Form):
    title = forms.CharField(max_length=200)
    year = forms.IntegerField(min_value=1880, max_value=2100)
    released = forms.DateField()
    rating = forms.FloatField(min_value=0, max_value=10)
    kind = forms.ChoiceField(choices=[(one, one) for one in KINDS])
    country = forms.ChoiceField(choices=[(one, one) for one in COUNTRIES])
    contact = forms.EmailField()
    colour = forms.BooleanField(required=False)
    minutes = forms.IntegerField(min_value=1, max_value=600, required=False)
    story = forms.CharField(max_length=2000, required=False, widget=forms.Textarea)


class Films(django_tables2.Table):
    director = django_tables2.Column(accessor="director__name")

    class Meta:
        model = Film
        fields = ("title", "director", "year", "released", "rating")
        order_by = "title"


class Site(admin.AdminSite):
    """The admin, for a visitor who has been let in: neither a session nor a user is asked for."""

    def has_permission(self, request: HttpRequest) -> bool:
        return True


class FilmAdmin(admin.ModelAdmin):
    list_display = ("title", "director", "year", "released", "rating")
    list_select_related = ("director",)
    search_fields = ("title",)
    ordering = ("title",)
    list_per_page = 50


site = Site()
site.register(Film, FilmAdmin)


def fortunes(request: HttpRequest) -> HttpResponse:
    found = list(Fortune.objects.all())
    found.append(Fortune(id=0, message=FORTUNE))
    found.sort(key=lambda fortune: fortune.message)
    return render(request, "fortunes.html", {"fortunes": found, "menu": MENU})


def entry(request: HttpRequest) -> HttpResponse:
    form = Entry(request.POST) if request.method == "POST" else Entry()
    if request.method == "POST" and form.is_valid():
        return HttpResponse(f"saved {form.cleaned_data['title']}", content_type="text/plain")
    return render(request, "form.html", {"form": form, "menu": MENU}, status=422 if form.errors else 200)


def grid(request: HttpRequest) -> HttpResponse:
    query = Film.objects.select_related("director")
    words = request.GET.get("q", "")
    if words:
        query = query.filter(title__icontains=words)
    table = Films(query)
    django_tables2.RequestConfig(request, paginate={"per_page": 50, "paginator_class": Paginator}).configure(
        table
    )
    return render(request, "grid.html", {"table": table, "q": words, "menu": MENU})


def changelist(request: HttpRequest) -> HttpResponse:
    request.user = User(username="bench", is_staff=True, is_superuser=True, is_active=True)
    answer = site.get_model_admin(Film).changelist_view(request)
    return answer.render()


urlpatterns = [
    path("fortunes", fortunes),
    path("form", entry),
    path("grid/", grid),
    path("admin/film/", changelist),
    path("admin/", site.urls),
]
