"""The tables, as Django's models."""

from __future__ import annotations

from django.db import models


class Fortune(models.Model):
    message = models.CharField(max_length=2048)

    class Meta:
        app_label = "films"
        db_table = "fortune"


class Director(models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "films"
        db_table = "director"

    def __str__(self) -> str:
        return self.name


class Film(models.Model):
    title = models.CharField(max_length=200)
    year = models.IntegerField()
    released = models.DateField()
    rating = models.FloatField()
    director = models.ForeignKey(Director, models.CASCADE)

    class Meta:
        app_label = "films"
        db_table = "film"
