"""The data layer: models that are rows, bodies and replies at once, and queries near the speed of the driver.

    from segue.db import Database, Field, Model, Ref, field

    class Author(Model):
        name: Field[str] = field(max_length=80)

    class Post(Model):
        title: Field[str] = field(max_length=200)
        author: Ref[Author] = field(on_delete="cascade")

    async with Database("sqlite:///app.db") as db:
        await db.create_all()
        django = await Author.create(name="Django Reinhardt")
        await Post.create(title="Nuages", author=django)
        posts = await Post.where(Post.author.name.icontains("django")).load(Post.author)

Models (``model``, ``making``, ``fields``, ``mapping``, ``columns``), expressions and queries (``expressions``, ``paths``, ``query``), what compiles them
(``translation``, ``statements``, ``rows``), what runs them (``selecting``, ``changing``, ``saving``, ``loading``), databases
(``database``, ``options``, ``transaction``, ``transactional``, ``replicas``, ``failover``, ``shards``, ``querylog``, ``testing``, ``engine``), who sees what (``rules``, ``tenancy``), data in files (``fixtures``, ``factories``), and tables (``schema``).
"""

from segue.db.databases.database import Database
from segue.db.databases.transactional import RequestTransaction, transactional
from segue.db.engine.errors import (
    CheckViolation,
    ConnectionLost,
    DatabaseError,
    DatabaseFull,
    DataError,
    Deadlock,
    ForeignKeyViolation,
    IntegrityError,
    LockTimeout,
    NotNullViolation,
    PoolTimeout,
    SerializationFailure,
    StatementTimeout,
    UniqueViolation,
)
from segue.db.errors import (
    Ambiguous,
    ConfigurationError,
    Missing,
    NotLoaded,
    Stale,
    UnusableValue,
    ValidationError,
)
from segue.db.functions import case, coalesce, count, function, now
from segue.db.models.audit import Audited, acting_as
from segue.db.models.constraints import check, exclude, index, searchable, unique
from segue.db.models.fields import AnyRef, Field, Many, One, Ref, Related, field, related
from segue.db.models.geometry import (
    Geometry,
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)
from segue.db.models.model import Keyed, Model
from segue.db.models.ranges import Range
from segue.db.models.scopes import scope
from segue.db.models.softdelete import SoftDelete
from segue.db.models.undoable import Undoable
from segue.db.models.undoing import CannotUndo, transactions, undo, undo_last
from segue.db.models.versions import Version, Versioned
from segue.db.queries.expressions import Condition, Expr, Order, all_of, any_of, not_
from segue.db.queries.pages import Page
from segue.db.queries.query import Query, Rows
from segue.db.queries.resulttables import Table
from segue.db.queries.searching import search
from segue.db.queries.subqueries import exists, outer
from segue.db.writing.lookups import in_db, not_in_db
from segue.db.writing.writesignals import (
    Change,
    Deleted,
    Deleting,
    DeletingMany,
    Inserted,
    Inserting,
    LinkChange,
    Linked,
    Linking,
    Unlinked,
    Unlinking,
    Updated,
    Updating,
    UpdatingMany,
    muted,
)

__all__ = [
    "Ambiguous",
    "AnyRef",
    "Audited",
    "CannotUndo",
    "Change",
    "CheckViolation",
    "Condition",
    "ConfigurationError",
    "ConnectionLost",
    "DataError",
    "Database",
    "DatabaseError",
    "DatabaseFull",
    "Deadlock",
    "Deleted",
    "Deleting",
    "DeletingMany",
    "Expr",
    "Field",
    "ForeignKeyViolation",
    "Geometry",
    "GeometryCollection",
    "Inserted",
    "Inserting",
    "IntegrityError",
    "Keyed",
    "LineString",
    "LinkChange",
    "Linked",
    "Linking",
    "LockTimeout",
    "Many",
    "Missing",
    "Model",
    "MultiLineString",
    "MultiPoint",
    "MultiPolygon",
    "NotLoaded",
    "NotNullViolation",
    "One",
    "Order",
    "Page",
    "Point",
    "Polygon",
    "PoolTimeout",
    "Query",
    "Range",
    "Ref",
    "Related",
    "RequestTransaction",
    "Rows",
    "SerializationFailure",
    "SoftDelete",
    "Stale",
    "StatementTimeout",
    "Table",
    "Undoable",
    "UniqueViolation",
    "Unlinked",
    "Unlinking",
    "UnusableValue",
    "Updated",
    "Updating",
    "UpdatingMany",
    "ValidationError",
    "Version",
    "Versioned",
    "acting_as",
    "all_of",
    "any_of",
    "case",
    "check",
    "coalesce",
    "count",
    "exclude",
    "exists",
    "field",
    "function",
    "index",
    "muted",
    "not_",
    "now",
    "outer",
    "related",
    "scope",
    "search",
    "searchable",
    "transactional",
    "transactions",
    "undo",
    "undo_last",
    "unique",
    "in_db",
    "not_in_db",
]
