"""The pages of reviews: writing one, changing it, taking it back."""

from segue import App

reviews = App("reviews")
