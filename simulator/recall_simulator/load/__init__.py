"""Load runs: many bots, as many as a receiver takes or does not take, counted and judged.

Locust spreads the bots over processes and machines; the engine plays them in a thread beside it.
`RecallBotUser`, for locustfiles of your own, is in `recall_simulator.load.users`.
"""
