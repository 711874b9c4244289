"""The film shelf in the style of web2py: files and functions in `controllers/` are the paths."""

from pathlib import Path

from shelf import Shelf

from segue import App

app = App("shelf")
app.provide(Shelf, life="app")
app.folder(Path(__file__).parent / "controllers")


if __name__ == "__main__":
    app.run()
