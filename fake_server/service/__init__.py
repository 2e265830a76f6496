"""What a whole fake Tinker does: models that learn, checkpoints, sampling, sessions, the REST endpoints.

One concept a file. `numbers` is where the seed comes in: every number and id is derived from it and from what
was asked, never from a shared stream, so that no order of threads changes one. Scripts without a seed never
come here: their results are the constants of `fake_server.engine.results`.
"""
