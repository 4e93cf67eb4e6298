"""The air-gap bundle: everything that machines without a way out need, in one folder, each file by its checksum."""
