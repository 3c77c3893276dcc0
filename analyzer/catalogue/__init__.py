"""YAML files in, signatures out."""

from analyzer.catalogue.load import Catalogue, load_catalogue

__all__ = ["Catalogue", "load_catalogue"]
