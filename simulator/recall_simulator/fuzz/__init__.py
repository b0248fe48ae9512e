"""Payload parsing under fire: strategies, campaigns in process and over the wire, reproducers.

`messages` makes inputs (`made(edits)`, `PLAIN`), `shrinking` makes them
small (`shrunk(input, fails)`, where `fails` takes an `Input` and says whether it does the same).
`strategies` is for users' own property tests, `in_process.fuzz_target` and `over_wire.fuzz_url` run
campaigns, `records` is what they tell. Only this package imports Hypothesis.
"""
