"""From headers and the first rows to a layout: aliases, shapes of values, known exports, and the choice of the table."""

from nextbest.sources.mapping.core.aliases import is_personal_header
from nextbest.sources.mapping.core.guessing import guess
from nextbest.sources.mapping.core.lists import separator_of
from nextbest.sources.mapping.core.personal import looks_personal
from nextbest.sources.mapping.core.settling import settled

__all__ = ["guess", "is_personal_header", "looks_personal", "separator_of", "settled"]
