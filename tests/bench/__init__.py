"""The bench itself, and the part of it that needs no running stack."""
