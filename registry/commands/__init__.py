"""What can be asked about holds, things of the registry and edges between them, with the rules."""

from registry.commands.edges import CorrectEdge, DrawEdge, NoteEdge, RetractEdge, RuleOutEdge
from registry.commands.entities import DescribeEntity, NoteEntity, RegisterEntity
from registry.commands.holds import LiftHold, PlaceHold

__all__ = [
    "CorrectEdge",
    "DescribeEntity",
    "DrawEdge",
    "LiftHold",
    "NoteEdge",
    "NoteEntity",
    "PlaceHold",
    "RegisterEntity",
    "RetractEdge",
    "RuleOutEdge",
]
