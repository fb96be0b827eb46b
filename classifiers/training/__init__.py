"""Training and judging the tagger: one command each to train, evaluate, cross-validate and export. Needs torch."""
