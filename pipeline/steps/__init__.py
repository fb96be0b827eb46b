"""The steps of a cycle after the network: each takes its work from its own queue in the database, in any process.

Each can be repeated without harm and says how much it did. `pipeline.cycle` knows their order; nothing else does.
"""
