"""What Oracle and oracledb say, as Segue's errors: by the number after ORA- or DPY- (docs.oracle.com/error-help)."""

import re

from segue.db.engine.errors import (
    CheckViolation,
    ConnectionLost,
    DatabaseCorrupt,
    DatabaseError,
    DatabaseFull,
    DatabaseReadOnly,
    DataError,
    Deadlock,
    ForeignKeyViolation,
    IntegrityError,
    LockTimeout,
    NotNullViolation,
    ProgrammingError,
    SerializationFailure,
    StatementTimeout,
    UniqueViolation,
)

__all__ = ["connecting_failed", "translated"]

_BY_CODE: dict[str, type[DatabaseError]] = {
    **dict.fromkeys(("ORA-00001",), UniqueViolation),
    **dict.fromkeys(("ORA-02291", "ORA-02292", "ORA-02266"), ForeignKeyViolation),
    **dict.fromkeys(("ORA-01400", "ORA-01407"), NotNullViolation),
    **dict.fromkeys(("ORA-02290",), CheckViolation),
    **dict.fromkeys(("ORA-08177", "ORA-08176"), SerializationFailure),
    **dict.fromkeys(("ORA-00060", "ORA-04020"), Deadlock),
    **dict.fromkeys(("ORA-00054", "ORA-30006", "ORA-04021", "ORA-51"), LockTimeout),
    **dict.fromkeys(("ORA-01013", "ORA-40", "ORA-02396", "DPY-4024", "DPI-1067"), StatementTimeout),
    **dict.fromkeys(
        ("ORA-01653", "ORA-01654", "ORA-01652", "ORA-01658", "ORA-01536", "ORA-30036", "ORA-01691", "ORA-19502"),
        DatabaseFull,
    ),
    **dict.fromkeys(("ORA-16000", "ORA-01456", "ORA-00372", "ORA-12081"), DatabaseReadOnly),
    **dict.fromkeys(("ORA-01578", "ORA-08103", "ORA-08102"), DatabaseCorrupt),
    **dict.fromkeys(
        (
            "ORA-00028", "ORA-00018", "ORA-00020", "ORA-01012", "ORA-01033", "ORA-01034", "ORA-01089", "ORA-01092",
            "ORA-02399", "ORA-03113", "ORA-03114", "ORA-03135", "ORA-12153", "ORA-12170", "ORA-12514", "ORA-12518",
            "ORA-12520", "ORA-12537", "ORA-12541", "ORA-12547", "ORA-12571", "DPY-1001", "DPY-4011", "DPY-6000",
            "DPY-6001", "DPY-6003", "DPY-6005", "DPI-1010", "DPI-1080",
        ),
        ConnectionLost,
    ),
    **dict.fromkeys(
        (
            "ORA-01438", "ORA-01722", "ORA-01830", "ORA-01840", "ORA-01841", "ORA-01843", "ORA-01847", "ORA-01858",
            "ORA-01861", "ORA-12899", "ORA-01426", "ORA-01476", "ORA-01461", "ORA-01489", "ORA-40441", "DPY-3002",
            "DPY-3003",
        ),
        DataError,
    ),
}  # fmt: skip
# What was refused before it was sent.
_NOT_SENT = frozenset({"DPY-1001", "ORA-12514", "ORA-12541", "DPY-6000", "DPY-6001", "DPY-6005"})

_CODE = re.compile(r"\b(?:ORA|DPY|DPI)-\d{4,5}")
# ORA-00001: unique constraint (OWNER.NAME) violated; ORA-01400: cannot insert NULL into ("OWNER"."TABLE"."COLUMN")
_CONSTRAINT = re.compile(r"constraint \((?:[^().]+\.)?(?P<name>[^().]+)\)", re.IGNORECASE)
_COLUMN = re.compile(r'\("(?P<owner>[^"]+)"\."(?P<table>[^"]+)"\."(?P<column>[^"]+)"\)')


def translated(error: BaseException, sql: str | None = None) -> DatabaseError | None:
    """Segue's error for one of the driver; None for what is none of them, as a cancellation."""
    import oracledb

    if isinstance(error, DatabaseError):
        return error
    if isinstance(error, oracledb.Error):
        return of_text(str(error), _kind_of_class(error), sql)
    if isinstance(error, TimeoutError):
        return StatementTimeout("Oracle did not answer in time.", sql=sql)
    if isinstance(error, OSError | EOFError):
        return ConnectionLost(f"The connection to Oracle broke: {error}", sql=sql)
    if isinstance(error, UnicodeError | OverflowError):
        return DataError(f"An argument cannot be sent: {error}", sql=sql)
    return None


def _kind_of_class(error: BaseException) -> type[DatabaseError]:
    import oracledb

    for kind, ours in (
        (oracledb.IntegrityError, IntegrityError),
        (oracledb.DataError, DataError),
        (oracledb.ProgrammingError, ProgrammingError),
        (oracledb.NotSupportedError, ProgrammingError),
        (oracledb.InterfaceError, ConnectionLost),
    ):
        if isinstance(error, kind):
            return ours
    return ProgrammingError if re.match(r"ORA-(?:009\d\d|017\d\d|042\d\d)", str(error)) else DatabaseError


def of_text(text: str, general: type[DatabaseError], sql: str | None) -> DatabaseError:
    """The error for a message; ``general`` if its number says nothing."""
    codes = _CODE.findall(text)
    code = next((code for code in codes if code in _BY_CODE), codes[0] if codes else None)
    kind = _BY_CODE.get(code or "", general)
    constraint = _CONSTRAINT.search(text) if issubclass(kind, IntegrityError) else None
    column = _COLUMN.search(text) if kind is NotNullViolation else None
    failure = kind(
        f"Oracle says: {text.splitlines()[0] if text else text}",
        sql=sql,
        code=code,
        constraint=constraint and constraint["name"],
        table=column and column["table"],
        columns=(column["column"],) if column else (),
    )
    if isinstance(failure, ConnectionLost):
        failure.sent = code not in _NOT_SENT
    return failure


def connecting_failed(error: BaseException, place: str, seconds: float) -> DatabaseError | None:
    """The same for what happened while connecting to ``place``."""
    if isinstance(error, TimeoutError):
        return ConnectionLost(
            f"{place} did not answer within {seconds:g} seconds. Is that the right address, and does a firewall drop "
            f"what is sent there? connect_timeout= gives it more time."
        )
    failure = translated(error)
    if failure is not None:
        failure.message = f"{place} cannot be used. {failure.message}"
        failure.args = (failure.message,)
    return failure
