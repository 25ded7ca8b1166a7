"""The provider simulator: one HTTP server that speaks each SMS provider's send API and posts its webhooks."""
