"""The values that all parts share: streams, outcomes of attempts, engine events, findings.

Pure and at the bottom: this package imports nothing of ours.
"""
