"""Do draws come from the exact laws of a chain?"""
