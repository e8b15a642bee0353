"""One small catalogue through every adapter; `docs/serving.md` tells how each is run."""
