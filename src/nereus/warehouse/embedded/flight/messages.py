"""The messages of Flight SQL that the server reads and writes.

Fields and numbers are those of Arrow's FlightSql.proto; only what Doris' frontend answers to is declared.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message, message_factory

_PACKAGE = "arrow.flight.protocol.sql"
_PREFIX = f"type.googleapis.com/{_PACKAGE}."

_FIELD = descriptor_pb2.FieldDescriptorProto
_KINDS = {
    "bytes": _FIELD.TYPE_BYTES,
    "text": _FIELD.TYPE_STRING,
    "bool": _FIELD.TYPE_BOOL,
    "number": _FIELD.TYPE_UINT32,
}
_MESSAGES: dict[str, tuple[tuple[int, str, str], ...]] = {
    "CommandStatementQuery": ((1, "query", "text"), (2, "transaction_id", "bytes")),
    "CommandPreparedStatementQuery": ((1, "prepared_statement_handle", "bytes"),),
    "TicketStatementQuery": ((1, "statement_handle", "bytes"),),
    "ActionCreatePreparedStatementRequest": ((1, "query", "text"), (2, "transaction_id", "bytes")),
    "ActionCreatePreparedStatementResult": (
        (1, "prepared_statement_handle", "bytes"),
        (2, "dataset_schema", "bytes"),
        (3, "parameter_schema", "bytes"),
    ),
    "ActionClosePreparedStatementRequest": ((1, "prepared_statement_handle", "bytes"),),
    "CommandGetSqlInfo": ((1, "info", "numbers"),),
    "CommandGetCatalogs": (),
    "CommandGetDbSchemas": ((1, "catalog", "text"), (2, "db_schema_filter_pattern", "text")),
    "CommandGetTables": (
        (1, "catalog", "text"),
        (2, "db_schema_filter_pattern", "text"),
        (3, "table_name_filter_pattern", "text"),
        (4, "table_types", "texts"),
        (5, "include_schema", "bool"),
    ),
    "CommandGetTableTypes": (),
}


class Unknown(ValueError):
    """Bytes that hold no declared message; the text names what came."""


def _classes() -> dict[str, type[message.Message]]:
    file = descriptor_pb2.FileDescriptorProto(name="nereus_flight_sql.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        declared = file.message_type.add(name=name)
        for number, field, kind in fields:
            many = kind.endswith("s") and kind != "bytes"
            declared.field.add(
                name=field,
                number=number,
                type=_KINDS[kind[:-1] if many else kind],
                label=_FIELD.LABEL_REPEATED if many else _FIELD.LABEL_OPTIONAL,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES
    }


_CLASSES = _classes()


def read(data: bytes) -> tuple[str, Any]:
    """The name and the content of a command, ticket or action. Raises Unknown."""
    packed = any_pb2.Any()
    try:
        packed.ParseFromString(data)
        name = packed.type_url.removeprefix(_PREFIX)
        found = _CLASSES.get(name)
        if found is None:
            raise Unknown(packed.type_url or "a message without a type")
        content = found()
        content.ParseFromString(packed.value)
    except message.DecodeError as error:
        raise Unknown("bytes that are no Flight SQL message") from error
    return name, content


def write(name: str, **fields: object) -> bytes:
    """A message of that name, packed as Flight SQL wants it."""
    packed = any_pb2.Any(type_url=_PREFIX + name, value=_CLASSES[name](**fields).SerializeToString())
    return bytes(packed.SerializeToString())
