"""ALTER TABLE: partitions, temporary ones too."""

from __future__ import annotations

from dataclasses import replace

from nereus.warehouse.embedded.catalog.model import Partition, Partitioning, Table
from nereus.warehouse.embedded.catalog.names import check_partition_name
from nereus.warehouse.embedded.ddl import syntax
from nereus.warehouse.embedded.ddl.apply import Altered, DataChange, DeleteData, DropTemporary, MakeTemporary, apply
from nereus.warehouse.embedded.ddl.build import make_distribution
from nereus.warehouse.embedded.ddl.dynamic import is_dynamic
from nereus.warehouse.embedded.ddl.partitioning import PROPERTIES, add_partitions
from nereus.warehouse.embedded.errors import DorisError, Refused


def _partitioned(table: Table) -> Partitioning:
    if table.partitioning is None:
        raise DorisError(f"Alter table [{table.name}] failed. Not a partitioned table")
    return table.partitioning


@apply.register
def _add_partitions(clause: syntax.AddPartitions, table: Table) -> Altered:
    partitioning = _partitioned(table)
    if not clause.temporary:
        _check_not_dynamic(table)
    if clause.distributed_by is not None:
        asked = make_distribution(clause.distributed_by, table.columns, table.model)
        if asked != table.distribution:
            raise Refused("a distribution of its own for one partition")
    types = [column.type for name in partitioning.columns if (column := table.column(name)) is not None]
    if not clause.temporary:
        added = add_partitions([clause.definition], partitioning, types, table.partitions)
        _check_unnamed(added, table.temporary)
        return Altered(replace(table, partitions=(*table.partitions, *added)))
    if any(column.auto_increment is not None for column in table.columns):
        raise Refused("temporary partitions of a table with an AUTO_INCREMENT column")
    if "storage_policy" in dict(table.properties):
        raise Refused("temporary partitions of a table with a storage policy")
    added = add_partitions([clause.definition], partitioning, types, table.temporary)
    _check_unnamed(added, table.partitions)
    data = tuple(MakeTemporary(partition.name) for partition in added)
    return Altered(replace(table, temporary=(*table.temporary, *added)), data)


def _check_unnamed(added: tuple[Partition, ...], others: tuple[Partition, ...]) -> None:
    """Temporary partitions and the others share their names."""
    known = {partition.name.lower() for partition in others}
    for partition in added:
        if partition.name.lower() in known:
            raise DorisError(f"Duplicate partition name {partition.name}")


@apply.register
def _drop_partition(clause: syntax.DropPartition, table: Table) -> Altered:
    _partitioned(table)
    if clause.temporary:
        return _drop_temporary(clause, table)
    _check_not_dynamic(table)
    found = _partition(table, clause.name)
    if found is None:
        if clause.if_exists:
            return Altered(table)
        raise DorisError(f"Error in list of partitions to {clause.name}")
    kept = tuple(partition for partition in table.partitions if partition is not found)
    return Altered(replace(table, partitions=kept), (DeleteData(found),))


@apply.register
def _rename_partition(clause: syntax.RenamePartition, table: Table) -> Altered:
    if table.partitioning is None:
        raise DorisError(f"Table[{table.name}] is single partitioned. no need to rename partition name.")
    if clause.name.lower() == clause.new_name.lower():
        raise DorisError("Same partition name")
    found = _partition(table, clause.name)
    if found is None:
        raise DorisError(f"Partition[{clause.name}] does not exists")
    if _partition(table, clause.new_name) is not None:
        raise DorisError(f"Partition name[{clause.new_name}] is already used")
    check_partition_name(clause.new_name)
    renamed = replace(found, name=clause.new_name)
    return Altered(replace(table, partitions=tuple(renamed if p is found else p for p in table.partitions)))


def _drop_temporary(clause: syntax.DropPartition, table: Table) -> Altered:
    found = _temporary(table, clause.name)
    if found is None:
        if clause.if_exists:
            return Altered(table)
        raise DorisError(f"Error in list of partitions to {clause.name}")
    kept = tuple(partition for partition in table.temporary if partition is not found)
    return Altered(replace(table, temporary=kept), (DropTemporary(found),))


@apply.register
def _modify_partitions(clause: syntax.ModifyPartitions, table: Table) -> Altered:
    """Properties of partitions are checked and remembered."""
    if table.partitioning is None and clause.names is not None:
        known = [table.name.lower()]
    else:
        known = [p.name.lower() for p in (table.temporary if clause.temporary else table.partitions)]
    wanted = known if clause.names is None else [name.lower() for name in clause.names]
    for name in clause.names or ():
        if name.lower() not in known:
            raise DorisError(f"Partition[{name}] does not exist")
    for name, value in clause.properties.items():
        if name == "storage_medium" and value.lower() not in ("hdd", "ssd"):
            raise Refused(f"the property {name} of a partition")
        if name == "in_memory" and value.lower() == "true":
            raise DorisError("Not support set 'in_memory'='true' now!")
        if name not in PROPERTIES or (name == "storage_policy" and table.partitioning is None):
            raise Refused(f"the property {name} of a partition")

    def changed(partition: Partition) -> Partition:
        if partition.name.lower() not in wanted:
            return partition
        return replace(partition, properties=tuple(sorted((dict(partition.properties) | clause.properties).items())))

    if clause.temporary:
        return Altered(replace(table, temporary=tuple(map(changed, table.temporary))))
    return Altered(replace(table, partitions=tuple(map(changed, table.partitions))))


@apply.register
def _replace_partitions(clause: syntax.ReplacePartitions, table: Table) -> Altered:
    """REPLACE PARTITION (old) WITH TEMPORARY PARTITION (new): the new rows take the place of the old ones."""
    _partitioned(table)
    old = [_known(table, name) for name in clause.names]
    new = []
    for name in clause.temporary:
        partition = _temporary(table, name)
        if partition is None:
            raise DorisError(f"Temp partition[{name}] does not exist")
        new.append(partition)
    strict = clause.properties.get("strict_range", "true").lower() == "true"
    own_names = clause.properties.get("use_temp_partition_name", "false").lower() == "true"
    unknown = set(clause.properties) - {"strict_range", "use_temp_partition_name"}
    if unknown:
        raise DorisError(f"Unknown properties: {', '.join(sorted(unknown))}")
    if not strict:
        raise Refused("REPLACE PARTITION with strict_range = false", "Give the partitions the same bounds.")
    if _bounds(old) != _bounds(new):
        raise DorisError("2 range lists are not stricly matched.")
    kept = tuple(partition for partition in table.partitions if partition not in old)
    names = [p.name for p in old] if len(old) == len(new) and not own_names else [p.name for p in new]
    taken = tuple(replace(partition, name=name) for partition, name in zip(new, names, strict=True))
    changed = replace(
        table,
        partitions=(*kept, *taken),
        temporary=tuple(partition for partition in table.temporary if partition not in new),
    )
    data: list[DataChange] = [DeleteData(partition) for partition in old]
    data += [DropTemporary(partition, into=True) for partition in new]
    return Altered(changed, tuple(data))


def _bounds(partitions: list[Partition]) -> list[tuple[object, ...]]:
    return sorted(
        (tuple(map(str, p.lower)), tuple(map(str, p.upper)), tuple(sorted(map(str, p.values)))) for p in partitions
    )


def _known(table: Table, name: str) -> Partition:
    found = _partition(table, name)
    if found is None:
        raise DorisError(f"Partition[{name}] does not exist")
    return found


def _temporary(table: Table, name: str) -> Partition | None:
    return next((partition for partition in table.temporary if partition.name.lower() == name.lower()), None)


def _check_not_dynamic(table: Table) -> None:
    if is_dynamic(table):
        raise DorisError(
            "Cannot add/drop partition on a Dynamic Partition Table, Use command "
            f'`ALTER TABLE {table.name} SET ("dynamic_partition.enable" = "false")` firstly.'
        )


def _partition(table: Table, name: str) -> Partition | None:
    return next((partition for partition in table.partitions if partition.name.lower() == name.lower()), None)
