"""Flask with WTForms: the form alone."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, render_template, request
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FloatField,
    Form,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from pages import COUNTRIES, KINDS

app = Flask(__name__, template_folder=str(Path(__file__).parent / "templates" / "flask"))
MENU = [("All", "/"), ("Fortunes", "/fortunes"), ("New", "/form"), ("Table", "/grid/")]


class Entry(Form):
    title = StringField("Title", [InputRequired(), Length(max=200)])
    year = IntegerField("Year", [InputRequired(), NumberRange(1880, 2100)])
    released = DateField("Released", [InputRequired()])
    rating = FloatField("Rating", [InputRequired(), NumberRange(0, 10)])
    kind = SelectField("Kind", choices=[(one, one) for one in KINDS])
    country = SelectField("Country", choices=[(one, one) for one in COUNTRIES])
    contact = EmailField("Contact", [InputRequired(), Regexp(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")])
    colour = BooleanField("Colour")
    minutes = IntegerField("Minutes", [Optional(), NumberRange(1, 600)])
    story = TextAreaField("Story", [Length(max=2000)])


@app.route("/form", methods=["GET", "POST"])
def entry() -> Response | str | tuple[str, int]:
    form = Entry(request.form)
    if request.method == "POST":
        if form.validate():
            return Response(f"saved {form.title.data}", content_type="text/plain")
        return render_template("form.html", form=form, menu=MENU), 422
    return render_template("form.html", form=form, menu=MENU)
