"""Facet's core: models, metrics, clustering, formats and the services that join them to the store."""
