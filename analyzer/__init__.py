"""The log incident analyzer."""
__version__ = "0.1.0"
