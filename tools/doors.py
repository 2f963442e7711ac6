"""An import-linter contract: a room is entered only by its door."""

from typing import Any

from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    """Forbid imports that reach past a room's ``__init__``; the catalogue may read the cards in ``spec``."""

    floors = fields.ListField(subfield=fields.StringField())
    readers_of_specs = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: Any, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001
        """Look at every import of a module that lies inside a room."""
        trespasses = [
            trespass
            for floor in self.floors
            for room in graph.find_children(floor)
            for inner in graph.find_descendants(room)
            for importer in graph.find_modules_that_directly_import(inner)
            if not self._may(importer, room, inner)
            for trespass in graph.get_import_details(importer=importer, imported=inner)
        ]
        return ContractCheck(kept=not trespasses, metadata={"trespasses": trespasses})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each trespass with its line."""
        for found in check.metadata["trespasses"]:
            output.print_error(
                f"{found['importer']}:{found['line_number']} reaches past the door: {found['line_contents']}"
            )

    def _may(self, importer: str, room: str, inner: str) -> bool:
        is_spec = inner == f"{room}.spec"
        return (
            importer == room
            or importer.startswith(f"{room}.")
            or (is_spec and importer in (self.readers_of_specs or ()))
        )
