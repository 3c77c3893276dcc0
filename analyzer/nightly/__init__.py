"""The nightly run: what is new in the logs goes into the store, and each night that it touches is explained.

Reading saves as it goes on, each time with how far it has come in the same transaction. What a night
means is made of everything that the store has of it, so it does not matter in how many runs, in
which order or after how many interruptions that came in.
"""

from analyzer.nightly.run import NightlyOptions, Outcome, run_nightly

__all__ = ["NightlyOptions", "Outcome", "run_nightly"]
