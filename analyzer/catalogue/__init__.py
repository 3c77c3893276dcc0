"""YAML files in, signatures out."""

from analyzer.catalogue.catalogue import Catalogue
from analyzer.catalogue.load import load_catalogue

__all__ = ["Catalogue", "load_catalogue"]
