"""The values that all parts share: streams, outcomes of attempts, engine events, errors.

Pure and at the bottom: this package imports nothing of ours.
"""
