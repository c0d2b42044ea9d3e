"""An end customer and the identifiers that name it."""
