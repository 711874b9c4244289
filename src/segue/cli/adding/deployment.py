"""Files for production: an image, services of systemd, a workflow that tests each change."""

from collections.abc import Iterator
from importlib.resources import files

from segue.cli.adding.lines import Additions
from segue.cli.adding.project import Project

__all__ = ["FILES", "add_files", "has_files"]

#: What there is, and the files that each is made of, from the projects of `segue new`.
FILES = {
    "docker": ("an image, and PostgreSQL beside it", ("Dockerfile", ".dockerignore", "compose.yaml")),
    "systemd": ("a service and its socket", ("deploy/@name@.service", "deploy/@name@.socket")),
    "ci": ("a workflow that tests each change", (".github/workflows/tests.yml",)),
}
#: What is only for an app with a database.
_OF_DATABASES = ("segue db", "DATABASE_URL", "depends_on", "condition: service_healthy")


def has_files(project: Project, word: str) -> bool:
    """Whether the project has the files already."""
    return all((project.folder / project.filled(name)).exists() for name in FILES[word][1])


def add_files(additions: Additions, project: Project, word: str) -> None:
    """Adds those that are not there."""
    source = files("segue.cli") / "projects" / "package"
    for name in FILES[word][1]:
        text = source.joinpath(f"{name}.txt").read_text(encoding="utf-8")
        additions.create(
            project.filled(name), project.filled("\n".join(_fitting(project, name, text)) + "\n")
        )
    if word == "ci" and not additions.exists("requirements-dev.txt"):
        additions.create("requirements-dev.txt", "pytest\n")


def _fitting(project: Project, name: str, text: str) -> Iterator[str]:
    """The lines that are for this app: others start elsewhere, or have no revisions, or no database at all."""
    migrates = (project.folder / "migrations").is_dir()
    has_database = "database" in project.portrait.plugins
    started = project.start
    inside = False
    for line in text.splitlines():
        line = line.replace("app:app", started)
        if name == "compose.yaml" and not has_database:
            inside = line.startswith(("  database:", "volumes:")) or (
                inside and line.startswith(("    ", "  database"))
            )
            if inside or any(word in line for word in _OF_DATABASES):
                continue
            line = line.replace(
                "with PostgreSQL. SECURITY_KEY and POSTGRES_PASSWORD come", ". SECURITY_KEY comes"
            ).replace("app .", "app.")
        if not migrates and line.startswith("CMD"):
            yield f'CMD ["segue", "serve", "{started}", "--host", "0.0.0.0", "--workers", "2"]'
        elif not migrates and ("segue db" in line or line.startswith("# Revisions")):
            continue
        else:
            yield line
