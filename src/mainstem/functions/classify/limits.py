"""How the classification is held back, in the platform's terms."""

from inngest import Concurrency

# The limit on GitHub that the capture functions share (defect D27): the same key in the same scope
# is one limit, whoever declares it. A test holds the two declarations equal.
ON_GITHUB = Concurrency(key='"github"', scope="env", limit=20)
