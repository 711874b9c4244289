"""The models of Django."""

from __future__ import annotations

from django.db import models


class Director(models.Model):
    name = models.CharField(max_length=80)

    class Meta:
        app_label = "bench"
        db_table = "director"


class Film(models.Model):
    title = models.CharField(max_length=200)
    year = models.IntegerField()
    rating = models.FloatField()
    colour = models.BooleanField()
    released = models.DateTimeField()
    director = models.ForeignKey(Director, models.CASCADE)

    class Meta:
        app_label = "bench"
        db_table = "film"


class Award(models.Model):
    name = models.CharField(max_length=80)
    year = models.IntegerField()
    film = models.ForeignKey(Film, models.CASCADE, related_name="awards")

    class Meta:
        app_label = "bench"
        db_table = "award"
        ordering = ("id",)
