"""The steps of all features, one room for each domain, written against client and stage only.

Rule: a step that says what is so waits until the client has heard everything (`tier.settle`),
or until it is so; it never looks at a moment that only luck decides.
"""

ROOMS = (
    "steps.memory",
    "steps.connection",
    "steps.market_data",
    "steps.orders",
    "steps.outcomes",
    "steps.exchange",
    "steps.accounts",
    "steps.errors",
    "steps.metrics",
    "steps.resilience",
    "steps.security",
)
"""Each is a plugin of the run, so that its steps and fixtures are known everywhere."""
