"""What can a test demand of a chain, a model, a sampler? One module a kind, all names in :mod:`markovgpt.testing`."""
