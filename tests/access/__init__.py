"""Who may do what: every operation of the OpenAPI document, with every role, on everybody's objects."""
