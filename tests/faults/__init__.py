"""The fault sweep: every handler with every AWS call failing in every way, and what must hold afterwards."""
