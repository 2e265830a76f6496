"""From requirement to verdict: run the scenarios, compare the timelines, and explain every mismatch.

Takes an SDK, the reference and a profile, and gives a `Judgement` for each requirement.
"""

from tinker_conformance._fake_server import check_fake_server

check_fake_server()
