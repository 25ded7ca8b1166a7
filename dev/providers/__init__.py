"""Work on the providers: the feature matrix of the documentation, and the beginning of a new provider."""
