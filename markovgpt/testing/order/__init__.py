"""How many of its last tokens does a model look at?"""
